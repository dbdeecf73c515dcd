"""What queries of one root have to do with each other: the same one twice, a check before a create.

In: each QueryRun as it is emitted, and what the store knows of the queries on the way here (so that two branches that
exclude each other are never put together). Out: EvaluatedAgain, QueryRepeated and CheckedThenCreated events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine import outcomes
from flake8_django_orm.machine.events import CheckedThenCreated, EvaluatedAgain, QueryRepeated, QueryRun
from flake8_django_orm.machine.values import (
    Constant,
    Expression,
    ExternalValue,
    Fetched,
    ModelClass,
    RowValue,
    Scalar,
    Value,
)
from flake8_django_orm.orm.querysets import Served, queryset_method

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flake8_django_orm.machine.machine import Machine


#: What of save()'s arguments create() does by itself.
_CREATE_HAS = frozenset({"force_insert", "using"})


def note_query(machine: Machine) -> None:
    """Compare the query that was emitted last with those before it on the way here."""
    event = machine.events[-1]
    assert isinstance(event, QueryRun)
    machine.last_query = event.order
    if event.queryset.locked:
        machine.rows_locked = True
    key = event.queryset.model.key
    if event.writes:
        _check_create(machine, event)
        machine.store.forget_model_queries(key, event.order)
        return
    _check_again(machine, event)
    _check_repeated(machine, event)
    machine.store.note_model_query(key, event.order)


def _check_again(machine: Machine, event: QueryRun) -> None:
    store, number = machine.store, event.queryset.result
    state = store.result(number)
    # Between the two the rows may have been written: then the second query has something new to tell.
    written = store.model_written(event.queryset.model.key)
    asked = machine.queries([order for order in state.queries if order > written])
    first = next((e for e in asked if e.place != event.place), None)
    if first is not None and not _is_answered(machine, event):
        machine.emit(EvaluatedAgain, event.place, first=first, second=event)
    store.note_result_query(number, event.order)


def _is_answered(machine: Machine, event: QueryRun) -> bool:
    """True where Django answers from the rows that the queryset has already."""
    described = queryset_method(event.how)
    if described is None or not machine.store.result(event.queryset.result).evaluated:
        return False
    served = described.served_from_result
    return served is Served.ALWAYS or (served is Served.WHEN_ORDERED and event.queryset.ordered)


def _earlier(machine: Machine, event: QueryRun, among: Iterable[int] | None = None) -> list[QueryRun]:
    """The queries on the same model before this one on the way here, written in other places."""
    orders = machine.store.model_queries(event.queryset.model.key)
    wanted = orders if among is None else set(orders).intersection(among)
    return [e for e in machine.queries(tuple(wanted)) if e.place != event.place]


def _check_repeated(machine: Machine, event: QueryRun) -> None:
    print_ = fingerprint(event)
    if print_ is None:
        return
    # Only what has the same hash is compared: a long function asks thousands of times.
    alike = machine.alike.setdefault(_hash(print_), [])
    earlier = _earlier(machine, event, alike) if alike else []
    alike.append(event.order)
    for other in earlier:
        if other.order < machine.last_opaque_call:
            continue  # code that cannot be seen ran in between: it may have written
        if other.queryset.result != event.queryset.result and fingerprint(other) == print_:
            machine.emit(QueryRepeated, event.place, first=other, second=event)
            return


def _hash(print_: object) -> int:
    try:
        return hash(print_)
    except TypeError:  # a literal that cannot be hashed
        return 0


def _check_create(machine: Machine, event: QueryRun) -> None:
    if not _creates(event):
        return
    earlier = _earlier(machine, event)
    orders = outcomes.absent(machine, event)
    check = next((e for order in orders for e in earlier if e.order == order), None)
    if check is None or not set(event.loops) <= set(check.loops):
        return  # a check before a loop that creates several rows asks for all of them
    lookup, values = outcomes.lookup_of(check), outcomes.created_values(machine, event)
    matching = frozenset(
        condition.name
        for condition in lookup or ()
        for value in values or ()
        if condition.name and condition.name == value.name and outcomes.same_value(condition, value)
    )
    machine.emit(
        CheckedThenCreated,
        event.place,
        check=check,
        created=event,
        lookup=lookup,
        values=values,
        matching=matching,
    )


def _creates(event: QueryRun) -> bool:
    if event.how in ("create", "acreate"):
        return True
    if event.how != "row.save" or not event.arguments:
        return False
    row, *options = event.arguments
    # `save(skip_hooks=True)`: an option of the model's own, which create() and get_or_create() do not hand on.
    if any(option.name not in _CREATE_HAS for option in options):
        return False
    return isinstance(row.value, RowValue) and row.value.fetched is Fetched.CREATED


def fingerprint(event: QueryRun) -> object | None:
    """What a query asks, comparable; None where a part of it is not known."""
    queryset = event.queryset
    parts: list[object] = [queryset.model.key, event.how, queryset.source_row]
    for step in queryset.steps:
        if step.method == "all":
            continue
        parts.append(step.method)
        for argument in step.arguments:
            if not _is_known(argument.value):
                return None
            parts.append((argument.name, argument.value))
    for argument in event.arguments:
        if not _is_known(argument.value):
            return None
        parts.append((argument.name, argument.value))
    return tuple(parts)


def _is_known(value: Value) -> bool:
    """True for one value. Of alternatives it is not known which one it is: each query may get another."""
    match value:
        case Constant() | Scalar() | RowValue() | ModelClass() | ExternalValue():
            return True
        case Expression(arguments=arguments):
            return all(_is_known(a.value) for a in arguments)
    return False
