"""No input hangs: what is too long or too deep is cut, counted, and silent from there on."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_django_orm.config import Settings
from flake8_django_orm.engine import Engine
from flake8_django_orm.machine.machine import DEPTH_BOUND, WORK_BOUND

MODELS = """
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=100)


class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE)
"""
START = "from shop.models import Book\n\n\n"
FINDING = "    for book in Book.objects.all():\n        print(book.author.name)\n"


def lint(root: Path, views: str) -> tuple[list[str], dict[str, int]]:
    shop = root / "shop"
    shop.mkdir()
    (shop / "__init__.py").write_text("")
    (shop / "models.py").write_text(MODELS)
    (shop / "views.py").write_text(START + views)
    engine = Engine(Settings(root=root, codes=frozenset({"DJQ101"})))
    found = engine.check(shop / "views.py")
    return [finding.code for finding in found], dict(engine.statistics)


def test_a_function_of_three_thousand_lines_is_read_to_its_end(tmp_path: Path) -> None:
    filler = "".join(f"    a{number} = Book.objects.filter(pk={number})\n" for number in range(1500))
    codes, statistics = lint(tmp_path, f"def view():\n{filler}{FINDING}")
    assert codes == ["DJQ101"]
    assert statistics["work bound reached"] == 0


def test_more_work_than_the_bound_is_cut_and_counted(tmp_path: Path) -> None:
    filler = "".join("    a = [f(b, c) for b in d for c in b.e]\n" for _ in range(WORK_BOUND // 8))
    codes, statistics = lint(tmp_path, f"def view(d, f):\n{filler}{FINDING}")
    assert codes == []
    assert statistics["work bound reached"] == 1


def test_functions_that_call_each_other_end(tmp_path: Path) -> None:
    count = 30
    calls = "".join(f"        f{number}(rows)\n" for number in range(count))
    web = "".join(f"def f{number}(rows):\n    for row in rows:\n{calls}\n\n" for number in range(count))
    codes, statistics = lint(tmp_path, f"{web}def view():\n    f0(Book.objects.all())\n{FINDING}")
    assert codes == []
    assert statistics["work bound reached"] == 1


def test_a_chain_of_calls_deeper_than_the_bound_is_cut_and_counted(tmp_path: Path) -> None:
    depth = DEPTH_BOUND + 5
    chain = "".join(f"def f{number}(rows):\n    return f{number + 1}(rows)\n\n\n" for number in range(depth))
    last = f"def f{depth}(rows):\n    for book in rows:\n        print(book.author.name)\n\n\n"
    codes, statistics = lint(tmp_path, f"{chain}{last}def view():\n    f0(Book.objects.all())\n")
    assert codes == []
    assert statistics["calls not entered (depth bound)"] > 0


@pytest.mark.parametrize(("links", "cut"), [(40, 0), (400, 1)])
def test_a_chain_too_long_for_the_stack_is_cut_and_counted(tmp_path: Path, links: int, cut: int) -> None:
    chain = "Book.objects" + ".all()" * links
    codes, statistics = lint(tmp_path, f"def view():\n    for book in {chain}:\n        print(book.author.name)\n")
    assert codes == ["DJQ101"] * (1 - cut)
    assert statistics["work bound reached"] == cut


def test_brackets_as_deep_as_python_allows_are_read(tmp_path: Path) -> None:
    nested = "(" * 90 + "Book.objects.all()" + ")" * 90
    codes, _ = lint(tmp_path, f"def view():\n    for book in {nested}:\n        print(book.author.name)\n")
    assert codes == ["DJQ101"]
