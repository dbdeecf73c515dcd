"""Dicts: what stands under a key, as exactly as the code says it, and what all values may be.

In: a dict as a value and a key. Out: values. What the code puts under a literal key is known by that key; what it puts
under a computed one may stand under any. A defaultdict makes its values on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine import iteration
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Collection,
    Constant,
    ExternalValue,
    FunctionValue,
    Shape,
    Unknown,
    Value,
    alternatives,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_django_orm.machine.machine import Machine

_FACTORIES = {"builtins.list": Shape.LIST, "builtins.set": Shape.SET, "builtins.dict": Shape.DICT}
#: The slots of a container's members in the store: values and keys under computed keys.
VALUES, KEYS = "[]", "{}"


def _slot(key: Value) -> str | None:
    """The slot of a literal key, None for a computed one."""
    if isinstance(key, Constant) and not key.loops and isinstance(key.value, (str, int, type(None))):
        return f"={key.value!r}"
    return None


def put_item(machine: Machine, container: Collection, key: Value, value: Value) -> None:
    """`container[key] = value`."""
    machine.put_in(container, value)
    machine.put_in(container, key)
    if not container.identity:
        return
    slot = _slot(key) if container.shape is Shape.DICT else None
    if slot is not None:
        machine.store.set_member(container.identity, slot, value)
        return
    iteration.put(machine, container, VALUES, value)
    iteration.put(machine, container, KEYS, key)


def get_item(machine: Machine, container: Collection, key: Value) -> Value:
    """`container[key]` of a dict."""
    members = machine.store.members(container.identity) if container.identity else {}
    slot = _slot(key)
    if slot is not None and slot in members:
        return members[slot]
    if isinstance(key, Constant) and container.entries is not None:
        for known, value in container.entries:
            if known == key.value:
                return value
    found = _computed(container, members)
    if found is None:
        found = _made_by_default(machine, container)
        if found is not None:
            put_item(machine, container, key, found)
    if found is None:
        # A key that nobody was seen to put in: a literal dict has nothing to offer, a built one its pattern.
        return UNKNOWN if container.entries is not None else iteration.choose(machine, container.element, key)
    return iteration.choose(machine, found, key)


def _computed(container: Collection, members: dict[str, Value]) -> Value | None:
    stored = members.get(VALUES)
    if stored is None:
        return None
    return stored if container.element == UNKNOWN else alternatives([container.element, stored])


def _made_by_default(machine: Machine, container: Collection) -> Value | None:
    """The value that a defaultdict makes for a new key."""
    return made_by(machine, container.factory)


def made_by(machine: Machine, factory: Value | None) -> Value | None:
    """What a default_factory makes: a new list, set or dict, or what a function gives; None where that is unknown."""
    match factory:
        case ExternalValue(name=name) if name in _FACTORIES:
            shape = _FACTORIES[name]
            identity = machine.store.new_identity()
            if shape is Shape.DICT:
                return Collection(shape=shape, entries=(), identity=identity)
            return Collection(shape=shape, items=(), identity=identity)
        case FunctionValue(place=place) as function if place is not None:
            return machine.call(function, (), place)
    return None


def values_of(machine: Machine, container: Collection) -> Value:
    """The pattern of all values of a dict, or of all members of another container."""
    parts: list[Value] = []
    for _, value in container.entries or ():
        parts.append(value)
    parts.extend(container.items or ())
    if container.element != UNKNOWN or (container.entries is None and container.items is None):
        parts.append(container.element)
    for slot, value in machine.store.members(container.identity).items() if container.identity else ():
        if slot != KEYS:
            parts.append(value)
    known = [part for part in parts if not isinstance(part, Unknown)]
    return alternatives(iteration.generalise(part) for part in known) if known else UNKNOWN


def united(machine: Machine, dicts: Sequence[Collection]) -> Collection:
    """`one | other`: a new dict with the values of both."""
    written = [entries_of(machine, one) for one in dicts]
    if all(one is not None for one in written):
        entries = tuple(dict(pair for one in written if one is not None for pair in one).items())
        return Collection(
            shape=Shape.DICT,
            entries=entries,
            identity=machine.store.new_identity(),
            bounded=all(one.bounded for one in dicts),
        )
    keys = [part for one in dicts if (part := keys_of(machine, one)) != UNKNOWN]
    values = [part for one in dicts if (part := values_of(machine, one)) != UNKNOWN]
    return Collection(
        shape=Shape.DICT,
        key=alternatives(keys) if keys else UNKNOWN,
        element=alternatives(values) if values else UNKNOWN,
        identity=machine.store.new_identity(),
    )


def keys_of(machine: Machine, container: Collection) -> Value:
    """The pattern of the keys of a dict that are not literals."""
    return machine.store.members(container.identity).get(KEYS, container.key) if container.identity else container.key


def literal_entries(machine: Machine, container: Collection) -> dict[str, Value]:
    """What stands under keys that the code spells out; there may be more under computed ones."""
    found = {str(key): value for key, value in container.entries or ()}
    for slot, value in machine.store.members(container.identity).items() if container.identity else ():
        if slot.startswith("='"):
            found[slot[2:-1]] = value
    return found


def entries_of(machine: Machine, container: Collection) -> tuple[tuple[str, Value], ...] | None:
    """The dict as keyword arguments, later assignments included; None where not all of its keys are literals."""
    if container.entries is None:
        return None
    computed = machine.store.members(container.identity).get(VALUES) if container.identity else None
    if computed is not None and not isinstance(computed, Unknown):
        return None
    return tuple(literal_entries(machine, container).items())
