"""The fix for check-then-create: both queries become one get_or_create().

In: a CheckedThenCreated event. Out: an unsafe fix, or None where the two stand in code of another shape. The shapes are
`try: x = get() except DoesNotExist: x = create()`, `if not filter().exists(): create()`, `x = filter().first()`
followed by `if not x: x = create()`, and `filter().first() or create()`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import quoted
from flake8_django_orm.fixes.statements import only_statement, surroundings
from flake8_django_orm.syntax.names import block_statements, dotted_name
from flake8_django_orm.syntax.visitor import walk

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import CheckedThenCreated
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

#: What must not run where the row exists already, or not in the place of another expression.
_RUNS_CODE = (cst.Call, cst.Await, cst.Yield, cst.NamedExpr, cst.BaseComp)
_FREE_NAMES = ("created", "was_created")


@dataclass(frozen=True, slots=True)
class _Shape:
    """The statements to be replaced, the first and the last, and the name that gets the row ("" for none)."""

    first: cst.CSTNode
    last: cst.CSTNode
    target: str


def get_or_create(project: Project, event: CheckedThenCreated) -> Fix | None:
    """Replace the check and the creation by one call; None where that would change more than the race."""
    check, created = event.check.place, event.created.place
    text = project.text(check.path)
    if text is None or check.unit is not created.unit or event.check.frame is not event.created.frame:
        return None
    call = _call(event, text)
    shape = _shape(check, created)
    if call is None or shape is None:
        return None
    start, end = check.unit.span(shape.first)[0], check.unit.span(shape.last)[1]
    if "#" in text[start:end]:
        return None
    if shape.target:
        used = {node.value for node in walk(check.unit.tree) if isinstance(node, cst.Name)}
        free = next((name for name in _FREE_NAMES if name not in used), None)
        if free is None:
            return None
        call = f"{shape.target}, {free} = {call}"
    edit = Edit(check.path, start, _without_line_end(text, start, end), call)
    return Fix(Applicability.UNSAFE, "Let get_or_create() do both", (edit,))


def _without_line_end(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip())


# -- the call ---------------------------------------------------------------------------------------------------------


def _call(event: CheckedThenCreated, text: str) -> str | None:
    receiver, conditions = _receiver(event.check.place)
    created = event.created.place.node
    if receiver is None or not isinstance(created, cst.Call) or event.created.how not in ("create", "acreate"):
        return None
    place = event.check.place
    if not isinstance(created.func, cst.Attribute) or not receiver.deep_equals(created.func.value):
        return None
    if event.check.frame.is_async or event.values is None or not _are_plain(created):
        return None
    known = {argument.keyword.value for argument in conditions if argument.keyword is not None}
    if known != {condition.name for condition in event.lookup or () if condition.place is not None}:
        return None
    written = [text[slice(*place.unit.span(argument))].rstrip(", \n") for argument in conditions]
    rest = [
        argument for argument in created.args if argument.keyword is not None and argument.keyword.value not in known
    ]
    if rest:
        values = ", ".join(
            f"{quoted(argument.keyword.value, place)}: {text[slice(*place.unit.span(argument.value))]}"
            for argument in rest
            if argument.keyword is not None
        )
        written.append(f"defaults={{{values}}}")
    return f"{text[slice(*place.unit.span(receiver))]}.get_or_create({', '.join(written)})"


def _receiver(check: Place) -> tuple[cst.BaseExpression | None, list[cst.Arg]]:
    """The manager and the conditions of `manager.get(a=1)`, `manager.filter(a=1).exists()`."""
    node = check.node
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return None, []
    if node.func.attr.value != "get":
        node = node.func.value
        if not isinstance(node, cst.Call) or dotted_name(getattr(node.func, "attr", None)) != "filter":
            return None, []
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return None, []
    return node.func.value, list(node.args)


def _are_plain(created: cst.Call) -> bool:
    return all(
        argument.keyword is not None and not any(isinstance(part, _RUNS_CODE) for part in walk(argument.value))
        for argument in created.args
    )


# -- the statements around --------------------------------------------------------------------------------------------


def _shape(check: Place, created: Place) -> _Shape | None:
    around = surroundings(created.unit, created.node)
    if around is None:
        return None
    for ancestor in reversed(around.ancestors):
        match ancestor:
            case cst.BooleanOperation(left=left, operator=cst.Or(), right=right):
                if left is not check.node or right is not created.node:
                    return None
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=target))], value=cst.BooleanOperation()):
                return _Shape(ancestor, ancestor, target)
            case cst.Try():
                return _of_try(ancestor, check.node, created.node)
            case cst.If():
                return _of_if(ancestor, around.ancestors, check.node, created.node)
            case cst.FunctionDef():
                return None
    return None


def _of_try(node: cst.Try, check: cst.CSTNode, created: cst.CSTNode) -> _Shape | None:
    if len(node.handlers) != 1 or node.orelse is not None or node.finalbody is not None:
        return None
    handler = node.handlers[0]
    if not dotted_name(handler.type).endswith("DoesNotExist"):
        return None
    found, made = _assigned(node.body, check), _assigned(handler.body, created)
    return _Shape(node, node, found) if found and found == made else None


def _assigned(body: cst.BaseSuite, value: cst.CSTNode) -> str:
    """The name that the only statement of a block assigns the value to; "" where there is more to it."""
    statements = block_statements(body)
    return _assigned_by(statements[0], value) if len(statements) == 1 else ""


def _assigned_by(statement: cst.CSTNode, value: cst.CSTNode) -> str:
    match only_statement(statement) or statement:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=assigned) if assigned is value:
            return name
    return ""


def _of_if(node: cst.If, ancestors: tuple[cst.CSTNode, ...], check: cst.CSTNode, created: cst.CSTNode) -> _Shape | None:
    statements = block_statements(node.body)
    if node.orelse is not None or len(statements) != 1 or _line_of(node, ancestors) is None:
        return None
    only = only_statement(statements[0]) or statements[0]
    if isinstance(only, cst.Expr) and only.value is created:
        return _Shape(node, node, "") if _negates(node.test, check) else None
    target = _assigned(node.body, created)
    before = _statement_before(node, ancestors)
    if not target or before is None or _assigned_by(before, check) != target or not _tests_absence(node.test, target):
        return None
    return _Shape(before, node, target)


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


def _statement_before(node: cst.CSTNode, ancestors: tuple[cst.CSTNode, ...]) -> cst.CSTNode | None:
    found = _line_of(node, ancestors)
    return found[0][found[1] - 1] if found is not None and found[1] else None


def _line_of(node: cst.CSTNode, ancestors: tuple[cst.CSTNode, ...]) -> tuple[Sequence[cst.CSTNode], int] | None:
    """The block that holds a statement, and its number there; None for an `elif`."""
    for ancestor in reversed(ancestors):
        body = getattr(ancestor, "body", None)
        if isinstance(body, (list, tuple)):
            position = next((n for n, line in enumerate(body) if line is node), None)
            if position is not None:
                return body, position
    return None
