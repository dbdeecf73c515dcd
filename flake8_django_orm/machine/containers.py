"""Methods of Python's own containers that hold rows: append, items, get, setdefault, pop and their kin.

In: a container and a method. Out: values; what is put in is remembered in the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine import iteration, mappings
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Argument,
    Collection,
    Constant,
    Method,
    Shape,
    Unknown,
    Value,
    alternatives,
    loops_of,
)

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.syntax.units import Place


def call_method(machine: Machine, method: Method, arguments: tuple[Argument, ...], place: Place) -> Value:
    """`container.name(*arguments)`."""
    container = method.receiver
    assert isinstance(container, Collection)
    values = [a.value for a in arguments]
    match method.name:
        case "append" | "add" | "appendleft" if values:
            iteration.put(machine, container, "[]", values[0])
        case "insert" if len(values) > 1:
            iteration.put(machine, container, "[]", values[1])
        case "extend" | "extendleft" if values:
            iteration.put(machine, container, "[]", _pattern(machine, values[0], place))
        case "update" if values:
            _update(machine, container, values[0], place)
        case "pop" | "popleft":
            return _pop(machine, container, values[0] if values else UNKNOWN)
        case "popitem":
            pair = (mappings.keys_of(machine, container), _pop(machine, container, UNKNOWN))
            return Collection(shape=Shape.TUPLE, items=pair)
        case "get" | "setdefault":
            return _get(machine, container, method.name, values, place)
        case "items":
            return _items(machine, container)
        case "values":
            return Collection(shape=Shape.LIST, element=mappings.values_of(machine, container))
        case "keys":
            return Collection(shape=Shape.LIST, element=iteration.pattern_of(machine, container, place))
        case "copy" | "union" | "intersection" | "difference":
            return container
        case "sort":
            _sort(machine, container, arguments, place)
        case _:
            return Unknown(loops=loops_of(container, *values))
    return UNKNOWN


def _pop(machine: Machine, container: Collection, key: Value) -> Value:
    members = mappings.values_of(machine, container)
    varies = bool(machine.varying_loops(key))
    return iteration.choose(machine, members, key) if varies else iteration.take(machine, container, members)


def _pattern(machine: Machine, value: Value, place: Place) -> Value:
    from flake8_django_orm.machine.values import each

    return alternatives(iteration.pattern_of(machine, one, place) for one in each(value))


def _items(machine: Machine, container: Collection) -> Collection:
    pair = Collection(
        shape=Shape.TUPLE, items=(mappings.keys_of(machine, container), mappings.values_of(machine, container))
    )
    return Collection(shape=Shape.LIST, element=pair, bounded=container.bounded and container.identity == 0)


def _get(machine: Machine, container: Collection, name: str, values: list[Value], place: Place) -> Value:
    key = values[0] if values else UNKNOWN
    found = machine.index(container, key, place)
    if name == "setdefault" and len(values) > 1 and isinstance(found, Unknown):
        mappings.put_item(machine, container, key, values[1])
        return values[1]
    return found


def _update(machine: Machine, container: Collection, other: Value, place: Place) -> None:
    if not isinstance(other, Collection):
        return  # what an unknown mapping brings is not known, and what is known stays
    entries = mappings.entries_of(machine, other) if other.shape is Shape.DICT else None
    if entries is not None:
        for key, value in entries:
            mappings.put_item(machine, container, Constant(key), value)
    elif other.shape is Shape.DICT:
        iteration.put(machine, container, "[]", mappings.values_of(machine, other))
        iteration.put(machine, container, "{}", other.key)
    else:
        iteration.put(machine, container, "[]", _pattern(machine, other, place))


def _sort(machine: Machine, container: Collection, arguments: tuple[Argument, ...], place: Place) -> None:
    from flake8_django_orm.machine import externals

    key = next((a.value for a in arguments if a.name == "key"), None)
    if key is not None and key != Constant(None):
        externals.for_each(machine, container, key, place)
