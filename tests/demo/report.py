"""Compares two measurements of the demo project, before and after its repair.

In: two measurements as `measure.py` prints them. Out: the lines of a table, and the complaints: what should
have become better and did not. No complaint means that the repair is proven.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

RIGHT_ALREADY = frozenset({"book-detail", "open-book", "statistics", "member-profile", "renew-loan"})
"""Pages that had nothing to repair: they must send as many queries as before."""

HEALTHY: dict[str, int | bool] = {
    "two visitors at once are counted as": 2,
    "a new member starts with another's preferences": False,
    "members who join later have a later date": True,
}


@dataclass(frozen=True, slots=True)
class Visit:
    """One page or command, asked for once: its queries, its text, and the exception that it raised."""

    name: str
    queries: int
    text: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """All visits of one form of the project, and how new rows and simultaneous visitors fare in it."""

    visits: tuple[Visit, ...]
    behaviours: dict[str, int | bool]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The measurement that `measure.py` printed."""
        return cls(tuple(Visit(**visit) for visit in data["visits"]), data["behaviours"])


def table(before: Measurement, after: Measurement) -> Iterator[str]:
    """The lines to print."""
    yield f"{'page or command':<20}{'queries':^16}results"
    for old, new in zip(before.visits, after.visits, strict=True):
        outcome = "equal" if old.text == new.text else "DIFFERENT"
        if old.error:
            outcome = f"raised {old.error}, works now" if not new.error else f"raises {new.error}"
        counts = f"{old.queries:>5} -> {new.queries:<5}"
        yield f"{old.name:<20}{counts:^16}{outcome}"
    for name, old_value in before.behaviours.items():
        yield f"{name:<49}{_plain(old_value):>3} -> {_plain(after.behaviours[name])}"


def complaints(before: Measurement, after: Measurement) -> Iterator[str]:
    """What the repair broke or left as it was, one line each."""
    for old, new in zip(before.visits, after.visits, strict=True):
        if new.error:
            yield f"{new.name} raises {new.error} after the repair"
        elif old.error:
            continue
        elif old.text != new.text:
            yield f"{new.name} answers something else after the repair"
        elif new.name in RIGHT_ALREADY and new.queries != old.queries:
            yield f"{new.name} was right with {old.queries} queries and sends {new.queries} now"
        elif new.name not in RIGHT_ALREADY and new.queries >= old.queries:
            yield f"{new.name} still sends {new.queries} queries"
    for name, healthy in HEALTHY.items():
        if after.behaviours[name] != healthy:
            yield f"{name}: {_plain(after.behaviours[name])} after the repair"


def _plain(value: int | bool) -> str:
    """A value as a person would say it."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
