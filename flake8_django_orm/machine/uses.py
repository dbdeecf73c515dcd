"""What became of a queryset besides one query of it.

In: a finished QueryRun, whose `uses` tell everything. Out: answers about the other uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import QueryRun, Use

#: Uses to which rows in memory are of no help: another queryset is made, or a query is sent in any case.
_NO_ROWS = frozenset({"chained", "aggregate", "update", "delete", "get"})
FETCHING = frozenset({"iterate", "list", "test", "len", "contains", "text", "index"})


def built_here(query: QueryRun) -> bool:
    """True where the queryset comes from the function that asks it: what is handed in may be a list as well."""
    return bool(query.queryset.steps) and query.queryset.steps[-1].frame is query.frame


def told_where_called(query: QueryRun) -> bool:
    """True where a function that the root calls holds queryset and query: for a rule that asks for no loop, the loops
    around the call are no piece of the finding."""
    frame = query.frame
    return frame.parent is not None and all(frame in built.ancestors() for built in query.queryset.frames)


def rows_unused(query: QueryRun) -> bool:
    """True where nobody else may look at the rows that the query fetches, or be answered from them."""
    return not query.queryset.shared and all(use.how in _NO_ROWS for use in _others(query))


def rows_only_counted(query: QueryRun) -> bool:
    """True where len() is all that anybody asks of the rows, though perhaps more than once."""
    return not query.queryset.shared and all(use.how in {*_NO_ROWS, "len"} for use in _others(query))


def rows_there(query: QueryRun) -> bool:
    """True where the rows may be in memory when the query is asked, so that no query is sent."""
    shared = query.queryset.shared
    return shared or any(use.how in FETCHING for use in _others(query) if use.order < query.order)


def counted_again(query: QueryRun) -> bool:
    """True where the same queryset is counted elsewhere too: then one number serves both."""
    return any(use.how == "count" for use in _others(query))


def _others(query: QueryRun) -> list[Use]:
    return [use for use in query.uses if use.place != query.place or use.how != query.how]
