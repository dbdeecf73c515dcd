"""What is kept of a module, and its way through JSON."""

from __future__ import annotations

import ast
import json
import textwrap
from pathlib import Path

import pytest

from flake8_django_orm.project.extract import extract_module
from flake8_django_orm.project.facts import Expr, ImportFacts, ModuleFacts
from flake8_django_orm.project.facts_json import facts_from_json, facts_to_json

PACKAGE = Path(__file__).parents[2] / "flake8_django_orm"


def extract(text: str, *, name: str = "shop.models", is_package: bool = False) -> ModuleFacts:
    return extract_module(ast.parse(textwrap.dedent(text)), name=name, path="shop/models.py", is_package=is_package)


def test_imports_are_absolute() -> None:
    facts = extract("""
        import a.b
        import a.b as c
        from x import y as z
        from . import fields
        from ..core import base
        from .things import *
    """)
    assert facts.imports == {
        "a": ImportFacts("a"),
        "c": ImportFacts("a.b"),
        "z": ImportFacts("x", "y"),
        "fields": ImportFacts("shop", "fields"),
        "base": ImportFacts("core", "base"),
    }
    assert facts.star_imports == ("shop.things",)


def test_relative_imports_of_a_package_start_at_the_package() -> None:
    facts = extract("from .book import Book\nfrom ..core import base", name="shop.models", is_package=True)
    assert facts.imports == {"Book": ImportFacts("shop.models.book", "Book"), "base": ImportFacts("shop.core", "base")}


def test_of_alternatives_the_first_wins() -> None:
    facts = extract("""
        try:
            from fast import loads
        except ImportError:
            from slow import loads
        if DEBUG:
            LEVEL = 1
        elif TEST:
            LEVEL = 2
        else:
            LEVEL = 3
            OTHER = 4
    """)
    assert facts.imports["loads"] == ImportFacts("fast", "loads")
    assert facts.assignments["LEVEL"].value.value == 1
    assert facts.assignments["OTHER"].value.value == 4


def test_the_runtime_branch_beside_type_checking_wins() -> None:
    facts = extract("""
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from a import Book
            from b import Author
        else:
            Base = object
            from c import Author
    """)
    assert facts.imports["Book"] == ImportFacts("a", "Book", type_checking=True)
    assert facts.imports["Author"] == ImportFacts("c", "Author")
    assert "Base" in facts.assignments


def test_the_last_assignment_wins_and_sums_are_kept() -> None:
    facts = extract("""
        APPS = ["a"]
        APPS += ["b"]
        APPS = APPS + MORE
        x, y = 1, 2
        p = q = None
        title: "str" = "t"
        bare: int
        spread = [*APPS, "c"]
    """)
    apps = facts.assignments["APPS"].value
    assert apps.kind == "concat"
    assert [part.kind for part in apps.items] == ["list", "list", "name"]
    assert (facts.assignments["x"].value.value, facts.assignments["y"].value.value) == (1, 2)
    assert facts.assignments["q"].value == Expr("const", None, line=6)
    assert facts.assignments["title"].annotation == "str"
    assert facts.assignments["bare"].value.kind == "other"
    assert [part.kind for part in facts.assignments["spread"].value.items] == ["name", "list"]


def test_expressions_keep_what_models_need() -> None:
    facts = extract("""
        class Book(models.Model, Generic[T], make_base(x)):
            author = models.ForeignKey("Author", models.CASCADE, null=True, **OPTIONS)
            objects = Manager.from_queryset(BookQuerySet)()
            label = F("title").desc()
            number = -1
            other = lambda: 1
    """)
    book = facts.classes["Book"]
    assert [(base.kind, base.value) for base in book.bases] == [
        ("name", "models.Model"),
        ("name", "Generic"),
        ("call", "make_base"),
    ]
    author = book.assignments["author"].value
    assert (author.value, author.items[0].value, author.items[1].value) == (
        "models.ForeignKey",
        "Author",
        "models.CASCADE",
    )
    assert author.keywords["null"].value is True
    assert author.keywords["**"].value == "OPTIONS"
    manager = book.assignments["objects"].value
    assert (manager.value, manager.items[0].value) == ("", "Manager.from_queryset")
    callee = book.assignments["label"].value.items[0]
    assert (callee.kind, callee.value, callee.items[0].value) == ("attribute", "desc", "F")
    assert book.assignments["number"].value.value == -1
    assert book.assignments["other"].value.kind == "other"


def test_functions_know_how_they_are_called() -> None:
    facts = extract("""
        class Book:
            @property
            def title(self):
                return 1

            @title.setter
            def title(self, value):
                pass

            @classmethod
            @functools.cache
            async def make(cls, a, /, b: "int" = 2, *rest, c, d=None, **more) -> list[Book]:
                yield a

            def plain(self):
                def inner():
                    yield 1
                return inner

            class Meta:
                ordering = ["a"]
    """)
    book = facts.classes["Book"]
    assert book.methods["title"].is_property
    assert (book.methods["title"].start, book.methods["title"].end) == (3, 5)
    make = book.methods["make"]
    assert (make.qualname, make.class_name, make.key) == ("Book.make", "Book", "shop.models:Book.make")
    assert make.is_async
    assert make.is_generator
    assert make.is_classmethod
    assert make.returns == "list[Book]"
    assert [(p.name, p.kind, p.has_default) for p in make.parameters] == [
        ("cls", "positional", False),
        ("a", "positional", False),
        ("b", "positional", True),
        ("rest", "varargs", False),
        ("c", "keyword", False),
        ("d", "keyword", True),
        ("more", "kwargs", False),
    ]
    assert make.parameters[2].annotation == "int"
    assert not book.methods["plain"].is_generator
    assert book.classes["Meta"].key == "shop.models.Book.Meta"


def test_long_and_deep_code_is_cut_without_an_error() -> None:
    chain = "x = 1\nif a0: pass\n" + "".join(f"elif a{n}: y{n} = 1\n" for n in range(1, 900))
    summed = "total = " + " + ".join(["a"] * 2000)
    nested = "deep = " + "[" * 60 + "]" * 60
    table = "table = [" + ",".join(str(n) for n in range(20_000)) + "]"
    facts = extract(chain + summed + "\n" + nested + "\n" + table)
    assert {"x", "y899", "total", "deep", "table"} <= set(facts.assignments)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_facts_survive_json(path: Path) -> None:
    facts = extract_module(ast.parse(path.read_text("utf-8")), name=path.stem, path=path.name)
    assert facts_from_json(json.loads(json.dumps(facts_to_json(facts)))) == facts


@pytest.mark.parametrize("damage", [{}, {"name": 1}, {"name": "a", "path": "b", "is_package": 0, "imports": [1]}])
def test_damaged_json_is_refused(damage: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="damaged module facts"):
        facts_from_json(damage)
