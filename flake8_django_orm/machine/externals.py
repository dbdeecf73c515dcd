"""Calls of functions outside of the project: Python's own and Django's, as far as `orm/callables.py` describes them.

In: a dotted name and arguments. Out: values. A function that is not described gets its arguments as escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine import (
    definitions,
    existence,
    fed_lookups,
    iteration,
    loading_calls,
    objects,
    querysets,
    renders,
)
from flake8_django_orm.machine.events import ExternalCalled, QueryRun
from flake8_django_orm.machine.frames import Repeats
from flake8_django_orm.machine.loading import NOTHING, How, Loaded
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Argument,
    Collection,
    Constant,
    Expression,
    ExternalValue,
    Fetched,
    FunctionValue,
    Method,
    Moment,
    Partial,
    PlainData,
    QuerySetValue,
    RowValue,
    Shape,
    Unknown,
    Value,
    alternatives,
    each,
    loops_of,
    runs_code,
)
from flake8_django_orm.orm import callables
from flake8_django_orm.orm.expressions import is_expression
from flake8_django_orm.orm.querysets import queryset_method
from flake8_django_orm.orm.resources import RESOURCE_READING
from flake8_django_orm.orm.tables import TABLE_READING
from flake8_django_orm.project.django_names import SWAPPED_MODELS

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.syntax.units import Place

#: `attrgetter("author.name")`: a function that reads attributes of what it is given.
ATTRGETTER = "operator.attrgetter"


#: What our stub of rest_framework.serializers calls where the real one goes over a serializer's fields.
SERIALIZER_READING = "rest_framework._reading."


def read_attributes(machine: Machine, getter: Expression, arguments: tuple[Argument, ...], place: Place) -> Value:
    """Call what attrgetter() made: read the dotted names of its first argument."""
    read: list[Value] = []
    for name in getter.arguments:
        value = arguments[0].value if arguments else UNKNOWN
        path = name.value.value if isinstance(name.value, Constant) else None
        if not isinstance(path, str):
            return Unknown(loops=loops_of(value))
        for attribute in path.split("."):
            value = machine.read_attribute(value, attribute, place)
        read.append(value)
    return read[0] if len(read) == 1 else Collection(shape=Shape.TUPLE, items=tuple(read))


def call(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value:
    """`name(*arguments)`."""
    values = [a.value for a in arguments]
    machine.called_externals.append((name, place, bool(arguments)))
    if (special := _special(machine, name, arguments, place)) is not None:
        return special
    if (rendered := renders.call(machine, name, arguments, place)) is not None:
        return rendered
    described = callables.iterating(name)
    if described is not None:
        return _iterate(machine, described, arguments, place)
    fetches = callables.fetching(name)
    if fetches is not None and arguments:
        return _fetch(machine, fetches, arguments, place)
    if name in callables.TURNS_INTO_TEXT:
        positions = callables.TURNS_INTO_TEXT[name]
        for number, value in enumerate(values):
            if positions is None or number in positions:
                machine.text(value, place)
        return PlainData(loops=loops_of(*values))
    if any(isinstance(one, (QuerySetValue, RowValue)) for value in values for one in each(value)):
        machine.emit(ExternalCalled, place, name=name, arguments=arguments)
    innocent = callables.is_innocent(name)
    standard = callables.is_standard(name) and not any(runs_code(value) for value in values)
    if not innocent and not standard:
        machine.note_opaque_call()
    for value in values:
        if innocent:
            machine.note_use(value)
            machine.lose(value)
        else:
            machine.escape(value)
    if name in callables.TRANSACTIONS:
        return ExternalValue(f"{name}()")
    if name in callables.CLOCKS:
        return Moment(function=name)
    return PlainData(loops=loops_of(*values)) if standard else Unknown(loops=loops_of(*values))


def _special(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value | None:
    values = [a.value for a in arguments]
    if name == "builtins.super":
        return None  # the reader knows the class it stands in
    if name == "builtins.len" and values:
        return iteration.length(machine, values[0], place)
    if name == "builtins.bool" and values:
        machine.test(values[0], place)
        existence.note_tested(machine, place)
        return Unknown(loops=loops_of(*values))
    if name == "builtins.range":
        bounded = all(isinstance(v, Constant) for v in values)
        return Collection(shape=Shape.LIST, element=Unknown(), bounded=bounded, loops=loops_of(*values))
    if name in ("builtins.getattr", "builtins.hasattr") and len(values) > 1:
        return _getattr(machine, name, values, place)
    if name == "builtins.setattr" and len(values) > 2:
        attribute = values[1]
        if isinstance(attribute, Constant) and isinstance(attribute.value, str):
            machine.assign_attribute(values[0], attribute.value, values[2], place)
        else:
            machine.escape(values[0])
        return UNKNOWN
    if name == "collections.defaultdict":
        return Collection(
            shape=Shape.DICT,
            entries=(),
            factory=values[0] if values else None,
            identity=machine.store.new_identity(),
        )
    if name in callables.USER_MODEL_GETTERS:
        return definitions.user_model(machine)
    if name.endswith(("apps.get_model", "apps.get_registered_model")):
        return definitions.model_by_label(machine, values)
    if name in SWAPPED_MODELS:
        return definitions.model_by_label(machine, values[:2], swapped=True)
    if name in callables.PREFETCH_NAMES:
        return loading_calls.prefetch_object(arguments)
    if name in callables.PREFETCHES_OBJECTS:
        _prefetch_objects(machine, arguments, place)
        return UNKNOWN
    if is_expression(name):
        for argument in arguments:
            machine.note_use(argument.value)
        return loading_calls.expression(name, arguments)
    if name.startswith(SERIALIZER_READING) and len(values) > 1:
        return machine.programs.serialize(machine, name.rpartition(".")[2], values[0], values[1], place)
    if name.startswith(TABLE_READING) and len(values) > 1:
        return machine.programs.tabulate(machine, values[0], values[1], place)
    if name == callables.NAMESPACE:
        return objects.make_namespace(machine, arguments, place)
    if name in callables.NAMED_TUPLES and len(values) > 1:
        return definitions.record_class(values[1])
    if name in callables.PARTIALS and values:
        for argument in arguments[1:]:
            machine.note_use(argument.value)
        return Partial(function=values[0], arguments=tuple(arguments[1:]))
    if name.startswith(RESOURCE_READING) and len(values) > 1:
        return machine.programs.export(machine, name, values[0], values[1], place)
    if name == ATTRGETTER:
        return Expression(function=name, arguments=arguments)
    if name == "logging.getLogger":
        return ExternalValue("logging.Logger")
    return None


def _getattr(machine: Machine, name: str, values: Sequence[Value], place: Place) -> Value:
    """`getattr(row, "x")` and `hasattr(row, "x")` read the attribute."""
    attribute = values[1]
    if not (isinstance(attribute, Constant) and isinstance(attribute.value, str)):
        machine.lose(values[0])  # it may read any of the row's relations
        return Unknown(loops=loops_of(*values))
    found = machine.read_attribute(values[0], attribute.value, place)
    return found if name == "builtins.getattr" else Unknown(loops=loops_of(*values))


# -- iterating --------------------------------------------------------------------------------------------------------


def _iterate(machine: Machine, described: callables.Iterates, arguments: tuple[Argument, ...], place: Place) -> Value:
    positional = [a.value for a in arguments if a.name is None]
    wanted = (
        positional[described.first :]
        if described.arguments is None
        else [positional[n] for n in described.arguments if n < len(positional)]
    )
    function = (
        positional[described.function]
        if described.function is not None and len(positional) > described.function
        else None
    )
    if described.gives is callables.Gives.DICT and len(wanted) == 1 and _is_dict(wanted[0]):
        return wanted[0]  # a copy of a dict holds the same rows
    key = next((a.value for a in arguments if a.name == described.key), None) if described.key else None
    sources = [_source(machine, value, place, described) for value in wanted]
    patterns = [pattern for pattern, _ in sources]
    bounded = bool(sources) and all(bound for _, bound in sources)
    mapped: Value = UNKNOWN
    applied = key if key is not None else function
    if applied is not None and applied != Constant(None):
        first = (Argument(UNKNOWN),) if described.accumulates else ()
        mapped = _apply(machine, wanted, patterns, applied, place, first)
    joined = alternatives(patterns) if patterns else Unknown(loops=loops_of(*(a.value for a in arguments)))
    if described.gives is callables.Gives.NEXT:
        return alternatives(iteration.take(machine, one, joined) for value in wanted for one in each(value))
    made = _given(machine, described, joined, patterns, mapped, bounded)
    gathers = described.gives in (callables.Gives.LIST, callables.Gives.TUPLE, callables.Gives.SET)
    if gathers and len(arguments) == 1 and isinstance(made, Collection):
        return replace(made, gathered=fed_lookups.of_values(machine, arguments[0].value, place))
    return made


def _source(machine: Machine, value: Value, place: Place, described: callables.Iterates) -> tuple[Value, bool]:
    """The pattern of the items of one iterable and whether its length is bounded."""
    patterns: list[Value] = []
    bounded = True
    how = "list" if described.gives in (callables.Gives.LIST, callables.Gives.TUPLE, callables.Gives.SET) else "iterate"
    for one in each(value):
        bounded = bounded and _is_bounded(one)
        pattern = iteration.pattern_of(machine, one, place, how)
        if described.nested:
            pattern = alternatives(iteration.pattern_of(machine, inner, place) for inner in each(pattern))
        patterns.append(pattern)
    return alternatives(patterns), bounded


def _is_bounded(value: Value) -> bool:
    if isinstance(value, QuerySetValue):
        return value.single or value.empty
    return isinstance(value, Collection) and (value.bounded or value.items is not None)


def for_each(machine: Machine, iterable: Value, function: Value, place: Place) -> Value:
    """Call a function for each item of an iterable, as sorted(key=) does."""
    pattern = alternatives(iteration.pattern_of(machine, one, place) for one in each(iterable))
    return _apply(machine, [iterable], [pattern], function, place)


def _apply(
    machine: Machine,
    iterables: Sequence[Value],
    patterns: Sequence[Value],
    function: Value,
    place: Place,
    first: tuple[Argument, ...] = (),
) -> Value:
    kinds = [iteration.repeats(machine, value) for value in iterables]
    result = next((number for kind, number in kinds if kind is Repeats.ROWS), None)
    kind = next((k for k, _ in kinds if k is not Repeats.BOUNDED), Repeats.BOUNDED)
    loop = machine.new_loop(place, kind, result)
    with machine.looping(loop):
        bound = (*first, *(Argument(iteration.bind(machine, pattern, loop)) for pattern in patterns))
        if isinstance(function, (FunctionValue, ExternalValue, Method, Expression, Partial)) or len(each(function)) > 1:
            return iteration.generalise(machine.call(function, bound, place))
        for argument in bound:
            machine.escape(argument.value)
    return UNKNOWN


def _given(
    machine: Machine,
    described: callables.Iterates,
    joined: Value,
    patterns: Sequence[Value],
    mapped: Value,
    bounded: bool,
) -> Value:
    gives = callables.Gives
    match described.gives:
        case gives.LIST | gives.TUPLE | gives.SET:
            shape = {gives.LIST: Shape.LIST, gives.TUPLE: Shape.TUPLE, gives.SET: Shape.SET}[described.gives]
            identity = machine.store.new_identity() if shape is not Shape.TUPLE else 0
            return Collection(shape=shape, element=joined, identity=identity, bounded=bounded)
        case gives.ITERATOR | gives.BATCHES if described.gives is gives.ITERATOR:
            identity = 0 if bounded else machine.store.new_identity()
            return Collection(shape=Shape.ITERATOR, element=joined, bounded=bounded, identity=identity)
        case gives.BATCHES | gives.PAIRS:
            inner = Collection(shape=Shape.TUPLE, element=joined)
            return Collection(shape=Shape.ITERATOR, element=inner, bounded=bounded)
        case gives.NUMBERED:
            pair = Collection(shape=Shape.TUPLE, items=(UNKNOWN, joined))
            return Collection(shape=Shape.ITERATOR, element=pair, bounded=bounded)
        case gives.ZIPPED:
            parts = Collection(shape=Shape.TUPLE, items=tuple(patterns))
            return Collection(shape=Shape.ITERATOR, element=parts, bounded=bounded)
        case gives.GROUPS:
            group = Collection(shape=Shape.ITERATOR, element=joined)
            pair = Collection(shape=Shape.TUPLE, items=(mapped, group))
            return Collection(shape=Shape.ITERATOR, element=pair, bounded=bounded)
        case gives.ELEMENT:
            return iteration.choose(machine, joined, UNKNOWN)
        case gives.MAPPED:
            return Collection(shape=Shape.ITERATOR, element=mapped, bounded=bounded)
        case gives.KEYS:
            return Collection(shape=Shape.DICT, key=joined, identity=machine.store.new_identity())
        case gives.DICT:
            key, value = _pair(joined)
            return Collection(shape=Shape.DICT, key=key, element=value, identity=machine.store.new_identity())
    return Unknown(loops=loops_of(joined))


def _is_dict(value: Value) -> bool:
    return isinstance(value, Collection) and value.shape is Shape.DICT


def _pair(pattern: Value) -> tuple[Value, Value]:
    if isinstance(pattern, Collection) and pattern.items is not None and len(pattern.items) == 2:
        return pattern.items[0], pattern.items[1]
    return UNKNOWN, UNKNOWN


# -- Django's shortcuts -----------------------------------------------------------------------------------------------


def _fetch(machine: Machine, fetches: callables.Fetches, arguments: tuple[Argument, ...], place: Place) -> Value:
    """get_object_or_404() and its kin: get() or filter() on what the first argument stands for."""
    queryset = querysets.as_queryset(machine, arguments[0].value, arguments[0].place or place)
    if queryset is None:
        return Unknown(loops=loops_of(*(a.value for a in arguments)))
    rest = arguments[1:]
    if fetches.gives is callables.Fetch.ROW:
        return querysets.call_method(machine, Method(queryset, "get", place), rest, place)
    described = queryset_method("filter")
    assert described is not None
    filtered = querysets.chain(machine, queryset, described, rest, place)
    pattern = iteration.pattern_of(machine, filtered, place, "list")
    return Collection(shape=Shape.LIST, element=pattern, identity=machine.store.new_identity())


def _prefetch_objects(machine: Machine, arguments: tuple[Argument, ...], place: Place) -> None:
    """`prefetch_related_objects(rows, *lookups)`: the result sets of these rows have the relations from now on."""
    if not arguments:
        return
    rows = _rows_in(machine, arguments[0].value)
    if rows:
        machine.emit(
            QueryRun,
            place,
            queryset=rows[0].origin or QuerySetValue(model=rows[0].model),
            how="prefetch_related_objects",
            arguments=arguments,
            varies=machine.varying_loops(*(a.value for a in arguments)),
        )
    for row in rows:
        queryset = row.origin or QuerySetValue(model=row.model)
        state = machine.store.result(row.result)
        extra = state.extra
        base = replace(queryset, model=row.model)
        added = NOTHING
        for argument in arguments[1:]:
            added = loading_calls.with_prefetch(machine, base, added, argument.value)
        for step in reversed(row.path):
            added = NOTHING.with_relation(step, Loaded(How.PREFETCHED, added))
        if added.unknown:
            machine.store.escape_result(row.result)
        else:
            machine.store.set_result(row.result, replace(state, extra=extra.merged(added)))


def _rows_in(machine: Machine, value: Value) -> list[RowValue]:
    found: list[RowValue] = []
    for one in each(value):
        match one:
            case RowValue():
                found.append(one)
            case QuerySetValue(result=result, model=model):
                found.append(RowValue(model=model, result=result, origin=one, fetched=Fetched.ITERATED))
            case Collection(items=tuple() as items):
                for item in items:
                    found.extend(_rows_in(machine, item))
            case Collection(element=element, identity=identity):
                found.extend(_rows_in(machine, element))
                stored = machine.store.members(identity).get("[]") if identity else None
                if stored is not None:
                    found.extend(_rows_in(machine, stored))
    return found
