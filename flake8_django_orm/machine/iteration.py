"""Going over values: what a loop's variable holds, what an index or slice gives, truth, membership, length.

In: a value and how it is used. Out: values; evaluating a queryset emits events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine import mappings, querysets
from flake8_django_orm.machine.events import KeyUse
from flake8_django_orm.machine.frames import Repeats
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Alternatives,
    Argument,
    Collection,
    Constant,
    ExternalValue,
    Fetched,
    FunctionValue,
    Instance,
    Mode,
    PlainData,
    QuerySetValue,
    RowValue,
    Scalar,
    Shape,
    Step,
    Unknown,
    Value,
    alternatives,
    each,
    loops_of,
)
from flake8_django_orm.orm import callables

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Loop
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.syntax.units import Place


def repeats(machine: Machine, value: Value) -> tuple[Repeats, int | None]:
    """How often a loop over the value runs, and the result set whose rows it binds."""
    found: tuple[Repeats, int | None] = (Repeats.BOUNDED, None)
    for one in each(value):
        match one:
            case QuerySetValue(single=True) | QuerySetValue(empty=True):
                continue
            case QuerySetValue():
                return Repeats.ROWS, one.result
            case Collection() if (result := _gathered(machine, one)) is not None:
                return Repeats.ROWS, result
            case Collection(identity=identity) if identity in machine.filled_by:
                loop = machine.filled_by[identity]
                if loop.repeats is Repeats.ROWS:
                    return Repeats.ROWS, loop.result
                found = (Repeats.ITEMS, None)
            case Collection(bounded=True, items=tuple()):
                continue
            case Collection(bounded=True) if not _filled(machine, one):
                continue
            case Collection(element=RowValue(origin=QuerySetValue(single=True, loops=loops), path=())) if not loops:
                continue  # a list or page of such a queryset; one that depends on a loop is asked again and again
            case Collection(element=RowValue() as row):
                return Repeats.ROWS, row.result
            case Constant():
                continue
            case Instance(key=key) if machine.project.find_method(key, "__iter__") is not None:
                found = (Repeats.ROWS, None)
            case _:
                found = (Repeats.ITEMS, None)
    return found


def _gathered(machine: Machine, container: Collection) -> int | None:
    """The result set whose rows a loop put into the container, one by one; None where none did."""
    put_in = machine.store.members(container.identity).get("[]") if container.identity else None
    for one in each(put_in) if put_in is not None else ():
        if isinstance(one, RowValue) and one.fetched is Fetched.ITERATED:
            return one.result
    return None


def evaluate_for(machine: Machine, value: Value, how: str, place: Place) -> None:
    """Evaluate what is about to be used: the query of `for x in qs` runs before the loop does."""
    for one in each(value):
        if isinstance(one, QuerySetValue):
            querysets.evaluate(machine, one, how, place)


def pattern_of(machine: Machine, value: Value, place: Place, how: str = "iterate") -> Value:
    """The pattern of one item of an iterable: rows unbound, evaluated now."""
    match value:
        case QuerySetValue():
            row = querysets.evaluate(machine, value, how, place)
            return item_of(value, row)
        case Collection(items=tuple() as items) if value.shape is not Shape.DICT and not _filled(machine, value):
            return alternatives(items) if items else UNKNOWN
        case Collection(shape=Shape.DICT):
            if value.entries is not None and not _filled(machine, value):
                return alternatives(Constant(key) for key, _ in value.entries) if value.entries else UNKNOWN
            return _members(machine, value, "{}", value.key)
        case Collection():
            return _members(machine, value, "[]", value.element)
        case Instance():
            return _item_of_instance(machine, value, place)
        case PlainData():
            return value
    return Unknown(loops=loops_of(value))


def _item_of_instance(machine: Machine, value: Instance, place: Place) -> Value:
    """What going over an object of the project gives: what its `__iter__` returns or yields."""
    method = machine.project.find_method(value.key, "__iter__")
    if method is None:
        return UNKNOWN
    made = machine.call(FunctionValue(facts=method, bound=value), (), place)
    return alternatives(
        pattern_of(machine, one, place) if isinstance(one, (QuerySetValue, Collection)) else UNKNOWN
        for one in each(made)
    )


def item_of(queryset: QuerySetValue, row: RowValue) -> Value:
    """One item of an evaluated queryset, by its mode."""
    if queryset.mode is Mode.ROWS:
        return row
    return Unknown(loops=queryset.loops)


def _filled(machine: Machine, value: Collection) -> bool:
    return bool(value.identity and machine.store.members(value.identity))


def _members(machine: Machine, value: Collection, slot: str, declared: Value) -> Value:
    """What a container holds: what it was made from and what the code put into it since."""
    found = machine.store.members(value.identity).get(slot) if value.identity else None
    if found is None:
        return declared
    if declared == UNKNOWN and (value.items == () or value.entries == ()):
        return found
    literal = value.items if slot == "[]" and value.items else (declared,)
    return alternatives((*literal, found))


def element(machine: Machine, value: Value, loop: Loop, place: Place) -> Value:
    """What the loop's variable holds: an item of the iterable with its rows bound by the loop."""
    return bind(machine, pattern_of(machine, value, place), loop)


