"""The abstract values that flow through linted code: immutable, comparable, never guessed.

In: nothing. Out: frozen dataclasses. What changes while code runs (rows read, attributes assigned, lists filled)
lives in the store, keyed by the identities that the values carry.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from flake8_django_orm.machine.loading import NOTHING, Loading

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Frame
    from flake8_django_orm.project.facts import FunctionFacts
    from flake8_django_orm.project.models import ManagerFacts, Model, Relation
    from flake8_django_orm.syntax.units import Place

Loops = frozenset[int]
NO_LOOPS: Loops = frozenset()
MAX_ALTERNATIVES = 4


@dataclass(frozen=True, slots=True)
class Value:
    """Anything. `loops` names the running loops on whose variables the value depends."""

    loops: Loops = field(default=NO_LOOPS, kw_only=True)


@dataclass(frozen=True, slots=True)
class Unknown(Value):
    """A value of which nothing is known. It stays unknown: no guess from a variable's name."""


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class UnknownKey(Unknown):
    """`x.pk` of a value of which nothing is known: x is a row, of whatever model."""


@dataclass(frozen=True, slots=True)
class PlainData(Unknown):
    """What a function of Python's standard library gave: parsed JSON, an open file, a text. Which data it is, is not
    known; that its methods touch no database, is."""


@dataclass(frozen=True, slots=True)
class Answer(Unknown):
    """A value that is true exactly where a query found something, or (`found` false) where it found nothing.

    `query` is the order of its QueryRun event: the result of exists() or count(), `row is None`, `not qs.exists()`.
    """

    query: int = 0
    found: bool = True


@dataclass(frozen=True, slots=True)
class Moment(Unknown):
    """A value worked out from a call of a clock: it was right when the call ran. `function` is the clock's name."""

    function: str = ""


@dataclass(frozen=True, slots=True)
class Comparison(Unknown):
    """`left <operator> right`: unknown whether it holds. Chains of comparisons are just unknown."""

    left: Value = UNKNOWN
    operator: str = ""
    right: Value = UNKNOWN


@dataclass(frozen=True, slots=True)
class Constant(Value):
    """A literal: str, int, float, bool, None or bytes."""

    value: Any = None


@dataclass(frozen=True, slots=True)
class ExternalValue(Value):
    """A name outside of the project: `django.shortcuts.render`, `builtins.len`, `datetime.datetime`."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class ModuleValue(Value):
    """A module of the project."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class ClassValue(Value):
    """A class of the project that is not a model."""

    key: str = ""


@dataclass(frozen=True, slots=True)
class ModelClass(Value):
    """A model class."""

    model: Model = field(kw_only=True, hash=False)


@dataclass(frozen=True, slots=True)
class ModelOptions(Value):
    """`Book._meta`."""

    model: Model = field(kw_only=True, hash=False)


@dataclass(frozen=True, slots=True)
class Instance(Value):
    """An object of a project class that is not a model; its attributes live in the store under `identity`."""

    key: str = ""
    identity: int = 0
    model: Model | None = field(default=None, compare=False)  # for managers under construction and the like


@dataclass(frozen=True, slots=True)
class FunctionValue(Value):
    """A function of the project, `bound` to a receiver where it was read from one.

    `closure` is the defining environment of a nested function or lambda, `node` its syntax (of `unit`'s tree).
    """

    facts: FunctionFacts | None = field(default=None, hash=False)
    bound: Value | None = None
    closure: Any = field(default=None, compare=False)
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Method(Value):
    """A method of the ORM's or Python's own on a known receiver: `qs.filter`, `book.chapters.add`, `row.save`."""

    receiver: Value = UNKNOWN
    name: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Partial(Value):
    """`functools.partial(function, *arguments)`: the function with its first arguments given."""

    function: Value = UNKNOWN
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of a named tuple, in order; `key` is its class where the project wrote one with methods."""

    names: tuple[str, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class RecordClass(Value):
    """What `namedtuple("Pair", "title books")` gives."""

    record: Record = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class SuperValue(Value):
    """`super()` inside a method: attributes come from the classes after `after` in the receiver's order."""

    receiver: Value = UNKNOWN
    after: str = ""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call: `name` is None for a positional one, "*" and "**" for unpacked ones."""

    value: Value
    name: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One link of the chain that built a queryset: `Book.objects`, `.filter(...)`, `[:10]`.

    `place` is the whole expression up to and including this link, so a fix may be appended at its end.
    """

    method: str
    place: Place
    frame: Frame = field(compare=False)
    arguments: tuple[Argument, ...] = ()
    conditional: bool = False
    result: int = field(default=0, compare=False)  # the result set of the queryset that this link made


