"""Queries that Django refuses: joins of keys that only() or defer() leaves out.

In: a queryset that is about to be evaluated. Out: the path of the relation that it cannot join, if any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine.loading import How
from flake8_django_orm.machine.values import Mode
from flake8_django_orm.project.models import RelationKind

if TYPE_CHECKING:
    from flake8_django_orm.machine.loading import Loading
    from flake8_django_orm.machine.values import QuerySetValue
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.project.project import Project

#: Ways to use a queryset that fetch rows, and so join what select_related() names.
FETCHES_ROWS = frozenset(
    (  # noqa: SIM905
        "iterate list test len index contains text get first last earliest latest in_bulk"
    ).split()
)


def deferred_join(project: Project, queryset: QuerySetValue) -> tuple[str, ...] | None:
    """The relation that select_related() names and whose key is deferred: Django raises FieldError."""
    loading = queryset.loading
    if queryset.mode is not Mode.ROWS or loading.unknown or queryset.raw or queryset.combined:
        return None
    return _deferred(project, queryset.model, loading, loading, ())


def _deferred(
    project: Project, model: Model, loading: Loading, root: Loading, path: tuple[str, ...]
) -> tuple[str, ...] | None:
    prefix = "".join(f"{name}__" for name in path)
    chosen = {name.removeprefix(prefix) for name in root.only or () if name.startswith(prefix)}
    deferred = {name.removeprefix(prefix) for name in root.deferred if name.startswith(prefix)}
    for name, loaded in loading.relations:
        relation = model.relations.get(name)
        if loaded.how is not How.JOINED or relation is None:
            continue
        if relation.kind in (RelationKind.FOREIGN_KEY, RelationKind.ONE_TO_ONE):
            keys = {relation.lookup, relation.attname or relation.lookup}
            named = bool(keys & chosen) or any(one.startswith(f"{relation.lookup}__") for one in chosen)
            if keys & deferred or (chosen and not named):
                return (*path, relation.lookup)
        target = project.model(relation.target) if relation.target else None
        if target is not None:
            found = _deferred(project, target, loaded.loading, root, (*path, relation.lookup))
            if found is not None:
                return found
    return None
