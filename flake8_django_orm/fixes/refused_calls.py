"""Fixes for calls that Django refuses: the call or the name taken out, or what it lacks added.

In: a link of a queryset's chain and what is wrong with it. Out: safe fixes, as the code before could only raise; None
where it does not say what was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import add_arguments, quoted
from flake8_django_orm.fixes.calls import drop_argument, drop_call, rename_method
from flake8_django_orm.orm.querysets import CHUNK_SIZE

if TYPE_CHECKING:
    from flake8_django_orm.machine.named_paths import NamedPath
    from flake8_django_orm.machine.values import Step
    from flake8_django_orm.orm.lookup_paths import Walk
    from flake8_django_orm.project.project import Project


def without_call(project: Project, step: Step) -> Fix | None:
    """The chain without the call."""
    edits = drop_call(project, step.place)
    return Fix(Applicability.SAFE, f"Take {step.method}() out", edits) if edits else None


def without_name(project: Project, step: Step, named: NamedPath, found: Walk) -> Fix | None:
    """select_related() without a column; prefetch_related() in its place for a relation to many rows alone."""
    if named.place is None or any(a.name is not None for a in step.arguments):
        return None
    if found.reason == "column" and not found.prefix:
        edits = drop_argument(project, step.place, named.place)
        return Fix(Applicability.SAFE, f"Take {named.path} out", edits) if edits else None
    same_names = (
        all(r.name == r.lookup for r in found.relations) and "__".join(r.lookup for r in found.relations) == named.path
    )
    if found.reason in ("many", "generic") and len(step.arguments) == 1 and same_names:
        return Fix(Applicability.SAFE, "Prefetch it", rename_method(step.place, "prefetch_related"))
    return None


def with_chunk_size(step: Step) -> Fix:
    """`iterator()` with the chunk size that Django used before it asked for one."""
    end = step.place.span[1] - 1
    edit = Edit(step.place.path, end, end, f"chunk_size={CHUNK_SIZE}")
    return Fix(Applicability.SAFE, "Give the chunk size that was the default", (edit,))


def with_key(project: Project, step: Step, name: str) -> Fix | None:
    """`only()` with the key of a joined relation."""
    text = project.text(step.place.path)
    if step.method != "only" or not step.arguments or any(a.name is not None for a in step.arguments) or text is None:
        return None
    edits = add_arguments(step.place, text, [quoted(name, step.place)])
    return Fix(Applicability.SAFE, f"Fetch {name} too", edits)
