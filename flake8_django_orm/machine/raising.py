"""What Django refuses: calls in a state of the queryset that does not allow them, joins of keys that only() or defer()
leaves out, prefetches of rows that are streamed.

In: a queryset with the next link of its chain, or one that is about to be evaluated. Out: the state that does not allow
the link; the path of the relation that cannot be joined; whether iterator() lacks its chunk size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine.loading import How
from flake8_django_orm.machine.values import Constant, Mode
from flake8_django_orm.orm.querysets import CHUNKED_SINCE, After, queryset_method
from flake8_django_orm.project.models import RelationKind

if TYPE_CHECKING:
    from flake8_django_orm.machine.loading import Loading
    from flake8_django_orm.machine.values import QuerySetValue, Step
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.project.project import Project

#: Ways to use a queryset that fetch rows, and so join what select_related() names.
FETCHES_ROWS = frozenset(
    (  # noqa: SIM905
        "iterate list test len index contains text get first last earliest latest in_bulk"
    ).split()
)


#: Called without arguments, these do nothing in any state.
_NEEDS_ARGUMENTS = frozenset({"filter", "exclude", "get"})
_COMBINES = frozenset({"union", "intersection", "difference"})
_GIVES_VALUES = frozenset({"values", "values_list", "dates", "datetimes"})


def refused_after(queryset: QuerySetValue, step: Step) -> tuple[After, str] | None:
    """The state of the queryset in which Django refuses the step, with the method that made it ("" for a slice)."""
    described = queryset_method(step.method)
    if described is None or (step.method in _NEEDS_ARGUMENTS and not step.arguments):
        return None
    if After.SLICE in described.raises_after and queryset.sliced:
        return After.SLICE, ""
    if After.COMBINATION in described.raises_after and queryset.combined:
        return After.COMBINATION, next(s.method for s in queryset.steps if s.method in _COMBINES)
    if After.VALUES in described.raises_after and queryset.mode is not Mode.ROWS and described.lazy:
        return After.VALUES, next((s.method for s in reversed(queryset.steps) if s.method in _GIVES_VALUES), "values")
    return None


def deferred_join(project: Project, queryset: QuerySetValue) -> tuple[str, ...] | None:
    """The relation that select_related() names and whose key is deferred: Django raises FieldError."""
    loading = queryset.loading
    if queryset.mode is not Mode.ROWS or loading.unknown or queryset.raw or queryset.combined:
        return None
    return _deferred(project, queryset.model, loading, loading, ())


def lacks_chunk_size(queryset: QuerySetValue, step: Step, version: tuple[int, int] | None) -> bool:
    """Whether the step is an `iterator()` that Django of this version refuses, as the queryset prefetches."""
    if step.method != "iterator" or step.arguments or version is None or version < CHUNKED_SINCE:
        return False
    last = next((s for s in reversed(queryset.steps) if s.method == "prefetch_related"), None)
    return last is not None and any(a.value != Constant(None) and a.name is None for a in last.arguments)


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
