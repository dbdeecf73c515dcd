"""Questions whether a queryset has rows, asked by fetching or counting them: `if books`, `books.count() > 0`.

In: the place of an expression whose truth is asked, or of a comparison. Out: AnswerTested events, where that expression
is itself what sent the query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine.events import AnswerTested, QueryRun
from flake8_django_orm.machine.values import Comparison, Constant

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.syntax.units import Place

_ASKS = frozenset({"test", "count", "len", "first", "last"})
_COUNTS = frozenset({"count", "len"})
_ROWS = frozenset({"first", "last"})
#: How far back the query of an expression may be: other events come in between, of its arguments for instance.
_BACK = 12
_NUMBERS = {(">", 0): True, ("!=", 0): True, (">=", 1): True, ("==", 0): False, ("<", 1): False, ("<=", 0): False}
_NONE = {"is not": True, "!=": True, "is": False, "==": False}


def note_tested(machine: Machine, place: Place) -> None:
    """The truth of the expression at `place` was asked."""
    query = _sent_at(machine, place)
    if query is not None and query.how in _ASKS:
        _note(machine, query, place, found=True)


def note_compared(machine: Machine, comparison: Comparison, left: Place, whole: Place) -> None:
    """The expression at `left` was compared with something; `whole` is the comparison."""
    query = _sent_at(machine, left)
    if query is None or not isinstance(comparison.right, Constant):
        return
    right, operator = comparison.right.value, comparison.operator
    found = None
    if query.how in _COUNTS and isinstance(right, int) and not isinstance(right, bool):
        found = _NUMBERS.get((operator, right))
    elif query.how in _ROWS and right is None:
        found = _NONE.get(operator)
    if found is not None:
        _note(machine, query, whole, found=found)


def _note(machine: Machine, query: QueryRun, whole: Place, *, found: bool) -> None:
    machine.asked_queries.add(query.order)
    machine.emit(AnswerTested, query.place, query=query, found=found, whole=whole)


def _sent_at(machine: Machine, place: Place) -> QueryRun | None:
    wanted = place.awaited
    node = wanted.node
    for event in reversed(machine.events[-_BACK:]):
        # Asked of every test and comparison: the node is compared before the whole place is.
        if event.place.node is node and isinstance(event, QueryRun) and event.place == wanted:
            return event
    return None
