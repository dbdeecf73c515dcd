"""The fix for expressions left on a row: read the column again before it is used.

In: the place of the use, the row as it is written there, the column. Out: an unsafe fix that puts a
`refresh_from_db(fields=[...])` on the line before; None where there is no such line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import quoted
from flake8_django_orm.fixes.statements import surroundings
from flake8_django_orm.syntax.names import dotted_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

_HEADS = (cst.SimpleStatementLine, cst.If, cst.For, cst.With, cst.Try, cst.Match, cst.ClassDef, cst.FunctionDef)


def refresh_before(project: Project, place: Place, columns: Iterable[str], *, is_async: bool) -> Fix | None:
    """Refresh the columns of the row whose attribute or method stands at `place`, on a line before its statement."""
    node = place.node.func if isinstance(place.node, cst.Call) else place.node
    row = dotted_name(node.value) if isinstance(node, cst.Attribute) else ""
    line = _line(place)
    text = project.text(place.path)
    if not row or line is None or text is None:
        return None
    at = place.unit.span(line)[0]
    indentation = text[text.rfind("\n", 0, at) + 1 : at]
    if indentation.strip():
        return None
    call = f"await {row}.arefresh_from_db" if is_async else f"{row}.refresh_from_db"
    names = ", ".join(quoted(column, place) for column in columns)
    edit = Edit(place.path, at, at, f"{call}(fields=[{names}])\n{indentation}")
    return Fix(Applicability.UNSAFE, "Read the column again", (edit,))


def _line(place: Place) -> cst.CSTNode | None:
    """The statement that holds the node, before which the refresh goes; None where it is repeated or may not run."""
    around = surroundings(place.unit, place.node)
    if around is None:
        return None
    for index in range(len(around.ancestors) - 1, -1, -1):
        ancestor = around.ancestors[index]
        if isinstance(ancestor, (cst.Lambda, cst.BaseComp, cst.While, cst.ExceptHandler)):
            return None
        if isinstance(ancestor, _HEADS):
            is_simple = isinstance(ancestor, cst.SimpleStatementLine)
            parent = around.ancestors[index - 1] if index else None
            is_elif = isinstance(parent, cst.If) and parent.orelse is ancestor
            return ancestor if (is_simple or isinstance(ancestor, (cst.If, cst.For))) and not is_elif else None
    return None