class Mode(enum.Enum):
    """What one item of an evaluated queryset is."""

    ROWS = "rows"
    DICTS = "dicts"
    TUPLES = "tuples"
    FLAT = "flat values"


@dataclass(frozen=True, slots=True)
class ManagerValue(Value):
    """`Book.objects`, or the manager of a relation (`author.books`) when `source_row` and `relation` are set."""

    model: Model = field(kw_only=True, hash=False)
    manager: ManagerFacts | None = field(default=None, hash=False)
    source_row: RowValue | None = None
    relation: Relation | None = field(default=None, hash=False)
    steps: tuple[Step, ...] = ()
    plain: bool = False  # the manager's own get_queryset is being read: answer as Django's own manager does


@dataclass(frozen=True, slots=True)
class QuerySetValue(Value):
    """A lazy queryset. `result` names its result set: aliases share it, every chained method makes a new one.

    `refined` is true once a method was applied that a prefetch cache cannot serve (filter, order_by, ...).
    `sliced`, `combined` (union and its kin), `raw` and `streamed` (iterator()) limit what may still be done to it.
    """

    model: Model = field(kw_only=True, hash=False)
    loading: Loading = NOTHING
    mode: Mode = Mode.ROWS
    steps: tuple[Step, ...] = ()
    result: int = 0
    manager: ManagerFacts | None = field(default=None, compare=False)
    source_row: RowValue | None = None
    relation: Relation | None = field(default=None, hash=False)
    refined: bool = False
    filtered: bool = False
    ordered: bool = False
    sliced: bool = False
    single: bool = False  # `[:1]`: at most one row
    empty: bool = False  # none(): no rows, and no query
    combined: bool = False
    raw: bool = False
    streamed: bool = False
    locked: bool = False
    distinct: bool = False
    shared: bool = False  # kept by a class or module: whoever evaluates it fills one cache for all
    columns: tuple[str, ...] = ()  # of values() and values_list()

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames in which the queryset was built."""
        return tuple(step.frame for step in self.steps)


class Fetched(enum.Enum):
    """How a row came to be in the hands of the code."""

    ITERATED = "one of the rows of a queryset"
    SINGLE = "fetched alone"
    CREATED = "made here"
    GIVEN = "given from outside"
    LOADED = "made by from_db(), in the middle of every query that fetches rows"


@dataclass(frozen=True, slots=True)
class RowValue(Value):
    """One row of a model. `(result, path, loop)` identifies it: the store keys its state by them.

    `origin` is the queryset that fetched the row or, when `path` is not empty, the row from which `path` led here;
    it is None where the row came from outside. `loop` is the loop that binds it, None for a row that stands alone
    (then `fetched` tells more) or for the pattern of a container's items. `parent` is the row from whose manager it
    came.
    """

    model: Model = field(kw_only=True, hash=False)
    result: int = 0
    path: tuple[str, ...] = ()
    loop: int | None = None
    fetched: Fetched = Fetched.SINGLE
    origin: QuerySetValue | None = field(default=None, compare=False)
    loading: Loading = NOTHING
    parent: RowValue | None = field(default=None, compare=False)
    maybe_none: bool = False
    locked: bool = False

    @property
    def identity(self) -> tuple[int, tuple[str, ...], int | None]:
        return (self.result, self.path, self.loop)


@dataclass(frozen=True, slots=True)
class Scalar(Value):
    """The value of one column of a row. `column` is the field's name; "pk" never appears, the key's own name does."""

    row: RowValue = field(kw_only=True)
    column: str = ""
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Arithmetic(Value):
    """A value worked out in Python from a column of a row: `x.n + 1`. `operand` is the other side's place."""

    row: RowValue = field(kw_only=True)
    column: str = ""
    operator: str = "+"
    operand: Place | None = field(default=None, compare=False)
    operand_value: Value = field(default=UNKNOWN, compare=False)
    column_place: Place | None = field(default=None, compare=False)  # the read of the column
    place: Place | None = field(default=None, compare=False)
    reversed: bool = False  # `1 - x.n`: the column stands on the right
    certain: bool = True  # False where something else than the column may have stood there


