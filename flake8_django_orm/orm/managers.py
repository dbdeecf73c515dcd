"""What managers have besides a queryset's methods: the plain Manager's own, and those of related managers by
kind of relation.

In: a kind of relation and a method name. Out: a `RelatedManagerMethod`, or None where such a manager does not
have it.
Sources: https://docs.djangoproject.com/en/stable/ref/models/relations/ and
https://docs.djangoproject.com/en/stable/topics/db/managers/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from flake8_django_orm.orm.querysets import QUERYSET_METHODS, Names, QuerySetMethod, Returns, Served, Version
from flake8_django_orm.project.models import RelationKind

_REVERSE_KEY = frozenset({RelationKind.REVERSE_FOREIGN_KEY})
_MANY = frozenset({RelationKind.MANY_TO_MANY, RelationKind.REVERSE_MANY_TO_MANY})
_GENERIC = frozenset({RelationKind.GENERIC_RELATION})

#: The kinds of relation whose attribute gives a related manager.
MANAGER_KINDS: frozenset[RelationKind] = _REVERSE_KEY | _MANY | _GENERIC

#: Bases whose managers make each row one of its own class. A join makes them all rows of the class that the key names
#: (django-polymorphic's issues 244 and 410); a prefetch asks the manager.
POLYMORPHIC_BASES = frozenset({"polymorphic.models.PolymorphicModel", "polymorphic.PolymorphicModel"})

#: Kinds of relation that set, on the rows they give, the relation leading back: reading the parent there
#: costs no query. Holds for every queryset derived from the manager (all, filter, order_by, first, get,
#: create, union), for rows prefetched through it and for the list of a `Prefetch(to_attr=)`.
PARENT_KNOWN: frozenset[RelationKind] = _REVERSE_KEY | {
    RelationKind.ONE_TO_ONE,
    RelationKind.REVERSE_ONE_TO_ONE,
}

#: Relations that follow the target's `_base_manager`; all others follow its `_default_manager`, so that
#: loading which a default manager brings along reaches their rows.
USES_BASE_MANAGER: frozenset[RelationKind] = frozenset(
    {
        RelationKind.FOREIGN_KEY,
        RelationKind.ONE_TO_ONE,
        RelationKind.REVERSE_ONE_TO_ONE,
        RelationKind.GENERIC_FOREIGN_KEY,
    }
)


@dataclass(frozen=True, slots=True)
class RelatedManagerMethod:
    """One method that a related manager has of its own, or has with an effect of its own.

    `kinds`: the kinds of relation whose manager has it; for `needs_null_key` a reverse foreign key only where
    the key is null.
    `clears_prefetch`: the kinds where the call throws away what was prefetched through this manager.
    `takes_rows`: its positional arguments are rows (or keys) of the target.
    """

    name: str
    kinds: frozenset[RelationKind]
    returns: Returns = Returns.NONE
    writes: bool = True
    runs_query: bool = True
    needs_null_key: bool = False
    clears_prefetch: frozenset[RelationKind] = MANAGER_KINDS
    takes_rows: bool = False
    is_async: bool = False
    async_twin: str | None = None
    sync_twin: str | None = None


_OWN: tuple[RelatedManagerMethod, ...] = (
    RelatedManagerMethod("add", MANAGER_KINDS, takes_rows=True),
    RelatedManagerMethod("remove", MANAGER_KINDS, needs_null_key=True, takes_rows=True),
    RelatedManagerMethod("clear", MANAGER_KINDS, needs_null_key=True),
    RelatedManagerMethod("set", MANAGER_KINDS, takes_rows=True),
    RelatedManagerMethod("create", MANAGER_KINDS, returns=Returns.ROW),
    RelatedManagerMethod("get_or_create", MANAGER_KINDS, returns=Returns.ROW_AND_BOOL, clears_prefetch=_MANY),
    RelatedManagerMethod("update_or_create", MANAGER_KINDS, returns=Returns.ROW_AND_BOOL, clears_prefetch=_MANY),
)


def _with_twins(methods: tuple[RelatedManagerMethod, ...]) -> dict[str, RelatedManagerMethod]:
    table: dict[str, RelatedManagerMethod] = {}
    for method in methods:
        twin = f"a{method.name}"
        table[method.name] = replace(method, async_twin=twin)
        table[twin] = replace(method, name=twin, is_async=True, sync_twin=method.name)
    return table


#: The methods that related managers define themselves, by name.
RELATED_MANAGER_METHODS: Mapping[str, RelatedManagerMethod] = MappingProxyType(_with_twins(_OWN))

#: Since this version a reverse foreign key's `create()` throws the prefetched rows away, as its `add()` always did.
CREATE_CLEARS_REVERSE_KEY_SINCE: Version = (5, 1)

#: Before this version `author.books.only("title")` needs "author" among its names: without it Django, which sets
#: the known parent on each row, fetches the deferred key by one query a row.
ONLY_MAY_LEAVE_OUT_THE_KEY_SINCE: Version = (6, 1)

#: Names of QuerySet that are no method on the managers of many-to-many relations: `reverse` is a flag there.
NOT_CALLABLE_ON_MANY: frozenset[str] = frozenset({"reverse"})

#: What a plain Manager has besides QuerySet's methods. The first two give querysets or managers without a
#: query.
MANAGER_METHODS: Mapping[str, QuerySetMethod] = MappingProxyType(
    {
        "get_queryset": QuerySetMethod(
            "get_queryset", Returns.QUERYSET, served_from_prefetch=Served.ALWAYS, names=Names.NOTHING
        ),
        "db_manager": QuerySetMethod("db_manager", Returns.MANAGER),
    }
)

#: Public names of a Manager that never touch rows: class set-up, migrations, checks.
MANAGER_INTERNALS: frozenset[str] = frozenset(
    {
        "auto_created",
        "check",
        "contribute_to_class",
        "creation_counter",
        "db",
        "deconstruct",
        "from_queryset",
        "model",
        "name",
        "use_in_migrations",
    }
)


def related_manager_method(kind: RelationKind, name: str, *, null: bool = True) -> RelatedManagerMethod | None:
    """The method `name` of a manager over a relation of `kind`; `null` tells whether a reverse key's column
    is null.
    """
    method = RELATED_MANAGER_METHODS.get(name)
    if method is None or kind not in method.kinds:
        return None
    if method.needs_null_key and kind is RelationKind.REVERSE_FOREIGN_KEY and not null:
        return None
    return method


def clears_prefetch(kind: RelationKind, name: str, version: Version | None) -> bool:
    """Whether calling the related manager's own method throws away what was prefetched through it.

    An unknown version is taken to be a new one. An async twin does as its method does.
    """
    method = related_manager_method(kind, name)
    if method is None or kind not in method.clears_prefetch:
        return False
    create = (method.sync_twin or name) == "create" and kind is RelationKind.REVERSE_FOREIGN_KEY
    return not create or version is None or version >= CREATE_CLEARS_REVERSE_KEY_SINCE


def manager_method(name: str) -> QuerySetMethod | None:
    """The method `name` of any manager: QuerySet's methods, except the few that managers lack, and Manager's
    own.
    """
    own = MANAGER_METHODS.get(name)
    if own is not None:
        return own
    method = QUERYSET_METHODS.get(name)
    return method if method is not None and method.on_manager else None
