"""Queries that a loop sends once per row, and how one query for all of the rows could stand for them.

In: a QueryRun. Out: its `Batching`, None where a query for all rows would not do the same or is not known to.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.machine.frames import Repeats
from flake8_django_orm.machine.values import Argument, QuerySetValue, RowValue, Scalar, Value, loops_of

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import QueryRun
    from flake8_django_orm.project.models import Model


class Batching(enum.Enum):
    """What one query for all rows of the loop would be."""

    BY_KEY = "one row by its key: in_bulk()"
    NUMBER = "a number or a yes: annotate()"
    ROWS = "the rows that belong to the loop's row: a prefetch"
    ONE = "one of the rows that belong to the loop's row: a subquery or a prefetch"


_NUMBERS = frozenset({"count", "exists", "aggregate"})
_ONE = frozenset({"first", "last", "latest", "earliest"})
_LOOKUPS = frozenset({"filter", "get", "exclude"})
#: Links of a chain that do not stand in the way of one query for all rows.
_PLAIN_LINKS = _LOOKUPS | frozenset({"all", "select_related", "prefetch_related", "only", "defer", "order_by", "distinct"})
_PLAIN_VALUES = frozenset({"values", "values_list", "annotate", "reverse"})


def batching(event: QueryRun) -> Batching | None:
    """How the query could be sent once for all rows of the innermost loop on which it depends."""
    queryset = event.queryset
    if not event.varies or event.writes or queryset.sliced or queryset.combined or queryset.raw or queryset.locked:
        return None
    if any(step.method not in _PLAIN_LINKS | _PLAIN_VALUES | _ONE for step in queryset.steps if step.arguments):
        return None
    loops = frozenset(loop.number for loop in event.varies)
    varying = [a for a in _conditions(event) if loops_of(a.value) & loops]
    if not all(a.name and not a.name.startswith("*") and _is_exact(a.name) for a in varying):
        return None
    row = queryset.source_row
    from_row = row is not None and bool(loops_of(row) & loops)
    if event.how in ("get", "first") and not from_row and len(varying) == 1:
        return Batching.BY_KEY if _is_unique(queryset.model, varying[0].name or "") else None
    if event.varies[-1].repeats is not Repeats.ROWS:
        return None
    if from_row == bool(varying) or not all(_is_of_row(a.value) for a in varying) or len(varying) > 1:
        return None
    if event.how in _NUMBERS:
        return Batching.NUMBER
    if event.how in ("iterate", "list", "test", "len"):
        return Batching.ROWS
    return Batching.ONE if event.how in _ONE else None


def _conditions(event: QueryRun) -> Iterator[Argument]:
    """The arguments of the chain and of the call that sends the query."""
    for step in event.queryset.steps:
        yield from step.arguments
    if not event.queryset.steps or event.arguments != event.queryset.steps[-1].arguments:
        yield from event.arguments


def _is_exact(lookup: str) -> bool:
    return lookup.endswith("__exact") or not lookup.endswith(_INEXACT)


_INEXACT = tuple(
    f"__{name}"
    for name in (
        "in", "lt", "lte", "gt", "gte", "range", "contains", "icontains", "startswith", "istartswith", "endswith",
        "iendswith", "regex", "iregex", "isnull", "overlap", "contained_by", "search", "date", "year", "month", "day",
    )
)  # fmt: skip


def _is_unique(model: Model, lookup: str) -> bool:
    name = lookup.removesuffix("__exact")
    if name in ("pk", model.primary_key):
        return True
    column = model.columns.get(name)
    return column is not None and column.unique


def _is_of_row(value: Value) -> bool:
    """A row of the loop, or a column of one: what the other rows have as well."""
    return isinstance(value, RowValue | Scalar)