@dataclass(frozen=True, slots=True)
class Expression(Value):
    """A database expression: `F("n") + 1`, `Q(...)`, `Count("books")`, `OuterRef("pk")`. `columns` are the F()
    names."""

    function: str = ""
    columns: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class PrefetchValue(Value):
    """`Prefetch(path, queryset=, to_attr=)`; `path` is None where it is not a literal."""

    path: str | None = None
    queryset: QuerySetValue | None = None
    to_attr: str | None = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class TemplateValue(Value):
    """What get_template() gives: the template of the first of these names that there is.

    `written` is where a template stands that was made from a string; then `names` is its text.
    """

    names: Value = UNKNOWN
    written: Place | None = None


class Shape(enum.Enum):
    """The kinds of container."""

    LIST = "list"
    TUPLE = "tuple"
    SET = "set"
    DICT = "dict"
    ITERATOR = "iterator"


@dataclass(frozen=True, slots=True)
class Gathered:
    """Where the values of a container come from: one column of the rows of a queryset, all of them.

    `evaluated` is where the queryset was evaluated, `place` the expression that makes the container. `loops` and
    `clock` tell in which loops and when that was.
    """

    queryset: QuerySetValue
    column: str
    evaluated: Place
    place: Place
    loops: Loops = NO_LOOPS
    clock: int = 0


@dataclass(frozen=True, slots=True)
class Collection(Value):
    """A container. `items` are its known members in order (a literal); otherwise `element` stands for each of them.

    For a dict `element` is a value and `key` a key. `result` names the result set whose rows it holds, if it was made
    from one. `identity` is set for containers that the code may still fill: their members are then in the store.
    """

    shape: Shape = Shape.LIST
    element: Value = UNKNOWN
    key: Value = UNKNOWN
    items: tuple[Value, ...] | None = None
    entries: tuple[tuple[Any, Value], ...] | None = None  # a dict literal with constant keys
    factory: Value | None = None  # of a defaultdict
    identity: int = 0
    bounded: bool = False  # a literal or range(constant): its length does not grow with the data
    gathered: Gathered | None = field(default=None, compare=False)
    record: Record | None = None  # of a named tuple: `items` go by these names too


@dataclass(frozen=True, slots=True)
class Alternatives(Value):
    """What a name may hold after branches met: between two and MAX_ALTERNATIVES different values.

    `conditions` is the depth of conditions at which they met: what stands deeper is behind a condition of its own.
    """

    values: tuple[Value, ...] = ()
    conditions: int = field(default=0, compare=False)


def alternatives(values: Iterable[Value], conditions: int | None = None) -> Value:
    """The join of several values: the value itself where all agree, unknown where there are too many.

    `conditions` is how many conditions stand around the join; None leaves it at what the values themselves say.
    """
    given = tuple(values)
    if given and not isinstance(given[0], Alternatives) and all(value is given[0] for value in given):
        return given[0]  # what no branch touched
    flat: list[Value] = []
    depth = conditions or 0
    for value in given:
        if isinstance(value, Alternatives) and conditions is None:
            depth = max(depth, value.conditions)
        for part in value.values if isinstance(value, Alternatives) else (value,):
            if part not in flat:
                flat.append(part)
    if len(flat) > MAX_ALTERNATIVES:
        flat = _one_of_each_kind(_with_one_literal(flat))
    if len(flat) == 1:
        return flat[0]
    if not flat or len(flat) > MAX_ALTERNATIVES:
        return Unknown(loops=frozenset().union(*(v.loops for v in flat)))
    grown = [one for one in flat if isinstance(one, QuerySetValue) and one.loading.unknown]
    return Alternatives(values=tuple(_as_grown(one, grown) for one in flat), conditions=depth)


