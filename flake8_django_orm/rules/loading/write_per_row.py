"""DJQ105: rows are written one by one in a loop, where one statement would write them all."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import QueryRun
from flake8_django_orm.machine.row_writes import bulk_write
from flake8_django_orm.rules.base import Report, Rule, RuleContext


class WritePerRow(Rule):
    """## What it does
    Flags `create()`, `save()` and `delete()` of one row in each iteration of a loop, and `add()` of one row to the same
    many-to-many relation, where `bulk_create()`, `bulk_update()`, the queryset's `delete()` or one `add()` writes all
    rows.

    ## Why is this bad
    Each write is a round trip to the database, and without a transaction around it a commit of its own. A thousand rows
    are written by one statement in the time of a few.

    ## Example
    ```python
    from app.models import Book


    def import_titles(titles):
        for title in titles:
            Book.objects.create(title=title)
    ```

    ## Use instead
    ```python
    from app.models import Book


    def import_titles(titles):
        Book.objects.bulk_create([Book(title=title) for title in titles])
    ```

    ## Fix safety
    The fix is offered for a loop that does nothing but write, and it is unsafe, because bulk operations do less:

    - `bulk_create()` and `bulk_update()` call neither `save()` nor signal receivers, those of installed packages
      included; all rows are in memory at once, and one wrong row keeps all from being written;
    - `bulk_update()` does not set `auto_now` columns;
    - `bulk_create()` leaves the primary key unset on databases that cannot return it, and refuses models with
      multi-table inheritance;
    - a queryset's `delete()` does not call the model's `delete()`, though it sends the delete signals.

    There is no fix for `save()`: which columns `bulk_update()` has to name is for the author to say.

    ## What it does not see
    The rule is silent where the model defines `save()` or `delete()`, where a receiver of the project listens to it, in
    a `try` that meets the failure of one row, where the result of `create()` is used, where the loop calls code that
    cannot be seen (which may need what was written), and for rows that are made and saved in two steps.

    ## References
    - [Django documentation: bulk_create()](https://docs.djangoproject.com/en/stable/ref/models/querysets/#bulk-create)
    - [Django documentation: bulk_update()](https://docs.djangoproject.com/en/stable/ref/models/querysets/#bulk-update)
    - [Django documentation: use bulk methods](https://docs.djangoproject.com/en/stable/topics/db/optimization/#use-bulk-methods)
    """

    code = "DJQ105"
    name = "write-per-row"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = QueryRun

    def check(self, event: QueryRun, context: RuleContext) -> Iterator[Report]:
        kind = bulk_write(context.project, event)
        if kind is None:
            return
        loop = event.loops[-1]
        if event.frame is not loop.frame and event.frame.parent is not loop.frame:
            return
        # Fix builders import libcst, which a file without findings must not pay for.
        from flake8_django_orm.fixes.row_writes import write_at_once

        model = event.queryset.model
        method = event.how.rpartition(".")[2]
        yield Report(
            event=event,
            place=event.place,
            message=f"the loop on {context.line_of(loop.place)} writes {model.name} rows one by one with {method}(): "
            f"use {kind.value}",
            fix=write_at_once(context.project, event, kind),
            model=model.label,
        )
