"""The fix for lost updates: a sum done in Python becomes an F() expression, done by the database.

In: a column's change, as the machine saw it, or an argument of update(). Out: an unsafe fix with its import, or None
where the expression would do something else than the sum, or the code would meet it where it expects a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import add_items, operator_token, quoted, whole_span
from flake8_django_orm.fixes.imports import ImportPlan, plan_import
from flake8_django_orm.fixes.statements import (
    Surroundings,
    following_lines,
    only_statement,
    surroundings,
    uses_of,
)
from flake8_django_orm.machine.values import Arithmetic, Constant
from flake8_django_orm.orm.fields import Category, category
from flake8_django_orm.syntax.names import bound_names, dotted_name
from flake8_django_orm.syntax.visitor import walk

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import ColumnChange
    from flake8_django_orm.machine.values import Argument
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

_OPERATORS = {
    Category.INTEGER: "+-*",  # `/` gives a float in Python and, on most databases, an integer there
    Category.FLOAT: "+-*/",
    Category.DECIMAL: "+-*/",
    Category.DURATION: "+-",
}
#: Operators of an operand that bind more tightly than the one in front of it.
_POWER = frozenset({"**"})
_PRODUCTS = _POWER | {"*", "/", "//", "%", "@"}
_TIGHTER = {"+": _PRODUCTS, "-": _PRODUCTS, "*": _POWER, "/": _POWER}
_SAVES = frozenset({"save", "asave"})
_REFRESHES = frozenset({"refresh_from_db", "arefresh_from_db"})


def use_expression(project: Project, change: ColumnChange) -> Fix | None:
    """`x.n += 1` as `x.n = F("n") + 1`; None where the old or new value matters to the code.

    Where others may read the attribute after the save, the fix reads the row's column again.
    """
    arithmetic = change.from_itself
    statement = change.place.node
    if arithmetic is None or change.old_read or change.new_read or not is_expressible(arithmetic):
        return None
    target = _target(statement)
    if target is None:
        return None
    plan = _plan(project, change.place)
    if plan is None:
        return None
    expression = f"{plan.name}({quoted(change.column, change.place)})"
    edits = _augmented(change.place, arithmetic, expression) if change.augmented else None
    if not change.augmented:
        edits = _replaced(change.place, arithmetic, expression)
    refresh = _refresh(project, change.place, target, arithmetic)
    if edits is None or refresh is None:
        return None
    return _fix(change.column, (*plan.edits, *edits, *refresh))


def use_expression_in_update(project: Project, argument: Argument) -> Fix | None:
    """`update(n=x.n + 1)` as `update(n=F("n") + 1)`. That `x` is the row that is updated, the caller has made sure."""
    arithmetic, place = argument.value, argument.place
    if not isinstance(arithmetic, Arithmetic) or place is None or arithmetic.column != argument.name:
        return None
    if not is_expressible(arithmetic):
        return None
    plan = _plan(project, place)
    if plan is None:
        return None
    edits = _replaced(place, arithmetic, f"{plan.name}({quoted(arithmetic.column, place)})")
    return None if edits is None else _fix(arithmetic.column, (*plan.edits, *edits))


def _plan(project: Project, place: Place) -> ImportPlan | None:
    return plan_import(project, place.path, "django.db.models", "F", place.span[0])


def _fix(column: str, edits: tuple[Edit, ...]) -> Fix:
    return Fix(Applicability.UNSAFE, f'Let the database work it out: F("{column}")', edits)


def is_expressible(arithmetic: Arithmetic) -> bool:
    """True if the database gives for the operator what Python gives, as far as the column's type tells."""
    column = arithmetic.row.model.columns.get(arithmetic.column)
    kind = category(column.field_class) if column is not None else None
    if kind is None or arithmetic.operator not in _OPERATORS.get(kind, ""):
        return False
    operand = arithmetic.operand_value
    # Python cuts the fraction off before an integer is saved; databases round it, or keep it.
    return not (kind is Category.INTEGER and isinstance(operand, Constant) and isinstance(operand.value, float))


def _target(statement: cst.CSTNode) -> cst.Attribute | None:
    """The attribute that a statement assigns, if it is the only target."""
    match statement:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Attribute() as target)]):
            return target
        case cst.AugAssign(target=cst.Attribute() as target) | cst.AnnAssign(target=cst.Attribute() as target):
            return target
    return None


# -- the new value ----------------------------------------------------------------------------------------------------


def _replaced(place: Place, arithmetic: Arithmetic, expression: str) -> list[Edit] | None:
    """The read of the column, inside of the assignment or argument, replaced by the expression."""
    read, whole = arithmetic.column_place, arithmetic.place
    if read is None or whole is None or not isinstance(whole.node, cst.BinaryOperation):
        return None
    side = whole.node.right if arithmetic.reversed else whole.node.left
    if side is not read.node or whole.unit is not place.unit or not _holds(place, whole):
        return None
    other = whole.node.left if arithmetic.reversed else whole.node.right
    if _reads_column(other, arithmetic.column):
        return None
    start, end = read.span
    return [Edit(read.path, start, end, expression)]


def _holds(outer: Place, inner: Place) -> bool:
    (start, end), (inner_start, inner_end) = outer.span, inner.span
    return start <= inner_start and inner_end <= end


def _augmented(place: Place, arithmetic: Arithmetic, expression: str) -> list[Edit] | None:
    """`x.n += operand` as an assignment; the operand keeps its text, in parentheses where it needs them."""
    statement = place.node
    if not isinstance(statement, cst.AugAssign) or _reads_column(statement.value, arithmetic.column):
        return None
    operator = place.unit.span(statement.operator)
    value, end = whole_span(place.at(statement.value))
    opening, closing = ("(", ")") if _needs_parentheses(statement.value, arithmetic.operator) else ("", "")
    edits = [
        Edit(place.path, *operator, "="),
        Edit(place.path, value, value, f"{expression} {arithmetic.operator} {opening}"),
    ]
    if closing:
        edits.append(Edit(place.path, end, end, closing))
    return edits


