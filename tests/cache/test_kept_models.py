"""The overview of all models outlives the run that made it, as long as nothing changes that it rests on."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flake8_django_orm.cache.directory import CacheDirectory
from flake8_django_orm.cache.tree import tree_state
from flake8_django_orm.project.labels import Labels
from flake8_django_orm.project.layout import SKIPPED_DIRECTORIES
from flake8_django_orm.project.model_graph import ModelGraph
from flake8_django_orm.project.overview import Overview, overview_from_json, overview_of, overview_to_json
from flake8_django_orm.project.project import Project
from flake8_django_orm.project.resolve import Resolver
from flake8_django_orm.project.store import ModuleStore

FILES = {
    "manage.py": "",
    "settings.py": 'INSTALLED_APPS = ["shop", "people"]\nAUTH_USER_MODEL = "people.Person"\n',
    "people/__init__.py": "",
    "people/models.py": """\
from django.contrib.auth.models import AbstractUser


class Person(AbstractUser):
    pass
""",
    "shop/__init__.py": "",
    "shop/fields.py": """\
from django.db import models


class OwnerField(models.ForeignKey):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("related_name", "owned")
        super().__init__(*args, **kwargs)
""",
    "shop/base.py": """\
from django.conf import settings
from django.db import models

from shop.fields import OwnerField

RELATED = "creations"


class ShelfQuerySet(models.QuerySet):
    pass


class Owned(models.Model):
    owner = OwnerField(settings.AUTH_USER_MODEL, models.CASCADE)
    maker = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name=RELATED)
    shelf = ShelfQuerySet.as_manager()

    class Meta:
        abstract = True
""",
    "shop/models.py": """\
from django.db import models

from shop.base import Owned


class Author(models.Model):
    pass


class Book(Owned):
    authors = models.ManyToManyField(Author)

    def title(self):
        return ""
""",
    "shop/views.py": """\
def index(request):
    return None
