"""Calls of functions outside of the project: Python's own and Django's, as far as `orm/callables.py` describes them.

In: a dotted name and arguments. Out: values. A function that is not described gets its arguments as escaped.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine import fed_lookups, iteration, known_functions, querysets, renders
from flake8_django_orm.machine.events import ExternalCalled
from flake8_django_orm.machine.frames import Repeats
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Argument,
    Collection,
    Constant,
    Expression,
    ExternalValue,
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
from flake8_django_orm.orm.querysets import queryset_method

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.syntax.units import Place


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


@dataclass(frozen=True, slots=True)
class _About:
    """What a name from outside stands for, as far as the name alone tells."""

    special: known_functions.Answering | None
    renders: bool
    iterates: callables.Iterates | None
    fetches: callables.Fetches | None
    is_text: bool
    innocent: bool
    standard: bool


@functools.lru_cache(maxsize=4096)
def _about(name: str) -> _About:
    """Kept by name: a project calls the same few hundred names from outside again and again."""
    return _About(
        special=known_functions.answering(name),
        renders=renders.is_known(name),
        iterates=callables.iterating(name),
        fetches=callables.fetching(name),
        is_text=name in callables.TURNS_INTO_TEXT,
        innocent=callables.is_innocent(name),
        standard=callables.is_standard(name),
    )


def call(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value:
    """`name(*arguments)`."""
    about = _about(name)
    machine.called_externals.append((name, place, bool(arguments)))
    if about.special is not None and (special := about.special(machine, name, arguments, place)) is not None:
        return special
    if about.renders and (rendered := renders.call(machine, name, arguments, place)) is not None:
        return rendered
    if about.iterates is not None:
        return _iterate(machine, about.iterates, arguments, place)
    if about.fetches is not None and arguments:
        return _fetch(machine, about.fetches, arguments, place)
    values = [a.value for a in arguments]
    if about.is_text:
        positions = callables.TURNS_INTO_TEXT[name]
        for number, value in enumerate(values):
            if positions is None or number in positions:
                machine.text(value, place)
        return PlainData(loops=loops_of(*values))
    if any(isinstance(one, (QuerySetValue, RowValue)) for value in values for one in each(value)):
        machine.emit(ExternalCalled, place, name=name, arguments=arguments)
    innocent = about.innocent
    standard = about.standard and not any(runs_code(value) for value in values)
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
