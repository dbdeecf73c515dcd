"""Where a report about an expression stands: on the line where a person would put a `noqa`.

In: a place. Out: offsets. For a chain broken over several lines that is the line of the attribute's or method's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from flake8_django_orm.syntax.units import Place


def anchor_span(place: Place, text: str) -> tuple[int, int]:
    """The part of the place's expression to mark: all of it, or from its last name on where it spans lines."""
    node = place.node
    start, end = place.span
    if "\n" not in text[start:end]:
        return start, end
    named = node.func if isinstance(node, cst.Call) else node
    if isinstance(named, cst.Attribute):
        name_start, name_end = place.unit.span(named.attr)
        return name_start, name_end
    if isinstance(named, cst.Subscript):
        return start, end
    line_end = text.find("\n", start)
    return start, min(end, line_end if line_end != -1 else end)


def name_span(place: Place) -> tuple[int, int]:
    """The last name of a chain: `filter` in `Book.objects.filter(x=1)`; the whole node where it has none."""
    return place.name_span
