"""Rows that are fetched whole although only their keys are wanted.

In: a root that has run to its end, with all the uses of rows that it saw. Out: OnlyKeysUsed events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine.events import Event, OnlyKeysUsed, QueryRun, Refetched
from flake8_django_orm.machine.uses import FETCHING
from flake8_django_orm.machine.values import Mode

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.machine.values import QuerySetValue

#: What hands the rows to readers who may not be seen.
_OUT_OF_SIGHT = frozenset({"handed", "escape", "returned", "kept"})
#: What values_list() of the key serves as well; a row that is only compared or tested is no reason to speak.
_ASKS_FOR_KEY = frozenset({"key", "contains"})


def rows_for_keys(machine: Machine) -> list[Event]:
    """The querysets of whose rows only the keys were used; none where a part of the root was not read."""
    if machine.cut:
        return []
    found: list[Event] = []
    # A helper that fetches the row again by its key wants the row itself.
    seen = {event.row.result for event in machine.events if isinstance(event, Refetched)}
    for event in machine.events:
        if not isinstance(event, QueryRun) or event.how not in ("iterate", "list") or event.one_of_several:
            continue
        queryset = event.queryset
        uses = machine.row_uses.get((queryset.result, ()))
        if queryset.result in seen or uses is None or uses.other or not _is_built_whole(event):
            continue
        seen.add(queryset.result)
        if queryset.result in machine.lost_results or machine.store.result(queryset.result).escaped:
            continue
        whole = [use.how for use in machine.uses_of(queryset.result)]
        keys = tuple(uses.keys.values())
        if _OUT_OF_SIGHT & set(whole) or not any(key.how in _ASKS_FOR_KEY for key in keys):
            continue
        found.append(
            OnlyKeysUsed(
                place=event.place,
                frame=event.frame,
                loops=event.loops,
                conditional=event.conditional,
                order=event.order,
                queryset=queryset,
                key_uses=keys,
                alone=sum(how in FETCHING for how in whole) == 1,
            )
        )
    return found


def _is_built_whole(event: QueryRun) -> bool:
    """True for a queryset that the same function builds, of rows with all their columns."""
    queryset: QuerySetValue = event.queryset
    loading = queryset.loading
    return (
        queryset.mode is Mode.ROWS
        and bool(queryset.steps)
        and queryset.steps[-1].frame is event.frame
        and not (queryset.raw or queryset.locked or queryset.shared or queryset.single)
        and not (loading.unknown or loading.only is not None or loading.deferred)
    )
