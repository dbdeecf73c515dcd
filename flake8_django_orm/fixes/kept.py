"""A queryset that is built and dropped, kept under the name that it was built from.

In: the place of the dropped expression. Out: the edit, or None where it starts from something else than a name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Edit
from flake8_django_orm.fixes.statements import surroundings
from flake8_django_orm.syntax.names import bound_names

if TYPE_CHECKING:
    from flake8_django_orm.syntax.units import Place


def assign_back(place: Place) -> tuple[Edit, ...] | None:
    """`books.filter(...)` as `books = books.filter(...)`."""
    node = place.node
    while isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        node = node.func.value
    around = surroundings(place.unit, place.node)
    function = around.function if around is not None else None
    if not isinstance(node, cst.Name) or node is place.node or function is None:
        return None
    if node.value not in bound_names(function.body):
        return None
    start = place.span[0]
    return (Edit(place.path, start, start, f"{node.value} = "),)
