"""The fix for a count() that a loop asks for each row: the loop's queryset counts for all of its rows.

In: a query that a loop sends. Out: `annotate(books_count=Count("books"))` and `author.books_count`, None where the
number might be another one: joins to many rows and other aggregates multiply it, conditions of a manager are left out
of it, and a slice, distinct() or a lock do not go together with GROUP BY.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import Call, append_calls, quoted
from flake8_django_orm.fixes.chains import Chain, chain_of, other_calls
from flake8_django_orm.fixes.imports import plan_imports
from flake8_django_orm.fixes.statements import is_steady, surroundings
from flake8_django_orm.machine.values import Argument, Constant, Fetched, Mode, QuerySetValue, RowValue, Scalar
from flake8_django_orm.project.models import RelationKind
from flake8_django_orm.syntax.names import mentioned_names

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import QueryRun
    from flake8_django_orm.project.models import ManagerFacts, Model, Relation
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

_COUNTED = frozenset({RelationKind.REVERSE_FOREIGN_KEY, RelationKind.MANY_TO_MANY, RelationKind.REVERSE_MANY_TO_MANY})
#: Links of the loop's queryset that leave one row for each row of its table.
_KEEPS_ROWS = frozenset({"all", "exclude", "filter", "order_by", "prefetch_related", "reverse", "select_related"})


@dataclass(frozen=True, slots=True)
class _Count:
    """`author.books.filter(published=True).count()` taken apart: the row, its relation and the conditions."""

    row: RowValue
    written: Place  # the row's name
    relation: Relation
    conditions: tuple[Argument, ...]


def annotate_count(project: Project, event: QueryRun) -> Fix | None:
    """Count in the queryset of the loop."""
    count = _count(project, event)
    if count is None or event.how != "count" or event.opaque_loop or event.frame.is_async:
        return None
    origin = count.row.origin
    chain = chain_of(project, origin) if origin is not None else None
    text = project.text(event.place.path)
    if text is None or origin is None or chain is None or chain.end.unit is not event.place.unit:
        return None
    if not _takes_annotation(project, origin, chain) or "#" in text[slice(*event.place.span)]:
        return None
    name = _free_attribute(project, count, event.place)
    conditions = [_condition(count, argument, chain, text) for argument in count.conditions]
    if name is None or any(one is None for one in conditions):
        return None
    wanted = ["Count", "Q"] if conditions else ["Count"]
    plan = plan_imports(project, event.place.path, "django.db.models", wanted, chain.end.span[0])
    if plan is None:
        return None
    written, imports = plan
    narrowed = f", filter={written['Q']}({', '.join(one for one in conditions if one)})" if conditions else ""
    count_call = f"{name}={written['Count']}({quoted(count.relation.lookup, chain.end, text)}{narrowed})"
    through: list[Call] = [(chain.through, None)] if chain.through else []
    read = f"{text[slice(*count.written.span)]}.{name}"
    edits = (
        *imports,
        append_calls(chain.end, text, [*through, ("annotate", [count_call])]),
        Edit(event.place.path, *event.place.span, read),
    )
    return Fix(Applicability.UNSAFE, f"Count {count.relation.lookup} in the queryset", edits)


# -- what is counted --------------------------------------------------------------------------------------------------


def _count(project: Project, event: QueryRun) -> _Count | None:
    """The count, where its row is one that the loop's queryset gives."""
    queryset, call = event.queryset, event.place.node
    model = project.model(queryset.model.key)
    if model is None or not isinstance(call, cst.Call) or queryset.distinct or queryset.mode is not Mode.ROWS:
        return None
    if not _is_plain(model.managers.get(model.default_manager)) or not _is_plain(queryset.manager):
        return None
    steps = [step for step in queryset.steps if isinstance(step.place.node, cst.Call)]
    if any(step.method not in ("all", "filter") or step.frame is not event.frame for step in steps):
        return None
    conditions = [argument for step in steps for argument in step.arguments]
    root = _root_of(call)
    if queryset.source_row is not None and queryset.relation is not None and isinstance(root, cst.Attribute):
        row, relation = queryset.source_row, queryset.relation
        written: cst.CSTNode | None = root.value
    else:
        owned = _owner(project, model, conditions)
        if owned is None:
            return None
        row, relation, argument = owned
        conditions.remove(argument)
        node = argument.place.node if argument.place is not None else None
        written = node.value if isinstance(argument.value, Scalar) and isinstance(node, cst.Attribute) else node
    if not isinstance(written, cst.Name) or relation.kind not in _COUNTED:
        return None
    if row.path or row.fetched is not Fetched.ITERATED or row.loop != event.varies[-1].number:
        return None
    return _Count(row, event.place.at(written), relation, tuple(conditions))


