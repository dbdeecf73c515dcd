"""What a queryset loads along with its rows: a tree of relations, copied by every queryset method.

In: lookup paths as the code gives them. Out: frozen `Loading` trees that answer "is this relation already there?".
Keys are attribute names on an instance; select_related's lookup names are translated through the model.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_django_orm.machine.values import QuerySetValue
    from flake8_django_orm.project.models import Model

    FindModel = Callable[[str], Model | None]


class How(enum.Enum):
    """Why a relation needs no query of its own."""

    JOINED = "joined by select_related"
    PREFETCHED = "prefetched"
    TO_ATTR = "prefetched into an attribute"
    KNOWN = "known from the related manager"


@dataclass(frozen=True, slots=True)
class Loaded:
    """One loaded relation. `queryset` is the inner queryset of a Prefetch, None for a plain path."""

    how: How
    loading: Loading
    relation: str = ""  # the relation behind a to_attr
    queryset: QuerySetValue | None = None


@dataclass(frozen=True, slots=True)
class Loading:
    """The loading state of a queryset or of the rows at one place in its tree.

    `unknown` means that anything may be loaded: whoever asks must stay silent.
    `only`/`deferred` hold field names of this level; `peers` is fetch_mode(FETCH_PEERS), `raises` is FETCH_RAISE.
    """

    relations: tuple[tuple[str, Loaded], ...] = ()
    only: frozenset[str] | None = None
    deferred: frozenset[str] = frozenset()
    annotations: frozenset[str] = frozenset()
    peers: bool = False
    raises: bool = False
    all_non_null: bool = False  # select_related() without names
    unknown: bool = False

    def get(self, name: str) -> Loaded | None:
        """What is known to be loaded under the attribute `name`."""
        return next((loaded for key, loaded in self.relations if key == name), None)

    def leaves_out(self, column: str) -> bool:
        """Whether only() or defer() leaves a column of this level out; `author_id` goes by both of its names."""
        names = {column, column.removesuffix("_id")}
        only = {name.partition("__")[0] for name in self.only or ()}  # `author__name` loads the key too
        return (self.only is not None and not names & only) or bool(names & self.deferred)

    def with_relation(self, name: str, loaded: Loaded) -> Loading:
        """This loading with one more relation; a deeper loading of the same relation is merged, not lost."""
        old = self.get(name)
        if old is not None and old.how is loaded.how and loaded.queryset is None:
            loaded = replace(old, loading=old.loading.merged(loaded.loading))
        kept = tuple(item for item in self.relations if item[0] != name)
        return replace(self, relations=(*kept, (name, loaded)))

    def merged(self, other: Loading) -> Loading:
        """Both loadings together, as when two lookups share a prefix."""
        merged = self
        for name, loaded in other.relations:
            merged = merged.with_relation(name, loaded)
        return replace(merged, unknown=self.unknown or other.unknown)

    def without(self, *kinds: How) -> Loading:
        """`select_related(None)` and `prefetch_related(None)`."""
        return replace(self, relations=tuple(r for r in self.relations if r[1].how not in kinds))


NOTHING = Loading()
UNKNOWN_LOADING = Loading(unknown=True)


def join_path(loading: Loading, model: Model | None, path: str, find: FindModel) -> Loading:
    """`loading` after `select_related(path)`. A path that is not understood makes the loading unknown."""
    name, _, rest = path.partition("__")
    relation = model.relation_by_lookup(name) if model else None
    if relation is None:
        return replace(loading, unknown=True)
    inner = loading.get(relation.name)
    child = inner.loading if inner else NOTHING
    if rest:
        child = join_path(child, find(relation.target) if relation.target else None, rest, find)
    if inner is not None and inner.how is not How.JOINED:
        return loading.with_relation(relation.name, replace(inner, loading=child))
    return loading.with_relation(relation.name, Loaded(How.JOINED, child))


def prefetch_path(
    loading: Loading,
    model: Model | None,
    path: str,
    find: FindModel,
    *,
    queryset: QuerySetValue | None = None,
    to_attr: str | None = None,
) -> Loading:
    """`loading` after `prefetch_related(Prefetch(path, queryset, to_attr))`.

    Prefetching works through any Python attribute, so an unknown name makes the level unknown rather than being an
    error.
    """
    name, _, rest = path.partition("__")
    entry = loading.get(name)
    relation = model.relations.get(name) if model else None
    if relation is None and entry is None:
        return replace(loading, unknown=True)
    target = find(relation.target) if relation is not None and relation.target else None
    if rest:
        if entry is None:
            entry = Loaded(How.PREFETCHED, NOTHING)
        elif entry.relation and model is not None and (behind := model.relations.get(entry.relation)) is not None:
            target = find(behind.target) if behind.target else None
        inner = prefetch_path(entry.loading, target, rest, find, queryset=queryset, to_attr=to_attr)
        return loading.with_relation(name, replace(entry, loading=inner))
    child = queryset.loading if queryset is not None else entry.loading if entry else NOTHING
    if to_attr:
        return loading.with_relation(to_attr, Loaded(How.TO_ATTR, child, relation=name, queryset=queryset))
    if entry is not None and queryset is None:
        return loading
    return loading.with_relation(name, Loaded(How.PREFETCHED, child, queryset=queryset))


def loaded_paths(loading: Loading, prefix: tuple[str, ...] = ()) -> Iterable[tuple[str, ...]]:
    """Every attribute path that a loading holds, parents before children."""
    for name, loaded in loading.relations:
        yield (*prefix, name)
        yield from loaded_paths(loaded.loading, (*prefix, name))
