"""DJQ203: a prefetched relation is asked something that its cache cannot answer."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import PrefetchBypassed
from flake8_django_orm.rules.base import Report, Rule, RuleContext


class PrefetchBypassedRule(Rule):
    """## What it does
    Flags `filter()`, `order_by()`, `values_list()`, `last()` and the like on a relation that the queryset prefetched,
    for each row of a loop.

    ## Why is this bad
    A refined queryset cannot be answered from the prefetch: each one is a query of its own, on top of the prefetch that
    nobody reads.

    ## Example
    ```python
    from app.models import Author


    def drafts():
        found = []
        for author in Author.objects.prefetch_related("books"):
            for book in author.books.filter(published=False):
                found.append(book.title)
        return found
    ```

    ## Use instead
    ```python
    from app.models import Author


    def drafts():
        found = []
        for author in Author.objects.prefetch_related("books"):
            for book in [book for book in author.books.all() if not book.published]:
                found.append(book.title)
        return found
    ```

    ## Fix safety
    The fix does in Python what the query did, on the rows that are there already. It is unsafe where Python and the
    database may differ, as in the order of texts. For large relations a `Prefetch` with a queryset and `to_attr` is the
    better cure.

    ## What it does not see
    Rows whose queryset comes from code that cannot be read.

    ## References
    - [Django documentation: prefetch_related()](https://docs.djangoproject.com/en/stable/ref/models/querysets/#prefetch-related)
    """

    code = "DJQ203"
    name = "prefetch-bypassed"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = PrefetchBypassed

    def check(self, event: PrefetchBypassed, context: RuleContext) -> Iterator[Report]:
        if event.loop is None or not event.loop.counts:
            return
        path = ".".join(event.path)
        elsewhere = f" on {context.line_of(event.place)}" if event.frame.parent is not None else ""
        from flake8_django_orm.fixes.prefetch_bypass import use_prefetched_rows

        yield Report(
            event=event,
            place=event.place,
            message=f"every {event.origin.model.name} row runs a query for {path}{elsewhere} although it is "
            f"prefetched: {_reason(event)} cannot use the prefetched rows, all() can",
            fix=use_prefetched_rows(context.project, event),
            model=event.origin.model.label,
            relations=("__".join(event.path),),
        )


def _reason(event: PrefetchBypassed) -> str:
    """The first method that the prefetch cannot answer."""
    methods = [step.method for step in event.queryset.steps]
    # What stands before the relation's name comes from its manager's own get_queryset().
    start = max((n for n, name in enumerate(methods) if name == event.relation.name), default=0)
    refining = [name for name in methods[start + 1 :] if name != "all"]
    if refining:
        return "a slice" if refining[0] == "slice" else f"{refining[0]}()"
    return "a second all()" if methods[start + 1 :].count("all") > 1 else f"{event.how}()"