""",
}


class Checkout:
    """A project on disk. `overview` is asked of a new process each time; `made` tells how often models were read."""

    def __init__(self, root: Path, cache: CacheDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.cache = cache
        self.made = 0

        def counted(
            graph: ModelGraph, labels: Labels, resolver: Resolver, read_bodies: Callable[[], frozenset[str]]
        ) -> Overview:
            self.made += 1
            return overview_of(graph, labels, resolver, read_bodies)

        monkeypatch.setattr("flake8_django_orm.project.project.overview_of", counted)
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def project(self, overlays: dict[Path, str] | None = None) -> Project:
        state = tree_state(self.root, SKIPPED_DIRECTORIES)
        return Project(self.root, environment=(), overlays=overlays, cache=self.cache, state=state)

    def overview(self, overlays: dict[Path, str] | None = None) -> Overview:
        project = self.project(overlays)
        found = project.overview
        project.keep_searches()
        return found


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    return Checkout(tmp_path / "work", CacheDirectory(tmp_path / "cache"), monkeypatch)


def test_it_is_the_same_after_a_trip_through_json(checkout: Checkout) -> None:
    made = checkout.overview()
    assert "shop.models.Book" in made.project_keys
    assert {"owned", "creations", "authors", "book_set"} <= made.relation_names
    assert made.manager_names >= {"objects", "shelf"}
    assert overview_from_json(json.loads(json.dumps(overview_to_json(made)))) == made
    assert checkout.overview() == made
    assert checkout.made == 1


def test_models_that_are_asked_for_by_name_are_read_as_ever(checkout: Checkout) -> None:
    checkout.overview()
    project = checkout.project()
    book, person = project.model("shop.models.Book"), project.user_model()
    assert book is not None
    assert person is not None
    assert sorted(book.relations) == ["authors", "maker", "owner"]
    assert {"owned", "creations"} <= set(person.relations)
    assert project.model_of_manager("shop.base.ShelfQuerySet") == project.model("shop.base.Owned")
    assert project.concrete_of("shop.base.Owned") == book
    assert checkout.made == 1


HARMLESS: dict[str, Callable[[Checkout], object]] = {
    "nothing": lambda _: None,
    "a touched file": lambda c: os.utime(c.root / "shop/models.py", (1, 1)),
    "a comment": lambda c: c.replace("shop/models.py", "class Author", "# A comment.\n\n\nclass Author"),
    "the body of a method": lambda c: c.replace("shop/models.py", 'return ""', 'return "x"'),
    "a new method": lambda c: c.replace("shop/models.py", "def title", "def blurb(self): ...\n\n    def title"),
    "a new function": lambda c: c.write(
        "shop/models.py", FILES["shop/models.py"] + "\n\ndef show():\n    return None\n"
    ),
    "a new import": lambda c: c.replace("shop/models.py", "from django.db", "import json\n\nfrom django.db"),
    "a view": lambda c: c.replace("shop/views.py", "return None", "return 1"),
    "a class that is no model": lambda c: c.write("shop/views.py", "class Index(View):\n    pass\n"),
}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_is_none_of_its_business(checkout: Checkout, change: Callable[[Checkout], object]) -> None:
    before = checkout.overview()
    change(checkout)
    assert checkout.overview() == before
    assert checkout.made == 1


def _move_the_setting(checkout: Checkout) -> None:
    checkout.write("other_settings.py", 'AUTH_USER_MODEL = "shop.Author"\n')
    checkout.replace("settings.py", 'AUTH_USER_MODEL = "people.Person"\n', "")


OF_INTEREST: dict[str, Callable[[Checkout], object]] = {
    "a new field": lambda c: c.replace(
        "shop/models.py", "    def title", '    sequel = models.ForeignKey("self", models.CASCADE)\n\n    def title'
    ),
    "a method that hides a field of a base": lambda c: c.replace("shop/models.py", "def title", "def maker"),
    "a base that is no longer one": lambda c: c.replace("shop/models.py", "Book(Owned)", "Book(models.Model)"),
    "a constant": lambda c: c.replace("shop/base.py", '"creations"', '"works"'),
    "another meaning of a name": lambda c: c.replace(
        "shop/models.py", "from shop.base import Owned", "from shop.base import ShelfQuerySet as Owned"
    ),
    "a body that was read": lambda c: c.replace("shop/fields.py", '"owned"', '"property"'),
    "the user model": lambda c: c.replace("settings.py", '"people.Person"', '"shop.Author"'),
    "a setting in another place": _move_the_setting,
    "a model in a file that had none": lambda c: c.write(
        "shop/views.py", "from shop.models import Book\n\n\nclass Novel(Book):\n    pass\n"
    ),
    "a new file": lambda c: c.write(
        "shop/more.py", "from django.db import models\n\n\nclass Card(models.Model):\n    pass\n"
    ),
    "a file less": lambda c: (c.root / "people/models.py").unlink(),
    "a package that is none": lambda c: (c.root / "shop/__init__.py").unlink(),
    "a file that does not parse": lambda c: c.write("shop/base.py", "class"),
}


@pytest.mark.parametrize("change", OF_INTEREST.values(), ids=OF_INTEREST.keys())
def test_what_is_read_anew(checkout: Checkout, change: Callable[[Checkout], object]) -> None:
    checkout.overview()
    change(checkout)
    now = checkout.overview()
    assert checkout.made == 2
    assert now == Project(checkout.root, environment=()).overview


def test_a_setting_that_no_module_had(checkout: Checkout) -> None:
    checkout.replace("settings.py", 'AUTH_USER_MODEL = "people.Person"\n', "")
    before = checkout.overview()
    checkout.replace("shop/views.py", "def index", 'AUTH_USER_MODEL = "shop.Author"\n\n\ndef index')
    now = checkout.overview()
    assert now == Project(checkout.root, environment=()).overview
    assert now != before


def test_only_changed_files_are_searched(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flake8_django_orm.cache.tree._RECENT_NS", -(10**9))  # stamps for files just written, too
    checkout.overview()
    checkout.replace("shop/views.py", "return None", "return 1")
    read: list[str] = []
    usual = ModuleStore.data

    def data(store: ModuleStore, path: str) -> bytes:
        read.append(path)
        return usual(store, path)

    monkeypatch.setattr(ModuleStore, "data", data)
    checkout.overview()
    assert set(read) == {"shop/views.py"}


def test_unsaved_text(checkout: Checkout) -> None:
    saved = checkout.overview()
    path = checkout.root / "shop/models.py"
    text = FILES["shop/models.py"]
    assert checkout.overview({path: text.replace('""', '"x"')}) == saved
    assert checkout.made == 1
    unsaved = checkout.overview({path: text.replace("Book", "Novel")})
    assert "shop.models.Novel" in unsaved.project_keys
    assert checkout.overview() == saved
    assert checkout.made == 2


def test_another_checkout_with_other_times(checkout: Checkout) -> None:
    made = checkout.overview()
    other = checkout.root.parent / "elsewhere" / "work"
    shutil.copytree(checkout.root, other)
    for path in other.rglob("*"):
        os.utime(path, (1, 1))
    checkout.root = other
    assert checkout.overview() == made
    assert checkout.made == 1


@pytest.mark.parametrize("kind", ["files", "classes", "models", "facts"])
@pytest.mark.parametrize("damage", ["", "{}", "[]", "null", '{"files": {"a": 1}}', '{"x": [1]}', "cut"])
def test_a_damaged_entry(checkout: Checkout, kind: str, damage: str) -> None:
    made = checkout.overview()
    entries = list((checkout.cache.path / "1" / kind).rglob("*.json"))
    assert entries
    for path in entries:
        text = path.read_text(encoding="utf-8")
        path.write_text(text[: len(text) // 2] if damage == "cut" else damage, encoding="utf-8")
    checkout.replace("shop/models.py", 'return ""', 'return "x"')
    assert checkout.overview() == made
    checkout.replace("shop/models.py", "def title", "def maker")
    assert checkout.overview() == Project(checkout.root, environment=()).overview
