"""Text with some of its definitions blanked out, so that what is left can be looked at, or parsed, without them.

In: source text and ranges of it. Out: text of the same length, in which a definition is one line that does nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

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
