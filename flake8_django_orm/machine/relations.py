"""Reading a relation of a row: is it there already, and if not, what event does the read make?

In: a row and one of its relations. Out: the row or the related manager at the other end.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine.events import RelationRead
from flake8_django_orm.machine.loading import NOTHING, UNKNOWN_LOADING, How, Loaded, Loading
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Alternatives,
    Fetched,
    ManagerValue,
    RowValue,
    Unknown,
    Value,
    alternatives,
    loops_of,
)
from flake8_django_orm.project.models import RelationKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.models import Model, Relation
    from flake8_django_orm.syntax.units import Place


#: What stands under a relation that a row is known not to have: whoever reads it there has put it there before.
ABSENT = Unknown()


@contextmanager
def without_relation(machine: Machine, row: RowValue, name: str) -> Iterator[None]:
    """Run a block that is met only by rows without this relation: `if not hasattr(row, "profile"):`."""
    state = machine.store.row(row.identity)
    if state.assigned.get(name) is ABSENT:
        yield
        return
    machine.store.set_row(row.identity, replace(state, assigned={**state.assigned, name: ABSENT}))
    try:
        yield
    finally:
        state = machine.store.row(row.identity)
        if state.assigned.get(name) is ABSENT:
            kept = {other: value for other, value in state.assigned.items() if other != name}
            machine.store.set_row(row.identity, replace(state, assigned=kept))


def target_model(machine: Machine, relation: Relation) -> Model | None:
    """The model at the other end, None where it varies or is not known."""
    return machine.project.model(relation.target) if relation.target else None


def loaded_entry(machine: Machine, row: RowValue, name: str) -> Loaded | None:
    """What the row's queryset, or a later prefetch_related_objects(), loaded under `name`."""
    entry = row.loading.get(name)
    if entry is not None:
        return entry
    extra: Loading = machine.store.result(row.result).extra
    for step in row.path:
        inner = extra.get(step)
        if inner is None:
            return None
        extra = inner.loading
    return extra.get(name)


def is_silent(machine: Machine, row: RowValue) -> bool:
    """True where anything may be loaded on the row: its loading is unknown, or code that cannot be seen had it."""
    return row.loading.unknown or machine.store.row(row.identity).escaped or machine.store.result(row.result).escaped


def may_be_prefetched(machine: Machine, row: RowValue) -> bool:
    """True where managers of the row may hold prefetched rows that nobody saw: its loading is unknown, or code that
    cannot be seen had all rows. Code that had this one row may have read its single relations; it hardly prefetches
    for one row.
    """
    return row.loading.unknown or machine.store.result(row.result).escaped


def read_single(machine: Machine, row: RowValue, relation: Relation, place: Place) -> Value:
    """`row.author`: the related row; emits RelationRead where that takes a query."""
    assigned = machine.store.row(row.identity).assigned.get(relation.name)
    if assigned is not None:
        return assigned
    machine.note_relation_read(row, relation.name, place)
    entry = loaded_entry(machine, row, relation.name)
    if entry is not None and entry.how is How.KNOWN and row.parent is not None:
        return row.parent
    target = target_model(machine, relation)
    loaded = _is_loaded(machine, row, relation, entry)
    if not loaded and row.fetched is not Fetched.CREATED:
        _emit_read(machine, row, relation, place)
    _note_read(machine, row, relation.name)
    machine.loaded_reads.add((row.result, (*row.path, relation.name)))
    if target is None:
        return Unknown(loops=loops_of(row))
    return RowValue(
        model=target,
        result=row.result,
        path=(*row.path, relation.name),
        loop=row.loop,
        fetched=row.fetched,
        origin=row.origin,
        loading=_child_loading(machine, row, relation, entry),
        maybe_none=relation.null or relation.kind is RelationKind.REVERSE_ONE_TO_ONE,
        loops=row.loops,
    )


def loaded_ways(machine: Machine, rows: Alternatives, name: str) -> Value:
    """The alternatives on which the relation `name` is loaded; all of them where there is none, or no such relation."""
    loaded = [row for row in rows.values if not (isinstance(row, RowValue) and _lacks(machine, row, name))]
    loaded = [row for row in loaded if not (isinstance(row, RowValue) and row.origin is not None and row.origin.empty)]
    if not any(isinstance(row, RowValue) for row in loaded):
        return rows
    return alternatives(loaded, rows.conditions)


def _lacks(machine: Machine, row: RowValue, name: str) -> bool:
    relation = row.model.relations.get(name)
    if relation is None or name in machine.store.row(row.identity).assigned:
        return False
    entry = loaded_entry(machine, row, name)
    if relation.kind.single_valued:
        return not _is_loaded(machine, row, relation, entry)
    return entry is None and not is_silent(machine, row)


