"""What the engine hands to every front end: findings, their places and their fixes, as plain frozen data.

Paths are POSIX strings relative to the project root (absolute where a file lies outside of it). Offsets count code
points of the decoded text without its byte order mark; rows and columns are 1-based, as in ruff's JSON.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Applicability(enum.StrEnum):
    """How far a fix may be trusted, in ruff's words."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY_ONLY = "display-only"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A position in a file: 1-based row and 1-based column in code points."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `[start, end)` of the text of `path` by `content`; `start == end` inserts."""

    path: str
    start: int
    end: int
    content: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that together repair one finding; they are applied all or not at all."""

    applicability: Applicability
    message: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that the reader of a finding needs: where the queryset is built, who calls whom."""

    path: str
    start: Location
    end: Location
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One report. `scope` is the qualified name of the definition that holds the anchor ("" for the module body)."""

    code: str
    name: str
    message: str
    path: str
    start: Location
    end: Location
    fix: Fix | None = None
    model: str | None = None
    relations: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    scope: str = ""

    @property
    def sort_key(self) -> tuple[str, Location, str, str]:
        """Findings are always shown by file, then position, then code."""
        return (self.path, self.start, self.code, self.message)
