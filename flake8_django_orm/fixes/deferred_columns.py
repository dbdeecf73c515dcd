"""The fix for a column that only() or defer() left out and that is read all the same: load it with the row.

In: the read. Out: one more name in only(), or one less in defer(); None where the call's arguments are no literals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import add_arguments, quoted

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import DeferredRead
    from flake8_django_orm.machine.values import Step
    from flake8_django_orm.project.project import Project


def load_column(project: Project, event: DeferredRead) -> Fix | None:
    """Name the column in the only() that leaves it out, or take it out of the defer()."""
    steps = [step for step in event.origin.steps if step.method in ("only", "defer")]
    if event.path or len(steps) != 1 or steps[0].conditional or not isinstance(steps[0].place.node, cst.Call):
        return None
    step = steps[0]
    text = project.text(step.place.path)
    if text is None or not project.is_own(step.place.path):
        return None
    safe = Applicability.SAFE if step.frame is event.frame else Applicability.UNSAFE
    if step.method == "only":
        edits = add_arguments(step.place, text, [quoted(event.column, step.place)])
        return Fix(safe, f'Add "{event.column}" to only()', edits)
    edit = _without(step, text, event.column)
    return Fix(safe, f'Take "{event.column}" out of defer()', (edit,)) if edit is not None else None


def _without(step: Step, text: str, column: str) -> Edit | None:
    """The edit that takes the name out of defer(), or puts all() in its place where it is the only one."""
    call, unit = step.place.node, step.place.unit
    assert isinstance(call, cst.Call)
    names = {column, column.removesuffix("_id")}
    found = [n for n, arg in enumerate(call.args) if _literal(arg) in names]
    if len(found) != 1 or not isinstance(call.func, cst.Attribute):
        return None
    if len(call.args) == 1:
        start, end = unit.span(call.func.attr)[0], step.place.span[1]
        return None if "#" in text[start:end] else Edit(step.place.path, start, end, "all()")
    if found[0] + 1 < len(call.args):
        start, end = unit.span(call.args[found[0]])[0], unit.span(call.args[found[0] + 1])[0]
    else:
        start, end = unit.span(call.args[found[0] - 1])[1], unit.span(call.args[found[0]])[1]
    return None if "#" in text[start:end] else Edit(step.place.path, start, end, "")


def _literal(arg: cst.Arg) -> str:
    value = arg.value.evaluated_value if isinstance(arg.value, cst.SimpleString) else ""
    return value if isinstance(value, str) and not arg.star and arg.keyword is None else ""
