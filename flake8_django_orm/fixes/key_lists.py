"""Keys taken from whole rows: the database is asked for the keys alone.

In: an OnlyKeysUsed event. Out: edits, or None where the keys are not gathered by a plain comprehension, or where a
comment would be lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Edit
from flake8_django_orm.fixes.call_text import laid_out, quoted
from flake8_django_orm.fixes.statements import surroundings

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import OnlyKeysUsed
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

_PLAIN = (cst.Name, cst.Attribute, cst.Call)
_MAKERS: dict[type[cst.CSTNode], str] = {cst.ListComp: "list", cst.SetComp: "set"}


def comprehension(event: OnlyKeysUsed) -> Place | None:
    """The list or set comprehension that goes over the rows, as a whole."""
    around = surroundings(event.place.unit, event.place.node)
    made = around.nearest(cst.ListComp, cst.SetComp, cst.FunctionDef) if around is not None else None
    is_source = isinstance(made, cst.ListComp | cst.SetComp) and made.for_in.iter is event.place.node
    return event.place.at(made) if made is not None and is_source else None


def list_keys(project: Project, event: OnlyKeysUsed) -> tuple[Edit, ...] | None:
    """`[book.pk for book in books]` as `list(books.values_list("pk", flat=True))`."""
    place, text, whole = event.place, project.text(event.place.path), comprehension(event)
    made = whole.node if whole is not None else None
    if text is None or whole is None or not isinstance(made, cst.ListComp | cst.SetComp):
        return None
    start, end = whole.span
    only = event.key_uses[0].place if len(event.key_uses) == 1 else None
    if only is None or only.node is not made.elt or not isinstance(made.elt, cst.Attribute) or "#" in text[start:end]:
        return None
    if not isinstance(place.node, _PLAIN) or event.queryset.streamed or not event.alone:
        return None
    rows = text[slice(*place.span)]
    keys = f"{rows}.values_list({quoted(made.elt.attr.value, place, text)}, flat=True)"
    return (Edit(place.path, start, end, laid_out(_MAKERS[type(made)], [keys], whole, text)),)
