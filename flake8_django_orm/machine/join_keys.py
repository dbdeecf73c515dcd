"""The columns by which related rows are matched with their owners, where only() or defer() leaves them out.

In: a queryset whose rows are fetched. Out: DeferredKey events. Django reads these columns of every row that a Prefetch
fetches, and (before 6.1) of every row of a reverse foreign-key manager: what is deferred is fetched row by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.machine.events import DeferredKey
from flake8_django_orm.machine.values import Mode
from flake8_django_orm.project.models import RelationKind

if TYPE_CHECKING:
    from flake8_django_orm.machine.loading import Loading
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.machine.values import QuerySetValue, RowValue
    from flake8_django_orm.project.models import Model, Relation
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

_REVERSE = frozenset({RelationKind.REVERSE_FOREIGN_KEY, RelationKind.REVERSE_ONE_TO_ONE})
#: Uses that fetch all rows of a queryset.
_ALL_ROWS = frozenset({"in_bulk", "iterate", "len", "list", "test", "text", "contains"})
_SOME_ROWS = _ALL_ROWS | {"earliest", "first", "get", "index", "last", "latest"}


def note(machine: Machine, queryset: QuerySetValue, how: str, place: Place) -> None:
    """Note the keys that a queryset and the querysets of its Prefetch objects leave out."""
    if queryset.mode is not Mode.ROWS or queryset.raw:
        return
    if how in _SOME_ROWS:
        for relation, inner in _prefetched(machine.project, queryset.model, queryset.loading):
            _emit(machine, relation, inner, place, by_prefetch=True)
    own = queryset.relation
    if how in _ALL_ROWS and own is not None and own.kind is RelationKind.REVERSE_FOREIGN_KEY:
        _emit(machine, own, queryset, place, by_prefetch=False)


def is_join_key(row: RowValue, column: str) -> bool:
    """True for a column of a prefetched row that Django has read already, to match the row with its owner."""
    relation = row.parent.model.relations.get(row.path[-1]) if row.parent is not None and row.path else None
    return relation is not None and column in _columns(relation, row.model)


def _emit(machine: Machine, relation: Relation, queryset: QuerySetValue, place: Place, *, by_prefetch: bool) -> None:
    loading = queryset.loading
    columns = tuple(one for one in _columns(relation, queryset.model) if loading.leaves_out(one))
    if columns and not loading.peers and not loading.raises and not loading.unknown and not queryset.single:
        machine.emit(DeferredKey, place, origin=queryset, relation=relation, columns=columns, by_prefetch=by_prefetch)


def _prefetched(project: Project, model: Model | None, loading: Loading) -> Iterator[tuple[Relation, QuerySetValue]]:
    """The relations that a loading prefetches with a queryset of their own, at any depth."""
    for name, loaded in loading.relations:
        relation = model.relations.get(loaded.relation or name) if model is not None else None
        if relation is None:
            continue
        if loaded.queryset is not None and loaded.queryset.mode is Mode.ROWS:
            yield relation, loaded.queryset
        yield from _prefetched(project, project.model(relation.target) if relation.target else None, loaded.loading)


def _columns(relation: Relation, model: Model) -> tuple[str, ...]:
    """The columns of the related model that tell the owner."""
    if relation.kind in _REVERSE:
        key = model.relations.get(relation.field)
        return (key.attname,) if key is not None and key.attname else ()
    if relation.kind is RelationKind.GENERIC_RELATION and relation.object_id_field and relation.content_type_field:
        kind = model.relations.get(relation.content_type_field)
        return (relation.object_id_field, kind.attname) if kind is not None and kind.attname else ()
    return ()
