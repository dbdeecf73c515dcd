"""Text in a grammar that is newer than this Python: its `ast` is had all the same, line by line."""

from __future__ import annotations

import ast
import sys

import pytest

from flake8_django_orm.project.extract import extract_module
from flake8_django_orm.syntax.parsing import in_known_grammar, parse_python

NEWER = '''\
from a import b
lazy import json
lazy from shop import models
type Key = int | str
type Pair[
    A,
    B = int,
] = tuple[A, B]


class Shelf[T: object](models.Model):
    name = f"{b["x"]} {b["y"]!r:>{b["z"]}}"
    note = f"""{
        b["x"]  # the first
    }"""

    def first[
        K,

        V,
    ](self, key: K) -> V:
        try:
            return f'{'\\n'.join(key)}'
        except KeyError, ValueError:
            return t"{key} is missing"

    def rest(self):
        merged = [*row for row in self.rows]
        return {**row for row in self.rows}, {*row for row in merged}, (*row for row in merged)


def last(): return 1
'''


def test_facts_of_newer_text_stand_on_their_lines() -> None:
    """Classes, methods and functions are found where they stand."""
    tree = parse_python(NEWER)
    assert tree is not None
    facts = extract_module(tree, name="m", path="m.py")
    shelf = facts.classes["Shelf"]
    rows = NEWER.splitlines()
    assert rows[shelf.start - 1].startswith("class Shelf")
    assert [base.value for base in shelf.bases] == ["models.Model"]
    assert {name: rows[method.start - 1].strip() for name, method in shelf.methods.items()} == {
        "first": "def first[",
        "rest": "def rest(self):",
    }
    assert [p.name for p in shelf.methods["first"].parameters] == ["self", "key"]
    assert rows[facts.functions["last"].start - 1] == "def last(): return 1"
    assert {"b", "json", "models"} <= set(facts.imports)
    assert {"Key", "Pair"} <= set(facts.assignments) or sys.version_info >= (3, 12)


@pytest.mark.parametrize(
    "piece",
    [
        'f"{a["b"]}"',
        "f'{'a'}' 'b'",
        'f"{f"{f"{1}"}"}"',
        'g(f"{a[\n"b"\n]}", 1)',
        "t'{a}'",
        "[*a for a in b]",
        "{**a for a in b}",
    ],
)
def test_newer_expressions(piece: str) -> None:
    """Each is replaced by something of as many lines; what stands behind it in the file stays where it is."""
    text = f"first = 1\nx = {piece}\nlast = 2\n"
    older = in_known_grammar(text)
    assert older is not None
    tree = parse_python(text)
    assert tree is not None
    assert older.count("\n") == text.count("\n")
    last = tree.body[-1]
    assert isinstance(last, ast.Assign)
    assert last.lineno == text.count("\n")


def test_line_endings_are_kept() -> None:
    """Lines that end in CRLF are lines."""
    text = 'x = f"{a["b"]}"\r\ndef f[\r\n\r\nT,\r\n](a):\r\n    return 1\r\n'
    tree = parse_python(text)
    assert tree is not None
    function = tree.body[-1]
    assert isinstance(function, ast.FunctionDef)
    assert function.body[0].lineno == 6


@pytest.mark.parametrize("text", ["print 'x'\n", "def f(:\n", "x = f'{'\n", "\0"])
def test_what_no_python_parses(text: str) -> None:
    """Python 2 and broken text have no tree."""
    assert parse_python(text) is None


def test_known_text_is_left_as_it_is() -> None:
    """Where this Python parses every piece, nothing is replaced."""
    text = 'x = f"{a}" + f"{a[0]:>{b}}"\ntry:\n    pass\nexcept (A, B):\n    pass\n'
    assert in_known_grammar(text) == text
