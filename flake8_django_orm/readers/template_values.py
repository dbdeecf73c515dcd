"""What template languages do with values: a lookup that tries key, attribute and index, the call without arguments,
loops and branches.

In: a machine and values. Out: values; the machine collects the events. Both template readers work through this module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from flake8_django_orm.machine import iteration, mappings
from flake8_django_orm.machine.attributes import REQUEST
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Alternatives,
    Argument,
    Collection,
    Constant,
    ExternalValue,
    FunctionValue,
    Instance,
    ManagerValue,
    Method,
    QuerySetValue,
    RowValue,
    Shape,
    Unknown,
    Value,
    alternatives,
    each,
    loops_of,
)
from flake8_django_orm.orm.instances import INSTANCE_METHODS
from flake8_django_orm.orm.managers import related_manager_method
from flake8_django_orm.orm.querysets import queryset_method

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Loop
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.syntax.units import Place

_DICT_METHODS = frozenset({"items", "keys", "values"})


def known_entries(machine: Machine, value: Value) -> dict[str, Value]:
    """The entries of a dict whose keys the code spells out. What may stand under a computed key is left out."""
    found: dict[str, Value] = {}
    for one in each(value):
        if isinstance(one, Collection) and one.shape is Shape.DICT:
            for key, entry in mappings.literal_entries(machine, one).items():
                found[key] = alternatives([found[key], entry]) if key in found else entry
    return found


def may_hold_rows(value: Value) -> bool:
    """Whether a template may find rows of the database in the value, or fetch some by it."""
    return not all(isinstance(one, (Constant, Unknown, ExternalValue)) for one in each(value))


def member(machine: Machine, value: Value, name: str, place: Place) -> Value:
    """`value.name` as templates look it up: a key, else an attribute, else an index. Nothing is called yet."""
    keyed = [one for one in each(value) if _has_key(machine, one, name)]
    others = [one for one in each(value) if one not in keyed]
    conditions = value.conditions if isinstance(value, Alternatives) else None
    parts = [machine.index(one, _key(name), place) for one in keyed]
    if others:
        parts.append(_attribute(machine, alternatives(others, conditions), name, place))
    return alternatives(parts, conditions)


def _has_key(machine: Machine, value: Value, name: str) -> bool:
    match value:
        case Collection(shape=Shape.DICT):
            return name not in _DICT_METHODS or name in known_entries(machine, value)
        case Collection() | QuerySetValue():
            return name.isdecimal()
        case Instance(key=key, identity=identity):
            # What an instance holds under a name is hardly a key of it as well: `page.object_list`.
            indexed = machine.project.find_method(key, "__getitem__") is not None
            return indexed and name not in machine.store.members(identity) and not _declares(machine, key, name)
    return False


def _declares(machine: Machine, key: str, name: str) -> bool:
    project = machine.project
    return project.find_method(key, name) is not None or project.find_class_attribute(key, name) is not None


def _key(name: str) -> Constant:
    return Constant(int(name) if name.isdecimal() else name)


def _attribute(machine: Machine, value: Value, name: str, place: Place) -> Value:
    if isinstance(value, ExternalValue) and value != REQUEST:
        return Unknown(loops=value.loops)
    return machine.read_attribute(value, name, place)


def called(machine: Machine, value: Value, place: Place) -> Value:
    """What a lookup gives in Django's templates: callables are called without arguments, managers are none."""
    conditions = value.conditions if isinstance(value, Alternatives) else None
    return alternatives((_called(machine, one, place) for one in each(value)), conditions)


