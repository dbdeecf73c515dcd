"""What changes while code runs: which relations of which rows were read, what was assigned, what escaped, what lists
hold.

In: identities that values carry. Out: immutable states in one flat mapping, forked at branches and joined after.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from flake8_django_orm.machine.loading import NOTHING, UNKNOWN_LOADING, How, Loaded, Loading
from flake8_django_orm.machine.values import Value, alternatives

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import ColumnChange

K = TypeVar("K", bound=Hashable)
RowKey = tuple[int, tuple[str, ...], int | None]


@dataclass(frozen=True, slots=True)
class ResultState:
    """A result set. `reads` maps the path of a relation read on its rows to whether every row has it now.

    `extra` is what prefetch_related_objects() loaded on top of the queryset's own loading. `expressions` are the
    columns of its rows in which a loop left a database expression, `unsaved` those that are not in the database yet.
    """

    evaluated: bool = False
    maybe_evaluated: bool = False
    escaped: bool = False
    reads: dict[tuple[str, ...], bool] = field(default_factory=dict)
    extra: Loading = NOTHING
    queries: tuple[int, ...] = ()  # the orders of the QueryRun events that this queryset has sent on the way here
    expressions: dict[str, ColumnChange] = field(default_factory=dict)
    unsaved: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RowState:
    """One row (of the running iteration). `reads` maps a relation's name to whether it was read on every way here.

    `written` holds the columns assigned since the last save, `assigned` other attributes that were set, `expressions`
    the columns that hold a database expression, saved or not, `emptied` the relations whose prefetched rows a write
    threw away, `changed` the fields (relations by their own name) that save() has to write, in the order of the code.
    """

    escaped: bool = False
    reads: dict[str, bool] = field(default_factory=dict)
    assigned: dict[str, Value] = field(default_factory=dict)
    written: dict[str, ColumnChange] = field(default_factory=dict)
    expressions: dict[str, ColumnChange] = field(default_factory=dict)
    emptied: frozenset[str] = frozenset()
    changed: tuple[str, ...] = ()
    maybe_assigned: frozenset[str] = frozenset()  # names in `assigned` that were not set on every way here


@dataclass(frozen=True, slots=True)
class ModelState:
    """What was asked of a model's table on the way here: the orders of QueryRun events since its last write."""

    queries: tuple[int, ...] = ()
    written: int = 0  # the order of the last write on any way here


@dataclass(frozen=True, slots=True)
class ObjectState:
    """A container or instance that the code fills: its attributes, or under "[]" and "{}" its members and keys."""

    members: dict[str, Value] = field(default_factory=dict)


#: Of what nothing was noted yet.
_NO_RESULT = ResultState()
_NO_ROW = RowState()

State = ResultState | RowState | ObjectState | ModelState


