"""The fix for rows that a loop fetches one by one, by a key that its own rows hold: one in_bulk() before the loop.

In: a query that a loop sends. Out: `book_by_pk[loan.copy_key]` for `Book.objects.get(pk=loan.copy_key)`, and
`book_by_pk.get(...)` for `.filter(pk=...).first()`; None where a dict might not find what the database finds. Numbers
and UUIDs are equal in Python and in the database; texts need not be, and values from outside may be of any type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import quoted
from flake8_django_orm.fixes.loops import (
    WrittenLoop,
    free_name,
    lines_before,
    rows_by_name,
    snake_case,
    written_loop,
)
from flake8_django_orm.machine.values import Mode, QuerySetValue, Scalar
from flake8_django_orm.orm.fields import Category, category
from flake8_django_orm.syntax.names import dotted_name

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import QueryRun
    from flake8_django_orm.machine.values import Argument
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

_NUMBERS = frozenset({Category.AUTO, Category.INTEGER})


@dataclass(frozen=True, slots=True)
class _Lookup:
    """`manager.get(pk=key)` taken apart: `column` is None for the primary key."""

    receiver: Place
    key: Place
    column: str | None
    value: Scalar
    optional: bool  # first(): None where there is no such row


def fetch_in_bulk(project: Project, event: QueryRun) -> Fix | None:
    """Fetch all rows before the loop; a missing one is then a KeyError where get() raised DoesNotExist."""
    text = project.text(event.place.path)
    if text is None or event.tried or event.opaque_loop or event.frame.is_async:
        return None
    lookup, loop = _lookup(project, event), written_loop(event.place, event.varies[-1])
    if lookup is None or loop is None or lookup.value.row.origin is None or not _is_of_target(lookup, loop):
        return None
    start, end = event.place.span
    receiver = text[slice(*lookup.receiver.span)]
    if "#" in text[start:end] or "\n" in receiver or loop.binds(lookup.receiver.node) or loop.rebinds_target:
        return None
    rows = rows_by_name(loop, text, lookup.value.row.origin)
    model, by = snake_case(event.queryset.model.name), lookup.column or "pk"
    name = free_name(loop, f"{model}_by_{by}", f"{model}_for_{by}")
    if rows is None or name is None:
        return None
    key = text[slice(*lookup.key.span)]
    field = f", field_name={quoted(lookup.column, lookup.receiver)}" if lookup.column else ""
    fetched = f"{name} = {receiver}.in_bulk([{key} for {loop.target} in {rows.name}]{field})"
    before = lines_before(loop, text, [line for line in (rows.statement, fetched) if line])
    if before is None:
        return None
    found = f"{name}.get({key})" if lookup.optional else f"{name}[{key}]"
    edits = (before, *rows.edits, Edit(event.place.path, start, end, found))
    return Fix(Applicability.UNSAFE, "Fetch all of them with in_bulk()", edits)


def _lookup(project: Project, event: QueryRun) -> _Lookup | None:
    call = event.place.node
    if event.queryset.mode is not Mode.ROWS or not _has_djangos_in_bulk(project, event.queryset):
        return None
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute) or call.func.attr.value != event.how:
        return None
    arguments: tuple[Argument, ...] = event.arguments
    if event.how == "first":
        filtering = call.func.value
        step = next((s for s in event.queryset.steps if s.place.node is filtering and s.method == "filter"), None)
        if call.args or step is None or not isinstance(filtering, cst.Call):
            return None
        call, arguments = filtering, step.arguments
    if len(arguments) != 1 or len(call.args) != 1 or not isinstance(call.func, cst.Attribute):
        return None
    argument, model = arguments[0], event.queryset.model
    name = (argument.name or "").removesuffix("__exact")
    column = None if name in ("pk", model.primary_key) else name
    value = argument.value
    if argument.place is None or argument.place.unit is not event.place.unit or not isinstance(value, Scalar):
        return None
    kind = _kind(project, model, name)
    if kind is None or kind is not _kind(project, value.row.model, value.column) or value.row.path:
        return None
    return _Lookup(event.place.at(call.func.value), argument.place, column, value, event.how == "first")


def _is_of_target(lookup: _Lookup, loop: WrittenLoop) -> bool:
    """True for `loan.copy_key` in `for loan in ...`: whoever goes over the rows has the key."""
    first, _, rest = dotted_name(lookup.key.node).partition(".")
    return first == loop.target and bool(rest) and "." not in rest


def _has_djangos_in_bulk(project: Project, queryset: QuerySetValue) -> bool:
    facts = queryset.manager
    if facts is None:
        return True
    owners = [key for key in (facts.manager_class, facts.queryset_class) if key is not None]
    return facts.known and all(project.find_method(key, "in_bulk") is None for key in owners)


def _kind(project: Project, model: Model, name: str) -> Category | None:
    """What a column holds: numbers count as one kind, keys of related rows as the key they hold; None for others."""
    if name == "pk" or (name == model.primary_key and name not in model.columns):
        column = model.columns.get(model.primary_key)
        if column is None and model.primary_key not in model.relations:
            return Category.AUTO
        name = model.primary_key
    relation = next((r for r in model.relations.values() if r.attname and name in (r.name, r.attname)), None)
    if relation is not None:
        target = project.model(relation.target) if relation.target else None
        return _kind(project, target, relation.to_field or "pk") if target is not None else None
    column = model.columns.get(name)
    # A field class of the project's own may turn the value into anything.
    if column is None or column.custom_class is not None:
        return None
    kind = category(column.field_class)
    return Category.INTEGER if kind in _NUMBERS else kind if kind is Category.UUID else None
