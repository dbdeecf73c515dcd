"""Writes that a loop sends once per row, and which one statement could do them all.

In: a QueryRun that writes. Out: its `BulkWrite`, None where one statement would do less: where save() is the model's
own, receivers listen, a failure is met for each row, or an iteration needs what was written.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from flake8_django_orm.machine.frames import Repeats
from flake8_django_orm.machine.values import Fetched, RowValue, loops_of
from flake8_django_orm.project.models import RelationKind
from flake8_django_orm.project.signals import is_listened_to

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import QueryRun
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.project.project import Project


class BulkWrite(enum.Enum):
    """The one statement."""

    CREATE = "bulk_create()"
    UPDATE = "bulk_update()"
    DELETE = "delete() of the queryset"
    ADD = "add() with all rows"


_MANY = frozenset({RelationKind.MANY_TO_MANY, RelationKind.REVERSE_MANY_TO_MANY})


def bulk_write(project: Project, event: QueryRun) -> BulkWrite | None:
    """Which one statement could replace the write of each iteration."""
    if not event.varies or not event.writes or event.tried or event.opaque_loop:
        return None
    if not event.dropped or event.varies[-1] is not event.loops[-1]:
        return None
    model = event.queryset.model
    if model.key in event.loop_reads:
        return None  # a later iteration may look at what an earlier one wrote
    if is_listened_to(project, model) or any(
        relation.parent_link and relation.kind.forward_column for relation in model.relations.values()
    ):
        return None
    match event.how:
        case "create" | "acreate":
            return BulkWrite.CREATE if _is_plain(project, model, "save", event) else None
        case "row.save" | "row.asave" if event.only_save:
            return BulkWrite.CREATE if _is_made_in_loop(event) and not _has_own(project, model, "save") else None
        case "row.save" | "row.asave":
            return BulkWrite.UPDATE if _is_row_of_loop(event) and _has_own(project, model, "save") is False else None
        case "row.delete" | "row.adelete":
            return BulkWrite.DELETE if _is_row_of_loop(event) and _has_own(project, model, "delete") is False else None
        case "add":
            return BulkWrite.ADD if _adds_one_by_one(event) else None
    return None


def _is_plain(project: Project, model: Model, method: str, event: QueryRun) -> bool:
    """True if create() is Django's own and does no more than save() does for the model."""
    facts = event.queryset.manager
    own = facts is not None and (facts.manager_class is not None or facts.queryset_class is not None)
    return not own and event.queryset.relation is None and not _has_own(project, model, method)


def _has_own(project: Project, model: Model, method: str) -> bool:
    return any(project.find_method(model.key, name) is not None for name in (method, f"a{method}"))


def _is_row_of_loop(event: QueryRun) -> bool:
    """True if the row that is written is one of a queryset's rows, bound by the innermost loop."""
    row = event.arguments[0].value if event.arguments else None
    loop = event.loops[-1]
    return (
        isinstance(row, RowValue)
        and row.fetched is Fetched.ITERATED
        and not row.path
        and row.loop == loop.number
        and loop.repeats is Repeats.ROWS
    )


def _is_made_in_loop(event: QueryRun) -> bool:
    """True if the innermost loop makes the row that it saves."""
    row = event.arguments[0].value
    return isinstance(row, RowValue) and row.result > event.loops[-1].built_before


def _adds_one_by_one(event: QueryRun) -> bool:
    """True for `book.tags.add(tag)` in a loop that goes over the tags alone."""
    relation, row = event.queryset.relation, event.queryset.source_row
    if relation is None or relation.kind not in _MANY or row is None or relation.through is not None:
        return False
    if len(event.arguments) != 1 or event.arguments[0].name is not None:
        return False
    inner = event.loops[-1].number
    return inner not in loops_of(row) and inner in loops_of(event.arguments[0].value)
