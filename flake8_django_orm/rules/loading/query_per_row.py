"""DJQ103: a query that depends on a loop's row is sent in each iteration."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import QueryRun
from flake8_django_orm.rules.base import Report, Rule, RuleContext


class QueryPerRow(Rule):
    code = "DJQ103"
    name = "query-per-row"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = QueryRun

    def check(self, event: QueryRun, context: RuleContext) -> Iterator[Report]:
        from flake8_django_orm.machine.row_queries import batching
        kind = batching(event)
        if kind is None or event.queryset.model.key in event.loop_writes:
            return
        f, depth = event.frame, 0
        while f is not None and f is not event.varies[-1].frame:
            f, depth = f.parent, depth+1
        if depth > 1: return
        loop = event.varies[-1]
        yield Report(
            event=event,
            place=event.place,
            message=f"{kind.name} depth={depth} {event.how} {event.queryset.model.name} {loop.repeats.name} cond={event.conditional} rel={event.queryset.relation is not None} selfwrite={event.queryset.model.key in event.loop_writes} opq={event.opaque_loop} args={[a.name for s in event.queryset.steps for a in s.arguments]}",
            model=event.queryset.model.label,
        )
