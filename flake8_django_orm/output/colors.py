"""Colour on a terminal, and the taming of text that could disturb one.

In: text and the wish for colour. Out: text with ANSI escapes, or as it was.
"""

from __future__ import annotations

import enum
import os
import unicodedata
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping

TAB = 4
_RESET = "\x1b[0m"


class Style(enum.StrEnum):
    """The few styles of a report, as ANSI escapes."""

    PATH = "\x1b[1m"
    CODE = "\x1b[1;31m"
    FIXABLE = "\x1b[1;36m"
    GUTTER = "\x1b[1;34m"
    HELP = "\x1b[1;36m"
    CARET = "\x1b[1;31m"
    RELATED = "\x1b[1;34m"
    REMOVED = "\x1b[31m"
    ADDED = "\x1b[32m"


def paint(text: str, style: Style, color: bool) -> str:
    """`text` in `style` if `color` is wanted."""
    return f"{style.value}{text}{_RESET}" if color and text else text


def wants_color(choice: str, stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """True if `stream` shall get colour.

    `choice` says so ("always", "never"); for "auto" NO_COLOR and FORCE_COLOR do, then whether it is a terminal.
    """
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"


def printable(line: str) -> str:
    """`line` with tabs as spaces and what a terminal would obey or hide replaced."""
    return "".join(_shown(character) for character in line)


def width(line: str) -> int:
    """The number of terminal cells that `printable(line)` takes."""
    if line.isascii() and "\t" not in line:
        return len(line)
    return sum(_cells(character) for character in printable(line))


def _shown(character: str) -> str:
    if character == "\t":
        return " " * TAB
    return character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
