"""DJQ105"""
from __future__ import annotations
from collections.abc import Iterator
from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import QueryRun
from flake8_django_orm.machine.row_writes import bulk_write
from flake8_django_orm.rules.base import Report, Rule, RuleContext
class WritePerRow(Rule):
    code = "DJQ105"
    name = "write-per-row"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = QueryRun
    def check(self, event: QueryRun, context: RuleContext) -> Iterator[Report]:
        from dataclasses import replace
        if not event.writes or not event.varies: return
        kind = bulk_write(context.project, event)
        k2 = bulk_write(context.project, replace(event,opaque_loop=False))
        k3 = bulk_write(context.project, replace(event,opaque_loop=False,tried=False,dropped=True))
        yield Report(event=event, place=event.place, message=f"KIND {kind} {k2} {k3} {event.how} opq={event.opaque_loop} tried={event.tried} dropped={event.dropped} cond={event.conditional}",model=event.queryset.model.label)
