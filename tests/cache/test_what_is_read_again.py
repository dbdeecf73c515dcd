"""A result holds as long as the answers on which it rests: which files are read again after which change."""

from __future__ import annotations

import os

from tests.cache.conftest import Checkout

ALL = ["manage.py", "shop/__init__.py", "shop/models.py", "shop/other.py", "shop/queries.py", "shop/views.py"]


def test_all_at_first_and_nothing_afterwards(checkout: Checkout) -> None:
    first = checkout.check()
    assert checkout.read == ALL
    assert checkout.check() == first
    assert checkout.read == []


def test_a_touched_file_has_the_same_answers(checkout: Checkout) -> None:
    checkout.check()
    os.utime(checkout.root / "shop/models.py", (1, 1))
    checkout.check()
    assert checkout.read == []


def test_a_changed_file_alone_where_nobody_asked_for_what_changed(checkout: Checkout) -> None:
    checkout.check()
    checkout.replace("shop/other.py", "one + other", "other + one")
    checkout.check()
    assert checkout.read == ["shop/other.py"]


def test_what_moves_down_stays_what_it_is(checkout: Checkout) -> None:
    checkout.check()
    checkout.replace("shop/queries.py", "\n\ndef published", "\n\n# A comment.\n\n\ndef published")
    checkout.check()
    assert checkout.read == ["shop/queries.py"]


def test_a_function_that_nobody_asked_for(checkout: Checkout) -> None:
    checkout.check()
    checkout.replace("shop/queries.py", "return None", "return 1")
    checkout.check()
    assert checkout.read == ["shop/queries.py"]


def test_a_method_that_a_view_reaches(checkout: Checkout) -> None:
    assert checkout.codes() == []
    checkout.replace("shop/models.py", "return self.title", "return self.author.name")
    assert checkout.codes() == ["shop/views.py DJQ101"]
    assert checkout.read == ["shop/models.py", "shop/views.py"]


def test_a_function_that_loads(checkout: Checkout) -> None:
    checkout.replace("shop/models.py", "return self.title", "return self.author.name")
    assert checkout.codes() == ["shop/views.py DJQ101"]
    checkout.replace("shop/queries.py", '"x")', '"x").select_related("author")')
    assert checkout.codes() == []
    assert checkout.read == ["shop/queries.py", "shop/views.py"]


def test_a_template(checkout: Checkout) -> None:
    assert checkout.codes() == []
    checkout.replace("shop/templates/shop/page.html", "book.title", "book.author")
    assert checkout.codes() == ["shop/views.py DJQ101"]
    assert checkout.read == ["shop/views.py"]


def test_a_template_that_comes_first(checkout: Checkout) -> None:
    """The answer to "which file is shop/page.html" was another one."""
    assert checkout.codes() == []
    checkout.write("settings.py", 'TEMPLATES = [{"BACKEND": "x", "DIRS": ["pages"]}]\n')
    checkout.write("pages/shop/page.html", "{% for book in books %}{{ book.author }}{% endfor %}")
    assert checkout.codes() == ["shop/views.py DJQ101"]
    assert checkout.read == ["settings.py", "shop/views.py"]


def test_a_name_that_did_not_exist(checkout: Checkout) -> None:
    """The answer "nothing" is one to depend on."""
    checkout.replace("shop/views.py", "shop.queries import published", "shop.more import published")
    assert checkout.codes() == []
    checkout.write(
        "shop/more.py", "from shop.models import Book\n\n\ndef published():\n    return Book.objects.all()\n"
    )
    checkout.replace("shop/models.py", "return self.title", "return self.author.name")
    assert checkout.codes() == ["shop/views.py DJQ101"]


def test_a_model_whose_name_makes_functions_worth_reading(checkout: Checkout) -> None:
    """The answer "all models" is one to depend on."""
    checkout.write(
        "shop/late.py", "from shop.models import Card\n\n\ndef cards():\n    return len(Card.objects.all())\n"
    )
    assert checkout.codes() == []
    checkout.replace("shop/models.py", "class Book", "class Card(models.Model):\n    pass\n\n\nclass Book")
    assert checkout.codes() == ["shop/late.py DJQ501"]


def test_a_relation_from_elsewhere(checkout: Checkout) -> None:
    """A new foreign key gives the model at its other end a new attribute."""
    checkout.write(
        "shop/names.py",
        "from shop.models import Author\n\n\ndef names():\n"
        "    return [len(author.letters.all()) for author in Author.objects.all()]\n",
    )
    assert checkout.codes() == []
    checkout.write("post/__init__.py", "")
    checkout.write(
        "post/models.py",
        "from django.db import models\n\n\nclass Letter(models.Model):\n"
        '    to = models.ForeignKey("shop.Author", models.CASCADE, related_name="letters")\n',
    )
    assert [code for code in checkout.codes() if "names.py" in code] != []


def test_a_place_in_another_file_is_told_where_it_is_now(checkout: Checkout) -> None:
    checkout.replace("shop/models.py", "return self.title", "return self.author.name")
    (before,) = checkout.check()
    checkout.replace("shop/models.py", "from django.db", "# A comment.\nfrom django.db")
    (after,) = checkout.check()
    rows = [[place.start.row for place in one.related if place.path == "shop/models.py"] for one in (before, after)]
    assert rows[1] == [row + 1 for row in rows[0]] != []


def test_other_rules_or_another_django_are_other_results(checkout: Checkout) -> None:
    from dataclasses import replace

    from flake8_django_orm.config import Settings
    from flake8_django_orm.engine import Engine

    checkout.replace("shop/models.py", "return self.title", "return self.author.name")
    settings = Settings(root=checkout.root, codes=frozenset({"DJQ101"}), environment=(), cache=checkout.cache)
    view = checkout.root / "shop/views.py"
    assert len(Engine(settings).check(view)) == 1
    for other in (
        replace(settings, codes=frozenset({"DJQ102"})),
        replace(settings, django_version=(6, 1)),
        replace(settings, partial=True),
    ):
        engine = Engine(other)
        engine.check(view)
        assert engine.statistics["files read"] == 1


def test_a_cache_serves_another_checkout(checkout: Checkout) -> None:
    """Results are addressed by content, with paths below the root."""
    found = checkout.check()
    other = Checkout(checkout.root.parent / "elsewhere", checkout.cache)
    checkout.root.rename(other.root)
    for path in other.root.rglob("*"):
        os.utime(path, (1, 1))
    assert other.check() == found
    assert other.read == []
