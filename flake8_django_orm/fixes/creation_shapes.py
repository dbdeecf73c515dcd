"""The statements in which a row is looked for and created, as far as one call can stand for all of them.

In: the places of the two queries. Out: the `Shape`, or None where the code does anything else between or beside them.
The shapes are `try: x = get() except DoesNotExist: x = create()`, `if not filter().exists(): create()`,
`x = filter().first()` followed by `if not x: x = create()`, and `filter().first() or create()`. All but the last may
have another branch that changes and saves the row that was found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.fixes.statements import only_statement, surroundings
from flake8_django_orm.syntax.names import block_statements, count_names, dotted_name

if TYPE_CHECKING:
    from flake8_django_orm.syntax.units import Place

Statements = Sequence[cst.CSTNode]
Updates = Mapping[str, cst.BaseExpression]


@dataclass(frozen=True, slots=True)
class Shape:
    """The statements to be replaced, the first and the last, and the name that gets the row ("" for none).

    `updates` are the columns that the row gets where it is found, None where it stays as it is.
    """

    first: cst.CSTNode
    last: cst.CSTNode
    target: str
    updates: Updates | None = None


def shape_of(check: Place, created: Place) -> Shape | None:
    """What stands around the check and the creation, in one function."""
    around = surroundings(created.unit, created.node)
    if around is None:
        return None
    for ancestor in reversed(around.ancestors):
        match ancestor:
            case cst.BooleanOperation(left=left, operator=cst.Or(), right=right):
                if left is not check.node or right is not created.node:
                    return None
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=target))], value=cst.BooleanOperation()):
                return Shape(ancestor, ancestor, target)
            case cst.Try():
                return _of_try(ancestor, check.node, created)
            case cst.If():
                return _of_if(ancestor, around.ancestors, check.node, created)
            case cst.FunctionDef():
                return None
    return None


def _of_try(node: cst.Try, check: cst.CSTNode, created: Place) -> Shape | None:
    if len(node.handlers) != 1 or node.finalbody is not None:
        return None
    handler = node.handlers[0]
    if not dotted_name(handler.type).endswith("DoesNotExist"):
        return None
    body, made = block_statements(node.body), block_statements(handler.body)
    found = _assigned_by(body[0], check)
    if not found or len(made) != 1:
        return None
    rest = [*body[1:], *(block_statements(node.orelse.body) if node.orelse is not None else ())]
    return _either(node, node, found, made[0], rest, created)


def _of_if(node: cst.If, ancestors: tuple[cst.CSTNode, ...], check: cst.CSTNode, created: Place) -> Shape | None:
    before = _statement_before(node, ancestors)
    if before is None or isinstance(node.orelse, cst.If):
        return None
    body, other = block_statements(node.body), block_statements(node.orelse.body) if node.orelse else []
    target = _assigned_by(before, check) if before else ""
    absent = _tests_absence(node.test, target) if target else _negates(node.test, check)
    present = _tests_presence(node.test, target) if target else node.test is check
    if not absent and not present:
        return None
    made, found = (body, other) if absent else (other, body)
    if len(made) != 1:
        return None
    if target:
        return _either(before or node, node, target, made[0], found, created)
    if not _is_call(made[0], created.node):
        return None
    updates = _updated(found, check) if found else None
    return None if found and updates is None else Shape(node, node, "", updates)


def _either(
    first: cst.CSTNode, last: cst.CSTNode, target: str, made: cst.CSTNode, found: Statements, created: Place
) -> Shape | None:
    """`target` gets the row that was found, and maybe changed, or the one that was made."""
    updates = _changed(found, target) if found else None
    if found and updates is None:
        return None
    if _assigned_by(made, created.node) == target:
        return Shape(first, last, target, updates)
    # Where the new row has no name, nobody behind these statements may ask for it.
    function = around.function if (around := surroundings(created.unit, first)) is not None else None
    inside = count_names(first)[target] + (count_names(last)[target] if last is not first else 0)
    alone = function is not None and updates is not None and count_names(function.body)[target] == inside
    return Shape(first, last, "", updates) if alone and _is_call(made, created.node) else None


# -- what becomes of the row that is found ----------------------------------------------------------------------------


def _changed(statements: Statements, target: str) -> Updates | None:
    """The columns that `row.x = ...` sets before `row.save()`; None where the statements do anything else."""
    found: dict[str, cst.BaseExpression] = {}
    for statement in statements[:-1]:
        match statement:
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Attribute(value=cst.Name(value=name)) as written)]):
                if name != target or written.attr.value in found:
                    return None
                found[written.attr.value] = statement.value
            case _:
                return None
    match statements[-1]:
        case cst.Expr(value=cst.Call() as call) if dotted_name(call.func) == f"{target}.save":
            return found if found and _saves(call, found) else None
    return None


def _saves(call: cst.Call, found: Updates) -> bool:
    """True for `save()` and for `save(update_fields=[...])` with the very columns."""
    match call.args:
        case []:
            return True
        case [cst.Arg(keyword=cst.Name(value="update_fields"), value=cst.List(elements=elements))]:
            values = [one.value for one in elements]
            return {v.evaluated_value for v in values if isinstance(v, cst.SimpleString)} == found.keys()
    return False


def _updated(statements: Statements, check: cst.CSTNode) -> Updates | None:
    """The columns of `filter(...).update(x=...)` where the same filter was asked whether there are rows."""
    match statements, check:
        case (
            [cst.Expr(value=cst.Call(func=cst.Attribute(value=rows, attr=cst.Name(value="update")), args=arguments))],
            cst.Call(func=cst.Attribute(value=asked)),
        ) if rows.deep_equals(asked):
            named = {arg.keyword.value: arg.value for arg in arguments if arg.keyword is not None}
            return named if named and len(named) == len(arguments) else None
    return None


# -- statements and tests ---------------------------------------------------------------------------------------------


def _assigned_by(statement: cst.CSTNode, value: cst.CSTNode) -> str:
    """The name that a statement assigns the value to; "" where it does anything else."""
    match only_statement(statement) or statement:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=assigned) if assigned is value:
            return name
    return ""


def _is_call(statement: cst.CSTNode, call: cst.CSTNode) -> bool:
    return isinstance(statement, cst.Expr) and statement.value is call


def _negates(test: cst.BaseExpression, check: cst.CSTNode) -> bool:
    return isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not) and test.expression is check


def _tests_absence(test: cst.BaseExpression, name: str) -> bool:
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=cst.Name(value=tested)):
            return tested == name
        case cst.Comparison(
            left=cst.Name(value=tested),
            comparisons=[cst.ComparisonTarget(operator=cst.Is(), comparator=cst.Name(value="None"))],
        ):
            return tested == name
    return False


def _tests_presence(test: cst.BaseExpression, name: str) -> bool:
    match test:
        case cst.Name(value=tested):
            return tested == name
        case cst.Comparison(
            left=cst.Name(value=tested),
            comparisons=[cst.ComparisonTarget(operator=cst.IsNot(), comparator=cst.Name(value="None"))],
        ):
            return tested == name
    return False


def _statement_before(node: cst.If, ancestors: tuple[cst.CSTNode, ...]) -> cst.CSTNode | None:
    """The statement before an `if` in its block; the `if` itself where it is the first, None for an `elif`."""
    for ancestor in reversed(ancestors):
        body = getattr(ancestor, "body", None)
        if isinstance(body, (list, tuple)):
            position = next((n for n, line in enumerate(body) if line is node), None)
            if position is not None:
                before: cst.CSTNode = body[position - 1] if position else node
                return before
    return None
