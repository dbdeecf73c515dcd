"""Objects of the project's own classes that are no models: how one is made, and what its attributes are given.

In: a class and the arguments of its call. Out: an instance whose attributes live in the store, or a named tuple. An
`__init__` that nobody wrote puts each argument under the name of its field: that of a dataclass, a NamedTuple, a
SimpleNamespace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine import definitions, mappings, querysets
from flake8_django_orm.machine.events import ExternalCalled
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Argument,
    ClassValue,
    Collection,
    Constant,
    FunctionValue,
    Instance,
    QuerySetValue,
    Record,
    RowValue,
    Shape,
    Unknown,
    Value,
    loops_of,
)
from flake8_django_orm.orm.callables import DATACLASSES, FIELDS, NAMED_TUPLE, NAMESPACE
from flake8_django_orm.project.project import External

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.facts import Assignment, ClassFacts, Expr
    from flake8_django_orm.syntax.units import Place


def make(machine: Machine, callee: ClassValue, arguments: tuple[Argument, ...], place: Place) -> Value:
    """`Shelf("poems", books)`: a class of the project is called."""
    made = querysets.from_class(machine, callee.key, arguments, place)
    if made is not None:
        return made
    project = machine.project
    if NAMED_TUPLE in project.ancestors(callee.key):
        record = _record_of_class(machine, callee.key)
        return make_record(machine, record, arguments) if record is not None else _escaped(machine, arguments)
    # In the loops that run now each round makes another object.
    instance = Instance(callee.key, machine.store.new_identity(), loops=machine.current_loops())
    if _is_stub(machine, callee.key) and any(isinstance(a.value, (QuerySetValue, RowValue)) for a in arguments):
        machine.emit(ExternalCalled, place, name=callee.key, arguments=arguments)
    initialiser = project.find_method(callee.key, "__init__")
    if initialiser is not None:
        machine.call(FunctionValue(facts=initialiser, bound=instance), arguments, place)
        return instance
    if all(_is_own_class(machine, name) for name in project.ancestors(callee.key)):
        _fill(machine, instance, arguments, place)
    else:
        _escaped(machine, arguments)
    return instance


def make_namespace(machine: Machine, arguments: tuple[Argument, ...], place: Place) -> Value:
    """`SimpleNamespace(books=books)`."""
    instance = Instance(NAMESPACE, machine.store.new_identity(), loops=machine.current_loops())
    for argument in arguments:
        if argument.name is not None and not argument.name.startswith("*"):
            machine.assign_attribute(instance, argument.name, argument.value, argument.place or place)
        else:
            machine.escape(argument.value)
    return instance


def make_record(machine: Machine, record: Record, arguments: Sequence[Argument]) -> Value:
    """A named tuple: its items stand in order and under their names."""
    given: dict[str, Value] = {}
    for name, argument in _paired(record.names, arguments):
        if name not in record.names:
            return _escaped(machine, arguments)
        given[name] = argument.value
        machine.note_use(argument.value)
    if any(a.name is not None and a.name.startswith("*") for a in arguments):
        return _escaped(machine, arguments)
    items = tuple(given.get(name, UNKNOWN) for name in record.names)
    return Collection(shape=Shape.TUPLE, items=items, bounded=True, record=record)


def _fill(machine: Machine, instance: Instance, arguments: tuple[Argument, ...], place: Place) -> None:
    """Do what the `__init__` of a dataclass does."""
    names = _dataclass_fields(machine, instance.key)
    for name, factory in names.items():
        if factory is not None and (made := mappings.made_by(machine, factory)) is not None:
            machine.store.set_member(instance.identity, name, made)
    for name, argument in _paired(tuple(names), arguments):
        if name and not name.startswith("*"):
            machine.assign_attribute(instance, name, argument.value, argument.place or place)
        else:
            machine.escape(argument.value)
    finish = machine.project.find_method(instance.key, "__post_init__") if names else None
    if finish is not None:
        machine.call(FunctionValue(facts=finish, bound=instance), (), place)


def _paired(names: Sequence[str], arguments: Sequence[Argument]) -> Iterable[tuple[str, Argument]]:
    """Each argument with the name of its field, "" where none is known: behind `*rest` positions are not."""
    positions = iter(names)
    for argument in arguments:
        if argument.name is None:
            yield next(positions, ""), argument
        else:
            if argument.name == "*":
                positions = iter(())
            yield argument.name, argument


def _dataclass_fields(machine: Machine, key: str) -> dict[str, Value | None]:
    """The fields that the `__init__` of a dataclass takes by position, in order, with their default_factory."""
    fields: dict[str, Value | None] = {}
    for name in reversed(machine.project.mro(key)):
        facts = machine.project.class_facts(name)
        decorator = _dataclass_decorator(machine, facts) if facts is not None else None
        if facts is None or decorator is None:
            continue
        for assignment in facts.assignments.values():
            if _is_keyword_only(decorator) or (assignment.annotation or "").rpartition(".")[2] == "KW_ONLY":
                break  # what follows goes by its name, which the argument says itself
            if assignment.annotation is not None and "ClassVar" not in assignment.annotation:
                described = _described(machine, assignment)
                if described.get("init", Constant(True)) != Constant(False):
                    fields[assignment.name] = described.get("default_factory", described.get("factory"))
    return fields


def _described(machine: Machine, assignment: Assignment) -> dict[str, Value]:
    """The keywords of `field(default_factory=list)`."""
    value = assignment.value
    if value.kind != "call" or not _names(machine, assignment.module, value, FIELDS):
        return {}
    return {
        name: definitions.from_expression(machine, assignment.module, expression)
        for name, expression in value.keywords.items()
    }


def _dataclass_decorator(machine: Machine, facts: ClassFacts) -> Expr | None:
    return next((one for one in facts.decorators if _names(machine, facts.module, one, DATACLASSES)), None)


def _is_keyword_only(decorator: Expr) -> bool:
    keyword = decorator.keywords.get("kw_only")
    return keyword is not None and keyword.value is True


def _names(machine: Machine, module: str, expression: Expr, wanted: frozenset[str]) -> bool:
    found = machine.project.resolve(module, str(expression.value)) if expression.value else None
    return isinstance(found, External) and found.name in wanted


def _record_of_class(machine: Machine, key: str) -> Record | None:
    """The fields of a class that derives from NamedTuple; None where it makes its objects in a way of its own."""
    project = machine.project
    if project.find_method(key, "__new__") is not None:
        return None
    names: list[str] = []
    for name in reversed(project.mro(key)):
        facts = project.class_facts(name)
        if facts is not None:
            names.extend(a.name for a in facts.assignments.values() if a.annotation is not None)
    return Record(tuple(dict.fromkeys(names)), key)


def _escaped(machine: Machine, arguments: Sequence[Argument]) -> Value:
    for argument in arguments:
        machine.escape(argument.value)
    return Unknown(loops=loops_of(*(a.value for a in arguments)))


def _is_stub(machine: Machine, key: str) -> bool:
    """Whether the class is one of our stubs: to the project it is a class from outside."""
    facts = machine.project.class_facts(key)
    return facts is not None and machine.project.is_stub(facts.path)


def _is_own_class(machine: Machine, name: str) -> bool:
    return name == "builtins.object" or machine.project.class_facts(name) is not None
