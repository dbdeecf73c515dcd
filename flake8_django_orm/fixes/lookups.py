"""Which lookups a queryset lacks: select_related where a join serves, prefetch_related where it does not.

In: a queryset and the attribute paths that its rows must have loaded. Out: `Lookups`, in the names that Django's two
methods take. No text is made here: the message of a finding and its fix both start from these lookups.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_django_orm.machine.loading import How, Loaded, Loading
from flake8_django_orm.orm.managers import POLYMORPHIC_BASES
from flake8_django_orm.project.models import RelationKind

if TYPE_CHECKING:
    from flake8_django_orm.machine.values import QuerySetValue
    from flake8_django_orm.project.models import Model, Relation
    from flake8_django_orm.project.project import Project

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inner:
    """A path that goes through a Prefetch object: what is left of it belongs to that object's `queryset`.

    `prefix` is the Prefetch's lookup as prefetch_related() knows it, its to_attr in the place of the relation.
    """

    prefix: str
    queryset: QuerySetValue
    rest: Path


@dataclass(frozen=True, slots=True)
class Lookup:
    """One path: to be joined or prefetched under `name`, with the `columns` that an only() must name for it."""

    path: Path
    name: str
    joined: bool
    columns: tuple[str, ...] = ()
    inner: Inner | None = None


@dataclass(frozen=True, slots=True)
class Lookups:
    """What a queryset needs: names for select_related(), for prefetch_related(), and columns for its only()."""

    select: tuple[str, ...] = ()
    prefetch: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.select or self.prefetch)


def lookups(project: Project, queryset: QuerySetValue, paths: Iterable[Path]) -> list[Lookup] | None:
    """A lookup for each path that is not loaded yet; None where a path leads through something unknown.

    Also None where a deferred key would make the loading raise or query anyway.
    """
    found = []
    for path in paths:
        lookup = _Walk(project, queryset, path).lookup()
        if lookup is None:
            return None
        if not _is_loaded(queryset.loading, path):
            found.append(lookup)
    return found


def united(found: Iterable[Lookup]) -> Lookups:
    """The lookups of several paths together, without those that another one brings along."""
    found = list(found)
    return Lookups(
        select=_longest([one.name for one in found if one.joined]),
        prefetch=_longest([one.name for one in found if not one.joined]),
        columns=tuple(dict.fromkeys(column for one in found for column in one.columns)),
    )


def _longest(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(n for n in dict.fromkeys(names) if not any(other.startswith(f"{n}__") for other in names))


def _is_loaded(loading: Loading, path: Path) -> bool:
    for name in path:
        entry = loading.get(name)
        if entry is None:
            return False
        loading = entry.loading
    return True


class _Walk:
    """Goes along one path, from the queryset's model to the last relation."""

    def __init__(self, project: Project, queryset: QuerySetValue, path: Path) -> None:
        self.project = project
        self.queryset = queryset
        self.path = path
        self.joined = True
        self.accessors: list[str] = []  # the names for prefetch_related()
        self.queries: list[str] = []  # the names for select_related(), as far as all is joined
        self.columns: list[str] = []
        self.inner: Inner | None = None

    def lookup(self) -> Lookup | None:
        model: Model | None = self.queryset.model
        loading = self.queryset.loading
        for number, name in enumerate(self.path):
            entry = loading.get(name)
            relation = _relation(model, name, entry)
            if relation is None:
                return None
            target = self.project.model(relation.target) if relation.target else None
            if not self._step(name, relation, target, entry):
                return None
            rest = self.path[number + 1 :]
            if entry is not None and entry.queryset is not None and rest:
                self.inner = Inner("__".join(self.accessors), entry.queryset, rest)
            model = target
            loading = entry.loading if entry is not None else Loading()
        name = "__".join(self.queries if self.joined else self.accessors)
        return Lookup(self.path, name, self.joined, tuple(self.columns), self.inner)

    def _step(self, name: str, relation: Relation, target: Model | None, entry: Loaded | None) -> bool:
        """Take one relation; False where the key it needs is deferred."""
        if entry is None:
            if self.joined and not self._add_columns(relation):
                return False
            self.joined = self.joined and self._can_join(relation, target)
        elif entry.how is not How.JOINED:
            self.joined = False
        self.accessors.append(name)
        self.queries.append(relation.lookup)
        return True

    def _can_join(self, relation: Relation, target: Model | None) -> bool:
        if not relation.kind.single_valued or target is None or self.queryset.locked or self.queryset.raw:
            return False
        # A forward key is read through the target's base manager, which a join would pass by.
        if target.base_manager is not None or not POLYMORPHIC_BASES.isdisjoint(self.project.ancestors(target.key)):
            return False
        # Django takes a reverse relation that only() does not name for a deferred field.
        if not relation.kind.forward_column and self._is_thinned():
            return False
        # Of `only("author__name")` a join would load no more than the name.
        below = f"{self._prefix()}{relation.lookup}__"
        return not any(name.startswith(below) for name in self.queryset.loading.only or ())

    def _prefix(self) -> str:
        return "".join(f"{name}__" for name in self.queries)

    def _is_thinned(self) -> bool:
        """True where only() chooses among the columns of the row that the path has led to."""
        only, prefix = self.queryset.loading.only, self._prefix()
        return only is not None and (not prefix or any(name.startswith(prefix) for name in only))

    def _add_columns(self, relation: Relation) -> bool:
        """Note the keys by which the relation is found, where only() leaves them out; False where defer() does."""
        prefix = self._prefix()
        keys = [f"{prefix}{key}" for key in _key_fields(relation)]
        names = {*keys, f"{prefix}{relation.attname}"} if relation.attname else set(keys)
        if names & self.queryset.loading.deferred:
            return False
        only = self.queryset.loading.only
        if only is None or not self._is_thinned():
            return True
        if relation.to_field is not None and not relation.kind.forward_column:
            return False
        if relation.kind.forward_column and (names & only or any(name.startswith(f"{keys[0]}__") for name in only)):
            return True
        self.columns.extend(key for key in keys if key not in only)
        return True


def _relation(model: Model | None, name: str, entry: Loaded | None) -> Relation | None:
    if model is None:
        return None
    return model.relations.get(entry.relation if entry is not None and entry.how is How.TO_ATTR else name)


def _key_fields(relation: Relation) -> list[str]:
    """The fields of the row itself by which the relation is followed; the primary key is never deferred."""
    if relation.kind.forward_column:
        return [relation.name]
    if relation.kind is RelationKind.GENERIC_FOREIGN_KEY:
        return [name for name in (relation.content_type_field, relation.object_id_field) if name]
    return []