def _as_grown(value: Value, grown: Sequence[QuerySetValue]) -> Value:
    """`if names: books = books.select_related(*names)`: the condition asks for names that are worked out elsewhere, so
    the way around it says no more of what is loaded than the way through it."""
    if isinstance(value, QuerySetValue) and any(
        one.model is value.model and one.steps[: len(value.steps)] == value.steps for one in grown if one is not value
    ):
        return replace(value, loading=replace(value.loading, unknown=True))
    return value


def _one_of_each_kind(values: list[Value]) -> list[Value]:
    """The values without those that say the same: of several querysets the one that was built in the fewest steps."""
    kept: dict[Value, Value] = {}
    for value in values:
        kind = _kind(value)
        if kind not in kept or _steps(value) < _steps(kept[kind]):
            kept[kind] = value
    return list(kept.values())


def _steps(value: Value) -> int:
    return len(value.steps) if isinstance(value, QuerySetValue) else 0


def _kind(value: Value) -> Value:
    """What matters of a value where there are too many: querysets that load the same, filtered in one way or another,
    say the same of their rows."""
    if isinstance(value, QuerySetValue) and value.source_row is None:
        return replace(value, steps=(), result=0, filtered=False, refined=False, loops=NO_LOOPS)
    return value


def _with_one_literal(values: list[Value]) -> list[Value]:
    """The values, several literals among them as one that is unknown."""
    literals = [value for value in values if isinstance(value, Constant)]
    if len(literals) < 2:
        return values
    return [*(value for value in values if not isinstance(value, Constant)), Unknown(loops=loops_of(*literals))]


def each(value: Value) -> tuple[Value, ...]:
    """The alternatives of a value, or just the value."""
    return value.values if isinstance(value, Alternatives) else (value,)


def runs_code(value: Value) -> bool:
    """Whether who gets the value may run code of the project with it: a function, a bound method, an object."""
    return any(isinstance(one, (FunctionValue, Method, Instance, ClassValue, Partial)) for one in each(value))


def loops_of(*values: Value) -> Loops:
    """The loops on which any of the values depends; a row depends on the loop that binds it."""
    found = NO_LOOPS
    for value in values:
        if value.loops:
            found |= value.loops
        parts = _PARTS.get(type(value))
        if parts is not None:
            found |= parts(value)
    return found


def _loops_of_row(row: RowValue) -> Loops:
    return frozenset((row.loop,)) if row.loop is not None else NO_LOOPS


def _loops_of_source(value: ManagerValue | QuerySetValue) -> Loops:
    return loops_of(value.source_row) if value.source_row is not None else NO_LOOPS


def _loops_of_members(value: Collection) -> Loops:
    return loops_of(*value.items) if value.items is not None else loops_of(value.element)


#: The loops behind the parts of a value, by its kind; the others have none.
_PARTS: dict[type[Value], Callable[[Any], Loops]] = {
    RowValue: _loops_of_row,
    Scalar: lambda value: loops_of(value.row),
    Arithmetic: lambda value: loops_of(value.row),
    ManagerValue: _loops_of_source,
    QuerySetValue: _loops_of_source,
    Alternatives: lambda value: loops_of(*value.values),
    Collection: _loops_of_members,
    Expression: lambda value: loops_of(*(a.value for a in value.arguments)),
    Method: lambda value: loops_of(value.receiver),
    FunctionValue: lambda value: loops_of(value.bound) if value.bound is not None else NO_LOOPS,
    Partial: lambda value: loops_of(value.function, *(a.value for a in value.arguments)),
}
