"""The fix for rows that are thrown away by a test of a column in Python: filter() by it.

In: the test, in a comprehension or with `continue` at the start of a loop. Out: one more link of the queryset, and the
test taken out; None where the database may see it differently: NULLs in a comparison, values whose type is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import Call, append_calls
from flake8_django_orm.fixes.chains import chain_of
from flake8_django_orm.fixes.statements import Surroundings, is_steady, surroundings
from flake8_django_orm.orm.fields import Category, category

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import FilteredInPython
    from flake8_django_orm.project.models import Column
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

_NUMBERS = frozenset({Category.AUTO, Category.INTEGER, Category.DECIMAL, Category.FLOAT})
_LOOKUPS = {
    cst.Equal: "",
    cst.NotEqual: "!",
    cst.GreaterThan: "__gt",
    cst.GreaterThanEqual: "__gte",
    cst.LessThan: "__lt",
    cst.LessThanEqual: "__lte",
}
_OPPOSITES = {"": "!", "!": "", "__gt": "__lte", "__lte": "__gt", "__gte": "__lt", "__lt": "__gte"}


def filter_rows(project: Project, event: FilteredInPython) -> Fix | None:
    """`.filter(published=True)` at the queryset, in the place of `if book.published`."""
    place, text = event.place, project.text(event.place.path)
    chain, around = chain_of(project, event.queryset), surroundings(place.unit, place.node)
    if text is None or chain is None or around is None or chain.end.unit is not place.unit or chain.through:
        return None
    if chain.frame is not event.frame or chain.length != len(chain.steps) or around.function is None:
        return None
    if any(use.place != event.looped for use in event.uses):
        return None
    taken_out = _taken_out(place, around, text)
    column = event.queryset.model.columns.get(event.column)
    if taken_out is None or column is None or column.custom_class is not None:
        return None
    edit, skips = taken_out
    call = _call(place, column, text, around.function, negated=skips)
    if call is None:
        return None
    return Fix(Applicability.UNSAFE, f"Filter by {event.column}", (append_calls(chain.end, text, [call]), edit))


def _taken_out(place: Place, around: Surroundings, text: str) -> tuple[Edit, bool] | None:
    """The edit without the test, and whether the test tells the rows that are left out."""
    holder = around.ancestors[-1]
    if isinstance(holder, cst.CompIf):
        start, end = place.unit.span(holder)
        start = len(text[:start].rstrip())
        return None if "#" in text[start:end] else (Edit(place.path, start, end, ""), False)
    if not isinstance(holder, cst.If) or len(around.ancestors) < 3:
        return None
    loop = around.nearest(cst.For)
    body = loop.body.body if isinstance(loop, cst.For) else ()
    if len(body) < 2 or body[0] is not holder:
        return None  # a body that stands behind the test would have to move
    start = text.rfind("\n", 0, place.unit.span(holder)[0]) + 1
    end = text.rfind("\n", 0, place.unit.span(body[1])[0]) + 1
    return None if "#" in text[start:end] else (Edit(place.path, start, end, ""), True)


def _call(place: Place, column: Column, text: str, function: cst.FunctionDef, *, negated: bool) -> Call | None:
    """The link of the chain that leaves the same rows."""
    test, kind = place.node, category(column.field_class)
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        test, negated = test.expression, not negated
    if isinstance(test, cst.Attribute):
        plain = kind is Category.BOOLEAN and not column.null
        return ("filter", [f"{column.name}={not negated}"]) if plain else None
    if not isinstance(test, cst.Comparison) or isinstance(place.node, cst.UnaryOperation):
        return None
    operator, value = test.comparisons[0].operator, test.comparisons[0].comparator
    if isinstance(operator, (cst.Is, cst.IsNot)) and isinstance(value, cst.Name) and value.value == "None":
        return "filter", [f"{column.name}__isnull={isinstance(operator, cst.Is) is not negated}"]
    lookup = _LOOKUPS.get(type(operator))
    if lookup is None:
        return None
    lookup = _OPPOSITES[lookup] if negated else lookup
    if not _compares_alike(value, column, kind, lookup, function):
        return None
    written = text[slice(*place.unit.span(value))]
    if lookup == "!":
        return "exclude", [f"{column.name}={written}"]
    return "filter", [f"{column.name}{lookup}={written}"]


def _compares_alike(
    value: cst.BaseExpression, column: Column, kind: Category | None, lookup: str, function: cst.FunctionDef
) -> bool:
    """True if the database finds the column and the value as big or as equal as Python does."""
    literal = isinstance(value, (cst.Integer, cst.SimpleString))
    if lookup in ("", "!"):
        # `5 == "5"` is false in Python; filter() would make a number of the text.
        fits = kind in _NUMBERS if isinstance(value, cst.Integer) else kind is Category.TEXT
        return literal and fits and (lookup == "" or not column.null)
    return (
        kind in _NUMBERS and not column.null and not isinstance(value, cst.SimpleString) and is_steady(value, function)
    )
