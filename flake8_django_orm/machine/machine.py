"""The machine: the state of one root while it runs, and the operations that readers and owners drive.

In: operations on values (read an attribute, call, iterate, test truth, turn into text, compare, assign). Out: values,
and events. The knowledge of each kind of value lives in the modules beside this one; here are frames, loops,
conditions, bounds and the table that sends an operation to its module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from flake8_django_orm.machine import attributes, calls, fed_lookups, iteration, refetches, relations, rows
from flake8_django_orm.machine.blocks import NOTHING_SPECIAL, Conditional, InCall, Knowing, Looping
from flake8_django_orm.machine.entries import is_told_at_base
from flake8_django_orm.machine.events import (
    AnswerTested,
    CheckedThenCreated,
    EvaluatedAgain,
    Event,
    FilteredInPython,
    KeyUse,
    LookupFed,
    ManagerRead,
    PrefetchBypassed,
    QueryRepeated,
    QueryRun,
    Refetched,
    RelationRead,
    RowSaved,
    Use,
)
from flake8_django_orm.machine.filtered_rows import unfiltered_prefetches
from flake8_django_orm.machine.frames import Body, Frame, Loop, Repeats, lowest_common
from flake8_django_orm.machine.key_fetches import rows_for_keys
from flake8_django_orm.machine.needs import unused_loading
from flake8_django_orm.machine.store import Store
from flake8_django_orm.machine.values import (
    Alternatives,
    Argument,
    Collection,
    Constant,
    Fetched,
    FunctionValue,
    Instance,
    Loops,
    Moment,
    PlainData,
    QuerySetValue,
    RowValue,
    Unknown,
    Value,
    alternatives,
    each,
    loops_of,
)

if TYPE_CHECKING:
    from flake8_django_orm.project.facts import Assignment, FunctionFacts
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

#: Expressions and statements that one root may visit, all the functions that it enters included.
WORK_BOUND = 20_000
#: How long a chain of calls may grow.
DEPTH_BOUND = 12


#: Values that may hold rows: to note what becomes of any other is to note nothing, and most values are others.
HOLD_ROWS = frozenset({RowValue, QuerySetValue, Collection, Instance, Alternatives})
#: The methods whose rows come with others.
EAGER = ("select_related", "prefetch_related")


class WorkBoundError(Exception):
    """The root has used up its work: what it would have said later stays unsaid."""


class Programs(Protocol):
    """The functions of the project as programs: the reader that runs them, and a cheap look at what they may do."""

    def run(self, machine: Machine, function: FunctionValue, values: dict[str, Value]) -> Value:
        """Run a function's body with its parameters bound; what it returns."""

    def may_query(self, facts: FunctionFacts) -> bool:
        """Whether the function may touch the database although it is handed no rows."""

    def assigned_value(self, machine: Machine, module: str, path: str, assignment: Assignment) -> Value:
        """The value of a module- or class-level assignment that the index's own facts do not tell."""

    def text_of(self, facts: FunctionFacts) -> str:
        """The function's source lines, "" where they cannot be had."""

    def removals(self, facts: FunctionFacts) -> list[tuple[str, bool]]:
        """The literal keys that the function takes out of dicts, and whether a condition stands before it."""

    def serialize(self, machine: Machine, how: str, serializer: Value, rows: Value, place: Place) -> Value:
        """Read rows as a serializer does; `how` is the function of `rest_framework._reading` that asks for it."""

    def tabulate(self, machine: Machine, table: Value, rows: Value, place: Place) -> Value:
        """Show rows in a table of declared columns."""

    def export(self, machine: Machine, how: str, resource: Value, rows: Value, place: Place) -> Value:
        """Write rows by a resource of declared fields; `how` is the function of `import_export._reading`."""

    def render(self, machine: Machine, names: Value, context: Value, place: Place) -> bool:
        """Read the template of that name with its context. True where everything that the context meets was read."""


