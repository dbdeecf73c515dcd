"""Which statements of a class body are left out before it is parsed: never one that another statement needs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from flake8_django_orm.project.extract import extract_module
from flake8_django_orm.project.facts import Assignment
from flake8_django_orm.readers.plain_statements import plain_names
from flake8_django_orm.source import make_source


def left_out(body: str) -> set[str]:
    """The names that are left out of a class with this body, where nothing but `Book` matters."""
    text = "class C:\n" + "".join(f"    {line}\n" for line in body.splitlines())
    facts = extract_module(ast.parse(text), name="shop.m", path="shop/m.py").classes["C"]

    def matters(_: Assignment, lines: str) -> bool:
        return "Book" in lines

    return set(plain_names(facts, make_source(text, Path("shop/m.py")), matters))


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("a = 1\nbooks = Book.objects.all()\nb = [\n    2,\n]", {"a", "b"}),
        # what a statement that stays reads, directly or through another one
        ("size = 1\nstep = size\nbooks = Book.objects.all()[:step]\nother = 2", {"other"}),
        # what reads a statement that stays
        ("books = Book.objects.all()\nfirst = list(books)\ntitle = first\nother = 2", {"other"}),
        # what a loop, a bare call, a condition or a base names
        ("names = [1]\nfor n in names:\n    print(n)", set()),
        ("names = [1]\nprint(names)\nother = 2", {"other"}),
        # nested classes are never read, only named
        ("class Meta:\n    model = Book\na = 1", {"Meta", "a"}),
        ("class Kind:\n    x = 1\nbooks = Book.objects.filter(kind=Kind.x)", set()),
        # what does not stand alone on its lines
        ("a = 1; print(a)", set()),
        ("if a: b = 1\nelse: c = 2", set()),
        ("a = [1]\nb = 2\na += [3]", set()),
        # a fix writes below it
        ("list_display = ['a']\nlist_filter = ['b']", {"list_filter"}),
    ],
)
def test_what_nothing_needs_is_left_out(body: str, names: set[str]) -> None:
    assert left_out(body) == names