def _root_of(call: cst.Call) -> cst.BaseExpression:
    """`author.books` of `author.books.filter(x=1).count()`."""
    node: cst.BaseExpression = call
    while isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        node = node.func.value
    return node


def _owner(
    project: Project, model: Model, conditions: Sequence[Argument]
) -> tuple[RowValue, Relation, Argument] | None:
    """The loop's row of `Book.objects.filter(author=author)`, with the relation that leads from it to the books."""
    for argument in conditions:
        key = next((r for r in model.relations.values() if argument.name in (r.lookup, r.attname)), None)
        value = argument.value
        if isinstance(value, Scalar) and value.column == value.row.model.primary_key:
            value = value.row
        if key is None or key.to_field is not None or not isinstance(value, RowValue) or key.remote is None:
            continue
        relation = value.model.relations.get(key.remote)
        if value.model.key == key.target and relation is not None and not value.maybe_none:
            return value, relation, argument
    return None


def _is_plain(manager: ManagerFacts | None) -> bool:
    """True for a manager whose queryset holds all rows; a class of the project's own may leave some out."""
    return manager is None or (manager.known and manager.manager_class is None and manager.queryset_class is None)


# -- the loop's queryset ----------------------------------------------------------------------------------------------


def _takes_annotation(project: Project, origin: QuerySetValue, chain: Chain) -> bool:
    """True if one count of related rows is the only thing that groups or multiplies the queryset's rows."""
    if origin.sliced or origin.distinct or origin.locked or origin.shared or origin.loading.annotations:
        return False
    if chain.length != len(chain.steps) or any(step.conditional for step in origin.steps):
        return False
    if any(True for _ in other_calls(chain, origin)):
        return False
    called = [step for step in origin.steps if isinstance(step.place.node, cst.Call)]
    if any(step.method not in _KEEPS_ROWS or step.frame is not chain.frame for step in called):
        return False
    paths = [*origin.model.ordering, *(name for step in called for name in _paths(step.method, step.arguments))]
    return not any(_joins_many(project, origin.model, path.lstrip("-")) for path in paths)


def _paths(method: str, arguments: Sequence[Argument]) -> Iterator[str]:
    """The lookup paths that a link joins; "*" stands for what cannot be read."""
    for argument in arguments:
        if method in ("filter", "exclude"):
            yield argument.name or "*"
        elif method == "order_by":
            value = argument.value
            yield value.value if isinstance(value, Constant) and isinstance(value.value, str) else "*"


def _joins_many(project: Project, model: Model | None, path: str) -> bool:
    """Whether a lookup path leads over a relation to many rows, or over something that is not known."""
    for name in path.split("__"):
        if model is None or name in ("*", "**"):
            return True
        relation = model.relation_by_lookup(name)
        if relation is None:
            return name not in {"pk", "?", *model.columns, *(r.attname for r in model.relations.values())}
        if not relation.kind.forward_column:
            return True
        model = project.model(relation.target) if relation.target else None
    return False


# -- names and conditions ---------------------------------------------------------------------------------------------


def _free_attribute(project: Project, count: _Count, place: Place) -> str | None:
    """A name for the number that neither the model nor the function uses."""
    model = count.row.model
    name = f"{count.relation.lookup}_count"
    taken = name in {*model.columns, *model.relations, *mentioned_names(place.unit.tree)}
    if taken or not model.complete or project.find_method(model.key, name) is not None:
        return None
    return None if project.find_class_attribute(model.key, name) is not None else name


def _condition(count: _Count, argument: Argument, chain: Chain, text: str) -> str | None:
    """`published=True` as `books__published=True`, where its value is the same at the loop's queryset."""
    place, name = argument.place, argument.name or ""
    if place is None or name.startswith("*") or not name or place.unit is not chain.end.unit:
        return None
    function = around.function if (around := surroundings(place.unit, place.node)) is not None else None
    if function is None or not is_steady(place.node, function):
        return None
    written = text[slice(*place.span)]
    return None if "\n" in written else f"{count.relation.lookup}__{name}={written}"
