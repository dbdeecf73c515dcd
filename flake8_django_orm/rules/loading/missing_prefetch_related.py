"""DJQ102: the rows of a related manager are read on every row, and the queryset does not prefetch them."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import MissingLoading
from flake8_django_orm.rules.base import Report, Rule, RuleContext
from flake8_django_orm.rules.loading.missing import report_missing


class MissingPrefetchRelated(Rule):
    """## What it does
    Flags a relation to many rows that is read for each row of a queryset which does not prefetch it: a reverse foreign
    key, a many-to-many or a generic relation. What is read on those rows in turn belongs to the same report:
    `chapters__editor`.

    ## Why is this bad
    Each `book.chapters.all()` is a query of its own, one for every row of the loop. A prefetch fetches the rows of all
    books by one query more.

    ## Example
    ```python
    from app.models import Author


    def titles():
        return {author.name: [book.title for book in author.books.all()] for author in Author.objects.all()}
    ```

    ## Use instead
    ```python
    from app.models import Author


    def titles():
        authors = Author.objects.prefetch_related("books")
        return {author.name: [book.title for book in author.books.all()] for author in authors}
    ```

    ## Fix safety
    The fix adds the path to the queryset that feeds the loop, merged into the prefetches that are there. It is safe
    where queryset and loop stand in one function, and unsafe where other code may use the same queryset.

    ## What it does not see
    A manager that is filtered or ordered in the loop, or that asks the row to which it belongs: a plain prefetch would
    not serve it. What only a handler for faults reads is left alone.

    ## References
    - [Django documentation: prefetch_related()](https://docs.djangoproject.com/en/stable/ref/models/querysets/#prefetch-related)
    """

    code = "DJQ102"
    name = "missing-prefetch-related"
    applicability = Applicability.SAFE
    in_tests = False
    listens = MissingLoading

    def check(self, event: MissingLoading, context: RuleContext) -> Iterator[Report]:
        if event.multi_valued:
            yield from report_missing(event, context)