class Store:
    """The states of everything with an identity. States are never changed in place, so a fork is a shallow copy.

    The copy is made at the first write after the fork: most branches write nothing.
    """

    def __init__(self) -> None:
        self._states: dict[Hashable, State] = {}
        self._is_shared = False  # the mapping is also a snapshot, and must stay as it is
        self._next = 0

    def _writable(self) -> dict[Hashable, State]:
        if self._is_shared:
            self._states = dict(self._states)
            self._is_shared = False
        return self._states

    def new_identity(self) -> int:
        """A number that no other value of this run carries."""
        self._next += 1
        return self._next

    @property
    def last_identity(self) -> int:
        """The number that was given out last."""
        return self._next

    @property
    def size(self) -> int:
        """How many states there are: what a fork or a join costs."""
        return len(self._states)

    # -- result sets --------------------------------------------------------------------------------------------

    def result(self, number: int) -> ResultState:
        state = self._states.get(("result", number))
        return state if isinstance(state, ResultState) else _NO_RESULT

    def set_result(self, number: int, state: ResultState) -> None:
        self._writable()["result", number] = state

    def mark_evaluated(self, number: int) -> None:
        self.set_result(number, replace(self.result(number), evaluated=True, maybe_evaluated=True))

    def note_result_query(self, number: int, order: int) -> None:
        """The queryset sent a query, the event of that order."""
        state = self.result(number)
        self.set_result(number, replace(state, queries=(*state.queries, order)))

    def escape_result(self, number: int) -> None:
        """Unknown code had the queryset or list: nothing is known of its rows' loading any more."""
        self.set_result(number, replace(self.result(number), escaped=True, maybe_evaluated=True))

    def note_result_read(self, number: int, path: tuple[str, ...], *, every_row: bool) -> None:
        state = self.result(number)
        reads = {**state.reads, path: state.reads.get(path, False) or every_row}
        self.set_result(number, replace(state, reads=reads))

    # -- rows ---------------------------------------------------------------------------------------------------

    def row(self, key: RowKey) -> RowState:
        state = self._states.get(("row", key))
        return state if isinstance(state, RowState) else self._untouched(key)

    def _untouched(self, key: RowKey) -> RowState:
        """A row of which nothing is known but what a loop over the same rows has left on each of them."""
        number, path, loop = key
        result = self.result(number)
        if path or loop is None or not result.expressions:
            return _NO_ROW
        written = {name: change for name, change in result.expressions.items() if name in result.unsaved}
        return RowState(expressions=dict(result.expressions), written=written)

    def set_row(self, key: RowKey, state: RowState) -> None:
        self._writable()["row", key] = state

    def forget_row(self, key: RowKey) -> None:
        """A loop binds its next row: what was known of the row before does not hold for this one."""
        if ("row", key) in self._states:
            del self._writable()["row", key]

    def rows_of_loop(self, loop: int) -> list[tuple[RowKey, RowState]]:
        found: list[tuple[RowKey, RowState]] = []
        for key, state in self._states.items():
            if isinstance(state, RowState) and isinstance(key, tuple) and key[1][2] == loop:
                found.append((key[1], state))
        return found

    def leave_rows(self, loop: int, *, every_row: bool) -> None:
        """The loop is over: what its body did to each row holds for the rows of the result set.

        `every_row` is true where the body ran for all of them. A relation that was assigned is there from now on, with
        nothing known of what is loaded below it; rows that unknown code had may have anything.
        """
        for (result, path, _), row in self.rows_of_loop(loop):
            for name, on_every_way in row.reads.items():
                self.note_result_read(result, (*path, name), every_row=on_every_way and every_row)
            for name in row.assigned:
                added = NOTHING.with_relation(name, Loaded(How.JOINED, UNKNOWN_LOADING))
                for step in reversed(path):
                    added = NOTHING.with_relation(step, Loaded(How.PREFETCHED, added))
                state = self.result(result)
                self.set_result(result, replace(state, extra=state.extra.merged(added)))
            if row.escaped and not path:
                self.escape_result(result)
            if not path and row.expressions != (state := self.result(result)).expressions:
                unsaved = frozenset(row.expressions.keys() & row.written.keys())
                self.set_result(result, replace(state, expressions=row.expressions, unsaved=unsaved))

    # -- objects ------------------------------------------------------------------------------------------------

    def members(self, identity: int) -> dict[str, Value]:
        state = self._states.get(("object", identity))
        return state.members if isinstance(state, ObjectState) else {}

    def set_member(self, identity: int, name: str, value: Value) -> None:
        self._writable()["object", identity] = ObjectState({**self.members(identity), name: value})

    # -- models -------------------------------------------------------------------------------------------------

    def model_queries(self, key: str) -> tuple[int, ...]:
        """The queries on the model's table since it was last written, on the way here."""
        state = self._states.get(("model", key))
        return state.queries if isinstance(state, ModelState) else ()

    def note_model_query(self, key: str, order: int) -> None:
        self._writable()["model", key] = ModelState((*self.model_queries(key), order), self.model_written(key))

    def model_written(self, key: str) -> int:
        """The order of the last write to the model's table, on any way here; 0 where there was none."""
        state = self._states.get(("model", key))
        return state.written if isinstance(state, ModelState) else 0

    def forget_model_queries(self, key: str, order: int) -> None:
        """The model's rows are written by the query of that order: one asked again may have another answer."""
        self._writable()["model", key] = ModelState((), order)

    # -- branches -----------------------------------------------------------------------------------------------

    def fork(self) -> dict[Hashable, State]:
        """A snapshot to come back to."""
        self._is_shared = True
        return self._states

    def restore(self, snapshot: dict[Hashable, State]) -> None:
        self._states = snapshot
        self._is_shared = True

    def join(self, snapshots: list[dict[Hashable, State]]) -> None:
        """Go on with what holds after any of the branches."""
        first, *others = snapshots
        others = [other for other in others if other is not first]
        if not others:
            self.restore(first)
            return
        differing: dict[Hashable, None] = {}
        for other in others:
            # Most states are what they were before the branches: the same objects.
            differing.update((key, None) for key, state in other.items() if first.get(key) is not state)
            differing.update((key, None) for key in first if key not in other)
        joined = dict(first)
        for key in differing:
            joined[key] = _join_states([snapshot.get(key) for snapshot in snapshots])
        self._states = joined
        self._is_shared = False


