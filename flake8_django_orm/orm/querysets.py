"""Every public method of a queryset: what it returns, when it queries, what it does to loading and to result
caches.

In: a method name. Out: its `QuerySetMethod`, or None for a name that Django's QuerySet does not have.
Source: https://docs.djangoproject.com/en/stable/ref/models/querysets/
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

Version = tuple[int, int]

#: How many rows iterator() fetches at a time by itself, and since when a queryset that prefetches has to be told.
CHUNK_SIZE = 2000
CHUNKED_SINCE: Version = (5, 0)


class Returns(enum.Enum):
    """What a call (or, of an async twin, the awaited call) gives back."""

    QUERYSET = "queryset"  # of the same model, keeping mode and loading except for `changes`
    VALUES = "values"  # a queryset of dicts, tuples or scalars: no rows
    RAW_QUERYSET = "raw queryset"  # rows of the same model, by the user's own SQL
    ITERATOR = "iterator"  # a generator of what the queryset's mode gives, without a result cache
    ROW = "row"
    OPTIONAL_ROW = "optional row"
    ROW_AND_BOOL = "row and bool"
    LIST_OF_ROWS = "list of rows"
    ROWS_BY_KEY = "rows by key"  # a dict of key -> row
    AGGREGATES = "aggregates"  # a dict of name -> scalar
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXT = "text"
    DELETED = "deleted"  # (number of rows, {label: number})
    MANAGER = "manager"
    NONE = "none"


class Aspect(enum.Enum):
    """The parts of a queryset, other than its conditions, that a chaining method may change."""

    SELECT_RELATED = "select_related"
    PREFETCH_RELATED = "prefetch_related"
    COLUMNS = "columns"  # only() and defer()
    FETCH_MODE = "fetch_mode"
    ANNOTATIONS = "annotations"  # attributes that its rows have besides the model's own
    DATABASE = "database"
    LOCK = "lock"


class Served(enum.Enum):
    """Whether a call is answered from rows that are in memory already."""

    ALWAYS = "always"
    WHEN_ORDERED = "when ordered"  # only where the queryset has an order, Meta.ordering included
    NEVER = "never"


class Names(enum.Enum):
    """What the string arguments (and keyword names) of a method name."""

    NOTHING = "nothing"
    RELATIONS = "relations"  # positional paths over single-valued relations (select_related)
    ATTRIBUTES = "attributes"  # positional paths over any relation or attribute (prefetch_related)
    FIELDS = "fields"  # positional paths to columns, relations or annotations
    ORDER = "order"  # the same, with "-" in front or "?"
    LOOKUPS = "lookups"  # keyword paths that may end in a lookup: author__name__icontains=
    COLUMNS = "columns"  # keyword names of the model's own fields
    EXPRESSIONS = "expressions"  # keyword names are new; their values may hold F() paths


class After(enum.Enum):
    """States of a queryset in which some methods raise."""

    SLICE = "a slice"  # TypeError
    VALUES = "values()"  # TypeError
    COMBINATION = "a combination"  # after union(), intersection(), difference(): NotSupportedError


_NONE: frozenset[Aspect] = frozenset()
_S = After.SLICE
_V = After.VALUES
_C = After.COMBINATION


@dataclass(frozen=True, slots=True)
class QuerySetMethod:
    """One method.

    `runs_query`: the call itself (for an async twin: awaiting it) goes to the database, unless it is served
    from memory.
    `lazy` methods give a queryset and never query; nothing that they return shares the receiver's result
    cache.
    `writes`: it changes the database.
    `changes`: which aspects of loading the new queryset may have different from the receiver.
    `breaks_eager_loading`: what the receiver loads by select_related and prefetch_related has no use in this
    call.
    `served_from_prefetch`: called on a related manager whose rows were prefetched, no query.
    `served_from_result`: called on an evaluated queryset, no query.
    `alters_rows`: the new queryset may hold other rows, or in another order, than the receiver.
    `on_manager`: managers have it too.
    `raises_after`: the states of the receiver in which the call, with its usual arguments, raises.
    `since`: the first Django that has it, None where every supported one does.
    """

    name: str
    returns: Returns
    runs_query: bool = False
    writes: bool = False
    changes: frozenset[Aspect] = _NONE
    breaks_eager_loading: bool = False
    served_from_prefetch: Served = Served.NEVER
    served_from_result: Served = Served.NEVER
    alters_rows: bool = False
    on_manager: bool = True
    names: Names = Names.NOTHING
    raises_after: frozenset[After] = frozenset()
    is_async: bool = False
    async_twin: str | None = None
    sync_twin: str | None = None
    since: Version | None = None

    @property
    def lazy(self) -> bool:
        """True where the call gives a queryset and sends nothing."""
        return self.returns in (Returns.QUERYSET, Returns.VALUES, Returns.RAW_QUERYSET)

    @property
    def keeps_result_cache(self) -> bool:
        """False for every method: Django clones the queryset, and a clone starts without results."""
        return False

    @property
    def after_slice_ok(self) -> bool:
        """True where the call works on a sliced queryset."""
        return After.SLICE not in self.raises_after

    def exists_in(self, version: Version | None) -> bool:
        """Whether Django `version` has the method; an unknown version is taken to have it."""
        return self.since is None or version is None or version >= self.since


def _chain(
    name: str,
    *changes: Aspect,
    alters: bool = False,
    names: Names = Names.NOTHING,
    raises_after: frozenset[After] = frozenset(),
    since: Version | None = None,
) -> QuerySetMethod:
    """A lazy method that gives a new queryset of the same rows or of fewer."""
    return QuerySetMethod(
        name,
        Returns.QUERYSET,
        changes=frozenset(changes),
        alters_rows=alters,
        names=names,
        raises_after=raises_after,
        since=since,
    )


def _values(name: str, names: Names, raises_after: frozenset[After]) -> QuerySetMethod:
    """A lazy method whose queryset gives no rows any more."""
    return QuerySetMethod(
        name,
        Returns.VALUES,
        breaks_eager_loading=True,
        alters_rows=True,
        names=names,
        raises_after=raises_after,
    )


def _after(*states: After) -> frozenset[After]:
    return frozenset(states)


_LAZY: tuple[QuerySetMethod, ...] = (
    replace(_chain("all"), served_from_prefetch=Served.ALWAYS),
    replace(
        _chain("none", alters=True, raises_after=_after()),
        served_from_prefetch=Served.ALWAYS,
        served_from_result=Served.ALWAYS,
    ),
    _chain("filter", alters=True, names=Names.LOOKUPS, raises_after=_after(_S, _C)),
    _chain("exclude", alters=True, names=Names.LOOKUPS, raises_after=_after(_S, _C)),
    _chain("complex_filter", alters=True, raises_after=_after(_S)),
    _chain("order_by", alters=True, names=Names.ORDER, raises_after=_after(_S)),
    _chain("reverse", alters=True, raises_after=_after(_S)),
    _chain("distinct", alters=True, names=Names.FIELDS, raises_after=_after(_S, _C)),
    _chain("extra", Aspect.ANNOTATIONS, alters=True, raises_after=_after(_S, _C)),
    _chain("annotate", Aspect.ANNOTATIONS, names=Names.EXPRESSIONS, raises_after=_after(_C)),
    _chain("alias", names=Names.EXPRESSIONS, raises_after=_after(_C)),
    _chain("select_related", Aspect.SELECT_RELATED, names=Names.RELATIONS, raises_after=_after(_V, _C)),
    _chain("prefetch_related", Aspect.PREFETCH_RELATED, names=Names.ATTRIBUTES, raises_after=_after(_C)),
    _chain("only", Aspect.COLUMNS, names=Names.FIELDS, raises_after=_after(_V, _C)),
    _chain("defer", Aspect.COLUMNS, names=Names.FIELDS, raises_after=_after(_V, _C)),
    _chain("fetch_mode", Aspect.FETCH_MODE, since=(6, 1)),
    _chain("using", Aspect.DATABASE),
    _chain("select_for_update", Aspect.LOCK),
    _chain("union", alters=True),
    _chain("intersection", alters=True),
    _chain("difference", alters=True),
    _values("values", Names.FIELDS, _after()),
    _values("values_list", Names.FIELDS, _after()),
    _values("dates", Names.FIELDS, _after(_S, _C)),
    _values("datetimes", Names.FIELDS, _after(_S, _C)),
    QuerySetMethod("raw", Returns.RAW_QUERYSET, alters_rows=True),
)

_QUERYING: tuple[QuerySetMethod, ...] = (
    QuerySetMethod(
        "get",
        Returns.ROW,
        runs_query=True,
        names=Names.LOOKUPS,
        raises_after=_after(_S, _C),
    ),
    QuerySetMethod(
        "first",
        Returns.OPTIONAL_ROW,
        runs_query=True,
        served_from_prefetch=Served.WHEN_ORDERED,
        served_from_result=Served.WHEN_ORDERED,
    ),
    QuerySetMethod("last", Returns.OPTIONAL_ROW, runs_query=True, raises_after=_after(_S)),
    QuerySetMethod("earliest", Returns.ROW, runs_query=True, names=Names.ORDER, raises_after=_after(_S)),
    QuerySetMethod("latest", Returns.ROW, runs_query=True, names=Names.ORDER, raises_after=_after(_S)),
    QuerySetMethod("iterator", Returns.ITERATOR, runs_query=True),
    QuerySetMethod("in_bulk", Returns.ROWS_BY_KEY, runs_query=True, raises_after=_after(_S, _C)),
    QuerySetMethod(
        "count",
        Returns.INTEGER,
        runs_query=True,
        breaks_eager_loading=True,
        served_from_prefetch=Served.ALWAYS,
        served_from_result=Served.ALWAYS,
    ),
    QuerySetMethod(
        "exists",
        Returns.BOOLEAN,
        runs_query=True,
        breaks_eager_loading=True,
        served_from_prefetch=Served.ALWAYS,
        served_from_result=Served.ALWAYS,
    ),
    QuerySetMethod(
        "contains",
        Returns.BOOLEAN,
        runs_query=True,
        breaks_eager_loading=True,
        served_from_prefetch=Served.ALWAYS,
        served_from_result=Served.ALWAYS,
        raises_after=_after(_S, _V, _C),
    ),
    QuerySetMethod(
        "aggregate",
        Returns.AGGREGATES,
        runs_query=True,
        breaks_eager_loading=True,
        names=Names.EXPRESSIONS,
    ),
    QuerySetMethod("explain", Returns.TEXT, runs_query=True),
)

_WRITING: tuple[QuerySetMethod, ...] = (
    QuerySetMethod(
        "create",
        Returns.ROW,
        runs_query=True,
        writes=True,
        breaks_eager_loading=True,
        names=Names.COLUMNS,
    ),
    QuerySetMethod(
        "get_or_create",
        Returns.ROW_AND_BOOL,
        runs_query=True,
        writes=True,
        names=Names.LOOKUPS,
        raises_after=_after(_S, _C),
    ),
    QuerySetMethod(
        "update_or_create",
        Returns.ROW_AND_BOOL,
        runs_query=True,
        writes=True,
        names=Names.LOOKUPS,
        raises_after=_after(_S, _C),
    ),
    QuerySetMethod(
        "bulk_create",
        Returns.LIST_OF_ROWS,
        runs_query=True,
        writes=True,
        breaks_eager_loading=True,
    ),
    QuerySetMethod(
        "bulk_update",
        Returns.INTEGER,
        runs_query=True,
        writes=True,
        breaks_eager_loading=True,
        raises_after=_after(_S, _C),
    ),
    QuerySetMethod(
        "update",
        Returns.INTEGER,
        runs_query=True,
        writes=True,
        breaks_eager_loading=True,
        names=Names.COLUMNS,
        raises_after=_after(_S, _C),
    ),
    QuerySetMethod(
        "delete",
        Returns.DELETED,
        runs_query=True,
        writes=True,
        breaks_eager_loading=True,
        on_manager=False,
        raises_after=_after(_S, _V, _C),
    ),
)


def _with_twins(methods: tuple[QuerySetMethod, ...]) -> dict[str, QuerySetMethod]:
    """The methods by name, each querying one followed by its `a` twin, which differs only in being
    awaited.
    """
    table: dict[str, QuerySetMethod] = {}
    for method in methods:
        twin = f"a{method.name}" if method.runs_query else None
        table[method.name] = replace(method, async_twin=twin)
        if twin is not None:
            table[twin] = replace(method, name=twin, is_async=True, sync_twin=method.name)
    return table


#: Every public method of QuerySet by name, async twins included.
QUERYSET_METHODS: Mapping[str, QuerySetMethod] = MappingProxyType(_with_twins(_LAZY + _QUERYING + _WRITING))

#: Public attributes of a queryset that are not methods of the table: none of them queries.
QUERYSET_ATTRIBUTES: frozenset[str] = frozenset({"db", "model", "ordered", "query", "totally_ordered"})

#: Names that QuerySet has for Django's own use, or as a class method; never called on rows' behalf.
INTERNAL_NAMES: frozenset[str] = frozenset({"as_manager", "resolve_expression"})


def queryset_method(name: str) -> QuerySetMethod | None:
    """The table's line for `name`, None where Django's QuerySet has no such method."""
    return QUERYSET_METHODS.get(name)
