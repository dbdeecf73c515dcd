"""DJQ502: rows are fetched or counted only to see whether there are any."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability, Fix
from flake8_django_orm.machine.events import AnswerTested
from flake8_django_orm.machine.uses import built_here, counted_again, rows_there, rows_unused
from flake8_django_orm.rules.base import Report, Rule, RuleContext

_DOES = {
    "test": "a test of the queryset fetches all {} rows",
    "len": "len() fetches all {} rows",
    "count": "count() counts all {} rows",
    "first": "first() fetches a {} row",
    "last": "last() fetches a {} row",
}


class ExistsPreferred(Rule):
    """## What it does
    Flags `if books:`, `books.count() > 0` and the like, where the rows themselves are not used. Also `bool(books)`,
    `len(books) > 0` and `books.first() is not None`.

    ## Why is this bad
    Whether there is a row, the database knows after the first one. A test of the queryset fetches them all, `count()`
    walks over them all, and `first()` sorts them.

    ## Example
    ```python
    from app.models import Book


    def has_books():
        return Book.objects.filter(published=True).count() > 0
    ```

    ## Use instead
    ```python
    from app.models import Book


    def has_books():
        return Book.objects.filter(published=True).exists()
    ```

    ## What it does not see
    A test of a queryset whose rows are used later, in this function or in code that it is handed to: there the test is
    the cheapest way, because the rows are fetched once. Counts and rows that are bound to a name first.

    ## References
    - [Django documentation: use QuerySet.exists()](https://docs.djangoproject.com/en/stable/topics/db/optimization/#use-queryset-exists)
    """

    code = "DJQ502"
    name = "exists-preferred"
    applicability = Applicability.SAFE
    in_tests = False
    listens = AnswerTested

    def check(self, event: AnswerTested, context: RuleContext) -> Iterator[Report]:
        query = event.query
        queryset = query.queryset
        if query.one_of_several or queryset.raw or not queryset.steps or query.arguments:
            return
        if queryset.locked and query.how != "count":
            return  # fetching the rows is what locks them
        if query.how in ("test", "len"):
            if not built_here(query) or not rows_unused(query):
                return
        elif rows_there(query) or counted_again(query):
            return
        from flake8_django_orm.fixes.asking import ask_exists

        edits = ask_exists(context.project, query.place, event.whole, found=event.found)
        does = _DOES[query.how].format(queryset.model.name)
        yield Report(
            event=event,
            place=event.whole,
            message=f"{does} only to see whether there {'is one' if event.found else 'is none'}: use exists()",
            fix=Fix(Applicability.SAFE, "Ask whether a row exists", edits) if edits else None,
            model=queryset.model.label,
        )