def _needs_parentheses(operand: cst.BaseExpression, operator: str) -> bool:
    if operand.lpar:
        return False
    if isinstance(operand, cst.BinaryOperation):
        return operator_token(operand.operator) not in _TIGHTER[operator]
    if isinstance(operand, cst.UnaryOperation):
        return isinstance(operand.operator, cst.Not)
    return isinstance(
        operand,
        (cst.BooleanOperation, cst.Comparison, cst.IfExp, cst.Lambda, cst.NamedExpr, cst.Tuple, cst.Yield),
    )


def _reads_column(node: cst.CSTNode, column: str) -> bool:
    return any(isinstance(part, cst.Attribute) and part.attr.value == column for part in walk(node))


# -- the attribute afterwards -----------------------------------------------------------------------------------------


def _refresh(project: Project, place: Place, target: cst.Attribute, arithmetic: Arithmetic) -> list[Edit] | None:
    """What makes the attribute a number again for those who read it after the save; None where that cannot be had.

    Before Django 6.0 the expression stays on the instance.
    """
    row = dotted_name(target.value)
    around = surroundings(place.unit, place.node)
    if not row or around is None:
        return None
    if _stays_here(place, around, row, _plain_attributes(arithmetic)):
        return []
    lines = following_lines(around)
    saves = [n for n, line in enumerate(lines) if _method_of(line, row) in _SAVES]
    if not saves or around.repeated:
        return None
    save = lines[saves[0]]
    for line in lines[saves[0] + 1 :][:1]:
        if _method_of(line, row) in _REFRESHES:
            return _refreshed_too(project, place, line, arithmetic.column)
    return _line_behind(project, place, save, row, arithmetic.column)


def _refreshed_too(project: Project, place: Place, line: cst.CSTNode, column: str) -> list[Edit] | None:
    """The column among those that the `refresh_from_db()` of a line reads again, if it does not read all of them."""
    text = project.text(place.path)
    call = next((part for part in walk(line) if isinstance(part, cst.Call)), None)
    if call is None or not call.args:
        return []
    match call.args:
        case [cst.Arg(keyword=cst.Name(value="fields"), value=cst.List(elements=elements))] if text and elements:
            names = {e.value.evaluated_value for e in elements if isinstance(e.value, cst.SimpleString)}
            last = elements[-1]
            comma = place.unit.span(last.comma)[1] if isinstance(last.comma, cst.Comma) else None
            span = place.unit.span(last.value)
            added = add_items(place.path, text, span, comma, [quoted(column, place, text)])
            return [] if column in names else list(added)
    return None


def _stays_here(place: Place, around: Surroundings, row: str, plain: frozenset[str]) -> bool:
    """True if the row is a name of this function alone, and only saved or asked for other attributes afterwards."""
    function = around.function
    if function is None or "." in row or row not in bound_names(function.body) or around.repeated:
        return False
    if any(isinstance(part, (cst.Global, cst.Nonlocal)) for part in walk(function)):
        return False
    start = place.span[1]
    for node, parent in uses_of(function.body, row):
        if place.unit.span(node)[0] < start:
            if _is_handed_on(parent):
                return False
            continue
        if not isinstance(parent, cst.Attribute) or parent.attr.value not in plain | _SAVES | _REFRESHES:
            return False
    return True


def _is_handed_on(parent: cst.CSTNode | None) -> bool:
    """True if a use before the change may give the row another holder: an argument, a list's element, another name."""
    return not isinstance(parent, _LOOKS)


_LOOKS = (
    cst.Attribute,
    cst.AssignTarget,
    cst.BooleanOperation,
    cst.Comparison,
    cst.ComparisonTarget,
    cst.If,
    cst.Return,
    cst.UnaryOperation,
)


def _plain_attributes(arithmetic: Arithmetic) -> frozenset[str]:
    """The columns and relations of the row: to read them runs no code that could meet the expression."""
    model = arithmetic.row.model
    keys = {relation.attname for relation in model.relations.values() if relation.attname}
    return frozenset({"pk", model.primary_key, *model.columns, *model.relations, *keys} - {arithmetic.column})


def _method_of(line: cst.CSTNode, row: str) -> str:
    """The method that a line calls on the row, and does nothing else; "" where it does."""
    statement = only_statement(line)
    value = statement.value if isinstance(statement, cst.Expr) else None
    if isinstance(value, cst.Await):
        value = value.expression
    if isinstance(value, cst.Call) and isinstance(value.func, cst.Attribute) and dotted_name(value.func.value) == row:
        return value.func.attr.value
    return ""


def _line_behind(project: Project, place: Place, line: cst.CSTNode, row: str, column: str) -> list[Edit] | None:
    text = project.text(place.path)
    statement = only_statement(line)
    if text is None or statement is None:
        return None
    start, end = place.unit.span(statement)
    indentation = text[text.rfind("\n", 0, start) + 1 : start]
    if indentation.strip():
        return None
    at = next((n for n in range(end, len(text)) if text[n] in "\r\n"), len(text))
    awaited = isinstance(statement, cst.Expr) and isinstance(statement.value, cst.Await)
    call = f"await {row}.arefresh_from_db" if awaited else f"{row}.refresh_from_db"
    return [Edit(place.path, at, at, f"\n{indentation}{call}(fields=[{quoted(column, place, text)}])")]
