"""DJQ509: rows are fetched and thrown away by a test of a column in Python."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import FilteredInPython
from flake8_django_orm.rules.base import Report, Rule, RuleContext


class FilterInPython(Rule):
    """## What it does
    Flags a loop or comprehension over a queryset that goes on only with the rows of a certain value in one column.

    ## Why is this bad
    The database sends every row, and Python makes an object of each, to throw it away. `filter()` fetches the wanted
    ones only. The rule is off by default: on small tables it makes no difference, and a test in Python is easier to
    read where it belongs to what the loop does.

    ## Example
    ```python
    from app.models import Book


    def titles():
        return [book.title for book in Book.objects.all() if book.published]
    ```

    ## Use instead
    ```python
    from app.models import Book


    def titles():
        return [book.title for book in Book.objects.filter(published=True)]
    ```

    ## Fix safety
    The fix adds `filter()` to the queryset and takes the test out, for a boolean column, a comparison of a number, a
    text that is compared with a literal, and `is None`. It is unsafe: databases have their own idea of which texts are
    equal (MySQL finds "Draft" for "draft"), and the queryset holds fewer rows for whoever else may get it. There is no
    fix where a column that may be NULL is compared, where the value's type is not known, or where the whole body of the
    loop stands behind the test.

    ## What it does not see
    Tests of several columns or of related rows, and querysets whose rows are used elsewhere too.

    ## References
    - [Django documentation: do database work in the database](https://docs.djangoproject.com/en/stable/topics/db/optimization/#do-database-work-in-the-database-rather-than-in-python)
    """

    code = "DJQ509"
    name = "filter-in-python"
    applicability = Applicability.UNSAFE
    default_on = False
    in_tests = False
    listens = FilteredInPython

    def check(self, event: FilteredInPython, context: RuleContext) -> Iterator[Report]:
        queryset = event.queryset
        if queryset.sliced or queryset.raw or queryset.combined or queryset.locked or queryset.shared or not event.sent:
            return
        if any(use.how != "chained" and use.place != event.looped for use in event.uses):
            return
        # Fix builders import libcst, which a file without findings must not pay for.
        from flake8_django_orm.fixes.column_filters import filter_rows

        yield Report(
            event=event,
            place=event.place,
            message=f"all {queryset.model.name} rows are fetched, and those that fail this test of {event.column} "
            "are thrown away: filter() by it",
            fix=filter_rows(context.project, event),
            model=queryset.model.label,
        )
