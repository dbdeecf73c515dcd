"""From single reads to what a queryset lacks: paths that share a prefix are one need, the longest.

In: the events of a root. Out: the same events, with one MissingLoading for each longest path of each result set.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine.events import Event, LoadingUnused, ManagerRead, MissingLoading, QueryRun, RelationRead
from flake8_django_orm.machine.loading import loaded_paths
from flake8_django_orm.machine.querysets import is_served
from flake8_django_orm.machine.staleness import still_true
from flake8_django_orm.syntax.units import TextPlace

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Frame
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.machine.values import QuerySetValue

Read = RelationRead | ManagerRead


def with_missing_loading(events: Sequence[Event], root: Frame) -> list[Event]:
    """The events, followed by what each queryset of the root should have loaded."""
    reads = still_true([e for e in events if isinstance(e, (RelationRead, ManagerRead)) and _repeated(e)], events)
    by_result: dict[int, list[Read]] = {}
    fetched = {id(read): _as_fetched_in_code(read) for read in reads}
    for read in fetched.values():
        by_result.setdefault(read.row.result, []).append(read)
    missing = [need for group in by_result.values() for need in _needs(group)]
    missing = [need for need in missing if not any(_serves(other, need) for other in missing)]
    told = {id(read) for need in missing for read in need.reads}
    managers = [r for r in reads if isinstance(r, ManagerRead) and id(fetched[id(r)]) in told]
    prefetched = {(read.row.result, read.path): fetched[id(read)] for read in managers}
    queries = [e for e in events if isinstance(e, QueryRun)] if prefetched else []
    served = [(e, prefetched.get(asked) if (asked := _asked(e)) is not None else None) for e in queries]
    answered = {id(query) for query, read in served if read is not None}
    by_prefetch = [
        replace(need, served=tuple(query for query, read in served if read is not None and read in need.reads))
        for need in missing
    ]
    kept = (replace(e, awaits_prefetch=True) if isinstance(e, QueryRun) and id(e) in answered else e for e in events)
    return [*kept, *by_prefetch]


def _asked(query: QueryRun) -> tuple[int, tuple[str, ...]] | None:
    """The rows and the path from them to the manager that is asked, where its prefetched rows would answer."""
    queryset, row, relation = query.queryset, query.queryset.source_row, query.queryset.relation
    if row is None or relation is None or queryset.refined or queryset.streamed or queryset.sliced:
        return None
    return (row.result, (*row.path, relation.name)) if is_served(query.how, queryset) else None


def _is_shared(machine: Machine, queryset: QuerySetValue) -> bool:
    """Whether something else was made of the queryset since it loads what it loads: that may be read."""
    steps = queryset.steps
    eager = next((n for n, step in enumerate(steps) if step.method in ("select_related", "prefetch_related")), None)
    return eager is not None and any(len(machine.uses_of(step.result)) > 1 for step in steps[eager:-1])


def _serves(outer: MissingLoading, inner: MissingLoading) -> bool:
    """Whether `outer` loads the same through the queryset whose rows' manager gave the rows of `inner`: loading it at
    the manager as well would throw that prefetch away."""
    source = inner.origin.source_row
    return (
        source is not None
        and source.result == outer.origin.result
        and outer.place == inner.place
        and outer.path[-len(inner.path) :] == inner.path
    )


def _repeated(read: Read) -> bool:
    """Once per row of a queryset that the code shows. A row from outside, or one that stands alone, is no finding;
    nor is a read of the key alone, which needs no eager loading but the key's own column (DJQ202)."""
    if isinstance(read, RelationRead) and read.identity_only and read.relation.kind.forward_column:
        return False
    if read.origin is None:
        return False
    if isinstance(read, RelationRead) and any(frame.is_async for frame in read.frame.ancestors()):
        return True  # it raises, for one row as for many
    return read.loop is not None and read.loop.counts


def _as_fetched_in_code(read: Read) -> Read:
    """A read on rows of `author.books.all` that a template asks for: no argument can be given there, so the need is
    one of the queryset that fetched the author, `books__publisher`."""
    origin = read.origin
    while origin is not None and origin.steps and isinstance(origin.steps[-1].place, TextPlace):
        source, relation = origin.source_row, origin.relation
        if source is None or relation is None or source.origin is None or origin.refined or origin.sliced:
            break
        path = (*source.path, relation.name, *read.path)
        read = replace(read, row=replace(read.row, result=source.result), path=path, origin=source.origin)
        origin = read.origin
    return read


def _needs(reads: Sequence[Read]) -> Iterable[MissingLoading]:
    paths = {read.path for read in reads}
    longest = [p for p in paths if not any(p != other and other[: len(p)] == p for other in paths)]
    order = {read.path: number for number, read in reversed(list(enumerate(reads)))}
    for path in sorted(longest, key=lambda p: order[p]):
        along = [read for read in reads if read.path == path[: len(read.path)]]
        own = [read for read in along if read.path == path]
        # The place of the first level that is missing: the line that a reader would look at.
        first = own[0]
        assert first.origin is not None
        yield MissingLoading(
            place=first.place,
            frame=first.frame,
            loops=first.loops,
            conditional=first.conditional,
            cached=all(read.cached for read in own),
            origin=first.origin,
            path=path,
            relation=first.relation,
            reads=tuple(along),
            multi_valued=any(isinstance(read, ManagerRead) for read in along),
            all_paths=tuple(sorted(longest, key=lambda p: order[p])),
        )


def fetches(machine: Machine) -> Iterable[QueryRun]:
    """The queries that fetch rows to go over them, the first one of each result set."""
    seen: set[int] = set()
    for event in machine.events:
        if isinstance(event, QueryRun) and event.how in ("iterate", "list") and event.queryset.result not in seen:
            seen.add(event.queryset.result)
            yield event


def unused_loading(machine: Machine) -> list[Event]:
    """LoadingUnused for each queryset whose rows were all read in sight, without the relations that it loads."""
    if not machine.project.is_whole:
        return []  # the code that reads them may be elsewhere
    found: list[Event] = []
    for event in fetches(machine):
        queryset = event.queryset
        state = machine.store.result(queryset.result)
        if queryset.result in machine.lost_results or state.escaped or queryset.loading.unknown or not queryset.steps:
            continue
        if _is_shared(machine, queryset):
            continue
        read = {path for result, path in machine.loaded_reads if result == queryset.result}
        paths = [p for p in loaded_paths(queryset.loading) if not any(r[: len(p)] == p for r in read)]
        if paths:
            place = queryset.steps[-1].place
            found.append(
                LoadingUnused(place=place, frame=event.frame, queryset=queryset, paths=tuple(paths), order=event.order)
            )
    return found
