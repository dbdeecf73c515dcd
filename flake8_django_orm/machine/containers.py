"""Methods of Python's own containers that hold rows: append, items, get, setdefault, pop and their kin.

In: a container and a method. Out: values; what is put in is remembered in the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine import iteration
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
        case "pop" | "popleft" | "popitem":
            return iteration.choose(machine, _values(machine, container), values[0] if values else UNKNOWN)
        case "get" | "setdefault":
            return _get(machine, container, method.name, values, place)
        case "items":
            return _items(machine, container)
        case "values":
            return Collection(shape=Shape.LIST, element=_values(machine, container))
        case "keys":
            return Collection(shape=Shape.LIST, element=iteration.pattern_of(machine, container, place))
        case "copy" | "union" | "intersection" | "difference":
            return container
        case "sort":
            _sort(machine, container, arguments, place)
        case _:
            return Unknown(loops=loops_of(container, *values))
    return UNKNOWN


def _pattern(machine: Machine, value: Value, place: Place) -> Value:
    from flake8_django_orm.machine.values import each

    return alternatives(iteration.pattern_of(machine, one, place) for one in each(value))


def _values(machine: Machine, container: Collection) -> Value:
    """The pattern of a dict's values (or a list's members)."""
    declared = container.element
    if container.entries is not None:
        declared = alternatives(v for _, v in container.entries) if container.entries else UNKNOWN
    elif container.items is not None:
        declared = alternatives(container.items) if container.items else UNKNOWN
    stored = machine.store.members(container.identity).get("[]") if container.identity else None
    if stored is None:
        return iteration.generalise(declared)
    return stored if declared == UNKNOWN else alternatives([iteration.generalise(declared), stored])


def _items(machine: Machine, container: Collection) -> Collection:
    key = machine.store.members(container.identity).get("{}", container.key) if container.identity else container.key
    pair = Collection(shape=Shape.TUPLE, items=(key, _values(machine, container)))
    return Collection(shape=Shape.LIST, element=pair, bounded=container.bounded and container.identity == 0)


def _get(machine: Machine, container: Collection, name: str, values: list[Value], place: Place) -> Value:
    if name == "setdefault" and len(values) > 1:
        existing = machine.store.members(container.identity).get("[]") if container.identity else None
        if existing is None:
            iteration.put(machine, container, "[]", values[1])
            iteration.put(machine, container, "{}", values[0])
            existing = values[1]
        return existing
    return machine.index(container, values[0] if values else UNKNOWN, place)


def _update(machine: Machine, container: Collection, other: Value, place: Place) -> None:
    if isinstance(other, Collection) and other.shape is Shape.DICT:
        iteration.put(machine, container, "[]", _values(machine, other))
        iteration.put(machine, container, "{}", other.key)
    else:
        iteration.put(machine, container, "[]", _pattern(machine, other, place))


def _sort(machine: Machine, container: Collection, arguments: tuple[Argument, ...], place: Place) -> None:
    from flake8_django_orm.machine import externals

    key = next((a.value for a in arguments if a.name == "key"), None)
    if key is not None and key != Constant(None):
        externals.for_each(machine, container, key, place)
