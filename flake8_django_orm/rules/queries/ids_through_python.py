"""DJQ504: keys are fetched into Python only to go back to the database as `__in`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.findings import Applicability, Fix
from flake8_django_orm.machine.events import LookupFed
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule, RuleContext

if TYPE_CHECKING:
    from flake8_django_orm.machine.values import Gathered, QuerySetValue


class IdsThroughPython(Rule):
    """## What it does
    Flags keys (or another column) that are fetched into a list only to go back to the database in an `__in` lookup.

    ## Why is this bad
    It is two queries where one would do, and every key travels twice.

    ## Example
    ```python
    from app.models import Author, Book


    def books():
        ids = list(Author.objects.filter(active=True).values_list("id", flat=True))
        return list(Book.objects.filter(author__in=ids))
    ```

    ## Use instead
    ```python
    from app.models import Author, Book


    def books():
        return list(Book.objects.filter(author__in=Author.objects.filter(active=True)))
    ```

    Measured with 20 000 authors and 100 000 books (Django 5.2, SQLite 3.40, PostgreSQL 15; milliseconds, rows fetched
    included):

    | keys | SQLite: list | SQLite: queryset | PostgreSQL: list | PostgreSQL: queryset |
    |---|---|---|---|---|
    | 10 | 0.5 | 0.4 | 0.8 | 0.7 |
    | 1 000 | 69 | 62 | 51 | 48 |
    | 10 000 | 1066 | 868 | 1035 | 901 |

    The plans of the queryset form show that it is no loop: SQLite makes a list of the keys by itself, PostgreSQL
    joins.

    ```text
    SQLite      SEARCH app_book USING INDEX app_book_author_id (author_id=?)
                LIST SUBQUERY 1
                  SEARCH U0 USING COVERING INDEX app_author_rank (rank<?)
    PostgreSQL  Hash Join  (actual time=1.616..56.572 rows=50000 loops=1)
                  Hash Cond: (app_book.author_id = u0.id)
                  ->  Seq Scan on app_book
                  ->  Hash
                        ->  Index Scan using app_author_rank on app_author u0
                              Index Cond: (rank < 10000)
    ```

    The list wins where one list serves several queries: a slow search for 560 authors, used by two queries, took 24 ms
    with one list and 29 ms with two subqueries on PostgreSQL. Such a list is left alone.

    ## Fix safety
    The fix passes the queryset in the place of the list. It is unsafe because the subquery runs when the outer
    queryset is evaluated, not where the list was made: what is written in between counts then.

    ## What it does not see
    Keys or rows that have any other use, keys of the table that is filtered, sliced or locked querysets, another
    database, a write or a loop in between, and `exclude()` with a column that may be NULL: these are left alone.

    ## References
    - [Django documentation: the in lookup](https://docs.djangoproject.com/en/stable/ref/models/querysets/#in)
    """

    code = "DJQ504"
    name = "ids-through-python"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = LookupFed

    def check(self, event: LookupFed, context: RuleContext) -> Iterator[Report]:
        gathered, place = event.gathered, event.argument.place
        if gathered is None or place is None or event.one_of_several or not event.unchanged or not event.sent:
            return
        if not _is_only_use(event, gathered) or not _may_be_subquery(event):
            return
        from flake8_django_orm.fixes.subqueries import give_queryset

        edits = give_queryset(context.project, gathered)
        source = event.source.model.name
        yield Report(
            event=event,
            place=gathered.place,
            message=f"{gathered.column} of all these {source} rows is fetched only to go back "
            f"as {event.argument.name}=: pass the queryset, and the database does both in one query",
            fix=Fix(Applicability.UNSAFE, "Pass the queryset", edits) if edits else None,
            model=event.target.model.label,
            related=(RelatedPlace(place, "the values go back here"),),
        )


def _is_only_use(event: LookupFed, gathered: Gathered) -> bool:
    """Nobody else has the values or the rows that they were taken from."""
    place = event.argument.place
    assert place is not None
    inline = place.node is gathered.place.node
    named_once = place.unit is gathered.place.unit and place.mentions == 2
    rows = [use for use in event.source_uses if use.how != "chained"]
    return (inline or named_once) and len(rows) == 1 and rows[0].place == gathered.evaluated


def _may_be_subquery(event: LookupFed) -> bool:
    source, target = event.source, event.target
    if source.sliced or source.raw or source.combined or source.locked or source.shared or target.raw:
        return False
    # MySQL cannot change a table that it reads in the same statement, and the rows may be fixed on purpose.
    if source.model.key == target.model.key or _names_database(source) or _names_database(target):
        return False
    return not event.negated or _never_null(event)


def _names_database(queryset: QuerySetValue) -> bool:
    return any(step.method in ("using", "db_manager") for step in queryset.steps)


def _never_null(event: LookupFed) -> bool:
    """`NOT IN` with a NULL among the values finds nothing; from a list Django leaves None out."""
    model, column = event.source.model, event.gathered.column if event.gathered is not None else ""
    if column == model.primary_key:
        return True
    found = model.columns.get(column)
    return found is not None and not found.null
