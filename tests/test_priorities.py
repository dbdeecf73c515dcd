"""One query, one report: which rule speaks where several have something to say about the same statement.

Writes: 305 before 301 before 105. Reads: 201 before 103; 202 before 101; 106 before 101. Each pair is shown by code
that breaks both rules.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from flake8_django_orm.config import Settings
from flake8_django_orm.engine import Engine
from flake8_django_orm.findings import Finding
from flake8_django_orm.reporting import SILENCED_BY
from flake8_django_orm.rules import all_rules
from tests.harness.linting import project_directory

MODELS = """
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=100)


class Book(models.Model):
    title = models.CharField(max_length=100)
    pages = models.IntegerField(default=0)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
"""

HEAD = """
from app.models import Author, Book
"""

#: The rule that speaks, the one that is silent beside it, and what breaks both.
PAIRS = {
    ("DJQ305", "DJQ301"): """
def lengthen():
    for book in Book.objects.all():
        book.pages += 1
        book.save()
""",
    ("DJQ305", "DJQ105"): """
def lengthen():
    for book in Book.objects.all():
        book.pages += 1
        book.save()
""",
    ("DJQ301", "DJQ105"): """
def lengthen():
    for book in Book.objects.all():
        print(book.title)
        if book.title:
            book.pages += 1
            book.save()
""",
    ("DJQ201", "DJQ103"): """
def name_of(pk):
    return Author.objects.get(pk=pk).name


def names():
    return [name_of(author.pk) for author in Author.objects.all()]
""",
    ("DJQ202", "DJQ101"): """
def keys():
    return [book.author.pk for book in Book.objects.all()]
""",
}

ALL_AT_ONCE = """
def rename():
    for book in Book.objects.all():
        print(book.author.name)
        author = Author.objects.get(pk=book.author_id)
        book.title = f"{author.name}: {book.title}"
        book.save()
"""


def findings(text: str, *, without: str = "") -> list[Finding]:
    """What all rules say about a module of views, one of them left out."""
    codes = frozenset(rule.code for rule in all_rules()) - {without}
    with project_directory({"app/models.py": MODELS, "app/views.py": HEAD + text}) as root:
        return Engine(Settings(root=root, codes=codes)).check(root / Path("app/views.py"))


@pytest.mark.parametrize("pair", PAIRS, ids=" before ".join)
def test_the_first_speaks_alone(pair: tuple[str, str]) -> None:
    first, second = pair
    codes = {finding.code for finding in findings(PAIRS[pair])}
    assert first in codes
    assert second not in codes


@pytest.mark.parametrize(
    ("pair", "spoken"),
    [(("DJQ305", "DJQ301"), "DJQ301"), (("DJQ305", "DJQ105"), "DJQ301"), (("DJQ301", "DJQ105"), "DJQ105")],
)
def test_where_the_first_is_off_the_next_speaks(pair: tuple[str, str], spoken: str) -> None:
    """The reads are another matter: DJQ103 and DJQ101 leave such code alone by themselves."""
    assert [finding.code for finding in findings(PAIRS[pair], without=pair[0])] == [spoken]


@pytest.mark.parametrize(
    "pair", [*PAIRS, ("DJQ106", "DJQ101"), ("DJQ203", "DJQ102"), ("DJQ203", "DJQ103")], ids=" before ".join
)
def test_the_table_holds_the_pair(pair: tuple[str, str]) -> None:
    first, second = pair
    assert first in SILENCED_BY[second]


def test_no_rule_silences_in_a_circle() -> None:
    for start in SILENCED_BY:
        pending, seen = [*SILENCED_BY[start]], set()
        while pending:
            one = pending.pop()
            assert one != start
            if one not in seen:
                seen.add(one)
                pending.extend(SILENCED_BY.get(one, ()))


def test_one_shape_is_three_findings_at_most() -> None:
    """A loop that reads a relation, queries by its id and saves."""
    found = findings(ALL_AT_ONCE)
    assert [finding.code for finding in found] == ["DJQ101", "DJQ103", "DJQ105"]
    rows = Counter(finding.start.row for finding in found)
    assert max(rows.values()) == 1


@pytest.mark.parametrize("text", [*PAIRS.values(), ALL_AT_ONCE])
def test_no_statement_has_two_reports(text: str) -> None:
    rows = Counter(finding.start.row for finding in findings(text))
    assert max(rows.values()) == 1
