"""Queries that a loop sends once per row, and how one query for all of the rows could stand for them.

In: a QueryRun. Out: its `Batching`, None where a query for all rows would not do the same or is not known to.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.machine.frames import Repeats
from flake8_django_orm.machine.values import Argument, RowValue, Scalar, UnknownKey, Value, each, loops_of

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import QueryRun
    from flake8_django_orm.project.models import Model, Relation


class Batching(enum.Enum):
    """What one query for all rows of the loop would be."""

    BY_KEY = "one row by its key: in_bulk()"
    NUMBER = "a number or a yes: annotate()"
    ROWS = "the rows that belong to the loop's row: a prefetch"
    ONE = "one of the rows that belong to the loop's row: a subquery or a prefetch"


_NUMBERS = frozenset({"count", "exists", "aggregate"})
_ONE = frozenset({"first", "last", "latest", "earliest"})
_EVALUATES = frozenset({"iterate", "list", "test", "len"})
#: Links of a chain that do not stand in the way of one query for all rows.
_PLAIN_LINKS = _ONE | frozenset(
    {"all", "defer", "distinct", "exclude", "filter", "get", "only", "order_by", "prefetch_related", "reverse"}
    | {"select_related", "values", "values_list"}
)


def batching(event: QueryRun) -> Batching | None:
    """How the query could be sent once for all rows of the innermost loop on which it depends."""
    queryset = event.queryset
    if event.unfilled or not event.varies or event.writes:
        return None
    if queryset.sliced or queryset.combined or queryset.raw or queryset.locked:
        return None
    if any(step.method not in _PLAIN_LINKS for step in queryset.steps if step.arguments):
        return None
    conditions = list(_conditions(event))
    if any(a.name and a.name.startswith("*") for a in conditions):
        return None
    loops = frozenset(loop.number for loop in event.varies)
    varying = [a for a in conditions if loops_of(a.value) & loops]
    row = queryset.source_row
    from_row = row is not None and bool(loops_of(row) & loops)
    if len(varying) + from_row != 1:
        return None
    if not from_row and event.how in ("get", "first") and _is_unique(queryset.model, varying[0].name or ""):
        return None if _is_itself(queryset.model, varying[0].value) else Batching.BY_KEY
    if _is_key_of_item(event, varying):
        return Batching.BY_KEY
    if event.varies[-1].repeats is not Repeats.ROWS or not (from_row or _is_owner(queryset.model, varying[0])):
        return None
    if event.how in _NUMBERS:
        # Where the rows are fetched as well, the number is not what the loop wants to know.
        return None if any(use.how in _EVALUATES | _ONE | {"index"} for use in event.uses) else Batching.NUMBER
    if event.how in _EVALUATES:
        return Batching.ROWS
    return Batching.ONE if event.how in _ONE else None


def _is_key_of_item(event: QueryRun, varying: list[Argument]) -> bool:
    """True for `filter(field=field)` over the items of a list: the item itself is the row behind a foreign key."""
    if event.varies[-1].repeats is not Repeats.ITEMS or event.how not in _EVALUATES or len(varying) != 1:
        return False
    name = (varying[0].name or "").removesuffix("__exact")
    relations = event.queryset.model.relations.values()
    return any(r.kind.forward_column and name in (r.lookup, r.attname) for r in relations)


def _conditions(event: QueryRun) -> Iterator[Argument]:
    """The arguments of the chain and of the call that sends the query."""
    for step in event.queryset.steps:
        yield from step.arguments
    if not event.queryset.steps or event.arguments != event.queryset.steps[-1].arguments:
        yield from event.arguments


def _is_unique(model: Model, lookup: str) -> bool:
    name = lookup.removesuffix("__exact")
    if name in ("pk", model.primary_key):
        return True
    column = model.columns.get(name)
    return column is not None and column.unique


def owned_by(event: QueryRun) -> tuple[str, ...]:
    """The path by which a row of the loop reaches what `filter(author=author)` finds: `books`; () where it has none."""
    for argument in _conditions(event):
        row, relation = _owner(event.queryset.model, argument)
        if row is not None and relation is not None and relation.remote:
            return (*row.path, relation.remote)
    return ()


def _is_owner(model: Model, argument: Argument) -> bool:
    return _owner(model, argument)[0] is not None


def _owner(model: Model, argument: Argument) -> tuple[RowValue | None, Relation | None]:
    """For `author=author` and `author_id=author.pk`: the row that owns what is found, and the foreign key."""
    name = (argument.name or "").removesuffix("__exact")
    relation = next((r for r in model.relations.values() if name in (r.lookup, r.attname)), None)
    if relation is None or not relation.kind.forward_column:
        return None, None
    value = argument.value
    row = value.row if isinstance(value, Scalar) and value.column == value.row.model.primary_key else value
    is_owner = isinstance(row, RowValue) and row.model.key == relation.target
    return (row, relation) if isinstance(row, RowValue) and is_owner else (None, None)


def _is_itself(model: Model, value: Value) -> bool:
    """True for the key of a row of the same model: the row is fetched anew, to see what it is like by now. The key of a
    row that is not known may be that."""
    return all(
        isinstance(one, UnknownKey)
        or (isinstance(one, Scalar) and one.row.model.key == model.key and one.column == model.primary_key)
        for one in each(value)
    )
