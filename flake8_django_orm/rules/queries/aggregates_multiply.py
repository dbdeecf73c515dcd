"""DJQ510: two multi-valued relations are aggregated in one query, and multiply each other's rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.findings import Applicability, Fix
from flake8_django_orm.machine.aggregated import aggregates, multiplied
from flake8_django_orm.machine.events import Chained
from flake8_django_orm.rules.base import Report, Rule, RuleContext

if TYPE_CHECKING:
    from flake8_django_orm.machine.aggregated import Aggregated


class AggregatesMultiply(Rule):
    """## What it does
    Flags `Count()` and `Sum()` over a relation to many rows, next to an aggregate over another one in the same query.

    ## Why is this bad
    Both relations are joined, so every row of one comes once for each row of the other. A book with 3 tags and 4
    chapters gives 12 rows: both counts say 12. Nothing raises; the numbers are wrong.

    ## Example
    ```python
    from django.db.models import Count

    from app.models import Book


    def numbers():
        return list(Book.objects.annotate(chapter_count=Count("chapters"), tag_count=Count("tags")).values())
    ```

    ## Use instead
    ```python
    from django.db.models import Count

    from app.models import Book


    def numbers():
        return list(
            Book.objects.annotate(
                chapter_count=Count("chapters", distinct=True), tag_count=Count("tags", distinct=True)
            ).values()
        )
    ```

    ## Fix safety
    The fix adds `distinct=True` to a `Count()`. It is unsafe because the numbers change, which is the point, and
    because over a column that is not unique, `distinct` counts equal values once. The joined rows are still multiplied
    before they are counted: for large relations a subquery for each number is faster. A `Sum()` has no fix, as
    `distinct=True` would leave out equal amounts: use a subquery.

    ## What it does not see
    Aggregates over expressions, and querysets with `values()`, which group rows otherwise.

    ## References
    - [Django documentation: combining multiple aggregations](https://docs.djangoproject.com/en/stable/topics/db/aggregation/#combining-multiple-aggregations)
    """

    code = "DJQ510"
    name = "aggregates-multiply"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = Chained

    def check(self, event: Chained, context: RuleContext) -> Iterator[Report]:
        if event.one_of_several or event.step.method not in ("annotate", "alias", "aggregate"):
            return
        found = aggregates(context.project, event.before, event.step)
        if found is None:
            return
        earlier = [one for one in found if one.step is not event.step]
        said = {one.text for one, _ in multiplied(earlier)}
        for one, other in multiplied(found):
            if one.text not in said:
                yield self._report(event, one, other)

    def _report(self, event: Chained, one: Aggregated, other: tuple[str, ...]) -> Report:
        counts = one.function == "Count"
        advice = "add distinct=True" if counts else "work it out in a subquery"
        return Report(
            event=event,
            place=one.place or event.place,
            message=f"{one.text} comes out too large: the join of {'__'.join(other)} repeats its rows; {advice}",
            fix=_fix(one) if counts else None,
            model=event.before.model.label,
            relations=(one.path,),
        )


def _fix(one: Aggregated) -> Fix | None:
    from flake8_django_orm.fixes.calls import add_keyword

    edits = add_keyword(one.place, one.function, "distinct=True") if one.place is not None else None
    return Fix(Applicability.UNSAFE, "Count each row once: distinct=True", edits) if edits else None
