"""Which writes lose what another request has written meanwhile: sums that Python has worked out from a column.

In: RowSaved and RowsUpdated events. Out: the changes, or values, that are such sums.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.machine.values import Argument, Arithmetic, Fetched, QuerySetValue, RowValue, Scalar
from flake8_django_orm.orm.fields import is_numeric_or_duration

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import ColumnChange, RowSaved, RowsUpdated

#: The operators that a database works out as Python does, on numbers and durations.
_OPERATORS = frozenset("+-*/")


def lost_by_save(event: RowSaved) -> Iterator[ColumnChange]:
    """The changes of a save that overwrite what another request may have written; none under a lock."""
    if not (event.guarded or event.locked or event.by_save or event.row.fetched is Fetched.CREATED):
        yield from (change for change in event.changes if _loses(event, change))


def _loses(event: RowSaved, change: ColumnChange) -> bool:
    arithmetic = change.from_itself
    if arithmetic is None or arithmetic.row.identity != event.row.identity:
        return False
    if event.now_and_then and change.frame is not event.frame:
        return False  # the object counts, and what it counts is written at times
    return (event.update_fields is None or change.column in event.update_fields) and _is_sum(arithmetic)


def lost_by_update(event: RowsUpdated) -> Iterator[tuple[Argument, Arithmetic]]:
    """`filter(pk=row.pk).update(n=row.n + 1)`; a filter by anything else may test that nobody was faster."""
    for argument in () if event.guarded else event.values:
        value = argument.value
        if not isinstance(value, Arithmetic) or value.column != argument.name or not _is_sum(value):
            continue
        if not value.row.locked and _is_row_of(event.queryset, value.row):
            yield argument, value


def _is_sum(arithmetic: Arithmetic) -> bool:
    column = arithmetic.row.model.columns.get(arithmetic.column)
    return column is not None and arithmetic.operator in _OPERATORS and is_numeric_or_duration(column.field_class)


def _is_row_of(queryset: QuerySetValue, row: RowValue) -> bool:
    """True if the queryset holds this very row, picked by its key alone."""
    arguments = [a for step in queryset.steps for a in step.arguments]
    if queryset.model.key != row.model.key or len(arguments) != 1 or not queryset.filtered:
        return False
    key = arguments[0]
    return (
        key.name in ("pk", row.model.primary_key)
        and isinstance(key.value, Scalar)
        and key.value.row.identity == row.identity
        and key.value.column == row.model.primary_key
    )
