"""Which reads eager loading could serve at all: not those whose rows are written while the loop runs.

In: the reads of a root that cost a query per row, and all of its events. Out: the reads that eager loading would answer
as the query does. A prefetch or join keeps the rows as they were before the loop, so where the loop saves other objects
of these rows, or makes new ones before it reads them, the query is there for a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flake8_django_orm.machine.events import Event, ManagerRead, QueryRun, RelationRead
from flake8_django_orm.machine.values import Fetched, RowValue

Read = RelationRead | ManagerRead
_MAKES = frozenset({"create", "bulk_create", "get_or_create", "update_or_create"})


def still_true(reads: Sequence[Read], events: Iterable[Event]) -> list[Read]:
    """The reads, without those whose rows would be stale, and without what is read behind these."""
    writes = [e for e in events if isinstance(e, QueryRun) and e.writes]
    stale = {(read.row.result, read.path) for read in reads if any(_overtakes(write, read) for write in writes)}
    return [r for r in reads if not any((r.row.result, r.path[: n + 1]) in stale for n in range(len(r.path)))]


def _overtakes(write: QueryRun, read: Read) -> bool:
    target = read.queryset.model.key if isinstance(read, ManagerRead) else read.relation.target
    if write.queryset.model.key != target or read.loop not in write.loops:
        return False
    if isinstance(read, RelationRead) and write.order > read.order:
        return False  # at worst the row of an earlier iteration was changed, which few mean to see
    written = write.arguments[0].value if write.how.startswith("row.") and write.arguments else None
    if isinstance(written, RowValue):
        if (written.result, written.path[: len(read.path)]) == (read.row.result, read.path):
            return False  # the very rows that the relation gave
        return written.fetched is not Fetched.CREATED or _may_find_new_rows(write, read)
    through_it = write.queryset.source_row is not None and write.queryset.source_row.identity == read.row.identity
    return _may_find_new_rows(write, read) if through_it or write.how in _MAKES else True


def _may_find_new_rows(write: QueryRun, read: Read) -> bool:
    """Whether a row that is made by `write` may be among those that are read: a key of old points to an old row."""
    return write.order < read.order and not read.relation.kind.forward_column
