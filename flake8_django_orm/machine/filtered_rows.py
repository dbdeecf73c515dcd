"""Loops that throw rows away by the value of a column, and prefetches that load the rows which are thrown away.

In: what a loop goes over and the test by which it goes on; at the root's end, all events. Out: FilteredInPython and
UnfilteredPrefetch events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine import outcomes
from flake8_django_orm.machine.events import Event, FilteredInPython, UnfilteredPrefetch
from flake8_django_orm.machine.loading import How
from flake8_django_orm.machine.needs import fetches
from flake8_django_orm.machine.values import Argument, Constant, QuerySetValue, Value
from flake8_django_orm.orm.fields import Category, category

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.models import Column, Model, Relation
    from flake8_django_orm.syntax.units import Place

#: The lookup that says the same as an operator, as the suffix of a column's name.
_LOOKUPS = {"==": "", ">": "__gt", ">=": "__gte", "<": "__lt", "<=": "__lte", "in": "__in"}
_OPPOSITES = {"!=": "==", ">": "<=", ">=": "<", "<": ">=", "<=": ">"}
#: Conditions that choose owners by whether, or by which, related rows there are: nobody takes them for a filter of
#: the related rows.
_CHOOSES_OWNERS = frozenset({"isnull", "in", "exact", "pk", "id"})


def note(
    machine: Machine,
    rows: Value,
    column: str,
    test: tuple[str, Argument | None],
    place: Place,
    looped: Place,
    *,
    holds: bool,
) -> None:
    """Note a loop over `rows` that goes on only with those whose column meets the test at `place`, if it `holds`.

    `test` is a comparison's operator and right side, an empty text and None where the column's truth is asked.
    """
    known = rows.model.columns.get(column) if isinstance(rows, QuerySetValue) else None
    if known is not None:
        kept = _kept(known, *test, holds)
        machine.emit(FilteredInPython, place, queryset=rows, column=column, looped=looped, kept=kept)


def _kept(column: Column, operator: str, value: Argument | None, holds: bool) -> Argument | None:
    """The condition of filter() that finds the rows with which the loop goes on; None where there is no such one."""
    if value is None:
        plain = column.custom_class is None and category(column.field_class) is Category.BOOLEAN
        # `not book.published` goes on with NULL too, filter(published=False) does not.
        return Argument(Constant(holds), column.name) if plain and (holds or not column.null) else None
    lookup = _LOOKUPS.get(operator if holds else _OPPOSITES.get(operator, ""))
    return None if lookup is None else Argument(value.value, f"{column.name}{lookup}", value.place)


def unfiltered_prefetches(machine: Machine) -> list[Event]:
    """UnfilteredPrefetch for each queryset that is filtered by a relation, and prefetches it as a whole."""
    found: list[Event] = []
    for run in fetches(machine):
        queryset = run.queryset
        for name, loaded in queryset.loading.relations:
            relation = queryset.model.relations.get(name)
            if loaded.how is not How.PREFETCHED or loaded.queryset is not None or relation is None:
                continue
            target = machine.project.model(relation.target) if relation.target is not None else None
            conditions = _conditions(queryset, relation, target) if target is not None else ()
            if conditions and not relation.kind.single_valued:
                tests = _tests(machine, queryset, relation)
                found.append(
                    UnfilteredPrefetch(
                        place=run.place,
                        frame=run.frame,
                        loops=run.loops,
                        order=run.order,
                        queryset=queryset,
                        relation=relation,
                        conditions=conditions,
                        tested_again=_tested_again(conditions, relation, tests),
                        tests=tests,
                    )
                )
    return found


def _conditions(queryset: QuerySetValue, relation: Relation, target: Model) -> tuple[Argument, ...]:
    filters = (step for step in queryset.steps if step.method == "filter")
    return tuple(a for step in filters for a in step.arguments if _is_on(a, relation, target))


def _is_on(argument: Argument, relation: Relation, target: Model) -> bool:
    """Whether a condition is one on the related rows themselves. `books__shelf__library=...` asks what they belong to:
    that mostly says whose authors one may see."""
    prefix, name = f"{relation.lookup}__", argument.name or ""
    if not name.startswith(prefix):
        return False
    first, *rest = name.removeprefix(prefix).split("__")
    further = bool(rest) and rest[0] not in _CHOOSES_OWNERS and target.relation_by_lookup(first) is not None
    return not further and "__".join([first, *rest]) not in _CHOOSES_OWNERS


def _tests(machine: Machine, queryset: QuerySetValue, relation: Relation) -> tuple[FilteredInPython, ...]:
    """The tests by which every reader of the prefetched rows throws some away; none where a reader may want all."""
    if queryset.result in machine.lost_results or machine.store.result(queryset.result).escaped:
        return ()
    tests = []
    places: set[Place] = set()
    for event in machine.events:
        rows = event.queryset if isinstance(event, FilteredInPython) else None
        source = rows.source_row if rows is not None else None
        if rows is None or source is None or not isinstance(event, FilteredInPython):
            continue
        if rows.relation != relation or source.result != queryset.result or source.path or rows.refined:
            continue
        if all(use.place == event.looped for use in machine.uses_of(rows.result)):
            tests.append(event)
            places |= {event.looped, *(s.place for s in rows.steps if s.method == relation.name)}
    others = machine.manager_reads.get((queryset.result, (relation.name,)), set()) - places
    return () if others else tuple(tests)


def _tested_again(
    conditions: Iterable[Argument], relation: Relation, tests: tuple[FilteredInPython, ...]
) -> Argument | None:
    """The condition that every one of the tests repeats."""
    for condition in conditions:
        name = (condition.name or "").removeprefix(f"{relation.lookup}__").removesuffix("__exact")
        if tests and all(t.kept and t.kept.name == name and outcomes.same_value(condition, t.kept) for t in tests):
            return condition
    return None
