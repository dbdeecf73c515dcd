"""The methods that change what a queryset loads: select_related, prefetch_related, only, defer, fetch_mode.

In: a queryset and the arguments of such a call. Out: the queryset with its new loading. An argument that is not
understood makes the loading unknown, so that nothing is reported on its rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine.loading import (
    UNKNOWN_LOADING,
    How,
    Loading,
    join_path,
    prefetch_path,
)
from flake8_django_orm.machine.values import (
    Argument,
    Collection,
    Constant,
    Expression,
    ExternalValue,
    PrefetchValue,
    QuerySetValue,
    Value,
)
from flake8_django_orm.orm.callables import FETCH_MODES
from flake8_django_orm.orm.querysets import Aspect, QuerySetMethod

#: `SELECT *` and `SELECT b.*, ...`
_ALL_COLUMNS = re.compile(r"^\s*SELECT\s+(?:[\w\"`.]+\.)?\*", re.IGNORECASE)

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine


def apply(
    machine: Machine, queryset: QuerySetValue, method: QuerySetMethod, arguments: tuple[Argument, ...]
) -> QuerySetValue:
    """The queryset after a chaining method, as far as its loading changes."""
    if Aspect.SELECT_RELATED in method.changes:
        return replace(queryset, loading=_select(machine, queryset, arguments))
    if Aspect.PREFETCH_RELATED in method.changes:
        return replace(queryset, loading=_prefetch(machine, queryset, arguments))
    if Aspect.COLUMNS in method.changes:
        return replace(queryset, loading=_columns(machine, queryset.loading, method.name, arguments))
    if Aspect.FETCH_MODE in method.changes:
        return replace(queryset, loading=_fetch_mode(queryset.loading, arguments))
    return queryset


def streamed(loading: Loading, arguments: Sequence[Argument]) -> Loading:
    """The loading under iterator(): a prefetch needs chunk_size (without it Django 4.2 ignores it, 5.0 raises)."""
    chunked = any(a.name == "chunk_size" or a.name is None for a in arguments)
    if chunked:
        return loading
    return loading.without(How.PREFETCHED, How.TO_ATTR)


def raw(loading: Loading, arguments: Sequence[Argument]) -> Loading:
    """The loading of the rows of raw(): prefetches are taken over, joins are not. Which columns the rows have is known
    where the text asks for all."""
    text = arguments[0].value if arguments else None
    if not (isinstance(text, Constant) and isinstance(text.value, str) and _ALL_COLUMNS.search(text.value)):
        return UNKNOWN_LOADING
    kept = loading.without(How.JOINED)
    return Loading(relations=kept.relations, unknown=kept.unknown)


def _literal_strings(machine: Machine, arguments: Sequence[Argument]) -> list[str] | None:
    """The positional arguments as strings, unpacked literal lists included; None where one is not a literal."""
    if any(argument.name not in (None, "*") for argument in arguments):
        return None
    values = _unpacked(machine, arguments)
    strings = [one.value for one in values if isinstance(one, Constant) and isinstance(one.value, str)]
    return strings if len(strings) == len(values) else None


def _resets(arguments: Sequence[Argument]) -> bool:
    return len(arguments) == 1 and arguments[0].value == Constant(None)


def _select(machine: Machine, queryset: QuerySetValue, arguments: tuple[Argument, ...]) -> Loading:
    loading = queryset.loading
    if _resets(arguments):
        return replace(loading.without(How.JOINED), all_non_null=False)
    if not arguments:
        return replace(loading, all_non_null=True)
    names = _literal_strings(machine, arguments)
    if names is None:
        return replace(loading, unknown=True)
    # Named relations replace a bare select_related() (QuerySet.select_related's docs).
    loading = replace(loading, all_non_null=False)
    for name in names:
        loading = join_path(loading, queryset.model, name, machine.project.model)
    return loading


def _prefetch(machine: Machine, queryset: QuerySetValue, arguments: tuple[Argument, ...]) -> Loading:
    loading = queryset.loading
    if _resets(arguments):
        return loading.without(How.PREFETCHED, How.TO_ATTR)
    for value in _unpacked(machine, arguments):
        loading = with_prefetch(machine, queryset, loading, value)
    return loading


def _unpacked(machine: Machine, arguments: Sequence[Argument]) -> list[Value]:
    """The arguments, the members of an unpacked literal among them; a list that the code fills stays as it is."""
    found: list[Value] = []
    for argument in arguments:
        listed = argument.value
        if argument.name == "*" and isinstance(listed, Collection) and listed.items is not None:
            filled = listed.identity and machine.store.members(listed.identity)
            found.extend([listed] if filled else listed.items)
        else:
            found.append(listed)
    return found


def with_prefetch(machine: Machine, queryset: QuerySetValue, loading: Loading, value: Value) -> Loading:
    """The loading with one more lookup of prefetch_related()."""
    find = machine.project.model
    match value:
        case Constant(value=str(path)):
            return prefetch_path(loading, queryset.model, path, find)
        case PrefetchValue(path=str(path), known=True):
            return prefetch_path(loading, queryset.model, path, find, queryset=value.queryset, to_attr=value.to_attr)
        case Constant(value=None):
            return loading
    return replace(loading, unknown=True)


def _columns(machine: Machine, loading: Loading, name: str, arguments: tuple[Argument, ...]) -> Loading:
    names = _literal_strings(machine, arguments)
    if names is None:
        if _resets(arguments) and name == "defer":
            return replace(loading, only=None, deferred=frozenset())
        return replace(loading, unknown=True)
    if name == "only":
        # What defer() named before stays deferred: only() does not take it back.
        return replace(loading, only=frozenset(names) - loading.deferred, deferred=frozenset())
    if loading.only is not None:
        return replace(loading, only=loading.only - frozenset(names))
    return replace(loading, deferred=loading.deferred | frozenset(names))


def _fetch_mode(loading: Loading, arguments: tuple[Argument, ...]) -> Loading:
    value = arguments[0].value if arguments else None
    mode = FETCH_MODES.get(value.name) if isinstance(value, ExternalValue) else None
    if mode is None:
        return UNKNOWN_LOADING
    return replace(loading, peers=mode == "peers", raises=mode == "raise")


def prefetch_object(arguments: Sequence[Argument]) -> PrefetchValue:
    """`Prefetch(lookup, queryset=None, to_attr=None)` as a value."""
    named = {a.name: a.value for a in arguments if a.name}
    positional = [a.value for a in arguments if a.name is None]
    for name, value in zip(("lookup", "queryset", "to_attr"), positional, strict=False):
        named.setdefault(name, value)
    lookup, inner, to_attr = named.get("lookup"), named.get("queryset"), named.get("to_attr")
    path = lookup.value if isinstance(lookup, Constant) and isinstance(lookup.value, str) else None
    known = path is not None
    queryset = inner if isinstance(inner, QuerySetValue) else None
    if inner is not None and queryset is None and inner != Constant(None):
        known = False
    attribute = to_attr.value if isinstance(to_attr, Constant) else None
    if to_attr is not None and not isinstance(to_attr, Constant):
        known = False
    return PrefetchValue(path=path, queryset=queryset, to_attr=attribute, known=known and "*" not in named)


def expression(name: str, arguments: tuple[Argument, ...]) -> Expression:
    """A database expression; an F() keeps the column that it names."""
    columns: tuple[str, ...] = ()
    if name.rsplit(".", 1)[-1] == "F" and arguments:
        first = arguments[0].value
        if isinstance(first, Constant) and isinstance(first.value, str):
            columns = (first.value,)
    return Expression(function=name, columns=columns, arguments=arguments)
