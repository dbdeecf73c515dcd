"""Marks announce findings and are gone from the text that is linted."""

from __future__ import annotations

import pytest

from tests.harness.marks import Expected, MarkError, split_marks


def test_a_mark_is_taken_off_its_line() -> None:
    text, expected = split_marks("a = 1\nbook.author.name  # error: DJQ101\n")
    assert text == "a = 1\nbook.author.name\n"
    assert expected == (Expected(2, "DJQ101"),)


def test_a_comment_before_the_mark_stays() -> None:
    text, expected = split_marks("book.author  # the writer  # error: DJQ101")
    assert text == "book.author  # the writer"
    assert expected == (Expected(1, "DJQ101"),)


def test_a_line_can_have_several_findings_and_parts_of_messages() -> None:
    _, expected = split_marks('x  # error: DJQ101 "add select_related(", DJQ203, DJQ203')
    assert expected == (
        Expected(1, "DJQ101", "add select_related("),
        Expected(1, "DJQ203"),
        Expected(1, "DJQ203"),
    )


def test_in_a_template_the_mark_is_a_template_comment() -> None:
    text, expected = split_marks("{{ book.author }} {# error: DJQ101 #}\n{# note #}\n")
    assert text == "{{ book.author }}\n{# note #}\n"
    assert expected == (Expected(1, "DJQ101"),)


def test_text_without_marks_is_unchanged() -> None:
    text = "def f():\n    return 1  # an error: none\n"
    assert split_marks(text) == (text, ())


@pytest.mark.parametrize("mark", ["# error: ", "# error: N+1", "# error: DJQ101 and more"])
def test_a_mark_that_cannot_be_read_is_an_error(mark: str) -> None:
    with pytest.raises(MarkError, match="row 1"):
        split_marks(f"x  {mark}")
