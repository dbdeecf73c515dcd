"""By which names other files know what a module declares."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_django_orm.project.environment import Environment
from flake8_django_orm.project.known_as import KnownAs
from flake8_django_orm.project.layout import SourceTree
from flake8_django_orm.project.searches import FileSearches
from flake8_django_orm.project.store import ModuleStore


def names(root: Path, text: str, *known: str, makers: tuple[str, ...] = ()) -> set[str] | None:
    """What the names are known as in a module of this text."""
    (root / "shop.py").write_text(text, encoding="utf-8")
    store = ModuleStore(SourceTree(root), Environment(()), {})
    found = KnownAs(store, FileSearches(store, None, "", {})).all_names(known, makers)
    return None if found is None else set(found)


FOUND = {
    "a subclass, and one of that": ("class Novel(Book): pass\nclass Short(Novel): pass\n", {"Novel", "Short"}),
    "a subclass of a nested class": ("class Mine(Book.Meta): pass\n", {"Mine"}),
    "another name by an import": ("from base import Book as Shown\nclass Novel(Shown): pass\n", {"Shown", "Novel"}),
    "another name by an assignment": ("Shown = base.Book\nclass Novel(Shown): pass\n", {"Shown", "Novel"}),
    "the name of an attribute": ("class View:\n    model = (  # ours\n        Book\n    )\n", {"model"}),
    "the name of a member": ("class Other:\n    taken = Book.rows\n", {"taken"}),
    "a class that is made of it": ("M = Book.from_queryset(Rows)\nclass Books(M): pass\n", {"M", "Books"}),
    "a list of settings": ("INSTALLED_APPS = [\n    'others',\n    *Book,\n]\n", {"INSTALLED_APPS"}),
    "letters beyond ASCII": ("Büch = Book\nclass Größe(Büch): pass\n", {"Büch", "Größe"}),
}
SILENT = {
    "what a call gives": "books = Book.objects.all()\n",
    "a variable of a function": "def show(request):\n    model = Book\n",
    "another class with such a name in it": "class Bookshop(Shop): pass\n",
    "a text": "NAMED = 'Book'\nname = 'Book'\n",
}


@pytest.mark.parametrize(("text", "found"), FOUND.values(), ids=FOUND.keys())
def test_known_as(tmp_path: Path, text: str, found: set[str]) -> None:
    assert names(tmp_path, text, "Book") == {"Book", *found}


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT.keys())
def test_no_other_name(tmp_path: Path, text: str) -> None:
    assert names(tmp_path, text, "Book") == {"Book"}


def test_what_a_maker_of_classes_gives(tmp_path: Path) -> None:
    text = "from base import make as build\nMade = build()\nclass Mine(Made): pass\nothers = make_more()\n"
    assert names(tmp_path, text, makers=("make",)) == {"make", "build", "Made", "Mine"}


def test_too_many(tmp_path: Path) -> None:
    assert names(tmp_path, "".join(f"class Book{number}(Book): pass\n" for number in range(1000)), "Book") is None