def _join_states(states: list[State | None]) -> State:
    if any(isinstance(s, ResultState) for s in states):
        results = [s if isinstance(s, ResultState) else _NO_RESULT for s in states]
        extra = results[0].extra if all(r.extra == results[0].extra for r in results) else NOTHING
        return ResultState(
            evaluated=all(r.evaluated for r in results),
            maybe_evaluated=any(r.maybe_evaluated for r in results),
            escaped=any(r.escaped for r in results) or any(r.extra != extra for r in results),
            reads=_join_reads([r.reads for r in results]),
            extra=extra,
            queries=tuple(sorted({order for r in results for order in r.queries})),
            expressions={name: change for r in results for name, change in r.expressions.items()},
            unsaved=frozenset().union(*(r.unsaved for r in results)),
        )
    if any(isinstance(s, RowState) for s in states):
        rows = [s if isinstance(s, RowState) else _NO_ROW for s in states]
        return RowState(
            escaped=any(r.escaped for r in rows),
            reads=_join_reads([r.reads for r in rows]),
            assigned=_join_values([r.assigned for r in rows]),
            written={name: change for r in rows for name, change in r.written.items()},
            expressions={name: change for r in rows for name, change in r.expressions.items()},
            emptied=frozenset().union(*(r.emptied for r in rows)),
            maybe_assigned=_maybe_assigned(rows),
            changed=tuple({name: None for r in rows for name in r.changed}),
        )
    if any(isinstance(s, ModelState) for s in states):
        orders = {order for s in states if isinstance(s, ModelState) for order in s.queries}
        return ModelState(tuple(sorted(orders)), max(s.written for s in states if isinstance(s, ModelState)))
    return ObjectState(_join_values([s.members if isinstance(s, ObjectState) else {} for s in states]))


def _maybe_assigned(rows: list[RowState]) -> frozenset[str]:
    names = {name for row in rows for name in row.assigned}
    partly = {name for name in names if any(name not in row.assigned for row in rows)}
    return frozenset(partly).union(*(row.maybe_assigned for row in rows))


def _join_reads(reads: list[dict[K, bool]]) -> dict[K, bool]:
    """A read that happened on every branch is certain; on some, it is a maybe."""
    names = {name: None for one in reads for name in one}
    return {name: all(one.get(name, False) for one in reads) for name in names}


def _join_values(members: list[dict[str, Value]]) -> dict[str, Value]:
    names = {name: None for one in members for name in one}
    return {name: alternatives(one[name] for one in members if name in one) for name in names}