def _child_loading(machine: Machine, row: RowValue, relation: Relation, entry: Loaded | None) -> Loading:
    if is_silent(machine, row) or row.fetched is Fetched.CREATED:
        return UNKNOWN_LOADING
    if entry is not None:
        return entry.loading
    if row.loading.all_non_null and not relation.null and relation.kind.forward_column:
        return Loading(all_non_null=True)
    return Loading(peers=True) if row.loading.peers else NOTHING


def _is_loaded(machine: Machine, row: RowValue, relation: Relation, entry: Loaded | None) -> bool:
    if is_silent(machine, row) or entry is not None:
        return True
    loading = row.loading
    if relation.parent_link and relation.kind.forward_column and loading.only is None and not loading.deferred:
        return True  # Django makes the parent's row from the columns of the child's
    if loading.peers and relation.kind is not RelationKind.GENERIC_FOREIGN_KEY:
        # fetch_mode(FETCH_PEERS) fetches the relation of all rows at once, except for rows that are streamed.
        return row.origin is None or not row.origin.streamed
    if loading.all_non_null and relation.kind.forward_column and not relation.null:
        return True
    here = machine.store.row(row.identity).reads.get(relation.name)
    everywhere = machine.store.result(row.result).reads.get((*row.path, relation.name))
    for seen in (here, everywhere):
        # A read on every way here has filled the instance's cache. One behind a condition counts only for a read that
        # is itself behind a condition.
        if seen or (seen is False and machine.is_conditional(machine.active_loop(row.loop))):
            return True
    return False


def _emit_read(machine: Machine, row: RowValue, relation: Relation, place: Place) -> None:
    if machine.is_exceptional(row.result):
        return
    loop = machine.active_loop(row.loop)
    machine.emit(
        RelationRead,
        place,
        around=loop,
        row=row,
        relation=relation,
        path=(*row.path, relation.name),
        origin=row.origin,
        loop=loop,
        deferred_key=_is_key_deferred(row.loading, relation),
    )


def _is_key_deferred(loading: Loading, relation: Relation) -> bool:
    names = {relation.name, relation.attname}
    only = {name.partition("__")[0] for name in loading.only or ()}
    return bool(names & loading.deferred) or (loading.only is not None and not names & only)


def _note_read(machine: Machine, row: RowValue, name: str) -> None:
    state = machine.store.row(row.identity)
    machine.store.set_row(row.identity, replace(state, reads={**state.reads, name: True}))


def read_manager(machine: Machine, row: RowValue, relation: Relation, place: Place) -> Value:
    """`author.books`: a manager, no query yet."""
    machine.loaded_reads.add((row.result, (*row.path, relation.name)))
    machine.note_manager_read(row, relation.name, place)
    target = target_model(machine, relation)
    if target is None:
        return Unknown(loops=loops_of(row))
    from flake8_django_orm.machine.values import Step

    return ManagerValue(
        model=target,
        manager=target.managers.get(target.default_manager),
        source_row=row,
        relation=relation,
        steps=(Step(relation.name, place, machine.frame),),
    )


def read_to_attr(machine: Machine, row: RowValue, name: str, place: Place) -> Value | None:
    """`row.x` where a Prefetch put its rows into the attribute x; None where none did."""
    from flake8_django_orm.machine.values import Collection, Shape

    entry = loaded_entry(machine, row, name)
    if entry is None or entry.how is not How.TO_ATTR:
        return None
    machine.loaded_reads.add((row.result, (*row.path, name)))
    relation = row.model.relations.get(entry.relation)
    if relation is None or (target := target_model(machine, relation)) is None:
        return UNKNOWN
    rows = prefetched_rows(row, relation, target, entry, attribute=name)
    return rows if relation.kind.single_valued else Collection(shape=Shape.LIST, element=rows)


def prefetched_rows(
    row: RowValue, relation: Relation, target: Model, entry: Loaded | None, *, attribute: str | None = None
) -> RowValue:
    """The pattern of the rows behind a manager (or to_attr list) of `row`: they belong to the same result set."""
    loading = entry.loading if entry is not None else NOTHING
    if relation.kind is RelationKind.REVERSE_FOREIGN_KEY and relation.remote:
        loading = loading.with_relation(relation.remote, Loaded(How.KNOWN, NOTHING))
    return RowValue(
        model=target,
        result=row.result,
        path=(*row.path, attribute or relation.name),
        fetched=Fetched.ITERATED,
        origin=row.origin,
        loading=loading,
        parent=row,
        loops=row.loops | (frozenset({row.loop}) if row.loop is not None else frozenset()),
    )
