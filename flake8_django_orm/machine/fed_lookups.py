"""Lookups that are fed from another query: by a queryset itself, or by the values of one of its columns.

In: the arguments of filter() and its kin. Out: LookupFed events. Containers tell by `Gathered` where their values are
from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine.events import Event, LookupFed, QueryRun, RowSaved
from flake8_django_orm.machine.values import (
    Argument,
    Collection,
    Expression,
    Gathered,
    Mode,
    QuerySetValue,
    RowValue,
    Scalar,
    Value,
)
from flake8_django_orm.orm.querysets import Names, queryset_method

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.machine.values import Step
    from flake8_django_orm.syntax.units import Place

_SUFFIX = "__in"


def of_rows(machine: Machine, pattern: Value, evaluated: Place, place: Place) -> Gathered | None:
    """What a comprehension over the rows of a queryset gathers: one of their columns."""
    if not isinstance(pattern, Scalar) or pattern.row.path or pattern.row.origin is None:
        return None
    return _gathered(machine, pattern.row, pattern.row.origin, pattern.column, evaluated, place)


def of_values(machine: Machine, value: Value, place: Place) -> Gathered | None:
    """What `list(books.values_list("pk", flat=True))` gathers."""
    if not isinstance(value, QuerySetValue) or value.mode is not Mode.FLAT or len(value.columns) != 1:
        return None
    column = value.model.primary_key if value.columns[0] == "pk" else value.columns[0]
    return Gathered(value, column, place, place, machine.current_loops(), machine.clock)


def _gathered(
    machine: Machine, row: RowValue, origin: QuerySetValue, column: str, evaluated: Place, place: Place
) -> Gathered | None:
    if row.result != origin.result:
        return None
    return Gathered(origin, column, evaluated, place, machine.current_loops(), machine.clock)


def note(machine: Machine, queryset: QuerySetValue, step: Step) -> None:
    """Emit an event for each argument of the call that another query feeds."""
    described = queryset_method(step.method)
    if described is None or described.names is not Names.LOOKUPS:
        return
    for argument, negated in _lookups(step.arguments, negated=step.method == "exclude"):
        value = argument.value
        source = value.gathered if isinstance(value, Collection) else value
        if not isinstance(source, (QuerySetValue, Gathered)):
            continue
        machine.emit(
            LookupFed,
            step.place,
            target=queryset,
            argument=argument,
            negated=negated,
            source=source.queryset if isinstance(source, Gathered) else source,
            gathered=source if isinstance(source, Gathered) else None,
            unchanged=isinstance(source, Gathered) and _is_unchanged(machine, source),
            one_of_several=machine.choices > 0,
        )


def _lookups(arguments: Sequence[Argument], *, negated: bool) -> Iterator[tuple[Argument, bool]]:
    for argument in arguments:
        if argument.name is not None and argument.name.endswith(_SUFFIX):
            yield argument, negated
        elif isinstance(argument.value, Expression):
            turned = negated != (argument.value.function == "~")
            yield from _lookups(argument.value.arguments, negated=turned)


def _is_unchanged(machine: Machine, source: Gathered) -> bool:
    """True where nothing was written since, and no loop uses again what was gathered before it."""
    since: list[Event] = [e for e in machine.events if e.order > source.clock]
    wrote = any(isinstance(e, RowSaved) or (isinstance(e, QueryRun) and e.writes) for e in since)
    return not wrote and machine.current_loops() == source.loops


def finished(machine: Machine, event: LookupFed) -> LookupFed:
    """The event with what became of the feeding queryset."""
    gathered = event.gathered
    sent = any(
        isinstance(e, QueryRun)
        and e.queryset.result == event.source.result
        and (gathered is None or e.place == gathered.evaluated)
        for e in machine.events
    )
    return replace(event, source_uses=machine.uses_of(event.source.result), sent=sent)
