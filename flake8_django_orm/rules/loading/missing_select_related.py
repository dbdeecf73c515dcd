"""DJQ101: a single-valued relation is read on every row, and the queryset does not load it."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import MissingLoading
from flake8_django_orm.rules.base import Report, Rule, RuleContext
from flake8_django_orm.rules.loading.missing import report_missing


class MissingSelectRelated(Rule):
    """## What it does
    Flags a foreign key, one-to-one or generic foreign key that is read on each row of a queryset which does not load
    it. A one-to-one relation counts from either side.

    ## Why is this bad
    Django fetches the related row by a query of its own, one for every row of the loop: 1 + N queries where one or two
    would do. In `async def` the read raises `SynchronousOnlyOperation`.

    ## Example
    ```python
    from app.models import Book


    def authors():
        return [book.author.name for book in Book.objects.all()]
    ```

    ## Use instead
    ```python
    from app.models import Book


    def authors():
        return [book.author.name for book in Book.objects.select_related("author")]
    ```

    ## Fix safety
    The fix adds the relation to the queryset that feeds the loop, merged into the eager loading that is there. It is
    safe where queryset and loop stand in one function, and unsafe where other code may use the same queryset: it then
    loads more than it needs. `prefetch_related()` is used where a join is not possible.

    ## What it does not see
    Rows whose queryset comes from code that cannot be read, relations reached by computed names, and loops of a
    framework that the page "Loops that a framework owns" of the guide does not name. The rule is silent where the loop
    has saved the row behind the relation before it reads it (a join would still show the old one), in a handler for
    what went wrong with one row, and behind a name that only another view gives to a shared template.

    ## References
    - [Django documentation: select_related()](https://docs.djangoproject.com/en/stable/ref/models/querysets/#select-related)
    - [Django documentation: database access optimization](https://docs.djangoproject.com/en/stable/topics/db/optimization/)
    """

    code = "DJQ101"
    name = "missing-select-related"
    applicability = Applicability.SAFE
    in_tests = False
    listens = MissingLoading

    def check(self, event: MissingLoading, context: RuleContext) -> Iterator[Report]:
        if not event.multi_valued:
            yield from report_missing(event, context)