@dataclass(slots=True)
class RowUses:
    """How the rows of a queryset, or the row behind a relation, were used: where the relation was read, where only the
    key was asked for, and whether more was."""

    reads: dict[Place, None] = field(default_factory=dict)
    keys: dict[Place, KeyUse] = field(default_factory=dict)
    other: bool = False
    last: int = 0  # when it was used last, or given away

    @property
    def identity_only(self) -> bool:
        """True where every read is one that asks for the key, there and then."""
        return not self.other and bool(self.reads) and self.reads.keys() == self.keys.keys()


@dataclass(slots=True)
class ColumnUse:
    """A read of a row's column: where, and how many events had been seen by then."""

    place: Place
    order: int


@dataclass(slots=True)
class LoopEffects:
    """What the body of a loop does to the database: models written (by key), and whether code unseen was called."""

    written: set[str] = field(default_factory=set)
    opaque: bool = False


@dataclass(frozen=True, slots=True)
class Entered:
    """A running call: the function and what each of its parameters was given, and where."""

    function: FunctionFacts
    parameters: dict[str, tuple[Value, Place | None]]


@dataclass(slots=True)
class Machine:
    """The state of one root."""

    project: Project
    programs: Programs
    frame: Frame
    django_version: tuple[int, int] | None = None
    store: Store = field(default_factory=Store)
    events: list[Event] = field(default_factory=list)
    query_events: dict[int, QueryRun] = field(default_factory=dict)  # those of `events` that are queries, by order
    alike: dict[int, list[int]] = field(default_factory=dict)  # orders of queries by the hash of what they ask
    loops: list[Loop] = field(default_factory=list)
    conditions: int = 0
    suspended: set[int] = field(default_factory=set)
    filled_by: dict[int, Loop] = field(default_factory=dict)  # containers that a loop puts something into each round
    refilling: set[int] = field(default_factory=set)  # loops that fill what they take their rows out of
    work: int = 0
    depth_cuts: int = 0
    row_uses: dict[tuple[int, tuple[str, ...]], RowUses] = field(default_factory=dict)
    column_uses: dict[tuple[Any, str], list[ColumnUse]] = field(default_factory=dict)
    calls: list[Entered] = field(default_factory=list)
    value_uses: dict[int, list[Use]] = field(default_factory=dict)
    lost_results: set[int] = field(default_factory=set)
    lost_containers: set[int] = field(default_factory=set)
    left_sight: set[tuple[int, tuple[str, ...]]] = field(default_factory=set)
    loaded_reads: set[tuple[int, tuple[str, ...]]] = field(default_factory=set)
    manager_reads: dict[tuple[int, tuple[str, ...]], set[Place]] = field(default_factory=dict)
    loop_effects: dict[int, LoopEffects] = field(default_factory=dict)
    remembered: dict[Any, Value] = field(default_factory=dict)
    called_externals: list[tuple[str, Place, bool]] = field(default_factory=list)
    tries: int = 0  # `try` statements with handlers around this point
    tried_places: set[Place] = field(default_factory=set)
    dropped_places: set[Place] = field(default_factory=set)
    clock: int = 0
    watch: Callable[[Place, Value], None] | None = None  # told of every expression's value (explain)
    atomic: int = 0
    guards: int = 0
    cached_fragments: int = 0
    rows_locked: bool = False
    before_fault: int | None = None  # the identity given out last when a handler for faults began
    transaction_writes: set[str] = field(default_factory=set)  # keys of the models written in the running transaction
    settled: dict[tuple[int, str], Constant] = field(default_factory=dict)  # attributes that hold one value here
    asked_queries: set[int] = field(default_factory=set)  # the orders of those of which only existence is asked
    unfilled: set[tuple[int, tuple[str, ...]]] = field(default_factory=set)  # managers that are asked for a prefetch
    known: dict[int, bool] = field(default_factory=dict)  # queries that found something, or nothing, on this way
    last_query: int = 0  # the order of the QueryRun emitted last
    last_opaque_call: int = 0  # when code that cannot be seen was called last
    found_by: dict[int, int] = field(default_factory=dict)  # the query that fetched a single row, by its result set
    kept_results: dict[int, tuple[Loop, ...]] = field(default_factory=dict)  # on objects older than these loops
    made_with: dict[int, tuple[Argument, ...]] = field(default_factory=dict)  # what a new row was given, by result set
    choices: int = 0  # how many values are gone through way by way
    was_allowed_more: bool = False
    cut: bool = False  # the work bound ended the root early: what came behind was not read
    _next_loop: int = 0

    # -- bounds -------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Count one visited node; raise WorkBoundError when the root has had its share."""
        self.work += 1
        if self.work > WORK_BOUND:
            raise WorkBoundError

    def allow_more(self, work: int) -> None:
        """Give the root a further share of work, once: what it renders is much longer than its own code."""
        if not self.was_allowed_more:
            self.was_allowed_more = True
            self.work -= work

    def now(self) -> int:
        """A number that grows with each call: the order in which things were seen."""
        self.clock += 1
        return self.clock

    # -- frames, loops, conditions ------------------------------------------------------------------------------

    def entered(self, frame: Frame, call: Entered) -> InCall:
        """Run a block as the body of a called function."""
        return InCall(self, frame, call)

    def new_loop(self, place: Place, repeats: Repeats, result: int | None = None, *, is_async: bool = False) -> Loop:
        self._next_loop += 1
        last = self.store.last_identity
        return Loop(self._next_loop, self.frame, place, repeats, self.conditions, result, is_async, last)

    def repeat_for(self, loop: Loop, result: int, container: int) -> Loop:
        """A loop that takes a row out of a container in each round goes round once per row."""
        if loop.counts:
            return loop
        repeated = replace(loop, repeats=Repeats.ROWS, result=result, taken_from=container)
        self.loops[self.loops.index(loop)] = repeated
        return repeated

    def note_filled(self, container: int) -> None:
        """A container is filled. One that a loop fills in each round grows with what the loop goes over; a loop that
        takes its rows out of it meets others too: how many, and which, is not known."""
        self.refilling.update(loop.number for loop in self.loops if loop.taken_from == container)
        around = [loop for loop in self.counting_loops() if container <= loop.built_before]
        if around and not self.is_conditional(around[0]):
            self.filled_by.setdefault(container, around[-1])

    def looping(self, loop: Loop) -> Looping:
        """Run a block as the body of a loop."""
        return Looping(self.loops, loop)

    def conditionally(self) -> Conditional:
        """Run a block that a condition guards."""
        return Conditional(self)

    def leaving(self, loops: Sequence[Loop]) -> AbstractContextManager[None]:
        """Run a block that ends these loops, so that nothing in it is repeated by them."""
        return self._ending(loops) if loops else NOTHING_SPECIAL

    @contextmanager
    def _ending(self, loops: Sequence[Loop]) -> Iterator[None]:
        new = {loop.number for loop in loops} - self.suspended
        self.suspended |= new
        try:
            yield
        finally:
            self.suspended -= new

    def once_for(self, loops: Sequence[Loop], read: Callable[[], Value]) -> Value:
        """What `read` gives, which is kept on an object that is older than these loops: none of them repeats it."""
        with self.leaving(loops):
            value = read()
        for one in each(value):
            if isinstance(one, QuerySetValue):
                self.kept_results[one.result] = tuple(loops)
        return value

    def transaction(self, opened: bool = True) -> AbstractContextManager[None]:
        """Run a block inside transaction.atomic(), if `opened`."""
        return self._in_transaction() if opened else NOTHING_SPECIAL

    @contextmanager
    def _in_transaction(self) -> Iterator[None]:
        self.atomic += 1
        locked = self.rows_locked
        try:
            yield
        finally:
            self.atomic -= 1
            if not self.atomic:
                self.rows_locked = locked
                self.transaction_writes.clear()

    def guarded(self, by_lock: bool = True) -> AbstractContextManager[None]:
        """Run a block that holds a lock, or whose conflicts with other requests are caught, if `by_lock`."""
        return self._under_guard() if by_lock else NOTHING_SPECIAL

    @contextmanager
    def _under_guard(self) -> Iterator[None]:
        self.guards += 1
        try:
            yield
        finally:
            self.guards -= 1

    @contextmanager
    def cached_fragment(self) -> Iterator[None]:
        """Run a part of a template whose text is kept for the next time."""
        self.cached_fragments += 1
        try:
            yield
        finally:
            self.cached_fragments -= 1

    def recovering(self, from_fault: bool = True) -> AbstractContextManager[None]:
        """Run a block that meets what went wrong in a loop, if `from_fault`: few rows come here."""
        return self._behind_fault() if from_fault and self.loops and self.before_fault is None else NOTHING_SPECIAL

    @contextmanager
    def _behind_fault(self) -> Iterator[None]:
        self.before_fault = self.store.last_identity
        try:
            yield
        finally:
            self.before_fault = None

    def is_exceptional(self, result: int) -> bool:
        """Whether rows of a result set are met here only where something went wrong with one of them: loading more
        with all of them would cost more than the query for that one."""
        return self.before_fault is not None and result <= self.before_fault

    def knowing(self, known: Mapping[int, bool]) -> Knowing:
        """Run a block on whose way these queries found something (or nothing)."""
        return Knowing(self, known)

    def learn(self, ways: Sequence[Mapping[int, bool]]) -> None:
        """Go on behind branches of which one goes on: what it knows holds from here to the end of the block."""
        if len(ways) == 1 and ways[0]:
            self.known = {**self.known, **ways[0]}

    def active_loop(self, number: int | None) -> Loop | None:
        """The running loop of that number, None where it has ended or the code is about to leave it."""
        if number is None or number in self.suspended:
            return None
        return next((loop for loop in self.loops if loop.number == number), None)

    def counting_loops(self) -> tuple[Loop, ...]:
        """The loops around this point that repeat with the data, outermost first."""
        return tuple(loop for loop in self.loops if loop.counts and loop.number not in self.suspended)

    def is_conditional(self, loop: Loop | None = None) -> bool:
        """Whether a condition stands between the loop (or the innermost one, or the root's start) and this point."""
        inner = loop if loop is not None else self.loops[-1] if self.loops else None
        return self.conditions > (inner.conditions if inner is not None else 0)

    def varying_loops(self, *values: Value) -> tuple[Loop, ...]:
        """The counting loops on whose variables any of the values depends."""
        numbers = self.loops_behind(*values)
        return tuple(loop for loop in self.counting_loops() if loop.number in numbers)

    def loops_behind(self, *values: Value) -> Loops:
        """The loops on which any of the values depends, or anything that the code has put into it."""
        found = loops_of(*values)
        for value in values:
            for one in each(value):
                if isinstance(one, Collection) and one.identity:
                    found |= loops_of(*self.store.members(one.identity).values())
        return found

    def current_loops(self) -> Loops:
        return frozenset(loop.number for loop in self.loops)

    # -- events -------------------------------------------------------------------------------------------------

    def emit(self, kind: type[Event], place: Place, *, around: Loop | None = None, **facts: Any) -> None:
        """Note an event at `place`. `around` is the loop that counts for it, where that is not the innermost one."""
        if self.tries:
            self.tried_places.add(place)
        event = kind(
            place=place,
            frame=self.frame,
            loops=self.counting_loops(),
            conditional=self.is_conditional(around),
            atomic=self.atomic > 0,
            guarded=self.guards > 0 or self.rows_locked,
            cached=self.cached_fragments > 0,
            order=self.now(),
            **facts,
        )
        self.events.append(event)
        if isinstance(event, QueryRun):
            self.query_events[event.order] = event

    def drop_events(self, first: int) -> None:
        """Take back the events from the one at this position on."""
        for event in self.events[first:]:
            self.query_events.pop(event.order, None)
        del self.events[first:]

    def queries(self, orders: Sequence[int]) -> list[QueryRun]:
        """The query events of these orders."""
        return [self.query_events[order] for order in sorted(set(orders)) if order in self.query_events]

    def note_queryset_use(self, value: Value, how: str, place: Place | None = None) -> None:
        """Note what became of a queryset or container: evaluated, chained, handed on, returned, kept."""
        if type(value) not in HOLD_ROWS:
            return
        for one in each(value):
            identity = (
                one.result if isinstance(one, QuerySetValue) else one.identity if isinstance(one, Collection) else 0
            )
            if identity:
                uses = self.value_uses.setdefault(identity, [])
                uses.append(Use(how, place, self.now(), self.conditions))

    def lose(self, value: Value, *, to_caller: bool = False) -> None:
        """A value goes where its reader is not seen: what is read of its rows is not known any more.

        `to_caller` is for what a called function returns: the caller's use of a row is seen, that of a list may not be.
        """
        if type(value) not in HOLD_ROWS:
            return
        for one in each(value):
            match one:
                case RowValue(result=result, path=path):
                    self.lost_results.add(result)
                    self._uses_of_row(result, path).last = self.now()
                    if not to_caller:
                        self.left_sight.add((result, path))
                    if path:
                        self._uses_of_row(result, path).other = True
                case QuerySetValue(result=result):
                    self.lost_results.add(result)
                case Collection(items=items, element=element, key=key, entries=entries, identity=identity):
                    if identity:
                        self.lost_containers.add(identity)
                    for part in (*(items or ()), *(v for _, v in entries or ()), element, key):
                        self.lose(part)
                    for member in self.store.members(identity).values() if identity else ():
                        self.lose(member)

    def capture(self, value: Value) -> None:
        """A function that is made here may read the value whenever it is called."""
        for one in each(value):
            match one:
                case RowValue(result=result) | QuerySetValue(result=result):
                    self.lost_results.add(result)
                case Collection(items=items, element=element, key=key, identity=identity):
                    members = self.store.members(identity).values() if identity else ()
                    for part in (*(items or ()), element, key, *members):
                        self.capture(part)

    def put_in(self, container: Collection, value: Value) -> None:
        """The value is put into a container; one whose readers are not all seen may show it to anybody."""
        if not container.identity or container.identity in self.lost_containers:
            self.lose(value)
        for one in each(value):
            if isinstance(one, RowValue):
                self._uses_of_row(one.result, one.path).last = self.now()

    def _is_out_of_sight(self, row: RowValue) -> bool:
        """Whether code that is not seen has the row, or one from which it is reached, and may read its relations."""
        return any((row.result, row.path[:n]) in self.left_sight for n in range(len(row.path) + 1))

    def note_opaque_call(self) -> None:
        """Code that cannot be seen is called: what it reads and writes is not known.

        A template only shows: what its tags, filters and methods may do elsewhere, here they do not write.
        """
        if self.frame.body is not Body.TEMPLATE:
            self.last_opaque_call = self.now()
        for loop in self.loops:
            if loop.frame.body is Body.TEMPLATE:
                continue
            self._effects(loop).opaque = True

    def note_write(self, model: str) -> None:
        """Rows of the model are written."""
        if self.atomic:
            self.transaction_writes.add(model)
        for loop in self.loops:
            self._effects(loop).written.add(model)

    @property
    def root(self) -> Frame:
        """The frame of the root."""
        return self.frame.ancestors()[-1]

    def finished_events(self) -> list[Event]:
        """The events that belong to this root: those whose pieces lie in no single deeper frame."""
        events = [*self.events, *unused_loading(self), *rows_for_keys(self), *unfiltered_prefetches(self)]
        events = [e for e in events if not any(loop.number in self.refilling for loop in e.loops)]
        own = (e for e in events if self.belongs_to_root(e.frames()) and not is_told_at_base(self.project, e))
        return [self._finish(event) for event in own]

    def belongs_to_root(self, frames: Iterable[Frame]) -> bool:
        """True if no frame below the root holds all of these pieces."""
        return self._own_frame(lowest_common(frames)) is self.root

    def _own_frame(self, frame: Frame | None) -> Frame | None:
        """The frame, or the nearest caller that is no stub of ours: a stub is never a root, so its caller stands for
        it."""
        while frame is not None and frame.parent is not None and (self.project.is_stub(frame.path) or frame.is_entry):
            frame = frame.parent
        return frame

    def _finish(self, event: Event) -> Event:
        """Complete an event with what was seen after it."""
        match event:
            case RelationRead():
                uses = self.row_uses.get((event.row.result, event.path))
                if uses is None or not uses.identity_only or self._is_out_of_sight(event.row):
                    return event
                return replace(event, identity_only=True, key_uses=tuple(uses.keys.values()))
            case QueryRun():
                return self._finish_query(event)
            case EvaluatedAgain() | QueryRepeated():
                return replace(event, first=self._finish_query(event.first), second=self._finish_query(event.second))
            case LookupFed():
                return fed_lookups.finished(self, event)
            case FilteredInPython():
                result = event.queryset.result
                sent = any(isinstance(e, QueryRun) and e.place == event.looped for e in self.events)
                return replace(event, uses=self.uses_of(result), sent=sent)
            case AnswerTested():
                return replace(event, query=self._finish_query(event.query))
            case CheckedThenCreated():
                return replace(event, check=self._finish_query(event.check), created=self._finish_query(event.created))
            case RowSaved():
                return rows.finish_save(self, event)
            case Refetched():
                return refetches.finished(self, event)
        return event

    def _finish_query(self, event: QueryRun) -> QueryRun:
        return replace(
            event,
            uses=self.uses_of(event.queryset.result),
            eager_uses=tuple(
                use for step in event.queryset.steps if step.method in EAGER for use in self.uses_of(step.result)
            ),
            sole_use=self._is_sole_use(event),
            loop_writes=frozenset().union(*(self._effects(loop).written for loop in event.loops)),
            loop_reads=self._models_read(event.loops[-1]) if event.writes and event.loops else frozenset(),
            opaque_loop=any(self._effects(loop).opaque for loop in event.loops),
            tried=event.place in self.tried_places,
            dropped=event.place in self.dropped_places,
            asked=event.order in self.asked_queries,
            unfilled=self._is_unfilled(event.queryset),
            only_save=self._is_only_save(event),
        )

    def _is_unfilled(self, queryset: QuerySetValue) -> bool:
        row, relation = queryset.source_row, queryset.relation
        return row is not None and relation is not None and (row.result, (*row.path, relation.name)) in self.unfilled

    def _is_only_save(self, event: QueryRun) -> bool:
        """Whether the event saves a row that is made here, once, and nobody has anything to do with it afterwards."""
        row = event.arguments[0].value if event.how == "row.save" and event.arguments else None
        if not isinstance(row, RowValue) or row.fetched is not Fetched.CREATED or len(event.arguments) > 1:
            return False
        saves = [e for e in self.events if isinstance(e, QueryRun) and e.how == "row.save" and e.arguments]
        same = [e for e in saves if isinstance(one := e.arguments[0].value, RowValue) and one.result == row.result]
        return len(same) == 1 and self._uses_of_row(row.result, row.path).last < event.order

    def _models_read(self, loop: Loop) -> frozenset[str]:
        """The keys of the models of whose tables the loop's body asks for rows."""
        found: set[str] = set()
        for event in self.events:
            match event:
                case QueryRun(queryset=queryset, writes=False) | ManagerRead(queryset=queryset):
                    key: str | None = queryset.model.key
                case PrefetchBypassed(queryset=queryset):
                    key = queryset.model.key
                case RelationRead(relation=relation):
                    key = relation.target
                case _:
                    continue
            if key is not None and loop in event.loops:
                found.add(key)
        return frozenset(found)

    def _is_sole_use(self, event: QueryRun) -> bool:
        steps = event.queryset.steps
        eager = [n for n, step in enumerate(steps) if step.method in EAGER]
        if not eager or len(self.uses_of(event.queryset.result)) != 1:
            return False
        return all(len(self.uses_of(step.result)) == 1 for step in steps[eager[0] :])

    def uses_of(self, identity: int) -> tuple[Use, ...]:
        """Everything that became of a queryset or container, in order."""
        return tuple(self.value_uses.get(identity, ()))

    def _effects(self, loop: Loop) -> LoopEffects:
        effects = self.loop_effects.get(loop.number)
        if effects is None:
            effects = self.loop_effects[loop.number] = LoopEffects()
        return effects

    def note_use(self, value: Value, key: KeyUse | None = None) -> None:
        """Note that a row was used: for its key only, or otherwise; or that a queryset was handed on."""
        if type(value) not in HOLD_ROWS:
            return
        self.note_queryset_use(value, "handed")
        for one in each(value):
            if isinstance(one, RowValue):
                uses = self._uses_of_row(one.result, one.path)
                uses.last = self.now()
                if key is not None:
                    uses.keys[key.row] = key
                else:
                    uses.other = True

    def note_relation_read(self, row: RowValue, name: str, place: Place) -> None:
        """Note that `row.name`, a single-valued relation, is read at `place`, loaded or not."""
        self._uses_of_row(row.result, (*row.path, name)).reads[place] = None

    def _uses_of_row(self, result: int, path: tuple[str, ...]) -> RowUses:
        uses = self.row_uses.get((result, path))
        if uses is None:
            uses = self.row_uses[result, path] = RowUses()
        return uses

    def note_manager_read(self, row: RowValue, name: str, place: Place) -> None:
        """Note that `row.name`, a related manager, is read at `place`, or its prefetched rows are used there."""
        self.manager_reads.setdefault((row.result, (*row.path, name)), set()).add(place)

    def note_column_use(self, row: RowValue, column: str, place: Place) -> None:
        """Note a read of a column, so that a later save can tell whether the old or new value was looked at."""
        self.column_uses.setdefault((row.identity, column), []).append(ColumnUse(place, self.now()))

    def passed_parameter(self, value: Value, outwards: int = 0) -> tuple[FunctionFacts, str, Place] | None:
        """The parameter of the running function that holds `value`, with the function and the argument's place.

        `outwards` asks its caller, the caller's caller and so on.
        """
        if len(self.calls) <= outwards:
            return None
        entered = self.calls[-1 - outwards]
        for name, (bound, place) in entered.parameters.items():
            if bound == value and place is not None:
                return entered.function, name, place
        return None

    # -- operations ---------------------------------------------------------------------------------------------

    def read_attribute(self, value: Value, name: str, place: Place) -> Value:
        """`value.name`."""
        self.tick()
        if not isinstance(value, Alternatives):
            return attributes.read_attribute(self, value, name, place)
        if self.conditions > value.conditions:
            # Behind a condition of its own: it may be the one under which the relation was loaded.
            value = relations.loaded_ways(self, value, name)
        if isinstance(value, Alternatives) and (member := rows.shared_member(self, value, name, place)) is not None:
            return member
        return self._each(value, lambda one: attributes.read_attribute(self, one, name, place))

    def call(self, callee: Value, arguments: Sequence[Argument], place: Place) -> Value:
        """`callee(*arguments)`."""
        self.tick()
        given = tuple(arguments)
        if not isinstance(callee, Alternatives):
            return calls.call(self, callee, given, place)
        return self._each(callee, lambda one: calls.call(self, one, given, place))

    def element(self, value: Value, loop: Loop, place: Place) -> Value:
        """What the loop's variable holds: iterate `value`, with its rows bound by `loop`."""
        return self._each(value, lambda one: iteration.element(self, one, loop, place))

    def index(self, value: Value, key: Value, place: Place) -> Value:
        """`value[key]`."""
        return self._each(value, lambda one: iteration.index(self, one, key, place))

    def slice(self, value: Value, bounds: tuple[Value | None, Value | None], place: Place) -> Value:
        """`value[a:b]`."""
        return self._each(value, lambda one: iteration.slice_of(self, one, bounds, place))

    def test(self, value: Value, place: Place) -> None:
        """`if value`, `not value`, `bool(value)`."""
        if type(value) not in HOLD_ROWS:
            return
        for one in self.ways(value):
            iteration.test(self, one, place)

    def text(self, value: Value, place: Place) -> None:
        """`str(value)`, an f-string, `%`, print: runs `__str__`."""
        if type(value) is Unknown or type(value) is Constant:
            return
        for one in each(value):
            self.note_use(one)
        if isinstance(value, Alternatives) and (shown := rows.shared_member(self, value, "__str__", place)) is not None:
            self.call(shown, (), place)
            return
        for one in each(value):
            rows.as_text(self, one, place)

    def contains(self, container: Value, value: Value, place: Place) -> None:
        """`value in container`."""
        for one in each(container):
            iteration.contains(self, one, value, place)

    def assign_attribute(
        self, target: Value, name: str, value: Value, place: Place, *, augmented: bool = False
    ) -> None:
        """`target.name = value`; `place` is the statement."""
        for one in each(target):
            rows.assign_attribute(self, one, name, value, place, augmented=augmented)

    def escape(self, value: Value) -> None:
        """Code that cannot be seen gets the value: what it does to the rows is not known."""
        if type(value) not in HOLD_ROWS:
            return
        self.lose(value)
        self.note_queryset_use(value, "escape")
        for one in each(value):
            self.note_use(one)
            match one:
                case RowValue():
                    state = self.store.row(one.identity)
                    self.store.set_row(one.identity, replace(state, escaped=True))
                    if one.loop is None:
                        self.store.escape_result(one.result)
                case QuerySetValue(result=result):
                    self.store.escape_result(result)
                case Collection(items=items, element=element, identity=identity):
                    for part in items if items is not None else (element,):
                        self.escape(part)
                    for member in self.store.members(identity).values() if identity else ():
                        self.escape(member)
                case Instance(identity=identity) if identity:
                    for member in self.store.members(identity).values():
                        if not any(isinstance(part, Instance) for part in each(member)):
                            # Behind the loop that made one such object in each round, it stands for all of them.
                            made_by_loop = not one.loops <= self.current_loops()
                            self.escape(iteration.generalise(member) if made_by_loop else member)

    def ways(self, value: Value) -> Iterator[Value]:
        """Each alternative of a value; what happens meanwhile is one of several."""
        parts = each(value)
        self.choices += len(parts) > 1
        try:
            yield from parts
        finally:
            self.choices -= len(parts) > 1

    def _each(self, value: Value, operation: Callable[[Value], Value]) -> Value:
        if not isinstance(value, Alternatives):
            return operation(value)
        # One alternative at a time: each keeps its own loading, and stands behind a condition of its own.
        return alternatives(map(operation, self.ways(value)), value.conditions)


def unknown(*values: Value) -> Unknown:
    """An unknown value that depends on the same loops, and clocks, as the values it was made from."""
    clock = next((value for value in values if isinstance(value, Moment)), None)
    if values and all(isinstance(value, (PlainData, Constant)) for value in values):
        return PlainData(loops=loops_of(*values))
    return Moment(function=clock.function, loops=loops_of(*values)) if clock else Unknown(loops=loops_of(*values))
