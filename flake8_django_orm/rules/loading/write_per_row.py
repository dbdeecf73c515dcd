"""DJQ105: rows are written one by one in a loop, where one statement would write them all."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import QueryRun
from flake8_django_orm.machine.loop_bodies import calls_from_body
from flake8_django_orm.machine.row_writes import BulkWrite, bulk_write
from flake8_django_orm.rules.base import Report, Rule, RuleContext


class WritePerRow(Rule):
    """## What it does
    Flags rows that a loop creates, saves, deletes or adds one by one. `create()` and `save()` have `bulk_create()` and
    `bulk_update()`, `delete()` that of the queryset, and `add()` to one many-to-many relation takes all rows at once.

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
    For `create()`, `delete()` and `add()` the fix is offered where the loop does nothing else. For `save()` it collects
    the rows and writes them behind the loop, with the fields that the loop assigns. It is unsafe, because bulk
    operations do less:

    - `bulk_create()` and `bulk_update()` call neither `save()` nor signal receivers, those of installed packages
      included; all rows are in memory at once, and one wrong row keeps all from being written;
    - `bulk_update()` writes the named fields only: what else the row holds, code that is not seen included, stays as it
      is in the database;
    - `bulk_update()` does not set `auto_now` columns, and does not let a field class of your own see the value: with
      such columns there is no fix, unless `save(update_fields=[...])` leaves them out;
    - what a loop wrote before it failed is written no more: `bulk_update()` runs behind the loop, or not at all. Where
      the loop returns or raises, there is no fix;
    - `bulk_create()` leaves the primary key unset on databases that cannot return it, and refuses models with
      multi-table inheritance;
    - a queryset's `delete()` does not call the model's `delete()`, though it sends the delete signals;
    - related objects are written by neither form: a new author of a book has to be saved before.

    ## What it does not see
    The rule is silent where the model defines `save()` or `delete()`, where a receiver of the project listens to it, in
    a `try` that meets the failure of one row, where the result of `create()` is used, where the loop calls code that
    cannot be seen or asks for rows of the same model (which may need what was written), and for rows that are made and
    saved in two steps.

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
        if calls_from_body(context.project, loop, event.frame) > 1:
            return
        # Fix builders import libcst, which a file without findings must not pay for.
        from flake8_django_orm.fixes.bulk_updates import collect_and_update
        from flake8_django_orm.fixes.row_writes import write_at_once

        update = kind is BulkWrite.UPDATE
        fix = collect_and_update(context.project, event) if update else write_at_once(context.project, event, kind)
        model = event.queryset.model
        method = event.how.rpartition(".")[2]
        yield Report(
            event=event,
            place=event.place,
            message=f"{context.name_of(loop)} writes {model.name} rows one by one with {method}(): use {kind.value}",
            fix=fix,
            model=model.label,
        )
