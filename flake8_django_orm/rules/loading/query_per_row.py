"""DJQ103: a query that depends on a loop's row is sent in each iteration, where one for all rows would do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import QueryRun
from flake8_django_orm.machine.frames import Body
from flake8_django_orm.machine.loop_bodies import calls_from_body
from flake8_django_orm.machine.row_queries import Batching, batching, owned_by
from flake8_django_orm.machine.values import Mode
from flake8_django_orm.rules.base import Report, Rule, RuleContext

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Frame


class QueryPerRow(Rule):
    """## What it does
    Flags a query in a loop that depends on the loop's row, where one query for all rows would do. That is a row fetched
    by its key, a `count()`, `exists()` or `aggregate()` over the rows that belong to the loop's row, and these rows
    themselves, filtered or ordered.

    ## Why is this bad
    The loop sends one query for each row. `in_bulk()`, `annotate()` or a `Prefetch` object with a queryset gets the
    same from the database at once.

    ## Example
    ```python
    from app.models import Author


    def report():
        return [(author.name, author.books.filter(published=True).count()) for author in Author.objects.all()]
    ```

    ## Use instead
    ```python
    from django.db.models import Count, Q

    from app.models import Author


    def report():
        authors = Author.objects.annotate(published=Count("books", filter=Q(books__published=True)))
        return [(author.name, author.published) for author in authors]
    ```

    ## Fix safety
    There are three fixes, all of them unsafe:

    - a row that is fetched by another row's foreign key, `Book.objects.get(pk=loan.book_id)`, becomes `loan.book`,
      which DJQ101 then loads with the loans. The row is kept on the loan: a later read gives the same object;
    - a row that is fetched by another column of the loop's rows comes from one `in_bulk()` before the loop. A row that
      is not there raises `KeyError` in the place of `DoesNotExist`, so there is no fix inside of `try`, but a caller
      may still wait for the old error. Rows with the same key share one object, and all are in memory at once;
    - `author.books.filter(published=True).count()` becomes an annotation of the loop's queryset, which then groups by
      the author. There is no fix where another join, a slice or `distinct()` would change the number, where a manager
      of the project leaves rows out, or where a condition's value is worked out between the queryset and the count.

    Keys are compared by Python then: only numbers and UUIDs are, because databases have their own idea of which texts
    are equal, and keys that come from outside may be of any type.

    ## What it does not see
    A query behind a condition of the loop is left alone: it may run for few rows, or fill a cache of the code's own. So
    is one in a loop that writes the same model, one with several conditions that differ from row to row, and a row that
    is fetched anew by its own key. `get_or_create()` in a loop has to look at each row, and is left alone too. A
    `count()` beside a loop over the same rows is told by DJQ102 alone: the prefetch that it asks for answers both.

    ## References
    - [Django documentation: retrieve everything at once](https://docs.djangoproject.com/en/stable/topics/db/optimization/#retrieve-everything-at-once-if-you-know-you-will-need-it)
    - [Django documentation: in_bulk()](https://docs.djangoproject.com/en/stable/ref/models/querysets/#in-bulk)
    - [Django documentation: Prefetch objects](https://docs.djangoproject.com/en/stable/ref/models/querysets/#prefetch-objects)
    """

    code = "DJQ103"
    name = "query-per-row"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = QueryRun

    def check(self, event: QueryRun, context: RuleContext) -> Iterator[Report]:
        kind = batching(event)
        if kind is None or event.conditional or event.queryset.model.key in event.loop_writes:
            return
        if event.awaits_prefetch:
            return  # DJQ102 names it: once the rows are prefetched it costs nothing
        loop = event.varies[-1]
        home = _home(loop.frame, context)
        if home is loop.frame and calls_from_body(context.project, loop, event.frame) > _NEAR[kind]:
            return
        if home.parent is not None and all(home in f.ancestors() for f in event.queryset.frames):
            return  # the loop's own function is the place for it, whatever loops stand around the call
        # Fix builders import libcst, which a file without findings must not pay for.
        from flake8_django_orm.fixes.counted_rows import annotate_count
        from flake8_django_orm.fixes.row_queries import read_relation, relation_of_key
        from flake8_django_orm.fixes.rows_by_key import fetch_in_bulk

        model = event.queryset.model
        relation = relation_of_key(event)
        advice = _ADVICE[kind]
        if relation is not None:
            advice = f'read {relation.name} instead, loaded by select_related("{relation.name}")'
        elif kind is Batching.ROWS and event.queryset.mode is not Mode.ROWS:
            steps = reversed(event.queryset.steps)
            method = next((s.method for s in steps if s.method.startswith("values")), "values")
            advice = f"prefetch them and take the columns from the rows, because {method}() uses no prefetched rows"
        yield Report(
            event=event,
            place=event.place,
            message=f"{context.name_of(loop)} sends a query to {model.name} in each iteration "
            f"({_what(event)}): {advice}",
            fix=read_relation(context.project, event)
            or fetch_in_bulk(context.project, event)
            or annotate_count(context.project, event),
            model=model.label,
            relations=_relations(event),
        )


#: How many calls may lie between the loop and the query. Rows that belong to the loop's row are prefetched wherever
#: they are read; for the others the calls between would have to hand on what was fetched before.
_NEAR = {Batching.BY_KEY: 1, Batching.NUMBER: 1, Batching.ROWS: 3, Batching.ONE: 1}

_ADVICE = {
    Batching.BY_KEY: "fetch all of them before the loop, as by in_bulk() or a filter with __in",
    Batching.NUMBER: "annotate() the queryset of the loop",
    Batching.ROWS: "prefetch them, with a Prefetch object where they are filtered or ordered",
    Batching.ONE: "annotate() a Subquery, or prefetch the rows",
}


def _relations(event: QueryRun) -> tuple[str, ...]:
    """The lookup path of the relation whose manager the loop asks, or could ask in the place of a filter by its row."""
    row, relation = event.queryset.source_row, event.queryset.relation
    path = (*row.path, relation.name) if row is not None and relation is not None else owned_by(event)
    return ("__".join(path),) if path else ()


def _home(frame: Frame, context: RuleContext) -> Frame:
    """The code of the project in which a loop runs: for a template's loop, the function that renders it."""
    while frame.parent is not None and (frame.body is Body.TEMPLATE or context.project.is_stub(frame.path)):
        frame = frame.parent
    return frame


def _what(event: QueryRun) -> str:
    return f"{event.how}()" if event.how not in ("iterate", "list", "test", "len") else "its rows are fetched"
