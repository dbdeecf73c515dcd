"""The fix for a column that only() or defer() left out and that is read all the same: load it with the row.

In: the read. Out: one more name in only(), or one less in defer(); None where the call's arguments are no literals.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import add_arguments, quoted

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import DeferredKey, DeferredRead
    from flake8_django_orm.machine.frames import Frame
    from flake8_django_orm.machine.values import QuerySetValue, Step
    from flake8_django_orm.project.project import Project


def load_column(project: Project, event: DeferredRead) -> Fix | None:
    """Name the column in the only() that leaves it out, or take it out of the defer()."""
    return None if event.path else _load(project, event.origin, (event.column,), event.frame)


def load_keys(project: Project, event: DeferredKey) -> Fix | None:
    """The same for the columns by which rows are matched with their owners."""
    return _load(project, event.origin, event.columns, event.frame)


def _load(project: Project, origin: QuerySetValue, columns: Sequence[str], frame: Frame) -> Fix | None:
    steps = [step for step in origin.steps if step.method in ("only", "defer")]
    if len(steps) != 1 or steps[0].conditional or not isinstance(steps[0].place.node, cst.Call):
        return None
    step = steps[0]
    text = project.text(step.place.path)
    if text is None or not project.is_own(step.place.path):
        return None
    safe = Applicability.SAFE if step.frame is frame else Applicability.UNSAFE
    if step.method == "only":
        edits = add_arguments(step.place, text, [quoted(column, step.place) for column in columns])
        return Fix(safe, f"Add {_listed(columns)} to only()", edits)
    edit = _without(step, text, columns[0]) if len(columns) == 1 else None
    return Fix(safe, f"Take {_listed(columns)} out of defer()", (edit,)) if edit is not None else None


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


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
