"""What rules listen to: closed dataclasses that say what the ORM will do at a place, with all that a rule needs to
decide.

In: nothing. Out: events. A rule compares fields; it never asks the store, a reader or the syntax.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flake8_django_orm.machine.values import (
    Argument,
    Arithmetic,
    Gathered,
    QuerySetValue,
    RowValue,
    Scalar,
    Step,
    Value,
)

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Frame, Loop
    from flake8_django_orm.project.facts import ClassFacts, FunctionFacts
    from flake8_django_orm.project.models import Model, Relation
    from flake8_django_orm.syntax.units import Place


@dataclass(frozen=True, slots=True)
class Use:
    """What became of a queryset or container at one point.

    `how` is what evaluated it ("iterate", "list", "test", "len", "index", "contains", "text", a method's name), or
    "chained" (another queryset was made from it), "handed" (to code that keeps its rows), "escape" (to code that
    cannot be seen), "returned", "kept" (in an attribute or container). `conditions` is the depth of conditions there.
    """

    how: str
    place: Place | None
    order: int
    conditions: int


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One use of a related row for nothing but its key.

    `how` is "key" (`book.author.pk`, the whole is `place`), "equal" (compared with `other`), "none" (`is None`),
    "test", "member" (`in` a container) or "value" (given to a lookup; `direct` where the key would serve it as well).
    `row` is the expression of the related row, `negated` tells `!=` and `is not`.
    """

    how: str
    row: Place
    place: Place
    other: Value | None = None
    other_place: Place | None = None
    negated: bool = False
    direct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happens at `place`, in `frame`, inside `loops` (those that repeat with the data, outermost first).

    `conditional` is true where a condition stands between the innermost loop (or the root's start) and the place.
    """

    place: Place
    frame: Frame
    loops: tuple[Loop, ...] = ()
    conditional: bool = False
    atomic: bool = False  # inside transaction.atomic()
    guarded: bool = False  # rows were locked before in this transaction, or the code holds a lock or expects a conflict
    cached: bool = False  # in a part of a template whose text is kept
    order: int = 0  # grows from event to event of a root

    def frames(self) -> Iterable[Frame]:
        """Every frame that holds a piece of the event; the finding belongs to the lowest one that holds them all.

        The loops around it are pieces only where they are what makes it a trouble: anything else is told where it
        stands, not again at each loop around a call of that.
        """
        yield self.frame


@dataclass(frozen=True, slots=True, kw_only=True)
class RowEvent(Event):
    """Something read on a row that `origin` fetched and `loop` binds: access, loop and queryset are its pieces."""

    origin: QuerySetValue | None
    loop: Loop | None

    def frames(self) -> Iterable[Frame]:
        yield self.frame
        if self.loop is not None:
            yield self.loop.frame
        if self.origin is not None:
            yield from self.origin.frames


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationRead(RowEvent):
    """A single-valued relation that is not loaded is read on a row: one query, once for each row of `loop`.

    `path` leads from the rows of `origin` to the relation, in attribute names, the relation's own name last.
    `loop` is None for a row that stands alone: then the read costs one query, no more.
    """

    row: RowValue
    relation: Relation
    path: tuple[str, ...]
    origin: QuerySetValue | None
    loop: Loop | None
    identity_only: bool = False  # only the key of the related row was used: `.pk`, `.id`, `== other`, `is None`
    key_uses: tuple[KeyUse, ...] = ()  # these uses, of every row of the result set
    deferred_key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerRead(RowEvent):
    """All rows of a related manager, not prefetched, are read for a row of `loop`: one query each time.

    `queryset` is what was evaluated; `path` ends with the manager's name. `how` says what evaluated it.
    """

    row: RowValue
    relation: Relation
    path: tuple[str, ...]
    origin: QuerySetValue | None
    loop: Loop | None
    queryset: QuerySetValue
    how: str = "iterate"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingLoading(Event):
    """A queryset lacks eager loading: the longest of the paths that share a prefix and are read once per row.

    `path` is in attribute names from the rows of `origin`, `relation` its last one. `reads` are the reads along it that
    cost queries, outer levels included; `multi_valued` is true where one of them reads a related manager.
    `all_paths` are the longest paths of everything that this queryset lacks: one fix serves them all. `served` are the
    queries besides the reads that the prefetch of such a manager would answer: its `count()`, for instance.
    """

    origin: QuerySetValue
    path: tuple[str, ...]
    relation: Relation
    reads: tuple[RelationRead | ManagerRead, ...]
    multi_valued: bool
    all_paths: tuple[tuple[str, ...], ...]
    served: tuple[QueryRun, ...] = ()

    def frames(self) -> Iterable[Frame]:
        yield from self.reads[0].frames()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefetchBypassed(RowEvent):
    """A prefetched manager is asked something that its cache cannot answer: the prefetch is wasted, a query runs.

    `queryset` is the refined queryset that was evaluated, `how` the method or kind of use that evaluated it;
    `arguments` are those of that last call. `prefetch` is the origin queryset's step that loaded the relation.
    """

    row: RowValue
    relation: Relation
    path: tuple[str, ...]
    origin: QuerySetValue
    loop: Loop | None
    queryset: QuerySetValue
    how: str = "iterate"
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferredRead(RowEvent):
    """A column that only() or defer() left out is read on a row: one query, once for each row of `loop`."""

    row: RowValue
    column: str
    path: tuple[str, ...]
    origin: QuerySetValue
    loop: Loop | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferredKey(Event):
    """The rows of `origin` are matched with their owners by columns that only() or defer() left out: a query for each
    row and column, when the rows are fetched.

    `by_prefetch` is true for the queryset of a Prefetch, false for one of a related manager. `relation` is the owner's.
    """

    origin: QuerySetValue
    relation: Relation
    columns: tuple[str, ...]
    by_prefetch: bool

    def frames(self) -> Iterable[Frame]:
        yield self.frame
        yield from self.origin.frames


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRun(Event):
    """A queryset (or manager) is evaluated by a query of its own: iterated, tested, counted, fetched from, written to.

    `how` is "iterate", "test", "len", "index", "contains", "text" or the method's name ("get", "count", "update").
    `varies` names the loops around it on whose variables the query depends; in a loop that is not among them the
    query is the same each time. `writes` is true for update, delete, create and their kin.
    """

    queryset: QuerySetValue
    how: str
    arguments: tuple[Argument, ...] = ()
    varies: tuple[Loop, ...] = ()
    writes: bool = False
    result: Value | None = field(default=None, compare=False)
    uses: tuple[Use, ...] = ()  # everything that became of the very same queryset, this use included
    eager_uses: tuple[Use, ...] = ()  # the same of the querysets right after its select_related and prefetch_related
    sole_use: bool = False  # nothing else became of it, nor of any queryset of its chain since its first eager loading
    loop_writes: frozenset[str] = frozenset()  # keys of the models that the loops around it write
    loop_reads: frozenset[str] = frozenset()  # of a write: keys of the models that the innermost loop asks for rows
    opaque_loop: bool = False  # the loops around it call code that cannot be seen
    tried: bool = False  # inside of a `try` with handlers: a failure may be met for this query alone
    dropped: bool = False  # a statement of its own: nobody takes what the call gives
    only_save: bool = False  # row.save() of a row that is made here, saved once and not used afterwards
    one_of_several: bool = False  # other ways through the code have something else in the queryset's place
    of_ended_loop: bool = False  # it depends on variables of a loop that is over: each item left may have its own
    fields: tuple[str, ...] | None = None  # that save() of a row has to write; None where they are not all known
    asked: bool = False  # of its answer only this is asked, there and then: whether there are rows
    awaits_prefetch: bool = False  # a MissingLoading asks for a prefetch that would answer it, too
    unfilled: bool = False  # of a manager whose prefetch is missed already, by code that asks for it

    def frames(self) -> Iterable[Frame]:
        yield self.frame
        for loop in self.loops:
            yield loop.frame
        yield from self.queryset.frames


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTested(Event):
    """Of a query's answer only this is asked, there and then: whether there are rows.

    `query` is the query, at `place`; `whole` the tested expression or the comparison. It holds where rows are found if
    `found` is true, where there are none otherwise.
    """

    query: QueryRun
    found: bool
    whole: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Chained(Event):
    """A method of a queryset is called: one that makes another queryset or one that sends a query. Async twins go by
    the name of the plain method.

    `before` is the queryset on which it is called, `step` the call; `place` is the call. `one_of_several` is true where
    other ways through the code give another queryset there.
    """

    before: QuerySetValue
    step: Step
    one_of_several: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupFed(Event):
    """A lookup `x__in=` gets its values from another query: `source`.

    `argument` is the lookup with its value, `target` the queryset that is filtered, `negated` tells exclude() and ~Q().
    `gathered` is None where the queryset itself is given; else the values were fetched first: `sent` by a query of
    their own, and `unchanged` since, with no write or loop in between. `source_uses` is all that became of the source.
    """

    target: QuerySetValue
    argument: Argument
    negated: bool
    source: QuerySetValue
    gathered: Gathered | None
    unchanged: bool
    one_of_several: bool = False
    sent: bool = False
    source_uses: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FilteredInPython(Event):
    """A loop over the rows of a queryset throws away those that fail a test of one column; `place` is the test.

    `sent` is true where the loop fetches the rows by a query, `uses` is all that became of the queryset. `kept` is the
    condition of filter() that says which rows the loop goes on with, None where none says the same.
    """

    queryset: QuerySetValue
    column: str
    looped: Place
    kept: Argument | None = None
    sent: bool = False
    uses: tuple[Use, ...] = ()

    def frames(self) -> Iterable[Frame]:
        yield self.frame
        yield from self.queryset.frames


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfilteredPrefetch(Event):
    """A queryset that is evaluated chooses its rows by conditions on related rows, and prefetches all of these.

    `tested_again` is the one of the `conditions` that every reader of the prefetched rows repeats in Python, to throw
    the others away (`tests`); None where one wants them all, or where not all readers are seen.
    """

    queryset: QuerySetValue
    relation: Relation
    conditions: tuple[Argument, ...]
    tested_again: Argument | None = None
    tests: tuple[FilteredInPython, ...] = ()

    def frames(self) -> Iterable[Frame]:
        yield self.frame
        for loop in self.loops:
            yield loop.frame
        for test in self.tests if self.tested_again is not None else ():
            yield test.frame
        yield from self.queryset.frames


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryMethodOnRow(Event):
    """A method that only querysets have is read from a row: `book.select_related`. No class of the model defines it."""

    row: RowValue
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySetDiscarded(Event):
    """A queryset is built in a statement of its own, and dropped.

    `tried` is true inside a try with handlers: building it may be a test of what it is built from.
    """

    queryset: QuerySetValue
    tried: bool = False

    def frames(self) -> Iterable[Frame]:
        yield self.frame
        yield from self.queryset.frames


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQueued(Event):
    """`task.delay(...)` or `task.apply_async(...)` on a function of the project or an unknown task.

    `written` are the keys of the models whose rows the running transaction has written so far. `own_queue` is true
    where a decorator of the project's own makes the task: what such a queue waits for is not known.
    """

    task: str
    method: str
    arguments: tuple[Argument, ...]
    written: frozenset[str] = frozenset()
    own_queue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalCalled(Event):
    """A function or class outside of the project is called with a row or queryset among its arguments."""

    name: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionRead(Event):
    """A column that holds a database expression (`row.n = F("n") + 1`) is read before the row was fetched again.

    `change` is the assignment; `saved` tells whether the row was saved in between.
    """

    row: RowValue
    column: str
    change: ColumnChange
    saved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadingUnused(Event):
    """Relations that a queryset loads and nobody reads, although every reader of its rows was seen.

    `paths` are attribute paths; `place` is the last link of the queryset's chain.
    """

    queryset: QuerySetValue
    paths: tuple[tuple[str, ...], ...]

    def frames(self) -> Iterable[Frame]:
        yield self.frame
        yield from self.queryset.frames


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlyKeysUsed(Event):
    """Whole rows are fetched, and all that is asked of them, by readers who were all seen, is their keys.

    `place` is where the queryset is evaluated, `key_uses` what was asked: the key itself ("key"), or whether another
    row is among them ("contains"), besides comparisons and tests. `alone` is true where nothing else evaluates the
    queryset.
    """

    queryset: QuerySetValue
    key_uses: tuple[KeyUse, ...]
    alone: bool = False

    def frames(self) -> Iterable[Frame]:
        yield self.frame
        yield from self.queryset.frames


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedThenCreated(Event):
    """A row is looked for and, where it is not found, created: two requests at a time create two.

    `check` and `created` are the two queries. `lookup` holds the conditions by which the row is looked for and `values`
    what the new row gets, as keyword arguments; None where a part of them is not known by name. `matching` are the
    names of the conditions that the new row surely meets: the same value under the same name.
    """

    check: QueryRun
    created: QueryRun
    lookup: tuple[Argument, ...] | None = None
    values: tuple[Argument, ...] | None = None
    matching: frozenset[str] = frozenset()

    def frames(self) -> Iterable[Frame]:
        # Loops of callers are no part of it: the two queries race wherever they are called from.
        yield self.check.frame
        yield self.created.frame


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedAgain(Event):
    """The same queryset sends a second query for what the first one could have answered.

    `first` and `second` are the two queries of one queryset value, in order.
    """

    first: QueryRun
    second: QueryRun

    def frames(self) -> Iterable[Frame]:
        # Loops of callers are no part of it: the two are sent wherever they are called from.
        for query in (self.first, self.second):
            yield query.frame
            yield from query.queryset.frames


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRepeated(Event):
    """Two querysets of the same model, built by the same steps with the same values, are both evaluated, with no
    write to the model in between."""

    first: QueryRun
    second: QueryRun

    def frames(self) -> Iterable[Frame]:
        # Loops of callers are no part of it: the two are sent wherever they are called from.
        for query in (self.first, self.second):
            yield query.frame
            yield from query.queryset.frames


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultReused(Event):
    """A queryset that has its rows already is used again, without a query."""

    queryset: QuerySetValue
    how: str


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One column of a row got a new value before the row was saved.

    `place` is the whole assignment statement, `value` what was assigned. `old_read` and `new_read` say whether the old
    value is tested or used elsewhere before, and the new one read afterwards: then an F() expression would change more.
    `frame` is where it was assigned, which may be another one than that of the save.
    `kept` tells an expression that stays on the row in every Django version: a bulk method has written it.
    """

    column: str
    place: Place
    value: Value
    augmented: bool = False
    old_read: bool = False
    new_read: bool = False
    frame: Frame | None = field(default=None, compare=False)
    kept: bool = False

    @property
    def from_itself(self) -> Arithmetic | None:
        """The arithmetic, where the new value was worked out from the same column."""
        return self.value if isinstance(self.value, Arithmetic) and self.value.column == self.column else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSaved(Event):
    """`row.save()` (or asave): `changes` are the columns assigned on this row since it was fetched, but for those
    that a called function both assigned and saved: they are told where that function is the root.

    `update_fields` is the literal list given, None where there is none. `locked` is true under select_for_update.
    `now_and_then` tells that the function which saves does so behind a condition of its own, `by_save` that the root is
    the model's own save() or a method that this one calls: whether the row is in the database yet, nobody knows there.
    """

    row: RowValue
    changes: tuple[ColumnChange, ...]
    update_fields: tuple[str, ...] | None = None
    locked: bool = False
    loop: Loop | None = None
    now_and_then: bool = False
    by_save: bool = False
    stale: tuple[ColumnChange, ...] = ()  # expressions that an earlier save wrote and that this save writes again

    def frames(self) -> Iterable[Frame]:
        # Loops of callers are no part of it: the save races wherever it is called from. The assignments are: a save()
        # of the model's own may write what its caller has changed.
        yield self.frame
        for change in self.changes:
            if change.frame is not None:
                yield change.frame
        if self.loop is not None:
            yield self.loop.frame


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsUpdated(Event):
    """`queryset.update(n=...)`: `values` are its keyword arguments."""

    queryset: QuerySetValue
    values: tuple[Argument, ...]

    def frames(self) -> Iterable[Frame]:
        yield self.frame
        yield from self.queryset.frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Refetched(Event):
    """A function was handed the key of a row that its caller has, and fetches that row again.

    `place` is the argument at the call in the caller, `key` its value; `function` the helper, `parameter` the name that
    receives the key; `fetch` the queryset that fetches again, `fetch_place` the call that does (`how` its method).
    `hops` counts the functions that hand the key on before one fetches. `key_only` is true for a related row that is
    fetched for nothing but this key: then it is not at hand otherwise.
    """

    row: RowValue
    key: Scalar
    function: FunctionFacts
    parameter: str
    call: Place
    fetch: QuerySetValue
    fetch_place: Place
    how: str
    extra_conditions: bool = False
    unsaved_changes: bool = False
    hops: int = 0
    key_only: bool = False

    def frames(self) -> Iterable[Frame]:
        callers = self.frame.ancestors()
        yield from callers[: self.hops + 2]
        if self.row.origin is not None and not self.row.path:
            yield from self.row.origin.frames  # without them nothing would be known of the row


@dataclass(frozen=True, slots=True)
class DefaultCall:
    """A call inside an argument of a field: the external function's dotted name and the call's place."""

    function: str
    place: Place
    whole: bool  # the argument is this call and nothing else
    has_arguments: bool = False


@dataclass(frozen=True, slots=True)
class FieldArgument:
    """One argument of a declared field, with what is called when the class body runs; `name` is "" for a positional
    one.

    `literal` is "dict", "list" or "set" where a new container is made there, with `empty` telling an empty one.
    """

    name: str
    place: Place
    value: Value
    calls: tuple[DefaultCall, ...] = ()
    literal: str = ""
    empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDeclared(Event):
    """A field of a model, form or serializer is declared in a class body. `kind` is "model", "form" or "serializer".

    `unpacked` is true where some of its arguments come from `*` or `**`, `makes_default` where the field's class has
    its own way to make a row's value of the default.
    """

    owner: ClassFacts
    kind: str
    name: str
    field_class: str
    arguments: tuple[FieldArgument, ...]
    model: Model | None = None
    unpacked: bool = False
    makes_default: bool = False
