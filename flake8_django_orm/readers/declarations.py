"""Fields that a class body declares, with what is called or made there when the body runs.

In: a class of the project. Out: one FieldDeclared for each field of a model, form or serializer. Methods are blanked
out before parsing, so only the declarations reach libcst.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.machine.events import DefaultCall, FieldArgument, FieldDeclared
from flake8_django_orm.machine.frames import Frame
from flake8_django_orm.machine.machine import Machine, WorkBoundError
from flake8_django_orm.machine.values import ClassValue, ExternalValue, Value
from flake8_django_orm.readers.python import PythonReader

if TYPE_CHECKING:
    from flake8_django_orm.project.facts import ClassFacts
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.readers.execution import Execution

_KINDS = (
    ("django.forms.", "form"),
    ("rest_framework.", "serializer"),
    ("django.", "model"),
)
_LITERALS = {
    cst.Dict: "dict",
    cst.List: "list",
    cst.Set: "set",
    cst.DictComp: "dict",
    cst.ListComp: "list",
    cst.SetComp: "set",
}


def declared_fields(project: Project, execution: Execution, owner: ClassFacts) -> Iterator[FieldDeclared]:
    """The fields that the body of `owner` declares."""
    unit = execution.class_unit(owner)
    node = next((s for s in unit.body if isinstance(s, cst.ClassDef)), None) if unit is not None else None
    if unit is None or node is None:
        return
    frame = Frame(qualname=owner.qualname, path=owner.path)
    machine = Machine(project=project, programs=execution, frame=frame)
    reader = PythonReader(machine, unit, owner.module, {})
    try:
        for statement in node.body.body:
            if isinstance(statement, cst.SimpleStatementLine):
                for small in statement.body:
                    yield from _declaration(machine, reader, owner, small)
                    reader.visit(small)
    except (WorkBoundError, RecursionError):
        return


def _declaration(
    machine: Machine, reader: PythonReader, owner: ClassFacts, statement: cst.BaseSmallStatement
) -> Iterator[FieldDeclared]:
    match statement:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=cst.Call() as call):
            pass
        case cst.AnnAssign(target=cst.Name(value=name), value=cst.Call() as call):
            pass
        case _:
            return
    yield from _field(machine, reader, owner, name, call)


def _field(
    machine: Machine, reader: PythonReader, owner: ClassFacts, name: str, call: cst.Call
) -> Iterator[FieldDeclared]:
    """The field that a call makes, and those that it is given: `ArrayField(models.DateField(...))`."""
    callee = reader.evaluate(call.func)
    field_class = _field_class(machine, callee)
    kind = next((kind for prefix, kind in _KINDS if (field_class or "").startswith(prefix)), None)
    if kind is None and field_class is not None and machine.project.model(owner.key) is not None:
        kind = "model"  # a field class of a package that is not read: in a model's body it can be nothing else
    if field_class is None or kind is None:
        return
    yield FieldDeclared(
        place=reader.place(call),
        frame=machine.frame,
        owner=owner,
        kind=kind,
        name=name,
        field_class=field_class,
        arguments=tuple(_arguments(machine, reader, call)),
        model=machine.project.model(owner.key) if kind == "model" else None,
        unpacked=any(arg.star for arg in call.args),
        makes_default=_makes_default(machine, callee),
    )
    for arg in call.args:
        if isinstance(arg.value, cst.Call):
            yield from _field(machine, reader, owner, name, arg.value)


def _field_class(machine: Machine, callee: Value) -> str | None:
    """The dotted name of the field class; of a project's own field class the framework's that it extends."""
    match callee:
        case ExternalValue(name=name):
            return name if _is_field_name(name) else None
        case ClassValue(key=key):
            names = [name for name in machine.project.ancestors(key) if _is_field_name(name)]
            ours = tuple(prefix for prefix, _ in _KINDS)
            # The framework's own class tells most; a package's says at least that it is a field.
            return next((name for name in names if name.startswith(ours)), names[-1] if names else None)
    return None


def _makes_default(machine: Machine, callee: Value) -> bool:
    """Whether a field class of the project makes a value of its own out of the default: with get_default(), or where
    its __init__() takes the default as a parameter of its own."""
    if not isinstance(callee, ClassValue):
        return False
    initialiser = machine.project.find_method(callee.key, "__init__")
    taken = initialiser is not None and any(p.name == "default" for p in initialiser.parameters)
    # Django's own fields lie in the environment, and hand the default on.
    own = taken and initialiser is not None and machine.project.is_own(initialiser.path)
    method = machine.project.find_method(callee.key, "get_default")
    return own or (method is not None and machine.project.is_own(method.path))


def _is_field_name(name: str) -> bool:
    return name.endswith(("Field", "Key", "Relation"))


def _arguments(machine: Machine, reader: PythonReader, call: cst.Call) -> Iterator[FieldArgument]:
    for arg in call.args:
        if arg.star:
            continue
        before = len(machine.called_externals)
        value = reader.evaluate(arg.value)
        calls = tuple(
            DefaultCall(
                function=name,
                place=place,
                whole=place.node is arg.value,
                has_arguments=has_arguments,
            )
            for name, place, has_arguments in machine.called_externals[before:]
            if place.unit is reader.unit
        )
        literal = _LITERALS.get(type(arg.value), "")
        if (
            isinstance(arg.value, cst.Call)
            and isinstance(arg.value.func, cst.Name)
            and arg.value.func.value
            in (
                "dict",
                "list",
                "set",
            )
        ):
            literal = arg.value.func.value
        yield FieldArgument(
            name=arg.keyword.value if arg.keyword is not None else "",
            place=reader.place(arg.value),
            value=value,
            calls=calls,
            literal=literal,
            empty=_is_empty(arg.value),
        )


def _is_empty(node: cst.BaseExpression) -> bool:
    if isinstance(node, (cst.Dict, cst.List, cst.Set)):
        return not node.elements
    return isinstance(node, cst.Call) and not node.args
