"""The fix for check-then-create: both queries become one get_or_create(), or one update_or_create() where the row that
is found gets the values that a new one is created with.

In: a CheckedThenCreated event. Out: an unsafe fix, or None where the code around the two does anything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import laid_out, quoted
from flake8_django_orm.fixes.creation_shapes import Shape, shape_of
from flake8_django_orm.syntax.names import dotted_name
from flake8_django_orm.syntax.visitor import walk

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import CheckedThenCreated
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

#: What must not run where the row exists already, or not in the place of another expression.
_RUNS_CODE = (cst.Call, cst.Await, cst.Yield, cst.NamedExpr, cst.BaseComp)
_FREE_NAMES = ("created", "was_created")


def get_or_create(project: Project, event: CheckedThenCreated) -> tuple[str, Fix | None]:
    """The method that does both, and the fix that replaces the check and the creation by one call of it; None where
    that would change more than the race."""
    shape = shape_of(event.check.place, event.created.place)
    method = "get_or_create" if shape is None or shape.updates is None else "update_or_create"
    return method, _fix(project, event, shape, method) if shape is not None else None


def _fix(project: Project, event: CheckedThenCreated, shape: Shape, method: str) -> Fix | None:
    check, created = event.check.place, event.created.place
    text = project.text(check.path)
    if text is None or check.unit is not created.unit or event.check.frame is not event.created.frame:
        return None
    call = _call(event, text, shape, method)
    if call is None:
        return None
    start, end = check.unit.span(shape.first)[0], check.unit.span(shape.last)[1]
    if "#" in text[start:end]:
        return None
    callee, arguments = call
    if shape.target:
        used = {node.value for node in walk(check.unit.tree) if isinstance(node, cst.Name)}
        free = next((name for name in _FREE_NAMES if name not in used), None)
        if free is None:
            return None
        callee = f"{shape.target}, {free} = {callee}"
    written = laid_out(callee, arguments, check.at(shape.first), text)
    edit = Edit(check.path, start, _without_line_end(text, start, end), written)
    return Fix(Applicability.UNSAFE, f"Let {method}() do both", (edit,))


def _without_line_end(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip())


# -- the call ---------------------------------------------------------------------------------------------------------


def _call(event: CheckedThenCreated, text: str, shape: Shape, method: str) -> tuple[str, list[str]] | None:
    receiver, conditions = _receiver(event.check.place)
    created = event.created.place.node
    if receiver is None or not isinstance(created, cst.Call) or event.created.how not in ("create", "acreate"):
        return None
    place = event.check.place
    if not isinstance(created.func, cst.Attribute) or not receiver.deep_equals(created.func.value):
        return None
    if event.check.frame.is_async or event.values is None or not _are_plain(created):
        return None
    known = {argument.keyword.value for argument in conditions if argument.keyword is not None}
    if known != {condition.name for condition in event.lookup or () if condition.place is not None}:
        return None
    written = [text[slice(*place.unit.span(argument))].rstrip(", \n") for argument in conditions]
    rest = [
        argument for argument in created.args if argument.keyword is not None and argument.keyword.value not in known
    ]
    if shape.updates is not None and not _are_same(shape.updates, rest):
        return None
    if rest:
        values = ", ".join(
            f"{quoted(argument.keyword.value, place, text)}: {text[slice(*place.unit.span(argument.value))]}"
            for argument in rest
            if argument.keyword is not None
        )
        written.append(f"defaults={{{values}}}")
    return f"{text[slice(*place.unit.span(receiver))]}.{method}", written


def _are_same(updates: Mapping[str, cst.BaseExpression], created: Sequence[cst.Arg]) -> bool:
    """True if the row that is found gets exactly the values of the new one: `defaults` are both."""
    values = {argument.keyword.value: argument.value for argument in created if argument.keyword is not None}
    return updates.keys() == values.keys() and all(updates[name].deep_equals(value) for name, value in values.items())


def _receiver(check: Place) -> tuple[cst.BaseExpression | None, list[cst.Arg]]:
    """The manager and the conditions of `manager.get(a=1)`, `manager.filter(a=1).exists()`."""
    node = check.node
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return None, []
    if node.func.attr.value != "get":
        node = node.func.value
        if not isinstance(node, cst.Call) or dotted_name(getattr(node.func, "attr", None)) != "filter":
            return None, []
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return None, []
    return node.func.value, list(node.args)


def _are_plain(created: cst.Call) -> bool:
    return all(
        argument.keyword is not None and not any(isinstance(part, _RUNS_CODE) for part in walk(argument.value))
        for argument in created.args
    )
