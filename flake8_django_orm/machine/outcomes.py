"""What is known on one way through the code of queries sent before: that a row was found, or that there was none.

In: values of tests. Out: for each side of a test, the queries (by the orders of their events) that found something
there. The reader keeps what holds in `Machine.known` while it reads the side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flake8_django_orm.machine.values import (
    UNKNOWN,
    Answer,
    Argument,
    Comparison,
    Constant,
    Fetched,
    RowValue,
    Value,
    each,
)

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import Event, QueryRun
    from flake8_django_orm.machine.machine import Machine

Known = Mapping[int, bool]

_FOUND = {("==", 0): False, ("!=", 0): True, (">", 0): True, ("<", 1): False, (">=", 1): True, ("<=", 0): False}


@dataclass(frozen=True, slots=True)
class Learned:
    """What a test tells: for each query whether it found something, where the test holds and where it does not."""

    when_true: Known = field(default_factory=dict)
    when_false: Known = field(default_factory=dict)

    def negated(self) -> Learned:
        return Learned(self.when_false, self.when_true)


NOTHING_LEARNED = Learned()


def both(left: Learned, right: Learned) -> Learned:
    """`left and right`: where it holds, both hold; where it does not, either may be the reason."""
    return Learned({**left.when_true, **right.when_true}, {})


def either(left: Learned, right: Learned) -> Learned:
    """`left or right`."""
    return both(left.negated(), right.negated()).negated()


def of_answer(machine: Machine, name: str, answer: Value) -> Value:
    """What a query's method gave, so that a later test of it tells whether rows were found."""
    order = machine.last_query
    if not order:
        return answer
    if name in ("exists", "count"):
        return Answer(query=order, loops=answer.loops)
    for one in each(answer):
        if isinstance(one, RowValue) and one.fetched is Fetched.SINGLE:
            machine.found_by[one.result] = order
    return answer


def of_truth(machine: Machine, value: Value, query: int) -> Learned:
    """What the truth of a value tells; `query` is the one that the test itself sent, 0 for none."""
    if query:
        return _learned(query, found=True)
    match value:
        case Answer(query=order, found=found):
            return _learned(order, found=found)
        case Comparison():
            return _of_comparison(machine, value)
    return _learned(_row_query(machine, value), found=True)


def _of_comparison(machine: Machine, value: Comparison) -> Learned:
    """A count compared with 0, a fetched row with None."""
    operator, right = value.operator, value.right
    if not isinstance(right, Constant):
        return NOTHING_LEARNED
    if right.value is None:
        return _learned(_row_query(machine, value.left), found=operator in ("is not", "!="))
    if isinstance(value.left, Answer) and (operator, right.value) in _FOUND and not isinstance(right.value, bool):
        return _learned(value.left.query, found=_FOUND[operator, right.value])
    return NOTHING_LEARNED


def _learned(query: int, *, found: bool) -> Learned:
    return Learned({query: found}, {query: not found}) if query else NOTHING_LEARNED


def as_value(learned: Learned) -> Value:
    """The value of a test that tells of one query only; unknown otherwise."""
    if len(learned.when_true) == 1 and len(learned.when_false) == 1:
        ((query, found),) = learned.when_true.items()
        return Answer(query=query, found=found)
    return UNKNOWN


def _row_query(machine: Machine, value: Value) -> int:
    """The query that fetched the row, where the value is that row or None."""
    rows = [one for one in each(value) if isinstance(one, RowValue)]
    if len(rows) != 1 or any(one is not rows[0] and one != Constant(None) for one in each(value)):
        return 0
    return machine.found_by.get(rows[0].result, 0)


# -- lookups and created values ---------------------------------------------------------------------------------------


def lookup_of(check: QueryRun) -> tuple[Argument, ...] | None:
    """The conditions by which the check looks for a row, as keyword arguments; None where they are not only these."""
    found: list[Argument] = []
    queryset = check.queryset
    if queryset.source_row is not None:
        remote = queryset.relation.remote if queryset.relation is not None else None
        if remote is None:
            return None
        found.append(Argument(queryset.source_row, remote))
    for step in queryset.steps:
        if step.method in ("filter", "get"):
            found.extend(step.arguments)
        elif step.method in ("exclude", "complex_filter", "extra", "raw") or step.method.startswith("["):
            return None
    if any(a.name is None or a.name.startswith("*") for a in found):
        return None
    return tuple(found)


def created_values(machine: Machine, created: QueryRun) -> tuple[Argument, ...] | None:
    """The values of the row that is created, as keyword arguments; None where they are not all known by name."""
    found: list[Argument] = []
    if created.how == "row.save":
        row = created.arguments[0].value
        if not isinstance(row, RowValue):
            return None
        state = machine.store.row(row.identity)
        found.extend(machine.made_with.get(row.result, ()))
        for name, change in state.written.items():
            value = getattr(change.place.node, "value", None)
            found.append(Argument(change.value, name, change.place.at(value) if value is not None else None))
        given = {a.name for a in found}
        found.extend(Argument(value, name) for name, value in state.assigned.items() if name not in given)
    else:
        found.extend(created.arguments)
        source, relation = created.queryset.source_row, created.queryset.relation
        if source is not None and relation is not None and relation.remote is not None:
            found.append(Argument(source, relation.remote))
    if any(a.name is None or a.name.startswith("*") for a in found):
        return None
    return tuple(found)


def same_value(one: Argument, other: Argument) -> bool:
    """Whether two arguments surely have one value: the same row or literal, or the same text in one function."""
    if isinstance(one.value, (Constant, RowValue)) and one.value == other.value:
        return True
    if one.place is None or other.place is None or one.place.unit is not other.place.unit:
        return False
    return one.place.node.deep_equals(other.place.node)


def absent(machine: Machine, event: Event) -> list[int]:
    """The queries that found nothing on the way to the event, the last first."""
    return [order for order, found in reversed(machine.known.items()) if not found and order < event.order]
