"""DJQ503: a lazy queryset is a lookup's value, and becomes a subquery."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.machine.events import LookupFed
from flake8_django_orm.machine.uses import FETCHING
from flake8_django_orm.rules.base import Report, Rule, RuleContext


class QuerysetInLookup(Rule):
    """## What it does
    Flags a queryset that is given to an `__in` lookup without being evaluated first.

    ## Why is this bad
    It becomes a subquery, which is easy to overlook: nothing in the line says so. Where the rows are fetched elsewhere
    in the function, the database runs the same query twice. Otherwise the subquery is mostly the better choice, which
    is why this rule is off by default: turn it on to see where your subqueries are.

    ## Example
    ```python
    from app.models import Author, Book


    def books():
        authors = Author.objects.filter(name__contains="e")
        return Book.objects.filter(author__in=authors)
    ```

    ## Use instead
    ```python
    from app.models import Author, Book


    def books():
        authors = Author.objects.filter(name__contains="e")
        return Book.objects.filter(author__in=list(authors))
    ```

    Measured with 20 000 authors and 100 000 books (Django 5.2, SQLite 3.40, PostgreSQL 15; milliseconds, rows fetched
    included):

    | what | SQLite: list | SQLite: subquery | PostgreSQL: list | PostgreSQL: subquery |
    |---|---|---|---|---|
    | 10 keys by an index | 0.5 | 0.4 | 0.8 | 0.7 |
    | 10 000 keys by an index | 1066 | 868 | 1035 | 901 |
    | 560 keys by a search without an index | 45 | 34 | 47 | 49 |
    | the same 560 keys for two queries | 14 | 8 | 24 | 29 |

    With a list PostgreSQL knows how many keys there are, and looks them up in the index; with a subquery it guesses
    (below it expects 202 rows and finds 560) and may read the whole table:

    ```text
    list        Bitmap Heap Scan on app_book  (rows=50) (actual time=0.012..0.019 rows=50 loops=1)
                  ->  Bitmap Index Scan on app_book_author_id
                        Index Cond: (author_id = ANY ('{1,2,3,4,5,6,7,8,9,10}'::bigint[]))
    subquery    Hash Join  (rows=1010) (actual time=1.229..49.733 rows=2800 loops=1)
                  ->  Seq Scan on app_book  (rows=100000)
                  ->  Hash
                        ->  Seq Scan on app_author u0  (rows=202) (actual rows=560 loops=1)
                              Filter: ((name)::text ~~ '%99%'::text)
    SQLite      SEARCH app_book USING INDEX app_book_author_id (author_id=?)
                LIST SUBQUERY 1
                  SCAN U0
    ```

    So the subquery wins where it is used once. A list wins where the search is slow, finds few keys and serves several
    queries, or where the rows are in memory anyway.

    ## Fix safety
    The fix writes `list()` around the queryset. It is shown and never applied: which form is faster, only the plan of
    the query on your data tells, and a list of very many keys may be more than the database takes.

    ## What it does not see
    `Subquery()`, `Exists()` and joins, which are meant, and querysets that may be lists.

    ## References
    - [Django documentation: the in lookup](https://docs.djangoproject.com/en/stable/ref/models/querysets/#in)
    """

    code = "DJQ503"
    name = "queryset-in-lookup"
    applicability = Applicability.DISPLAY_ONLY
    default_on = False
    in_tests = False
    listens = LookupFed

    def check(self, event: LookupFed, context: RuleContext) -> Iterator[Report]:
        if event.gathered is not None or event.one_of_several:
            return
        fetched = any(use.how in FETCHING for use in event.source_uses)
        source = event.source.model.name
        what = f"the {source} queryset becomes a subquery of {event.argument.name}="
        again = (
            f"; its rows are fetched here too, so the database runs it twice: give {event.argument.name}= those rows"
        )
        measure = "; whether two queries are faster, only a query plan tells"
        yield Report(
            event=event,
            place=event.argument.place or event.place,
            message=what + (again if fetched else measure),
            fix=_as_list(event, context),
            model=event.target.model.label,
        )


def _as_list(event: LookupFed, context: RuleContext) -> Fix | None:
    """`author__in=authors` as `author__in=list(authors)`, for the reader to see what the other form is."""
    place = event.argument.place
    text = context.project.text(place.path) if place is not None else None
    if place is None or text is None or any(frame.is_async for frame in event.frame.ancestors()):
        return None
    start, end = place.span
    edit = Edit(place.path, start, end, f"list({text[start:end]})")
    return Fix(Applicability.DISPLAY_ONLY, "Fetch the values first, as a list", (edit,))
