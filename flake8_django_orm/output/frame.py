"""Code frames: a few lines of a file with the place of a finding underlined.

In: a source file and two places in it. Out: lines without line ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.output.colors import Style, paint, printable, width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_django_orm.findings import Location
    from flake8_django_orm.source import SourceFile

_LONGEST = 160  # code points of a line that are shown; more hides the place rather than showing it
_LEAD = 40
_MOST_ROWS = 6


def frame(
    source: SourceFile,
    start: Location,
    end: Location,
    *,
    context: int = 2,
    mark: str = "^",
    style: Style = Style.CARET,
    color: bool = False,
) -> Iterator[str]:
    """The rows from `start` to `end`, underlined with `mark`, and `context` rows around them."""
    first, last = max(1, start.row - context), min(_last_row(source), end.row + context)
    gutter = len(str(last))
    yield _bar(gutter, color)
    for row in range(first, last + 1):
        if start.row + _MOST_ROWS <= row <= end.row - 1:
            if row == start.row + _MOST_ROWS:
                yield paint("." * gutter, Style.GUTTER, color)
            continue
        line = source.line_text(row)
        cut = _cut(line, start.column if row == start.row else 1)
        text = f"{paint(f'{row:>{gutter}} |', Style.GUTTER, color)} {printable(line[cut : cut + _LONGEST])}"
        yield text.rstrip() if not color else text
        if start.row <= row <= end.row:
            yield from _underline(line, row, start, end, cut, gutter, mark, style, color)
    yield _bar(gutter, color)


def _last_row(source: SourceFile) -> int:
    """The last row with text: a final line end opens no row that anybody would want to see."""
    return source.row_count - (1 if source.row_count > 1 and not source.line_text(source.row_count) else 0)


def _bar(gutter: int, color: bool) -> str:
    return paint(f"{'':>{gutter}} |", Style.GUTTER, color)


def _cut(line: str, column: int) -> int:
    return 0 if len(line) <= _LONGEST else max(0, min(column - 1 - _LEAD, len(line) - _LONGEST))


def _underline(
    line: str,
    row: int,
    start: Location,
    end: Location,
    cut: int,
    gutter: int,
    mark: str,
    style: Style,
    color: bool,
) -> Iterator[str]:
    left = start.column - 1 if row == start.row else len(line) - len(line.lstrip())
    right = end.column - 1 if row == end.row else len(line.rstrip())
    right = min(max(right, left), len(line), cut + _LONGEST)
    if row != start.row and right <= left:
        return
    marks = mark * max(1, width(line[left:right]))
    yield f"{_bar(gutter, color)} {'':{width(line[cut:left])}}{paint(marks, style, color)}"
