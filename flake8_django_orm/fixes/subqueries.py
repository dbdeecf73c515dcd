"""Keys that were fetched only to be looked up again: the queryset itself in their place.

In: where the keys are gathered, and of what. Out: edits, or None where a comment would be lost or the expression is no
plain one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Edit
from flake8_django_orm.fixes.call_text import moved_out, quoted

if TYPE_CHECKING:
    from flake8_django_orm.machine.values import Gathered
    from flake8_django_orm.project.project import Project

_PLAIN = (cst.Name, cst.Attribute, cst.Call)


def give_queryset(project: Project, gathered: Gathered) -> tuple[Edit, ...] | None:
    """`list(qs.values_list("pk", flat=True))` as the queryset in it, `[a.pk for a in qs]` as `qs.values("pk")`."""
    place, text = gathered.place, project.text(gathered.place.path)
    node = place.node
    if text is None or "#" in text[slice(*place.span)]:
        return None
    if isinstance(node, cst.Call) and len(node.args) == 1:
        inner, ending = node.args[0].value, ""
    elif isinstance(node, (cst.ListComp, cst.SetComp, cst.GeneratorExp)):
        inner, ending = node.for_in.iter, f".values({quoted(gathered.column, place, text)})"
        if ending and gathered.queryset.streamed:
            return None
    else:
        return None
    if not isinstance(inner, _PLAIN):
        return None
    rows = moved_out(text, place.unit.span(inner), place.span)
    return (Edit(place.path, *place.span, f"{rows}{ending}"),)
