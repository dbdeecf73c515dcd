"""What became of a queryset besides one query of it.

In: a finished QueryRun, whose `uses` tell everything. Out: answers about the other uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import QueryRun, Use

#: Uses that need no rows: another queryset is made, a question is answered by a query of its own.
_NO_ROWS = frozenset({"chained", "count", "exists", "aggregate", "first", "last", "update", "delete", "get"})
_FETCHING = frozenset({"iterate", "list", "test", "len", "contains", "text", "index"})


def rows_unused(query: QueryRun) -> bool:
    """True where nobody else may look at the rows that the query fetches."""
    return not query.queryset.shared and all(use.how in _NO_ROWS for use in _others(query))


def rows_there(query: QueryRun) -> bool:
    """True where the rows may be in memory when the query is asked, so that no query is sent."""
    shared = query.queryset.shared
    return shared or any(use.how in _FETCHING for use in _others(query) if use.order < query.order)


def _others(query: QueryRun) -> list[Use]:
    return [use for use in query.uses if use.place != query.place or use.how != query.how]
