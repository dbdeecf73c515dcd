"""The fix for a queryset that is asked for its existence or number before its rows are fetched: ask the rows.

In: the first query. Out: `if books:` for `if books.exists():`, `len(books)` for `books.count()`; None for other forms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.scopes import module_scope
from flake8_django_orm.fixes.statements import surroundings
from flake8_django_orm.syntax.parsing import parse_python

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import QueryRun
    from flake8_django_orm.project.project import Project


def ask_the_rows(project: Project, first: QueryRun) -> Fix | None:
    """Let the first question fetch the rows, so that the second use has them."""
    call, place = first.place.node, first.place
    if not isinstance(call, cst.Call) or call.args or not isinstance(call.func, cst.Attribute):
        return None
    name, method = call.func.value, call.func.attr.value
    text = project.text(place.path)
    if not isinstance(name, cst.Name) or name.lpar or text is None or method not in ("exists", "count"):
        return None
    if method == "count":
        written = f"len({name.value})" if not _is_rebound(text, "len") else ""
    else:
        written = name.value if _is_tested(first) else f"bool({name.value})" if not _is_rebound(text, "bool") else ""
    if not written:
        return None
    return Fix(Applicability.SAFE, f"Use {written}", (Edit(place.path, *place.span, written),))


def _is_tested(first: QueryRun) -> bool:
    """True if the call stands where only its truth matters."""
    around = surroundings(first.place.unit, first.place.node)
    node: cst.CSTNode = first.place.node
    for parent in reversed(around.ancestors if around is not None else ()):
        if isinstance(parent, cst.If | cst.While | cst.IfExp | cst.Assert):
            return parent.test is node
        if not isinstance(parent, cst.BooleanOperation | cst.UnaryOperation):
            return False
        if isinstance(parent, cst.UnaryOperation) and not isinstance(parent.operator, cst.Not):
            return False
        node = parent
    return False


def _is_rebound(text: str, name: str) -> bool:

    tree = parse_python(text)
    return tree is None or name in module_scope(tree).bindings
