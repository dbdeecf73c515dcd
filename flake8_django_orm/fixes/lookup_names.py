"""Names in lookups: another name in the place of a wrong one, the comma between two texts, a comparison taken apart.

In: the place of an argument. Out: edits, or None where the text there is not what it was taken for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Edit

if TYPE_CHECKING:
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place


def rename(project: Project, place: Place, path: str, prefix: str, wrong: str, right: str) -> tuple[Edit, ...] | None:
    """Write `right` for the part `wrong` of `path`, in a text or in the keyword before the value at `place`."""
    text = project.text(place.path)
    if text is None:
        return None
    start, end = place.span
    at = len(prefix) + 2 if prefix else 0
    if isinstance(place.node, cst.SimpleString):
        found = text.find(path, start, end)
    else:
        before = text[:start].rstrip()
        keyword = before[:-1].rstrip() if before.endswith("=") else ""
        found = len(keyword) - len(path) if keyword.endswith(path) else -1
    if found < 0:
        return None
    return (Edit(place.path, found + at, found + at + len(wrong), right),)


def insert_comma(place: Place, parts: tuple[str, str]) -> tuple[Edit, ...] | None:
    """A comma behind the first of two texts that Python glues together."""
    node = place.node
    if not isinstance(node, cst.ConcatenatedString):
        return None
    left = node.left
    if not isinstance(left, cst.SimpleString) or left.evaluated_value != parts[0]:
        return None
    end = place.unit.span(left)[1]
    return (Edit(place.path, end, end, ","),)


def sides(project: Project, place: Place) -> tuple[str, str] | None:
    """The name on the left of a comparison and the text on its right."""
    node, text = place.node, project.text(place.path)
    if not isinstance(node, cst.Comparison) or len(node.comparisons) != 1 or text is None:
        return None
    if not isinstance(node.left, cst.Name):
        return None
    start, end = place.unit.span(node.comparisons[0].comparator)
    return node.left.value, text[start:end]
