"""Text with some of its definitions or data blanked out: what is left can be looked at, or parsed, without them.

In: source text and ranges of it. Out: text of the same length, in which a definition is one line that does nothing and
a long table of literals has its first and last rows only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

_LITERAL = r"""(?:[bBrRuU]{0,2}(?:'(?:[^'\\\n]|\\.)*+'|"(?:[^"\\\n]|\\.)*+")|-?\d[\w.]*+|True|False|None)"""
_LITERALS = rf"{_LITERAL}(?:[ ]*[,:][ ]*{_LITERAL})*+"
#: One row of a table: brackets around literals, or a pair of a dict, closed by a comma. A single text is no such row:
#: `only()` may be handed a hundred names.
_ROW = re.compile(
    rf"[ \t]*+(?:{_LITERAL}:[ ]*{_LITERAL}|"
    rf"(?:{_LITERAL}:[ ]*)?(?:\({_LITERALS},?\)|\[{_LITERALS},?\]|\{{{_LITERALS},?\}})),[ \t]*+\r?\n"
)
_TABLE_ROWS = 100
_KEPT_ROWS = 3
_NOTHING = re.compile(r"(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))*")


def joined(text: str, ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The ranges, those made one that stand in one block with nothing but blank lines and comments in between: blanked
    out, they are one line.
    """
    known: tuple[int, int] | None = None
    for start, end in sorted(ranges):
        if known is None:
            known = start, end
        elif start < known[1]:
            continue
        elif _indentation(text, known[0]) == _indentation(text, start) and _NOTHING.fullmatch(text, known[1], start):
            known = known[0], end
        else:
            yield known
            known = start, end
    if known is not None:
        yield known


def _indentation(text: str, start: int) -> str:
    at = start
    while text[at : at + 1] in (" ", "\t"):
        at += 1
    return text[start:at]


def blank_out(text: str, ranges: Iterable[tuple[int, int]]) -> str:
    """Replace whole-line ranges of `text` by `pass` and spaces of the same length, so that all offsets stay."""
    pieces: list[str] = []
    at = 0
    for start, end in sorted(ranges):
        if start < at:
            continue
        pieces.append(text[at:start])
        pieces.append(_hollow(text[start:end]))
        at = end
    pieces.append(text[at:])
    return "".join(pieces)


def _hollow(definition: str) -> str:
    """One line as long as the definition: libcst makes nodes of every blank line."""
    content = definition.rstrip("\r\n")
    first = content.splitlines()[0] if content else ""
    indent = first[: len(first) - len(first.lstrip())]
    # The shortest definition, `def f():0`, leaves room for `pass`; a decorator line may be as short as `@d`.
    word = "pass" if len(content) - len(indent) >= 4 else "0"
    return (indent + word).ljust(len(content)) + definition[len(content) :]


def without_tables(text: str) -> str:
    """The text without the middle rows of each table of literals that is a hundred rows long or longer.

    Such tables (languages, currencies, the data of a migration) hold nothing for the machine, and libcst takes thirty
    times the memory of their text. The comma ends a row, so that the next one can go.
    """
    if text.count("\n") < _TABLE_ROWS:
        return text
    pieces: list[str] = []
    for is_row, lines in groupby(text.splitlines(keepends=True), lambda line: bool(_ROW.fullmatch(line))):
        run = list(lines)
        if is_row and len(run) >= _TABLE_ROWS:
            first, middle, last = run[:_KEPT_ROWS], run[_KEPT_ROWS:-_KEPT_ROWS], run[-_KEPT_ROWS:]
            run = [*first, " " * sum(map(len, middle)), *last]
        pieces += run
    return "".join(pieces)
