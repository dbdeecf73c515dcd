"""Notice that a function was handed the key of a row which its caller has, and fetches that very row again.

In: a queryset that is about to give one row. Out: a Refetched event where its only condition is such a key. The key may
be handed on through several functions: the event stands where it leaves the one that has the row.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine.events import QueryRun, Refetched, RelationRead
from flake8_django_orm.machine.values import Argument, Fetched, Mode, QuerySetValue, RowValue, Scalar

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.facts import FunctionFacts
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.syntax.units import Place

_KEY_LOOKUPS = ("pk", "pk__exact")
#: Decorators that make a function one which must take keys: a queue carries no rows, a cache remembers by its
# arguments.
_TAKES_KEYS = frozenset({"shared_task", "task", "lru_cache", "cache"})
#: Methods of a model that run while the object holds what is not stored yet.
_BEFORE_STORING = frozenset(
    {"save", "asave", "save_base", "clean", "full_clean", "clean_fields", "validate_unique", "validate_constraints"}
)


def note_fetch(machine: Machine, queryset: QuerySetValue, how: str, place: Place) -> None:
    """Emit Refetched if the queryset is `Model.objects.get(pk=<key of a row that the caller holds>)`."""
    key = _only_key(queryset)
    passed = machine.passed_parameter(key) if key is not None else None
    if key is None or passed is None:
        return
    hops = 0
    while (outer := machine.passed_parameter(key, hops + 1)) is not None:
        passed, hops = outer, hops + 1
    function, parameter, argument = passed
    callers = machine.frame.ancestors()
    if len(callers) < hops + 2 or (call := callers[hops].call) is None:
        return
    if not _is_whole(key.row) or not _TAKES_KEYS.isdisjoint(_decorators(function)) or _is_stale(machine, key.row):
        return
    state = machine.store.row(key.row.identity)
    machine.emit(
        Refetched,
        argument,
        row=key.row,
        key=key,
        function=function,
        parameter=parameter,
        call=call,
        fetch=queryset,
        fetch_place=place,
        how=how,
        unsaved_changes=bool(state.assigned or state.written or state.expressions)
        or _is_being_stored(machine, key.row),
        hops=hops,
    )


def finished(machine: Machine, event: Refetched) -> Refetched:
    """The event, completed with what else was read of a related row at hand."""
    row = event.row
    uses = machine.row_uses.get((row.result, row.path))
    if uses is None or not uses.identity_only:
        return event
    fetched = any(
        isinstance(one, RelationRead) and one.row.result == row.result and one.path == row.path
        for one in machine.events
    )
    return replace(event, key_only=fetched)


def _decorators(function: FunctionFacts) -> set[str]:
    return {decorator.rsplit(".", 1)[-1] for decorator in function.decorators}


def _is_whole(row: RowValue) -> bool:
    """True if no column of the row at hand was left out by only(), defer() or raw()."""
    origin = row.origin
    return row.loading.only is None and not row.loading.deferred and not (origin is not None and origin.raw)


def _is_stale(machine: Machine, row: RowValue) -> bool:
    """True if the model's table was written since the row was fetched, by something else than the row's own save()."""
    queries = [event for event in machine.events if isinstance(event, QueryRun)]
    evaluated = [event.order for event in queries if event.queryset.result == row.result and not event.writes]
    fetched = max([machine.found_by.get(row.result, 0), *evaluated])
    return any(
        event.writes
        and event.order > fetched
        and event.queryset.model.key == row.model.key
        and event.how != "create"
        and not (event.arguments and event.arguments[0].value == row)
        for event in queries
    )


def _is_being_stored(machine: Machine, row: RowValue) -> bool:
    """True if the row came from outside into save(), clean() or a receiver: what is stored may be something else."""
    if row.fetched is not Fetched.GIVEN:
        return False
    return any(
        (entered.function.class_name is not None and entered.function.name in _BEFORE_STORING)
        or "receiver" in _decorators(entered.function)
        for entered in machine.calls
    )


def _only_key(queryset: QuerySetValue) -> Scalar | None:
    """The scalar by which alone the queryset looks up its row; None where it filters, locks or loads in other ways."""
    facts = queryset.manager
    loading = queryset.loading
    if loading.relations or loading.only is not None or loading.deferred or loading.annotations or loading.all_non_null:
        return None
    if queryset.source_row is not None or queryset.locked or queryset.mode is not Mode.ROWS:
        return None
    if facts is not None and facts.name != queryset.model.default_manager:
        return None
    found: Scalar | None = None
    for step in queryset.steps:
        if step.method in ("all", "first") or not step.arguments:
            continue
        if step.method not in ("get", "filter") or found is not None:
            return None
        found = _key_argument(queryset.model, step.arguments)
        if found is None:
            return None
    return found


def _key_argument(model: Model, arguments: tuple[Argument, ...]) -> Scalar | None:
    if len(arguments) != 1:
        return None
    argument = arguments[0]
    names = {*_KEY_LOOKUPS, model.primary_key, f"{model.primary_key}__exact"}
    value = argument.value
    if argument.name not in names or not isinstance(value, Scalar):
        return None
    same = value.row.model.key == model.key and value.column == value.row.model.primary_key
    return value if same else None
