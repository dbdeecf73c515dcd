"""The syntax of a class body: the statement, what it assigns, and strings inside of an assigned value.

In: a class's facts. Out: libcst nodes with their unit. Methods are blanked out, nested classes such as Meta are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.syntax.units import Place
from flake8_django_orm.syntax.visitor import children, walk

if TYPE_CHECKING:
    from flake8_django_orm.project.facts import ClassFacts
    from flake8_django_orm.readers.execution import Execution
    from flake8_django_orm.syntax.units import Unit


def class_body(execution: Execution, facts: ClassFacts) -> tuple[Unit, cst.ClassDef]:
    """The class statement with its unit. Raises LookupError where it cannot be parsed."""
    unit = execution.class_unit(facts)
    node = next((s for s in unit.body if isinstance(s, cst.ClassDef)), None) if unit is not None else None
    if unit is None or node is None:
        raise LookupError(facts.key)
    return unit, node


def assigned_value(body: Iterable[cst.CSTNode], name: str) -> cst.BaseExpression | None:
    """The expression that a body assigns to `name`, the last one of several."""
    found: cst.BaseExpression | None = None
    for statement in body:
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            match small:
                case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=target))], value=value) if (
                    target == name
                ):
                    found = value
                case cst.AnnAssign(target=cst.Name(value=target), value=cst.BaseExpression() as value) if (
                    target == name
                ):
                    found = value
    return found


def value_place(execution: Execution, facts: ClassFacts, name: str) -> Place | None:
    """The value that the class's own body assigns to `name`: of the class, only this statement is parsed."""
    unit = execution.assignment_unit(facts, name)
    value = assigned_value(unit.body, name) if unit is not None else None
    return Place(unit, value) if unit is not None and value is not None else None


def string_place(place: Place, text: str) -> Place | None:
    """The string literal `text` inside of the expression at `place`."""
    for node in walk(place.node):
        if isinstance(node, cst.SimpleString) and node.evaluated_value == text:
            return place.at(node)
    return None


def removed_names(body: cst.BaseSuite) -> list[tuple[str, bool]]:
    """The literal keys that a function takes out of a dict, by pop() or del, and whether a condition stands before."""
    return list(_removed(body, conditional=False))


def _removed(node: cst.CSTNode, *, conditional: bool) -> Iterator[tuple[str, bool]]:
    match node:
        case cst.Call(
            func=cst.Attribute(attr=cst.Name(value="pop")), args=[cst.Arg(value=cst.SimpleString() as key), *_]
        ):
            yield str(key.evaluated_value), conditional
        case cst.Del(
            target=cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=cst.SimpleString() as key))])
        ):
            yield str(key.evaluated_value), conditional
    inner = conditional or isinstance(node, (cst.If, cst.IfExp, cst.BooleanOperation, cst.For, cst.ExceptHandler))
    for child in children(node):
        yield from _removed(child, conditional=inner)
