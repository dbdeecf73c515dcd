"""Diffs: those that `patch` reads, and the small ones for people."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flake8_django_orm.output.diff import Row, small_diff, unified


def test_equal_texts_have_no_diff() -> None:
    assert unified("a\n", "a\n", "a.py") == ""
    assert list(small_diff("a\n", "a\n")) == []


@pytest.mark.skipif(shutil.which("patch") is None, reason="the program patch is not there")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\nc\n", "a\nB\nc\n"),
        ("a\nb", "a\nB"),
        ("a\nb", "a\nb\n"),
        ("a\r\nb\r\n", "a\r\nB\r\n"),
        ("a\x0cb\nc\n", "a\x0cb\nC\n"),
        ("", "a\n"),
    ],
)
def test_patch_makes_the_new_text_of_the_old(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(before.encode())
    diff = unified(before, after, "a.py")
    subprocess.run(["patch", "--binary", "a.py"], input=diff.encode(), cwd=tmp_path, check=True, capture_output=True)
    assert path.read_bytes() == after.encode()


def test_a_small_diff_shows_each_changed_place_with_a_line_around_it() -> None:
    before = "".join(f"{letter}\n" for letter in "abcdefghij")
    after = before.replace("b\n", "B\n").replace("i\n", "I\nJ\n")
    assert list(small_diff(before, after)) == [
        [Row(1, " ", "a"), Row(None, "-", "b"), Row(2, "+", "B"), Row(3, " ", "c")],
        [Row(8, " ", "h"), Row(None, "-", "i"), Row(9, "+", "I"), Row(10, "+", "J"), Row(11, " ", "j")],
    ]


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_a_small_diff_tells_all_that_changed(old: list[str], new: list[str]) -> None:
    before, after = "".join(f"{x}\n" for x in old), "".join(f"{x}\n" for x in new)
    rows = [row for group in small_diff(before, after) for row in group]
    removed = sum(row.sign == "-" for row in rows)
    added = sum(row.sign == "+" for row in rows)
    assert len(old) - removed == len(new) - added
    assert all(new[row.number - 1] == row.text for row in rows if row.number is not None)
    assert bool(rows) == (old != new)
