"""The marks that say which findings a line of a case is to have.

In: the text of a file of a case, marks included. Out: the text without them, and one `Expected` a finding.
A mark ends its line: `# error: DJQ101`, several codes as `# error: DJQ101, DJQ203`, part of the message in
double quotes behind its code. In a template it reads `{# error: DJQ101 #}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile(r"[ \t]*(?:#\s*error:\s*(?P<python>[^\n]*?)|\{#\s*error:\s*(?P<html>[^\n]*?)\s*#\})[ \t]*$")
_ENTRY = re.compile(r"\s*(?P<code>DJQ\d{3})(?:\s+\"(?P<part>[^\"]*)\")?\s*(?:,|$)")


class MarkError(ValueError):
    """A mark that cannot be read; the text names the row."""


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """One finding that a mark announces: 1-based row, code, part of its message ("" for any)."""

    row: int
    code: str
    part: str = ""


def split_marks(text: str) -> tuple[str, tuple[Expected, ...]]:
    """`text` without its marks, and what they announce. Raises MarkError for a mark without readable
    codes.
    """
    lines: list[str] = []
    expected: list[Expected] = []
    for row, line in enumerate(text.split("\n"), start=1):
        match = _MARK.search(line)
        if match is None:
            lines.append(line)
            continue
        lines.append(line[: match.start()])
        expected.extend(_entries(match["python"] or match["html"] or "", row))
    return "\n".join(lines), tuple(expected)


def _entries(codes: str, row: int) -> list[Expected]:
    found: list[Expected] = []
    position = 0
    while position < len(codes):
        match = _ENTRY.match(codes, position)
        if match is None:
            raise MarkError(f"row {row}: cannot read the mark {codes!r}")
        found.append(Expected(row, match["code"], match["part"] or ""))
        position = match.end()
    if not found:
        raise MarkError(f"row {row}: a mark without a code")
    return found
