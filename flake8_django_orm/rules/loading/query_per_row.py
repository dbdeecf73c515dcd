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
        if not event.varies or event.writes or event.how=="prefetch_related_objects":
            return
        loop = event.varies[-1]
        yield Report(
            event=event,
            place=event.place,
            message=f"{event.how} {event.queryset.model.name} {loop.repeats.name} cond={event.conditional} rel={event.queryset.relation is not None} selfwrite={event.queryset.model.key in event.loop_writes} opq={event.opaque_loop} args={[a.name for s in event.queryset.steps for a in s.arguments]}",
            model=event.queryset.model.label,
        )
