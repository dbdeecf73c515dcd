"""Queries in a loop that are the same in each iteration.

In: a QueryRun. Out: the loop that repeats it for nothing, None where the answer may change from one iteration to the
next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine.querysets import FILLS_CACHE
from flake8_django_orm.machine.values import Constant, Expression

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import QueryRun
    from flake8_django_orm.machine.frames import Loop

_RANDOM = "django.db.models.functions.Random"


def repeating_loop(event: QueryRun) -> Loop | None:
    """The innermost loop, where the query does not depend on it and nothing in it can change the answer."""
    if event.writes or not event.loops or event.conditional or event.opaque_loop or event.queryset.locked:
        return None
    if event.one_of_several or event.of_ended_loop:
        return None  # the items of the loop differ: only some of them send it, or each has a query of its own
    loop = event.loops[-1]
    queryset = event.queryset
    if loop in event.varies or queryset.model.key in event.loop_writes or event.how == "prefetch_related_objects":
        return None
    if event.how in FILLS_CACHE - {"index"} and queryset.result <= loop.built_before:
        return None  # the queryset keeps its rows from one iteration to the next
    return None if _is_random(event) else loop


def _is_random(event: QueryRun) -> bool:
    """True where each answer is meant to be another one: `order_by("?")`."""
    values = [a.value for step in event.queryset.steps for a in step.arguments]
    return any(
        value == Constant("?") or (isinstance(value, Expression) and value.function == _RANDOM) for value in values
    )