def _called(machine: Machine, value: Value, place: Place) -> Value:
    match value:
        case FunctionValue(facts=facts, bound=bound):
            required = [p for p in facts.parameters if p.kind == "positional" and not p.has_default] if facts else []
            if len(required) > (1 if bound is not None else 0):
                return Unknown(loops=loops_of(value))
            return machine.call(value, (), place)
        case Method(receiver=RowValue(), name=name):
            return UNKNOWN if name in INSTANCE_METHODS and _writes_row(name) else machine.call(value, (), place)
        case Method(receiver=QuerySetValue() | ManagerValue()):
            return UNKNOWN if _alters_data(value) else machine.call(value, (), place)
        case Method(receiver=Collection(), name=name):
            return machine.call(value, (), place) if name in _DICT_METHODS else Unknown(loops=loops_of(value))
        case Method():
            return Unknown(loops=loops_of(value))
    return value


def _writes_row(name: str) -> bool:
    return name.removeprefix("a") in ("save", "delete") or name in ("save_base",)


def _alters_data(method: Method) -> bool:
    """Django refuses to call these from a template (`alters_data`)."""
    described = queryset_method(method.name)
    if described is not None and described.writes:
        return True
    receiver = method.receiver
    if isinstance(receiver, ManagerValue) and receiver.relation is not None:
        return related_manager_method(receiver.relation.kind, method.name) is not None
    return False


# -- branches, groups -----------------------------------------------------------------------------------------------


def branches(machine: Machine, options: Sequence[Callable[[], None]]) -> None:
    """Run each option from the same state, behind a condition; go on with what holds after any of them."""
    before = machine.store.fork()
    ends = []
    for option in options:
        machine.store.restore(before)
        with machine.conditionally():
            option()
        ends.append(machine.store.fork())
    machine.store.join(ends)


def unpacked(machine: Machine, value: Value, count: int, place: Place) -> list[Value]:
    """What `{% for a, b in ... %}` binds to each of `count` names."""
    parts = [_parts(machine, one, count, place) for one in each(value)]
    return [alternatives(part[number] for part in parts) for number in range(count)]


def _parts(machine: Machine, value: Value, count: int, place: Place) -> Sequence[Value]:
    if isinstance(value, Collection) and value.items is not None and len(value.items) == count:
        return value.items
    if isinstance(value, Collection) and value.shape is Shape.DICT and value.entries and len(value.entries) == count:
        return [entry for _, entry in value.entries]
    if isinstance(value, (QuerySetValue, Collection)):
        pattern = iteration.pattern_of(machine, value, place)
        return [iteration.choose(machine, pattern, UNKNOWN)] * count
    return [Unknown(loops=loops_of(value))] * count


def attribute_of_each(
    machine: Machine, iterable: Value, path: str, place: Place, *, calls: bool
) -> tuple[Value, Value]:
    """Read a dotted attribute of every item, as dictsort and regroup do: the pattern of the items, what they gave."""
    pattern = alternatives(iteration.pattern_of(machine, one, place) for one in each(iterable))
    found: list[Value] = []

    def body(item: Value, _: Loop) -> None:
        value = item
        for name in path.split("."):
            value = member(machine, value, name, place)
            if calls:
                value = called(machine, value, place)
        found.append(iteration.generalise(value))

    iteration.loop_over(machine, iterable, place, body)
    return pattern, found[0]


def grouped(machine: Machine, iterable: Value, path: str, place: Place, *, calls: bool) -> Value:
    """What regroup and groupby give: a list of (grouper, list of items)."""
    pattern, grouper = attribute_of_each(machine, iterable, path, place, calls=calls)
    rows = Collection(shape=Shape.LIST, element=pattern)
    group = Collection(shape=Shape.DICT, entries=(("grouper", grouper), ("list", rows)))
    return Collection(shape=Shape.LIST, element=group)


def handed_over(machine: Machine, values: Sequence[Value]) -> None:
    """Code that is not seen, such as a tag of another package, gets the values."""
    machine.note_opaque_call()
    for value in values:
        machine.escape(value)


def arguments_of(values: Sequence[Value], keywords: dict[str, Value], place: Place) -> tuple[Argument, ...]:
    """Values as the arguments of a call."""
    positional = [Argument(value, None, place) for value in values]
    return (*positional, *(Argument(value, name, place) for name, value in keywords.items()))
