"""The words of a piece of Python: which names it uses by themselves and which as attributes, without parsing it.

In: source text. Out: sets of identifiers. What stands in comments and plain strings does not count, what an f-string
works out does. A word too many costs time, so what is hard to tell apart without a parser counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flake8_django_orm.source import COMMENT_OR_STRING

_PREFIX = re.compile(r"\b[A-Za-z]{1,2}\Z")
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_ATTRIBUTE = re.compile(r"\.\s*([A-Za-z_]\w*)")
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+[\w.]+[ \t]+import[ \t]*(?:\([^)]*\)|(?:[^\n\\]|\\.)*)|import[ \t](?:[^\n\\]|\\.)*)",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Words:
    """The identifiers of some code: `names` stand by themselves, `attributes` follow a dot."""

    names: frozenset[str]
    attributes: frozenset[str]


def code_of(text: str) -> str:
    """The text with comments and the contents of plain strings left out."""
    return _replaced(text, keep_formatted=True)


def without_strings(text: str) -> str:
    """The text with comments and all strings left out: the brackets of what is left are balanced."""
    return _replaced(text, keep_formatted=False)


def quotes_of(text: str) -> list[str]:
    """The quote that opens each string of a text; of a string in three of them nothing."""
    strings = (match[0] for match in COMMENT_OR_STRING.finditer(text))
    return [string[0] for string in strings if string[0] != "#" and string[:3] not in ('"""', "'''")]


def words_of(code: str) -> Words:
    """The words of some code, see `code_of`."""
    return Words(frozenset(_NAME.findall(code)), frozenset(_ATTRIBUTE.findall(code)))


def without_imports(code: str) -> str:
    """The code with its import statements left out."""
    return _IMPORT.sub("", code)


def _replaced(text: str, *, keep_formatted: bool) -> str:
    pieces: list[str] = []
    at = 0
    for match in COMMENT_OR_STRING.finditer(text):
        start, end = match.span()
        prefix = _PREFIX.search(text, max(at, start - 3), start) if text[start - 1 : start].isalpha() else None
        if text[start] == "#":
            prefix = None
        pieces.append(text[at : start if prefix is None else prefix.start()])
        if prefix is not None and keep_formatted and "f" in prefix[0].lower():
            pieces.append(text[start:end].replace('"', " ").replace("'", " "))
        else:
            pieces.append(' "" ')
        at = end
    pieces.append(text[at:])
    return "".join(pieces)
