"""The words of a piece of Python: which names it uses by themselves and which as attributes, without parsing it.

In: source text. Out: sets of identifiers. What stands in comments and plain strings does not count, what an f-string
works out does. A word too many costs time, so what is hard to tell apart without a parser counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMMENT_OR_STRING = re.compile(
    r"""
    \#[^\n]*
    | (?P<prefix>\b[A-Za-z]{1,2})?
      (?: \"{3}(?:[^"\\]|\\.|"(?!""))*\"{3} | '{3}(?:[^'\\]|\\.|'(?!''))*'{3}
        | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' )
    """,
    re.VERBOSE | re.DOTALL,
)
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
    return _COMMENT_OR_STRING.sub(_kept, text)


def quotes_of(text: str) -> list[str]:
    """The quote that opens each string of a text; of a string in three of them nothing."""
    found = (match[0][len(match["prefix"] or "") :] for match in _COMMENT_OR_STRING.finditer(text))
    return [string[0] for string in found if string[0] != "#" and string[:3] not in ('"""', "'''")]


def without_strings(text: str) -> str:
    """The text with comments and all strings left out: the brackets of what is left are balanced."""
    return _COMMENT_OR_STRING.sub(' "" ', text)


def words_of(code: str) -> Words:
    """The words of some code, see `code_of`."""
    return Words(frozenset(_NAME.findall(code)), frozenset(_ATTRIBUTE.findall(code)))


def without_imports(code: str) -> str:
    """The code with its import statements left out."""
    return _IMPORT.sub("", code)


def _kept(match: re.Match[str]) -> str:
    prefix = match["prefix"]
    if prefix is not None and "f" in prefix.lower():
        return match[0][len(prefix) :].replace('"', " ").replace("'", " ")
    return ' "" '
