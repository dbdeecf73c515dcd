"""After most edits of bodies, templates and declarations only the questions that they may concern are asked again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from flake8_django_orm.cache import results
from flake8_django_orm.config import Settings
from flake8_django_orm.engine import Engine
from flake8_django_orm.project.changes import Changes
from tests.cache.conftest import Checkout

ALL = ["manage.py", "shop/__init__.py", "shop/models.py", "shop/other.py", "shop/queries.py", "shop/views.py"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The questions of each result of which some were asked again, in a project that is small but has a base."""
    monkeypatch.setattr("flake8_django_orm.project.changes.REBASED_AFTER", 1)
    found: list[Any] = []
    compare = results._are_the_same

    def are_the_same(files: Iterable[Any], answers: Iterable[Any], project: results.Answering) -> bool:
        told = list(answers)
        if told:
            found.append([question for question, _ in told])
        return compare(files, told, project)

    monkeypatch.setattr(results, "_are_the_same", are_the_same)
    return found


def _asked_about(checkout: Checkout, asked: list[Any]) -> int:
    """Of how many results some questions were asked again."""
    asked.clear()
    checkout.check()
    return len(asked)


#: What is done, the files that are read anew, and of how many results some questions are asked again.
_Edit = tuple[Callable[[Checkout], object], list[str], int]
BODIES: dict[str, _Edit] = {
    "a comment": (
        lambda c: c.replace("shop/other.py", "def add", "# A comment.\n\n\ndef add"),
        ["shop/other.py"],
        0,
    ),
    "a body that nobody enters": (
        lambda c: c.replace("shop/other.py", "one + other", "other + one"),
        ["shop/other.py"],
        0,
    ),
    "a body beside one that the views enter": (
        lambda c: c.replace("shop/queries.py", "return None", "return 1"),
        ["shop/queries.py"],
        1,
    ),
    "a body that the views enter": (
        lambda c: c.replace("shop/queries.py", '"x")', '"y")'),
        ["shop/queries.py", "shop/views.py"],
        1,
    ),
    "a template": (
        lambda c: c.replace("shop/templates/shop/page.html", "book.title", "book.author"),
        ["shop/views.py"],
        1,
    ),
}


@pytest.fixture
def with_classes(checkout: Checkout) -> Checkout:
    for name, text in CLASSES.items():
        checkout.write(name, text)
    return checkout


OWN: dict[str, _Edit] = {
    "an import": (
        lambda c: c.replace("shop/other.py", "def add", "import json\n\n\ndef add"),
        ["shop/other.py"],
        0,
    ),
    "a parameter of a function that nobody else names": (
        lambda c: c.replace("shop/queries.py", "def nothing()", "def nothing(some=None)"),
        ["shop/queries.py"],
        2,
    ),
    "a function": (
        lambda c: c.replace("shop/views.py", "def page", "def titles_of(books):\n    return books\n\n\ndef page"),
        ["shop/views.py"],
        0,
    ),
    "a method of a class that others extend": (
        lambda c: c.replace("shop/base.py", "def get", "def post(self):\n        return None\n\n    def get"),
        ["shop/base.py", "shop/pages.py"],
        1,
    ),
    "a method that another class takes": (
        lambda c: c.replace("shop/base.py", "def rows(self)", "def rows(self, some=None)"),
        ["shop/base.py", "shop/pages.py"],
        1,
    ),
    "a method of a class that nobody asks for": (
        lambda c: c.replace("shop/base.py", "def show", "def hide(self):\n        return None\n\n    def show"),
        ["shop/base.py"],
        1,
    ),
    "a parameter of a function that others import": (
        lambda c: c.replace("shop/queries.py", "published()", "published(x=0)"),
        ["shop/pages.py", "shop/queries.py", "shop/views.py"],
        2,
    ),
    "a method of a model": (
        lambda c: c.replace("shop/models.py", "def byline", "def one(self):\n        return 1\n\n    def byline"),
        ["shop/models.py", "shop/pages.py", "shop/queries.py", "shop/views.py"],
        3,
    ),
    "a field of a model": (
        lambda c: c.replace("shop/models.py", "def byline", "year = models.IntegerField()\n\n    def byline"),
        ["shop/models.py", "shop/pages.py", "shop/queries.py", "shop/views.py"],
        3,
    ),
    "a setting": (
        lambda c: c.replace("shop/other.py", "def add", "AUTH_USER_MODEL = 'shop.Author'\n\n\ndef add"),
        ["shop/other.py"],
        7,
    ),
    "a new file": (lambda c: c.write("shop/more.py", ""), ["shop/more.py"], 3),
    "a file that is gone": (lambda c: (c.root / "shop/other.py").unlink(), [], 3),
    "a file that is gone though others import it": (
        lambda c: (c.root / "shop/base.py").unlink(),
        ["shop/pages.py"],
        3,
    ),
    "a file that has another name": (
        lambda c: (c.root / "shop/base.py").rename(c.root / "shop/bases.py"),
        ["shop/bases.py", "shop/pages.py"],
        3,
    ),
    "a class that nobody asks for": (
        lambda c: c.write("shop/other.py", "class Adder:\n    pass\n"),
        ["shop/other.py"],
        0,
    ),
    "a relation": (
        lambda c: c.replace(
            "shop/models.py", "title =", "editor = models.ForeignKey(Author, models.CASCADE)\n    title ="
        ),
        ["shop/models.py", "shop/pages.py", "shop/queries.py", "shop/views.py"],
        7,
    ),
    "a model": (
        lambda c: c.write(
            "shop/other.py",
            "from django.db import models\n\n\nclass Shelf(models.Model):\n    pass\n",
        ),
        ["shop/other.py"],
        7,
    ),
    "a class in a text": (
        lambda c: c.replace("shop/other.py", "return one", '"""\nclass X(Model):\n"""\n    return one'),
        ["shop/other.py"],
        0,
    ),
    "a template that is new": (lambda c: c.write("shop/templates/shop/one.html", "{{ book.title }}"), [], 3),
    "an import in a package": (
        lambda c: c.write("shop/__init__.py", "from shop.queries import published as told\n"),
        ["shop/__init__.py"],
        0,
    ),
}
CLASSES = {
    "shop/base.py": """\
class Shown:
    def show(self):
        return []


class Base:
    def get(self):
        return self.rows()


class Rows:
    def rows(self):
        return []
""",
    "shop/pages.py": """\
from shop.base import Base, Rows, Shown
from shop.queries import published


class Page(Base):
    shown = Shown

    def rows(self):
        return [book.byline() for book in published()]

    def all(self):
        return self.get(), self.shown().show()


class Other:
    taken = Rows.rows

    def get(self):
        return [book.byline() for book in published()], self.taken()
""",
}


