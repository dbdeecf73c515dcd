"""DJQ204: a filter over a relation chooses the rows, and the prefetch beside it loads all related rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import UnfilteredPrefetch
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule, RuleContext

if TYPE_CHECKING:
    from flake8_django_orm.machine.values import Step


class PrefetchDoesNotFilter(Rule):
    """## What it does
    Flags `prefetch_related("books")` beside `filter(books__published=True)`, where the loop over the books tests
    `published` again. On demand (`--enable DJQ204`) the other prefetches beside such a filter too.

    ## Why is this bad
    The two say different things. The filter joins the books and chooses *authors*; the prefetch loads *books*, all of
    each author, published or not. These are the statements that Django 5.2 sends to SQLite:

    ```sql
    SELECT DISTINCT "app_author"."id", "app_author"."name" FROM "app_author"
        INNER JOIN "app_book" ON ("app_author"."id" = "app_book"."author_id") WHERE "app_book"."published"
    SELECT "app_book"."id", "app_book"."title", "app_book"."published", "app_book"."author_id" FROM "app_book"
        WHERE "app_book"."author_id" IN (1, 2, 3)
    ```

    A loop that tests `book.published` shows that only the published books are meant: the others are fetched, made into
    objects, and thrown away. With a `Prefetch` object the second statement ends otherwise, and the test finds nothing
    to throw away:

    ```sql
        WHERE ("app_book"."published" AND "app_book"."author_id" IN (1, 2, 3))
    ```

    Where no such test follows, the code sees books that the filter seemed to leave out. That may be a mistake; often it
    is meant (authors who have published, with all that they wrote), and so this is said only where it is asked for.

    ## Example
    ```python
    from app.models import Author


    def published():
        authors = Author.objects.filter(books__published=True).prefetch_related("books").distinct()
        return [book.title for author in authors for book in author.books.all() if book.published]
    ```

    ## Use instead
    ```python
    from django.db.models import Prefetch

    from app.models import Author, Book


    def published():
        books = Prefetch("books", queryset=Book.objects.filter(published=True))
        authors = Author.objects.filter(books__published=True).prefetch_related(books).distinct()
        return [book.title for author in authors for book in author.books.all() if book.published]
    ```

    ## Fix safety
    The fix writes a `Prefetch` object with the condition that is tested again, or, where none is, with all conditions
    that the filter has on the relation. It is unsafe: `author.books.all()` holds fewer rows for whoever else may get
    them, and where the code does not test again, the rows that it sees change. The test in Python stays.

    ## What it does not see
    Conditions inside of `Q` objects, relations further away than one step, tests of several columns, and tests in
    templates. Where not every reader of the prefetched rows is seen, one may want all of them: then nothing is said
    about a test that another reader makes.

    ## References
    - [Django documentation: Prefetch objects](https://docs.djangoproject.com/en/stable/ref/models/querysets/#prefetch-objects)
    """

    code = "DJQ204"
    name = "prefetch-does-not-filter"
    applicability = Applicability.UNSAFE
    only_on_purpose = "prefetches whose rows are not tested again"
    in_tests = False
    listens = UnfilteredPrefetch

    def check(self, event: UnfilteredPrefetch, context: RuleContext) -> Iterator[Report]:
        again = event.tested_again
        if again is None and self.code not in context.on_purpose:
            return
        relation, steps = event.relation, event.queryset.steps
        step = next((s for s in steps if s.method == "prefetch_related" and _names(s, relation.name)), None)
        target = context.project.model(relation.target) if relation.target else None
        if step is None or target is None:
            return
        # Fix builders import libcst, which a file without findings must not pay for.
        from flake8_django_orm.fixes.filtered_prefetches import filter_prefetch

        conditions, tests = ((again,), event.tests) if again is not None else (event.conditions, ())
        filters = [s for s in steps if s.method == "filter" and any(a in event.conditions for a in s.arguments)]
        whole = step.frame is event.frame and (again is not None or len(filters) == 1)
        where = "" if step.place.path == context.path else f" on {context.line_of(step.place)}"
        loads = f'prefetch_related("{relation.name}"){where} loads all, whatever filter({conditions[0].name}=...) says'
        advice = "use a Prefetch object with a queryset where only the matching ones are meant"
        if again is not None:
            advice = "the loop over them throws the others away: use a Prefetch object with a queryset"
        yield Report(
            event=event,
            place=step.place,
            message=f"{loads}: {advice}" if again is None else f"{loads}, and {advice}",
            fix=filter_prefetch(context.project, step, relation, target, conditions) if whole else None,
            model=event.queryset.model.label,
            relations=(relation.name,),
            related=tuple(RelatedPlace(test.place, "the condition is tested again here") for test in tests),
        )


def _names(step: Step, name: str) -> bool:
    return any(getattr(argument.value, "value", None) == name for argument in step.arguments)