def bind(machine: Machine, pattern: Value, loop: Loop) -> Value:
    """The item as the loop's variable: its row patterns belong to this loop now."""
    numbers = frozenset({loop.number}) if loop.repeats is not Repeats.BOUNDED else frozenset()
    match pattern:
        case RowValue(fetched=Fetched.ITERATED, loop=None):
            bound = replace(pattern, loop=loop.number)
            machine.store.forget_row(bound.identity)
            return bound
        case Collection(items=tuple() as items):
            return replace(pattern, items=tuple(bind(machine, item, loop) for item in items))
        case Collection(entries=tuple() as entries):
            return replace(pattern, entries=tuple((key, bind(machine, one, loop)) for key, one in entries))
        case Scalar(row=row):
            inner = bind(machine, row, loop)
            return replace(pattern, row=inner) if isinstance(inner, RowValue) else pattern
        case Instance():
            _bind_attributes(machine, pattern, loop)
        case Constant():
            return pattern
    if isinstance(pattern, Alternatives):
        return alternatives((bind(machine, one, loop) for one in pattern.values), pattern.conditions)
    return replace(pattern, loops=pattern.loops | numbers)


def _bind_attributes(machine: Machine, value: Instance, loop: Loop) -> None:
    """Objects that a loop before made, one in each round: the row that each of them keeps is a row of this loop now."""
    if value.loops <= machine.current_loops():
        return
    for name, member in machine.store.members(value.identity).items():
        if isinstance(member, RowValue) and member.fetched is Fetched.ITERATED and not _is_running(machine, member):
            pattern = generalise(member)
            machine.store.set_member(value.identity, name, bind(machine, pattern, loop))


def _is_running(machine: Machine, row: RowValue) -> bool:
    return any(loop.number == row.loop for loop in machine.loops)


def loop_over(
    machine: Machine, iterable: Value, place: Place, body: Callable[[Value, Loop], None], *, once: bool = False
) -> None:
    """Run `body` for one item of the iterable, as a loop at `place`; `once`: it goes round once at most."""
    how_often, result = repeats(machine, iterable)
    loop = machine.new_loop(place, Repeats.BOUNDED if once else how_often, result)
    item = machine.element(iterable, loop, place)
    with machine.looping(loop):
        body(item, loop)
    for (number, path, _), state in machine.store.rows_of_loop(loop.number):
        for name, on_every_way in state.reads.items():
            every_row = on_every_way and loop.repeats is Repeats.ROWS
            machine.store.note_result_read(number, (*path, name), every_row=every_row)


def generalise(value: Value) -> Value:
    """A value on its way into a container: a loop's row becomes the pattern of all of them."""
    match value:
        case RowValue(fetched=Fetched.CREATED):
            return value
        case RowValue(loop=int()):
            return replace(value, loop=None, fetched=Fetched.ITERATED)
        case Scalar(row=RowValue(loop=int()) as row):
            return replace(value, row=replace(row, loop=None, fetched=Fetched.ITERATED))
        case Collection(items=tuple() as items):
            return replace(value, items=tuple(generalise(item) for item in items))
        case Collection(entries=tuple() as entries):
            return replace(value, entries=tuple((key, generalise(one)) for key, one in entries))
        case Collection(element=element):
            return replace(value, element=generalise(element))
    if isinstance(value, Alternatives):
        return alternatives(map(generalise, value.values), value.conditions)
    return value


def put(machine: Machine, container: Collection, slot: str, value: Value) -> None:
    """Put a value into a container that the code fills: slot "[]" for members and values, "{}" for keys."""
    machine.put_in(container, value)
    if not container.identity:
        return
    machine.note_filled(container.identity)
    old = machine.store.members(container.identity).get(slot)
    new = generalise(value)
    machine.store.set_member(container.identity, slot, new if old is None else alternatives([old, new]))


# -- index, slice -----------------------------------------------------------------------------------------------------


