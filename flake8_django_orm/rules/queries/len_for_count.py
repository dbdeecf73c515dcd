"""DJQ501: a queryset is fetched only to be counted."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability, Fix
from flake8_django_orm.machine.events import QueryRun
from flake8_django_orm.machine.uses import built_here, rows_only_counted, rows_unused, told_where_called
from flake8_django_orm.rules.base import Report, Rule, RuleContext


class LenForCount(Rule):
    """## What it does
    Flags `len()` of a queryset whose rows nobody uses.

    ## Why is this bad
    `len()` fetches all rows and makes an object of each, to throw them away once they are counted. `count()` lets the
    database count and fetches one number.

    ## Example
    ```python
    from app.models import Book


    def number_of_books():
        return len(Book.objects.filter(published=True))
    ```

    ## Use instead
    ```python
    from app.models import Book


    def number_of_books():
        return Book.objects.filter(published=True).count()
    ```

    ## What it does not see
    Querysets that are handed to other code, kept in an attribute or returned: their rows may be used there. Where the
    rows are used later in the function, `len()` is the cheaper way, and nothing is said.

    ## References
    - [Django documentation: use QuerySet.count()](https://docs.djangoproject.com/en/stable/topics/db/optimization/#use-queryset-count)
    """

    code = "DJQ501"
    name = "len-for-count"
    applicability = Applicability.SAFE
    in_tests = False
    listens = QueryRun

    def check(self, event: QueryRun, context: RuleContext) -> Iterator[Report]:
        queryset = event.queryset
        # Counting locks no row, so len() of a locked queryset is what takes the lock.
        if event.how != "len" or event.one_of_several or queryset.raw or queryset.locked:
            return
        if not built_here(event) or not rows_only_counted(event) or told_where_called(event):
            return
        if event.asked and rows_unused(event):
            return  # only whether there are rows is asked, which DJQ502 says where it stands
        from flake8_django_orm.fixes.asking import ask_count

        # A second len() is answered from the rows; a second count() would be a second query.
        edits = ask_count(context.project, event.place) if rows_unused(event) else None
        where = "" if event.place.path == context.path else f" on {context.line_of(event.place)}"
        yield Report(
            event=event,
            place=event.place,
            message=f"len(){where} fetches all {queryset.model.name} rows only to count them: use count()",
            fix=Fix(Applicability.SAFE, "Let the database count", edits) if edits else None,
            model=queryset.model.label,
        )
