"""What a run may cost, counted in work and not in seconds: files parsed, functions read, libcst imported, nodes made.

Each test names the work that must not be done. A change that makes one fail has made the linter slower for everybody.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from flake8_django_orm.config import Settings
from flake8_django_orm.engine import Engine
from flake8_django_orm.readers.execution import KEPT_UNITS
from flake8_django_orm.rules import all_rules
from flake8_django_orm.syntax.hollow import blank_out

ALL = frozenset(rule.code for rule in all_rules())
MODELS = """
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=100)


class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    pages = models.IntegerField(null=True)
"""
FETCHES = """
from shop.models import Book


def titles():
    for book in Book.objects.all():
        print(book.author.name)
"""
NAMES_ONLY = """
def pages(books):
    '''Book.objects is named here, and author.books.'''
    return [content for books in content for author in books]  # Book


class Shelf:
    books = None

    def count(self, objects):
        save = [author.books for author in objects]
        return len(save)
"""
TEST = """
from shop.models import Book


def test_titles():
    book = Book.objects.create(pages=1)
    for other in Book.objects.all():
        other.save()
        assert other.author.name
"""


def project(root: Path, **files: str) -> Engine:
    (root / "shop").mkdir()
    (root / "shop" / "__init__.py").write_text("")
    for name, text in {"models": MODELS, **files}.items():
        (root / "shop" / f"{name}.py").write_text(text)
    return Engine(Settings(root=root, codes=ALL, environment=()))


def cost(engine: Engine, *names: str) -> dict[str, int]:
    for name in names:
        engine.check(engine.project.root / "shop" / f"{name}.py")
    return {"functions read": 0, "files parsed": 0, "units parsed": 0, **engine.statistics}


def test_a_function_with_rows_is_read_once(tmp_path: Path) -> None:
    spent = cost(project(tmp_path, views=FETCHES), "views")
    assert (spent["functions read"], spent["units parsed"]) == (1, 1)


def test_names_without_a_source_of_rows_are_not_read(tmp_path: Path) -> None:
    spent = cost(project(tmp_path, views=NAMES_ONLY), "views")
    assert spent["functions"] == 2
    assert (spent["functions read"], spent["units parsed"]) == (0, 0)


def test_tests_and_migrations_are_not_even_parsed(tmp_path: Path) -> None:
    engine = project(tmp_path, test_views=TEST)
    assert cost(engine, "test_views")["files parsed"] == 0


def test_a_test_that_stores_an_expression_is_read(tmp_path: Path) -> None:
    stores = TEST + "\n\ndef test_pages(book: Book):\n    book.pages = F('pages') + 1\n"
    engine = project(tmp_path, test_views=stores.replace("\n", "\nfrom django.db.models import F\n", 1))
    assert cost(engine, "test_views")["functions read"] == 1


def test_a_helper_is_parsed_once_for_all_who_call_it(tmp_path: Path) -> None:
    helper = FETCHES + "\n\ndef helper(books):\n    return [book.author for book in books]\n"
    callers = "".join(f"\n\ndef view{n}():\n    return helper(Book.objects.all())\n" for n in range(20))
    spent = cost(project(tmp_path, views=helper + callers), "views")
    assert spent["units parsed"] == 22


def test_of_a_class_only_what_may_do_something_is_parsed(tmp_path: Path) -> None:
    fields = "".join(f"    field{n} = Field(\n        label='{n}',\n    )\n" for n in range(40))
    view = f"from shop.models import Book\n\n\nclass View:\n{fields}    queryset = Book.objects.filter(nme=1)\n"
    spent = cost(project(tmp_path, views=view), "views")
    assert (spent["units parsed"], spent["lines parsed"]) == (1, 3)


def test_keyword_arguments_are_no_assignments(tmp_path: Path) -> None:
    named = "\n\ndef test_pages(book: Book):\n    Book.objects.annotate(book.author, n=F('pages')).first()\n"
    engine = project(tmp_path, test_views=TEST + named.replace("F(", "models.F("))
    assert cost(engine, "test_views")["files parsed"] == 0


def test_what_is_blanked_out_costs_one_line() -> None:
    method = "    def f(self):\n" + "        x = 1\n" * 500
    text = f"class C:\n{method}    y = 2\n"
    hollow = blank_out(text, [(text.index("    def"), text.index("    y"))])
    assert hollow.count("\n") == 3


def test_libcst_stays_out_of_files_with_nothing_to_read(tmp_path: Path) -> None:
    inherits = "\n\nclass Tall(Shelf, Exception):\n    fields = ['author']\n"
    decorated = "\n\n@dataclass\nclass Wide:\n    fields: list = ()\n\n    def names(self):\n        return []\n"
    project(tmp_path, views="from dataclasses import dataclass\n" + NAMES_ONLY + inherits + decorated, test_views=TEST)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from flake8_django_orm.config import Settings\n"
        "from flake8_django_orm.engine import Engine\n"
        f"root = Path({str(tmp_path)!r})\n"
        f"engine = Engine(Settings(root=root, codes=frozenset({sorted(ALL)!r}), environment=()))\n"
        "for name in ('views', 'test_views'):\n"
        "    engine.check(root / 'shop' / f'{name}.py')\n"
        "assert 'libcst' not in sys.modules, 'libcst was imported'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- growth -----------------------------------------------------------------------------------------------------------


def _queries(count: int) -> str:
    lines = "".join(f"    a{n} = Book.objects.filter(pk={n}).first()\n" for n in range(count))
    return f"{FETCHES}\n\ndef view():\n{lines}"


def _branches(count: int) -> str:
    lines = "".join(f"    if x{n}:\n        y{n} = Book.objects.none()\n" for n in range(count))
    return f"{FETCHES}\n\ndef view():\n{lines}"


def _methods(count: int) -> str:
    lines = "".join(f"    def m{n}(self):\n        return self.m{n + 1}()\n\n" for n in range(count))
    return f"{FETCHES}\n\nclass View:\n{lines}    def m{count}(self):\n        return Book.objects.all()\n"


def _models(count: int) -> str:
    return MODELS + "".join(
        f"\n\nclass M{n}(models.Model):\n    o = models.ForeignKey('M{n - 1}', models.CASCADE, related_name='r{n}')\n"
        for n in range(1, count)
    )


@pytest.mark.parametrize("make", [_queries, _branches, _methods, _models], ids=lambda make: make.__name__.strip("_"))
def test_work_grows_no_faster_than_the_code(tmp_path: Path, make: Callable[[int], str]) -> None:
    def calls(count: int) -> int:
        """How many Python functions are called while the file is linted."""
        root = tmp_path / str(count)
        root.mkdir()
        engine = project(root, views=make(count))
        made = 0

        def count_call(frame: object, event: str, argument: object) -> None:
            nonlocal made
            made += event == "call"

        sys.setprofile(count_call)
        try:
            engine.check(root / "shop" / "views.py")
        finally:
            sys.setprofile(None)
        return made

    few, many = calls(100), calls(400)
    assert many < 4 * few * 1.2


def test_a_table_of_data_is_not_parsed_for_the_words_in_its_texts(tmp_path: Path) -> None:
    rows = "".join(f'    "{number}": "objects of Book",\n' for number in range(300))
    reads = f"{FETCHES}\n\ndef one(key):\n    return Book.objects.get(pk=TABLE[key])\n".replace(
        "import Book\n", "import Book\nfrom shop.data import TABLE\n"
    )
    engine = project(tmp_path, data=f"TABLE = {{\n{rows}}}\n", views=reads)
    cost(engine, "views")
    assert engine.statistics["lines parsed"] < 10


def test_the_trees_that_are_kept_are_bounded_those_of_classes_too(tmp_path: Path) -> None:
    classes = "".join(f"class Show{number}:\n    pages = {number}\n\n\n" for number in range(KEPT_UNITS + 50))
    engine = project(tmp_path, views=classes)
    facts = engine.project.module("shop.views")
    assert facts is not None
    assert all(engine.execution.class_unit(found) is not None for found in facts.classes.values())
    assert engine.statistics["units parsed"] == KEPT_UNITS + 50
    assert len(engine.execution._units) == KEPT_UNITS