def index(machine: Machine, value: Value, key: Value, place: Place) -> Value:
    """`value[key]`: one row of a queryset (a query of its own unless evaluated), one member of a container."""
    match value:
        case QuerySetValue():
            row = querysets.evaluate(machine, value, "index", place)
            item = item_of(value, row)
            return (
                replace(item, fetched=Fetched.SINGLE, loop=_chosen_by(machine, key))
                if isinstance(item, RowValue)
                else item
            )
        case Collection(items=tuple() as items) if isinstance(key, Constant) and isinstance(key.value, int):
            if -len(items) <= key.value < len(items) and not _filled(machine, value):
                member: Value = items[key.value]
                return member
        case Collection(shape=Shape.DICT):
            return mappings.get_item(machine, value, key)
        case ExternalValue(name=callables.TEMPLATE_ENGINES):
            return value
    if isinstance(value, Instance) and (method := machine.project.find_method(value.key, "__getitem__")) is not None:
        return machine.call(FunctionValue(facts=method, bound=value), (Argument(key),), place)
    if isinstance(value, Collection):
        found = _members(machine, value, "[]", value.element if value.items is None else alternatives(value.items))
        return choose(machine, found, key)
    if isinstance(value, PlainData):
        return replace(value, loops=loops_of(value, key))
    return Unknown(loops=loops_of(value, key))


def choose(machine: Machine, pattern: Value, key: Value) -> Value:
    """One member picked by a key: with a key that changes in a loop, the loop binds the row that it picks."""
    loop = _chosen_by(machine, key)
    parts = []
    for one in each(pattern):
        if isinstance(one, RowValue) and one.fetched is Fetched.ITERATED and one.loop is None:
            fetched = Fetched.ITERATED if loop is not None else Fetched.SINGLE
            one = replace(one, loop=loop, fetched=fetched)
        parts.append(one)
    return alternatives(parts)


def take(machine: Machine, container: Value, pattern: Value) -> Value:
    """One member taken out of a container, by pop() or next(): each round of a loop that began after the container was
    made takes another one."""
    identity = container.identity if isinstance(container, Collection) else 0
    if isinstance(container, QuerySetValue) and container.streamed:
        identity = container.result
    loop = machine.loops[-1] if machine.loops and identity else None
    goes_on = loop is not None and identity <= loop.built_before and loop.repeats is not Repeats.BOUNDED
    parts: list[Value] = []
    for one in each(pattern):
        if loop is not None and goes_on and isinstance(one, RowValue) and one.fetched is Fetched.ITERATED:
            loop = machine.repeat_for(loop, one.result, identity)
            one = replace(one, loop=loop.number)
            machine.store.forget_row(one.identity)
        parts.append(one)
    return choose(machine, alternatives(parts), UNKNOWN)


def _chosen_by(machine: Machine, key: Value) -> int | None:
    varying = machine.varying_loops(key)
    return varying[-1].number if varying else None


def slice_of(machine: Machine, value: Value, bounds: tuple[Value | None, Value | None], place: Place) -> Value:
    """`value[a:b]`: a new lazy queryset, or a part of a container."""
    match value:
        case QuerySetValue():
            start, stop = bounds
            single = isinstance(stop, Constant) and stop.value == 1 and (start is None or start == Constant(0))
            if querysets.is_cached(machine, value):
                # A slice of an evaluated queryset is a list of its rows.
                return replace(value, single=value.single or single)
            step = Step("slice", place, machine.frame)
            return replace(
                value,
                steps=(*value.steps, step),
                result=machine.store.new_identity(),
                sliced=True,
                single=value.single or single,
                loops=value.loops | loops_of(*(bound for bound in bounds if bound is not None)),
            )
        case Collection(items=tuple()):
            return value
        case Collection() | PlainData():
            return value
    return Unknown(loops=loops_of(value))


# -- truth, length, membership ----------------------------------------------------------------------------------------


def test(machine: Machine, value: Value, place: Place) -> None:
    """`if value`: evaluates a queryset. Asking whether a row is there uses its identity only."""
    match value:
        case QuerySetValue():
            querysets.evaluate(machine, value, "test", place)
        case RowValue():
            machine.note_use(value, KeyUse("test", place, place))


def length(machine: Machine, value: Value, place: Place) -> Value:
    """`len(value)`."""
    for one in machine.ways(value):
        if isinstance(one, QuerySetValue):
            querysets.evaluate(machine, one, "len", place)
    return Unknown(loops=loops_of(value))


def contains(machine: Machine, container: Value, value: Value, place: Place) -> None:
    """`value in container`: evaluates a queryset."""
    if isinstance(container, QuerySetValue):
        querysets.evaluate(machine, container, "contains", place)
    elif isinstance(container, Collection) and container.items is None:
        # Rows are equal where their keys are.
        declared = container.key if container.shape is Shape.DICT else container.element
        for row in each(_members(machine, container, "{}" if container.shape is Shape.DICT else "[]", declared)):
            if isinstance(row, RowValue):
                machine.note_use(row, KeyUse("contains", place, place))
