"""The fix for a related row that is fetched by the key which another row holds: read the relation instead.

In: a query that a loop sends. Out: `loan.book` for `Book.objects.get(pk=loan.book_id)`, None where that is not the
same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import whole_span
from flake8_django_orm.machine.values import Scalar

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import QueryRun
    from flake8_django_orm.project.models import Relation
    from flake8_django_orm.project.project import Project


def relation_of_key(event: QueryRun) -> Relation | None:
    """The relation whose key the query looks up: `loan.book`, where a Book is fetched by `loan.book_id`."""
    if len(event.arguments) != 1 or event.how != "get":
        return None
    value = event.arguments[0].value
    if not isinstance(value, Scalar) or event.arguments[0].name not in ("pk", event.queryset.model.primary_key):
        return None
    relations = value.row.model.relations.values()
    found = next((r for r in relations if r.attname == value.column and r.to_field is None), None)
    return found if found is not None and found.target == event.queryset.model.key else None


def read_relation(project: Project, event: QueryRun) -> Fix | None:
    """Read the relation; None where a manager's own conditions or a null key would make a difference."""
    relation = relation_of_key(event)
    if relation is None or relation.null or not _is_plain(event):
        return None
    call, argument = event.place.node, event.arguments[0].place
    text = project.text(event.place.path)
    if text is None or argument is None or not (isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute)):
        return None
    key = argument.node
    if (
        not isinstance(key, cst.Attribute)
        or key.attr.value != relation.attname
        or argument.unit is not event.place.unit
    ):
        return None
    start, end = whole_span(event.place)
    if "#" in text[start:end]:
        return None
    base_start = argument.span[0]
    base = text[base_start : argument.unit.span(key.attr)[0]]
    edit = Edit(event.place.path, *event.place.span, f"{base}{relation.name}")
    return Fix(Applicability.UNSAFE, f"Read {relation.name}", (edit,))


def _is_plain(event: QueryRun) -> bool:
    """True for `Book.objects.get(...)` of a model whose managers are Django's own."""
    queryset = event.queryset
    facts = queryset.manager
    own = facts is not None and (facts.manager_class is not None or facts.queryset_class is not None)
    links = [step.method for step in queryset.steps]
    return not own and len(links) == 2 and links[-1] == "get" and queryset.model.base_manager is None
