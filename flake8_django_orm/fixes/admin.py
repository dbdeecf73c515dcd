"""The fix for a change list of the admin: `list_select_related`, edited where the class has it, else added to its body.

In: the queryset of a change list that no code of the project builds, and what its rows lack. Out: a fix, or the words
for a message. As soon as list_select_related names something, Django joins nothing by itself: what it joined until
then, and what was read through it, is named too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import add_items, quoted
from flake8_django_orm.fixes.lookups import Path, lookups, united
from flake8_django_orm.machine.values import Constant
from flake8_django_orm.orm.admin import CHANGE_LIST

if TYPE_CHECKING:
    from flake8_django_orm.machine.values import QuerySetValue, Step
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place


def change_list(origin: QuerySetValue) -> Step | None:
    """The step that stands for the admin's change list, where nothing but the admin makes the queryset."""
    last = origin.steps[-1] if origin.steps else None
    return last if last is not None and last.method == CHANGE_LIST else None


def describe(project: Project, origin: QuerySetValue, paths: Sequence[Path]) -> str | None:
    """`list_select_related = ("author",)`; None where only a prefetch serves."""
    names = _missing(project, origin, paths)
    return f"{_listed(names)} to list_select_related" if names else None


def add_to_change_list(project: Project, origin: QuerySetValue, paths: Sequence[Path]) -> Fix | None:
    """The fix that makes the change list join `paths`; None where it cannot be made."""
    step = change_list(origin)
    names = _missing(project, origin, paths)
    text = project.text(step.place.path) if step is not None else None
    if step is None or not names or text is None or not project.is_own(step.place.path):
        return None
    edits = _edits(step, text, names)
    message = f"Add {_listed(names)} to list_select_related"
    return Fix(Applicability.SAFE, message, edits) if edits is not None else None


def _missing(project: Project, origin: QuerySetValue, paths: Sequence[Path]) -> tuple[str, ...]:
    found = [one for path in paths for one in lookups(project, origin, [path]) or ()]
    return united(found).select


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _edits(step: Step, text: str, names: Sequence[str]) -> tuple[Edit, ...] | None:
    place = step.place
    body = _class_of(place)
    if body is None:
        return None
    joined = [str(a.value.value) for a in step.arguments if isinstance(a.value, Constant)]
    everything = [n for n in dict.fromkeys([*joined, *names]) if not _is_prefix(n, [*joined, *names])]
    declared = _declaration(body, "list_select_related")
    if declared is None:
        return _added(place, body, text, everything)
    value = place.at(declared)
    if isinstance(declared, (cst.Tuple, cst.List)) and declared.elements:
        last = declared.elements[-1]
        comma = place.unit.span(last.comma)[1] if isinstance(last.comma, cst.Comma) else None
        items = [quoted(name, place) for name in names]
        return add_items(place.path, text, place.unit.span(last.value), comma, items)
    if isinstance(declared, (cst.Tuple, cst.List)) or getattr(declared, "value", "") in ("True", "False"):
        start, end = value.span
        if isinstance(declared, cst.Tuple) and text[start - 1 : start] == "(":
            start, end = start - 1, end + 1
        return (Edit(place.path, start, end, _tuple(everything, place)),)
    return None


def _is_prefix(name: str, names: Sequence[str]) -> bool:
    return any(other.startswith(f"{name}__") for other in names)


def _tuple(names: Sequence[str], place: Place) -> str:
    items = ", ".join(quoted(name, place) for name in names)
    return f"({items},)" if len(names) == 1 else f"({items})"


def _class_of(place: Place) -> cst.ClassDef | None:
    return next((s for s in place.unit.body if isinstance(s, cst.ClassDef)), None)


def _declaration(body: cst.ClassDef, name: str) -> cst.BaseExpression | None:
    found: cst.BaseExpression | None = None
    for statement in _assignments(body):
        if statement.targets[0].target.deep_equals(cst.Name(name)):
            found = statement.value
    return found


def _assignments(body: cst.ClassDef) -> list[cst.Assign]:
    lines = [line for line in body.body.body if isinstance(line, cst.SimpleStatementLine)]
    return [small for line in lines for small in line.body if isinstance(small, cst.Assign)]


def _added(place: Place, body: cst.ClassDef, text: str, names: Sequence[str]) -> tuple[Edit, ...] | None:
    """A new line below list_display, or before the first statement of the body."""
    after = next((s for s in _assignments(body) if s.targets[0].target.deep_equals(cst.Name("list_display"))), None)
    if after is None:
        return _added_first(place, body, text, names)
    start, end = place.unit.span(after)
    line_start = text.rfind("\n", 0, start) + 1
    indentation = text[line_start:start]
    line_end = text.find("\n", end)
    line_end = len(text) if line_end == -1 else line_end
    if indentation.strip():
        return None
    added = f"\n{indentation}list_select_related = {_tuple(names, place)}"
    return (Edit(place.path, line_end, line_end, added),)


def _added_first(place: Place, body: cst.ClassDef, text: str, names: Sequence[str]) -> tuple[Edit, ...] | None:
    statements = [s for s in body.body.body if not _is_docstring(s)]
    if not statements or not isinstance(body.body, cst.IndentedBlock):
        return None
    start, _ = place.unit.span(statements[0])
    line_start = text.rfind("\n", 0, start) + 1
    indentation = text[line_start:start]
    above = text[:line_start].rstrip("\n").rpartition("\n")[2]
    if indentation.strip() or above.lstrip().startswith("#"):
        return None
    gap = "" if isinstance(statements[0], cst.SimpleStatementLine) and "=" in text[start:].partition("\n")[0] else "\n"
    return (
        Edit(place.path, line_start, line_start, f"{indentation}list_select_related = {_tuple(names, place)}\n{gap}"),
    )


def _is_docstring(statement: cst.CSTNode) -> bool:
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and isinstance(statement.body[0], cst.Expr)
        and isinstance(statement.body[0].value, (cst.SimpleString, cst.ConcatenatedString))
    )
