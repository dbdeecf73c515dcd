"""The fix for eager loading that serves nobody: its calls go out of the chain.

In: a queryset and the methods whose calls are of no use. Out: a fix, None where a comment would be lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.orm.querysets import QUERYSET_METHODS

if TYPE_CHECKING:
    from collections.abc import Collection

    from flake8_django_orm.machine.values import QuerySetValue
    from flake8_django_orm.project.project import Project


def drop_calls(
    project: Project, queryset: QuerySetValue, methods: Collection[str], how: Applicability, *, evaluated_by: str
) -> Fix | None:
    """Take every call of these methods out of the queryset's chain."""
    # Behind the last call a manager might be left, which has no rows to go over.
    last_too = evaluated_by in QUERYSET_METHODS and QUERYSET_METHODS[evaluated_by].on_manager
    edits: list[Edit] = []
    steps = queryset.steps
    for number, step in enumerate(steps):
        if step.method not in methods:
            continue
        call, unit = step.place.node, step.place.unit
        text = project.text(step.place.path)
        if text is None or not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
            return None
        if (number + 1 == len(steps) and not last_too) or not project.is_own(step.place.path):
            return None
        start, end = unit.span(call.func.dot)[0], step.place.span[1]
        start = len(text[:start].rstrip())
        if "#" in text[start:end] or call.lpar:
            return None
        edits.append(Edit(step.place.path, start, end, ""))
    words = " and ".join(dict.fromkeys(f"{s.method}()" for s in steps if s.method in methods))
    return Fix(how, f"Drop {words}", tuple(edits)) if edits else None
