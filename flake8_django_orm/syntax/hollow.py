"""Text with some of its definitions blanked out, so that what is left can be looked at, or parsed, without them.

In: source text and ranges of it. Out: text of the same length, in which a definition is one line that does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable


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
