"""Questions to a queryset, asked of the database: `len(books)` as `books.count()`, `if books` as `if books.exists()`.

In: the place of the question. Out: edits, or None where a comment would be lost or the queryset is no plain expression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Edit
from flake8_django_orm.fixes.statements import surroundings

if TYPE_CHECKING:
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

_PLAIN = (cst.Name, cst.Attribute, cst.Call, cst.Subscript)
#: What may stand around `not ...` without parentheses.
_TAKES_NOT = (
    cst.If,
    cst.While,
    cst.IfExp,
    cst.BooleanOperation,
    cst.UnaryOperation,
    cst.Assign,
    cst.Return,
    cst.Assert,
    cst.Arg,
    cst.CompIf,
)


def ask_count(project: Project, place: Place) -> tuple[Edit, ...] | None:
    """`len(books)` as `books.count()`."""
    text, inner = project.text(place.path), _argument(place)
    if text is None or inner is None or "#" in text[slice(*place.span)]:
        return None
    return (Edit(place.path, *place.span, f"{text[slice(*inner.span)]}.count()"),)


def ask_exists(project: Project, query: Place, whole: Place, *, found: bool) -> tuple[Edit, ...] | None:
    """The tested expression or comparison `whole`, in which `query` stands, as a call of exists()."""
    text = project.text(whole.path)
    if text is None or "#" in text[slice(*whole.span)]:
        return None
    asked = _exists(query, text)
    if asked is None:
        return None
    tested = whole.node.left if isinstance(whole.node, cst.Comparison) else whole.node
    if isinstance(tested, cst.Await):
        asked = f"await {asked}"
    if not found:
        asked = f"not {asked}"
        around = surroundings(whole.unit, whole.node)
        if not whole.node.lpar and (around is None or not isinstance(around.ancestors[-1], _TAKES_NOT)):  # type: ignore[attr-defined]
            asked = f"({asked})"
    return (Edit(whole.path, *whole.span, asked),)


def _exists(query: Place, text: str) -> str | None:
    node = query.node
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and _is_question(node):
        start, name = query.span[0], query.unit.span(node.func.attr)[0]
        return f"{text[start:name]}{'a' if node.func.attr.value.startswith('a') else ''}exists()"
    inner = _argument(query) if _is_builtin(node) else query
    if inner is None or not isinstance(inner.node, _PLAIN):
        return None
    return f"{text[slice(*inner.span)]}.exists()"


def _is_question(call: cst.Call) -> bool:
    assert isinstance(call.func, cst.Attribute)
    return not call.args and call.func.attr.value.removeprefix("a") in ("count", "first", "last")


def _is_builtin(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in ("len", "bool")


def _argument(place: Place) -> Place | None:
    """The only argument of `len(...)` or `bool(...)`, where a method may be called on it as it stands there."""
    node = place.node
    if not isinstance(node, cst.Call) or len(node.args) != 1 or not isinstance(node.func, cst.Name):
        return None
    value = node.args[0].value
    return place.at(value) if isinstance(value, _PLAIN) and not node.args[0].star else None
