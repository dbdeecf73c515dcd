"""Diffs: unified ones for `--diff`, and the small ones that show what a single fix does.

In: a text before and after. Out: lines without line ends (small diff), or one text that `patch` understands.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, NamedTuple

from flake8_django_orm.output.colors import Style, paint, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


def _lines(text: str) -> list[str]:
    """`text` cut at the line ends that Python knows, which are fewer than `str.splitlines` knows."""
    return _LINE.findall(text)


def unified(before: str, after: str, name: str) -> str:
    """The unified diff that makes `after` of `before`, for a file shown as `name`; "" if they are equal."""
    lines = difflib.unified_diff(_lines(before), _lines(after), name, name)
    return "".join(line if line.endswith(("\n", "\r")) else f"{line}\n\\ No newline at end of file\n" for line in lines)


class Row(NamedTuple):
    """One line of a small diff: `number` is its row in the new text, None for a removed line."""

    number: int | None
    sign: str
    text: str


def small_diff(before: str, after: str, *, context: int = 1) -> Iterator[list[Row]]:
    """The changed places, each as a list of rows with `context` rows around it."""
    old, new = _lines(before), _lines(after)
    skip = _common_head(old, new)
    tail = _common_head(old[skip:][::-1], new[skip:][::-1])
    # a matcher over the changed middle only: a fix touches a few lines of a long file
    low, old_high, new_high = max(0, skip - context), len(old) - tail + context, len(new) - tail + context
    matcher = difflib.SequenceMatcher(None, old[low:old_high], new[low:new_high], autojunk=False)
    for group in matcher.get_grouped_opcodes(context):
        rows: list[Row] = []
        for tag, old_from, old_to, new_from, new_to in group:
            if tag != "equal":
                rows += [Row(None, "-", line.rstrip("\r\n")) for line in old[low + old_from : low + old_to]]
            sign = " " if tag == "equal" else "+"
            for number in range(low + new_from, low + new_to):
                rows.append(Row(number + 1, sign, new[number].rstrip("\r\n")))
        yield rows


def _common_head(one: list[str], other: list[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def shown_rows(rows: list[Row], color: bool) -> Iterator[str]:
    """The rows of a small diff as lines for a terminal: context and new lines carry their row."""
    gutter = len(str(max((row.number or 0) for row in rows)))
    for row in rows:
        number = "" if row.number is None else str(row.number)
        bar = "|" if row.sign == " " else row.sign
        line = f"{number:>{gutter}} {bar} {printable(row.text)}".rstrip()
        style = {"-": Style.REMOVED, "+": Style.ADDED}.get(row.sign)
        yield paint(line, style, color) if style else line
