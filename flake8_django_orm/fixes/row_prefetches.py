"""The fix for a prefetch that a loop makes for one row at a time: the loop's queryset prefetches for all of them.

In: the prefetch_related_objects() call. Out: a fix, None where the call is more than a line of the loop's own body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.eager_loading import add_loading
from flake8_django_orm.fixes.statements import only_statement, surroundings
from flake8_django_orm.machine.values import Constant, RowValue

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import QueryRun
    from flake8_django_orm.project.project import Project


def prefetch_once(project: Project, event: QueryRun, row: RowValue) -> Fix | None:
    """Add the lookups to the queryset of the loop, and take the line out of its body."""
    paths = [_path(argument.value) for argument in event.arguments[1:]]
    if row.origin is None or not paths or any(path is None for path in paths):
        return None
    loading = add_loading(project, row.origin, [path for path in paths if path is not None])
    removal = _without_line(project, event)
    if loading is None or removal is None:
        return None
    return Fix(Applicability.UNSAFE, loading.message, (*loading.edits, removal))


def _path(value: object) -> tuple[str, ...] | None:
    return tuple(value.value.split("__")) if isinstance(value, Constant) and isinstance(value.value, str) else None


def _without_line(project: Project, event: QueryRun) -> Edit | None:
    unit, text = event.place.unit, project.text(event.place.path)
    around = surroundings(unit, event.place.node)
    loop = around.nearest(cst.For, cst.FunctionDef) if around is not None else None
    if text is None or not isinstance(loop, cst.For) or not isinstance(loop.body, cst.IndentedBlock):
        return None
    lines = loop.body.body
    for line in lines:
        statement = only_statement(line)
        if isinstance(statement, cst.Expr) and statement.value is event.place.node and len(lines) > 1:
            start, end = unit.span(statement)
            first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end) + 1
            if last and not text[first:start].strip() and not text[end:last].strip():
                return Edit(event.place.path, first, last, "")
    return None
