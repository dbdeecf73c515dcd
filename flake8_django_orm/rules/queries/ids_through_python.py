"""DJQ504: keys are fetched into Python only to go back to the database as `__in`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.findings import Applicability, Fix
from flake8_django_orm.machine.events import LookupFed
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule, RuleContext

if TYPE_CHECKING:
    from flake8_django_orm.machine.values import Gathered, QuerySetValue


class IdsThroughPython(Rule):
    """@PAGE504@"""

    code = "DJQ504"
    name = "ids-through-python"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = LookupFed

    def check(self, event: LookupFed, context: RuleContext) -> Iterator[Report]:
        gathered, place = event.gathered, event.argument.place
        if gathered is None or place is None or event.one_of_several or not event.unchanged or not event.sent:
            return
        if not _is_only_use(event, gathered) or not _may_be_subquery(event):
            return
        from flake8_django_orm.fixes.subqueries import give_queryset

        edits = give_queryset(context.project, gathered)
        source = event.source.model.name
        yield Report(
            event=event,
            place=gathered.place,
            message=f"{gathered.column} of all these {source} rows is fetched only to go back as {event.argument.name}=: "
            "pass the queryset, and the database does both in one query",
            fix=Fix(Applicability.UNSAFE, "Pass the queryset", edits) if edits else None,
            model=event.target.model.label,
            related=(RelatedPlace(place, "the values go back here"),),
        )


def _is_only_use(event: LookupFed, gathered: Gathered) -> bool:
    """Nobody else has the values or the rows that they were taken from."""
    place = event.argument.place
    assert place is not None
    inline = place.node is gathered.place.node
    named_once = place.unit is gathered.place.unit and place.mentions == 2
    rows = [use for use in event.source_uses if use.how != "chained"]
    return (inline or named_once) and len(rows) == 1 and rows[0].place == gathered.evaluated


def _may_be_subquery(event: LookupFed) -> bool:
    source, target = event.source, event.target
    if source.sliced or source.raw or source.combined or source.locked or source.shared or target.raw:
        return False
    # MySQL cannot change a table that it reads in the same statement, and the rows may be fixed on purpose.
    if source.model.key == target.model.key or _names_database(source) or _names_database(target):
        return False
    return not event.negated or _never_null(event)


def _names_database(queryset: QuerySetValue) -> bool:
    return any(step.method in ("using", "db_manager") for step in queryset.steps)


def _never_null(event: LookupFed) -> bool:
    """`NOT IN` with a NULL among the values finds nothing; from a list Django leaves None out."""
    model, column = event.source.model, event.gathered.column if event.gathered is not None else ""
    if column == model.primary_key:
        return True
    found = model.columns.get(column)
    return found is not None and not found.null
