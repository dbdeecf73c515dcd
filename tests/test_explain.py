"""`flake8-django-orm explain PATH:LINE` tells what is known at a line, and why it is or is not reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flake8_django_orm.cli import main

if TYPE_CHECKING:
    from pathlib import Path

MODELS = """
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=100)


class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE)
"""
VIEWS = """\
from shop.models import Book


def view(given):
    books = Book.objects.select_related("author")
    for book in Book.objects.all():
        print(book.author.name)
    for row in given:
        print(row.author.name)


LIMIT = 3
"""


@pytest.fixture
def views(tmp_path: Path) -> Path:
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "__init__.py").write_text("")
    (shop / "models.py").write_text(MODELS)
    (shop / "views.py").write_text(VIEWS)
    (tmp_path / "manage.py").write_text("")
    return shop / "views.py"


def told(capsys: pytest.CaptureFixture[str], views: Path, line: int | str) -> tuple[int, str, str]:
    code = main(["explain", f"{views}:{line}", "--root", str(views.parents[1])])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_row_its_loading_and_the_event(views: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, views, 7)
    assert code == 0
    assert "book: a Book row, one of the rows of a queryset, bound by a loop; loads no relation" in out
    assert "event RelationRead (path=('author',), inside 1 loop(s))" in out


def test_a_queryset_and_what_it_loads(views: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capsys, views, 5)
    assert "a queryset of Book rows, built on line 5; loads author" in out


def test_why_nothing_is_reported(views: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capsys, views, 9)
    assert "row: unknown" in out
    assert "no event" in out


def test_a_line_outside_of_functions(views: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, views, 12)
    assert code == 0
    assert "the line is in no function" in out


@pytest.mark.parametrize(("line", "complaint"), [(99, "has 13 lines"), ("x", "not of the form PATH:LINE")])
def test_a_wrong_place_is_one_clear_line(
    views: Path, capsys: pytest.CaptureFixture[str], line: int | str, complaint: str
) -> None:
    code, out, err = told(capsys, views, line)
    assert (code, out) == (2, "")
    assert complaint in err
    assert err.count("\n") == 1


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", f"{tmp_path}/no.py:1"]) == 2
    assert "cannot read the file" in capsys.readouterr().err


def test_a_root_that_is_none(views: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", f"{views}:7", "--root", "/no/such/root"]) == 2
    assert "not a directory" in capsys.readouterr().err
