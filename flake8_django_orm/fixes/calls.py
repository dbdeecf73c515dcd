"""Whole calls and arguments taken out of a chain, or a method written under another name.

In: the place of a call, of an argument. Out: edits, or None where a comment would be lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Edit
from flake8_django_orm.syntax.names import dotted_name

if TYPE_CHECKING:
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place


def drop_call(project: Project, place: Place) -> tuple[Edit, ...] | None:
    """`qs.select_related("a")` as `qs`."""
    node, text = place.node, project.text(place.path)
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute) or text is None:
        return None
    start = place.unit.span(node.func.value)[1]
    for bracket in getattr(node.func.value, "rpar", ()):
        start = max(start, place.unit.span(bracket)[1])
    end = place.span[1]
    return None if "#" in text[start:end] else (Edit(place.path, start, end, ""),)


def drop_argument(project: Project, call: Place, argument: Place) -> tuple[Edit, ...] | None:
    """Take one argument out of a call; the whole call where it was the only one."""
    node, text = call.node, project.text(call.path)
    if not isinstance(node, cst.Call) or text is None:
        return None
    position = next((n for n, arg in enumerate(node.args) if arg.value is argument.node), None)
    if position is None:
        return None
    if len(node.args) == 1:
        return drop_call(project, call)
    start, end = call.unit.span(node.args[position])
    if position + 1 < len(node.args):
        end = call.unit.span(node.args[position + 1])[0]
    else:
        start = call.unit.span(node.args[position - 1].value)[1]
        end = call.unit.span(node.args[position].value)[1]
    return None if "#" in text[start:end] else (Edit(call.path, start, end, ""),)


def rename_method(call: Place, name: str) -> tuple[Edit, ...]:
    """`qs.select_related(...)` as `qs.<name>(...)`."""
    start, end = call.name_span
    return (Edit(call.path, start, end, name),)


def add_keyword(place: Place, function: str, keyword: str) -> tuple[Edit, ...] | None:
    """Put a keyword behind the first argument of the call of `function` at `place`; None where it is no such call."""
    node = place.node
    if not isinstance(node, cst.Call) or not node.args or dotted_name(node.func).rsplit(".", 1)[-1] != function:
        return None
    end = place.unit.span(node.args[0].value)[1]
    return (Edit(place.path, end, end, f", {keyword}"),)