def _compare(checkout: Checkout, asked: list[Any], edit: _Edit) -> None:
    """Edit a project that was checked before, and look what was asked and read again."""
    change, read, concerned = edit
    checkout.check()
    assert _asked_about(checkout, asked) == 0
    change(checkout)
    assert _asked_about(checkout, asked) == concerned
    assert checkout.read == read


@pytest.mark.parametrize("edit", BODIES.values(), ids=BODIES.keys())
def test_an_edit_of_a_body(checkout: Checkout, asked: list[Any], edit: _Edit) -> None:
    _compare(checkout, asked, edit)


@pytest.mark.parametrize("edit", OWN.values(), ids=OWN.keys())
def test_an_edit_of_what_a_module_declares(with_classes: Checkout, asked: list[Any], edit: _Edit) -> None:
    _compare(with_classes, asked, edit)


def test_a_method_goes_by_the_name_that_another_class_gives_it(with_classes: Checkout, asked: list[Any]) -> None:
    with_classes.check()
    OWN["a method that another class takes"][0](with_classes)
    assert _asked_about(with_classes, asked) == 1
    assert ["find_method", "shop.pages.Other", "taken"] in asked[0]


DECLARATIONS: dict[str, Callable[[Checkout], object]] = {
    "a star": lambda c: c.replace("shop/other.py", "def add", "from json import *\n\n\ndef add"),
    "no package any more": lambda c: (c.root / "shop/__init__.py").unlink(),
}


@pytest.mark.parametrize("change", DECLARATIONS.values(), ids=DECLARATIONS.keys())
def test_an_edit_that_anybody_might_see(
    checkout: Checkout, asked: list[Any], change: Callable[[Checkout], object]
) -> None:
    checkout.check()
    change(checkout)
    assert _asked_about(checkout, asked) >= len(ALL) - 2


def test_a_new_base_after_many_answers(checkout: Checkout, asked: list[Any]) -> None:
    checkout.check()
    checkout.replace("shop/other.py", "def add", "from json import *\n\n\ndef add")
    assert _asked_about(checkout, asked) > 0
    checkout.replace("shop/other.py", "one + other", "other + one")
    assert _asked_about(checkout, asked) == 0
    assert checkout.read == ["shop/other.py"]


def test_no_base_of_files_that_are_written_to_meanwhile(
    checkout: Checkout, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process may have read the file before, another one after."""
    usual = Changes.count

    def count(changes: Changes) -> None:
        checkout.write("shop/other.py", "def add(one, other):\n    return other + one + 0\n")
        usual(changes)

    monkeypatch.setattr(Changes, "count", count)
    checkout.check()
    assert checkout.cache is not None
    assert list((checkout.cache.path / "1").glob("bases/*/*.json")) == []


@pytest.mark.usefixtures("asked")
def test_what_held_once_is_no_excuse_for_a_later_result(checkout: Checkout) -> None:
    checkout.replace("shop/models.py", "return self.title", "return self.author.name")
    first = checkout.codes()
    checkout.replace("shop/other.py", "def add", "from json import *\n\n\ndef add")
    assert checkout.codes() == first  # all results held, and this state is the new base
    checkout.replace("shop/queries.py", '"x")', '"x").select_related("author")')
    assert checkout.codes() != first
    checkout.replace("shop/queries.py", '.select_related("author")', "")
    assert checkout.codes() == first


@pytest.mark.usefixtures("asked")
def test_a_result_of_files_that_are_written_to_meanwhile(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """It belongs to no state, not even to the one in which the run began."""
    monkeypatch.setattr("flake8_django_orm.cache.tree._RECENT_NS", 0)  # the same stamps in both runs, however long
    checkout.replace("shop/models.py", "return self.title", "return self.author.name")
    first = checkout.codes()
    assert first
    assert checkout.cache is not None
    for path in (checkout.cache.path / "1" / "results").rglob("*.json"):
        path.unlink()
    begin = Engine.__init__

    def begin_and_write(engine: Engine, settings: Settings) -> None:
        begin(engine, settings)
        checkout.replace("shop/queries.py", '"x")', '"x").select_related("author")')

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "__init__", begin_and_write)
        assert checkout.codes() == []
    checkout.replace("shop/queries.py", '.select_related("author")', "")
    assert checkout.codes() == first


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"tree": 1, "stamps": []}'])
def test_a_damaged_base(checkout: Checkout, damage: str) -> None:
    found = checkout.check()
    assert checkout.cache is not None
    (base,) = (checkout.cache.path / "1" / "bases").rglob("*.json")
    base.write_text(damage)
    checkout.replace("shop/other.py", "one + other", "other + one")
    assert checkout.check() == found
    assert checkout.read == ["shop/other.py"]
