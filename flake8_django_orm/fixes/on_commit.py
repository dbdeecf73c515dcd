"""The fix for tasks queued too early: the call becomes a callback of the transaction.

In: the place of the call, a statement of its own. Out: `transaction.on_commit(partial(task.delay, ...))` with the
imports it needs, as an unsafe fix; None for a call whose result is used. `partial` evaluates the arguments where they
stood before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.imports import plan_import
from flake8_django_orm.fixes.statements import surroundings

if TYPE_CHECKING:
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place


def call_on_commit(project: Project, place: Place) -> Fix | None:
    """Queue the call at `place` when the transaction is committed."""
    around = surroundings(place.unit, place.node)
    text = project.text(place.path)
    call = place.node
    if around is None or text is None or not isinstance(call, cst.Call):
        return None
    if not isinstance(around.ancestors[-1], cst.Expr) or around.repeated:
        return None
    start, end = place.span
    transaction = plan_import(project, place.path, "django.db", "transaction", start)
    partial = plan_import(project, place.path, "functools", "partial", start)
    if transaction is None or partial is None:
        return None
    function = text[slice(*place.callee_span)]
    if not call.args:
        edits = [Edit(place.path, start, end, f"{transaction.name}.on_commit({function})")]
        return _fix(*transaction.edits, *edits)
    first = place.unit.span(call.args[0])[0]
    head = f"{transaction.name}.on_commit({partial.name}({function}, "
    edits = [Edit(place.path, start, first, head), Edit(place.path, end, end, ")")]
    return _fix(*transaction.edits, *partial.edits, *edits)


def _fix(*edits: Edit) -> Fix:
    return Fix(Applicability.UNSAFE, "Queue the task when the transaction is committed", edits)
