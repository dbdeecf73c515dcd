"""Findings and marks are compared one to one, and what differs is told with its line."""

from __future__ import annotations

from flake8_django_orm.findings import Finding, Location
from tests.harness.linting import differences
from tests.harness.marks import Expected

PATH = "app/views.py"
TEXTS = {PATH: "import os\nbook.author\n"}


def _finding(row: int, code: str = "DJQ101", message: str = "every Book row reads author") -> Finding:
    return Finding(code, "a-rule", message, PATH, Location(row, 1), Location(row, 2))


def test_a_mark_answers_for_a_finding() -> None:
    assert differences({PATH: [Expected(2, "DJQ101", "reads author")]}, [_finding(2)], TEXTS) == []


def test_a_missing_finding_is_told_with_its_line() -> None:
    lines = differences({PATH: [Expected(2, "DJQ101")]}, [], TEXTS)
    assert lines == ["missing     app/views.py:2: DJQ101", "              2 | book.author"]


def test_an_unexpected_finding_is_told_with_its_message() -> None:
    lines = differences({}, [_finding(2)], TEXTS)
    assert lines[0] == "unexpected  app/views.py:2: DJQ101 every Book row reads author"


def test_another_row_code_or_message_does_not_answer() -> None:
    for mark in (Expected(1, "DJQ101"), Expected(2, "DJQ102"), Expected(2, "DJQ101", "reads editor")):
        assert len([line for line in differences({PATH: [mark]}, [_finding(2)], TEXTS) if ":" in line]) == 2


def test_one_mark_answers_for_one_finding_only() -> None:
    two = [_finding(2), _finding(2, message="every Book row reads editor")]
    mark = Expected(2, "DJQ101")
    assert differences({PATH: [mark, mark]}, two, TEXTS) == []
    assert len(differences({PATH: [mark]}, two, TEXTS)) == 2
