"""DJQ107: a prefetch is made in each iteration, for one row."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import QueryRun
from flake8_django_orm.machine.loading import How
from flake8_django_orm.machine.row_queries import Batching, batching
from flake8_django_orm.machine.values import Collection, RowValue
from flake8_django_orm.rules.base import Report, Rule, RuleContext


class PrefetchPerRow(Rule):
    """## What it does
    Flags a prefetch for one row in each iteration of a loop. That is `prefetch_related_objects([row], ...)`, and a
    `get()` by key with `prefetch_related()`.

    ## Why is this bad
    A prefetch saves queries because it serves many rows at once. Made for one row at a time, it sends a query for each
    relation of each row.

    ## Example
    ```python
    from django.db.models import prefetch_related_objects

    from app.models import Author


    def titles():
        found = []
        for author in Author.objects.all():
            prefetch_related_objects([author], "books")
            found.extend(book.title for book in author.books.all())
        return found
    ```

    ## Use instead
    ```python
    from app.models import Author


    def titles():
        found = []
        for author in Author.objects.prefetch_related("books"):
            found.extend(book.title for book in author.books.all())
        return found
    ```

    ## Fix safety
    The fix adds the lookups to the queryset of the loop and removes the call. It is unsafe: the related rows of all
    rows are then in memory at once, and the import of `prefetch_related_objects` may be left without a use. There is no
    fix for `get()`.

    ## What it does not see
    A prefetch behind a condition, and one for a batch of rows, which is the cure.

    ## References
    - [Django documentation: prefetch_related_objects()](https://docs.djangoproject.com/en/stable/ref/models/querysets/#prefetch-related-objects)
    """

    code = "DJQ107"
    name = "prefetch-per-row"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = QueryRun

    def check(self, event: QueryRun, context: RuleContext) -> Iterator[Report]:
        if not event.varies or event.conditional or event.varies[-1] is not event.loops[-1]:
            return
        loop, model = event.loops[-1], event.queryset.model
        if event.frame is not loop.frame and event.frame.parent is not loop.frame:
            return
        row = _single_row(event)
        if row is not None and row.loop == loop.number and row.origin is not None:
            # Fix builders import libcst, which a file without findings must not pay for.
            from flake8_django_orm.fixes.row_prefetches import prefetch_once

            queryset = f" on {context.line_of(row.origin.steps[-1].place)}" if row.origin.steps else ""
            yield Report(
                event=event,
                place=event.place,
                message=f"every {row.model.name} row is prefetched for by itself: add prefetch_related() to the "
                f"queryset{queryset} instead",
                fix=prefetch_once(context.project, event, row),
                model=row.model.label,
            )
        elif batching(event) is Batching.BY_KEY and _prefetches(event):
            yield Report(
                event=event,
                place=event.place,
                message=f"{context.name_of(loop)} {_what(event)} in each iteration: fetch all of them before the loop, "
                "as by in_bulk() or a filter with __in",
                model=model.label,
            )


def _what(event: QueryRun) -> str:
    name = event.queryset.model.name
    single = event.how in ("get", "first")
    return f"fetches one {name} and prefetches for it" if single else f"fetches {name} rows and prefetches for them"


def _single_row(event: QueryRun) -> RowValue | None:
    """The row of `prefetch_related_objects([row], ...)`."""
    if event.how != "prefetch_related_objects" or not event.arguments:
        return None
    rows = event.arguments[0].value
    items = rows.items if isinstance(rows, Collection) else None
    row = items[0] if items is not None and len(items) == 1 else None
    return row if isinstance(row, RowValue) and not row.path else None


def _prefetches(event: QueryRun) -> bool:
    return any(loaded.how in (How.PREFETCHED, How.TO_ATTR) for _, loaded in event.queryset.loading.relations)
