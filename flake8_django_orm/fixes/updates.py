"""The fix for updates done in Python: a loop that changes and saves each row becomes one update().

In: a RowSaved of such a loop. Out: an unsafe fix, or None where the loop does more, or the expression would not give in
the database what Python gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import operator_token, quoted
from flake8_django_orm.fixes.expressions import is_expressible
from flake8_django_orm.fixes.imports import plan_import
from flake8_django_orm.fixes.statements import only_statement, surroundings
from flake8_django_orm.syntax.names import block_statements, dotted_name

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import ColumnChange, RowSaved
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

_ARITHMETIC = (cst.Integer, cst.Float, cst.SimpleString, cst.Name)


def update_instead(project: Project, event: RowSaved) -> Fix | None:
    """Replace the loop around the save by `update()` on what it loops over."""
    place = event.place
    text = project.text(place.path)
    loop = _loop(place)
    if text is None or loop is None or loop.orelse is not None or loop.asynchronous is not None:
        return None
    start, end = place.unit.span(loop)
    end = start + len(text[start:end].rstrip())
    if "#" in text[start:end] or not _is_changes_and_save(loop, event):
        return None
    plan = plan_import(project, place.path, "django.db.models", "F", start)
    if plan is None:
        return None
    values = [_value(change, text, plan.name) for change in event.changes]
    if None in values:
        return None
    arguments = ", ".join(str(value) for value in values)
    queryset = text[slice(*place.unit.span(loop.iter))]
    call = f"{_without_all(queryset)}.update({arguments})"
    return Fix(Applicability.UNSAFE, "Let one UPDATE do it", (*plan.edits, Edit(place.path, start, end, call)))


def _without_all(queryset: str) -> str:
    return queryset.removesuffix(".all()")


def _loop(place: Place) -> cst.For | None:
    around = surroundings(place.unit, place.node)
    found = around.nearest(cst.For) if around is not None else None
    return found if isinstance(found, cst.For) else None


def _is_changes_and_save(loop: cst.For, event: RowSaved) -> bool:
    """True if the body is one assignment for each change and the save at its end, and the loop is over a call."""
    lines: Sequence[cst.CSTNode] = block_statements(loop.body)
    statements = [only_statement(line) or line for line in lines]
    if len(statements) != len(event.changes) + 1 or not isinstance(loop.iter, cst.Call):
        return False
    last = statements[-1]
    if not isinstance(last, cst.Expr) or last.value is not event.place.node:
        return False
    changed = [change.place.node for change in event.changes]
    return all(any(statement is node for node in changed) for statement in statements[:-1])


def _value(change: ColumnChange, text: str, f: str) -> str | None:
    """`price=F("price") + 2` for `product.price += 2`; None where the statement has another shape."""
    node, unit = change.place.node, change.place.unit
    arithmetic = change.from_itself
    match node:
        case cst.Assign(value=value) if arithmetic is None:
            return f"{change.column}={text[slice(*unit.span(value))]}"
        case _ if arithmetic is None or not is_expressible(arithmetic):
            return None
        case cst.AugAssign(operator=operator, value=value) if isinstance(value, _ARITHMETIC):
            token = operator_token(operator).removesuffix("=")
            return (
                f"{change.column}={f}({quoted(change.column, change.place)}) {token} {text[slice(*unit.span(value))]}"
            )
        case cst.Assign(value=cst.BinaryOperation(left=left, right=right) as whole):
            side, other = (right, left) if arithmetic.reversed else (left, right)
            if dotted_name(side).rpartition(".")[2] != change.column or not isinstance(other, _ARITHMETIC):
                return None
            expression = f"{f}({quoted(change.column, change.place)})"
            parts = (text[slice(*unit.span(left))], text[slice(*unit.span(right))])
            token = operator_token(whole.operator)
            shown = (parts[0], expression) if arithmetic.reversed else (expression, parts[1])
            return f"{change.column}={shown[0]} {token} {shown[1]}"
    return None
