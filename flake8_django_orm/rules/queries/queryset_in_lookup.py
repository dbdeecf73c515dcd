"""DJQ503: a lazy queryset is a lookup's value, and becomes a subquery."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.machine.events import LookupFed
from flake8_django_orm.machine.uses import FETCHING
from flake8_django_orm.rules.base import Report, Rule, RuleContext


class QuerysetInLookup(Rule):
    """@PAGE503@"""

    code = "DJQ503"
    name = "queryset-in-lookup"
    default_on = False
    in_tests = False
    listens = LookupFed

    def check(self, event: LookupFed, context: RuleContext) -> Iterator[Report]:
        if event.gathered is not None or event.one_of_several:
            return
        fetched = any(use.how in FETCHING for use in event.source_uses)
        source = event.source.model.name
        what = f"the {source} queryset becomes a subquery of {event.argument.name}="
        again = f"; its rows are fetched here too, so the database runs it twice: give {event.argument.name}= those rows"
        measure = "; whether two queries are faster, only a query plan tells"
        yield Report(
            event=event,
            place=event.argument.place or event.place,
            message=what + (again if fetched else measure),
            model=event.target.model.label,
        )
