"""DJQ505: exclude() over a relation to many rows."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.machine.events import Chained
from flake8_django_orm.machine.named_paths import added_names, negated_paths
from flake8_django_orm.orm.lookup_paths import walk
from flake8_django_orm.rules.base import Report, Rule, RuleContext


class ExcludeOverMultivalued(Rule):
    """## What it does
    Flags `exclude()` and `~Q()` with a condition on the rows of a reverse foreign key or a many-to-many relation.

    ## Why is this bad
    It may mean something else than it says. `exclude(tags__word="old", tags__count=0)` leaves out the books that have
    a tag with that word and a tag, maybe another one, with that count: in `exclude()` each condition is a subquery of
    its own, while in `filter()` both must hold for one row. And each of these subqueries looks at every row of the
    table. Often the line is right and fast, which is why this rule is off by default.

    ## Example
    ```python
    from app.models import Book


    def books():
        return Book.objects.exclude(tags__word="old")
    ```

    ## Use instead
    ```python
    from django.db.models import Exists, OuterRef

    from app.models import Book, Tag


    def books():
        return Book.objects.filter(~Exists(Tag.objects.filter(books=OuterRef("pk"), word="old")))
    ```

    An explicit subquery says which conditions belong together. For one condition Django writes the same `NOT EXISTS`
    by itself. Measured with 100 000 books, 200 000 tags of books, 2 % of the books left out (Django 5.2, SQLite 3.40,
    PostgreSQL 15; milliseconds for a count):

    | form | SQLite | PostgreSQL |
    |---|---|---|
    | `exclude(tags__word=...)` | 128 | 30 |
    | `~Exists(...)` | 129 | 31 |
    | `exclude(pk__in=Book.objects.filter(tags__word=...).values("pk"))` | 47 | 45 |

    ```text
    PostgreSQL, NOT EXISTS   Hash Anti Join  (actual time=2.016..61.565 rows=98000 loops=1)
                               Hash Cond: (app_book.id = u1.book_id)
    PostgreSQL, NOT IN       Seq Scan on app_book  (actual time=17.924..47.777 rows=98000 loops=1)
                               Filter: (NOT (hashed SubPlan 1))
    SQLite, NOT EXISTS       SCAN app_book
                             CORRELATED SCALAR SUBQUERY 1
    SQLite, NOT IN           SCAN app_book
                             LIST SUBQUERY 1
    ```

    PostgreSQL turns `NOT EXISTS` into an anti join and is fastest with it. SQLite runs it once for each book; there
    the list of keys wins.

    ## What it does not see
    Paths that lead through a model or field that could not be read, and `isnull`.

    ## References
    - [Django documentation: spanning multi-valued relationships](https://docs.djangoproject.com/en/stable/topics/db/queries/#spanning-multi-valued-relationships)
    """

    code = "DJQ505"
    name = "exclude-over-multivalued"
    default_on = False
    in_tests = False
    listens = Chained

    def check(self, event: Chained, context: RuleContext) -> Iterator[Report]:
        queryset = event.before
        if event.one_of_several or queryset.raw or queryset.combined:
            return
        added = added_names(queryset, event.step)
        if added is None:
            return
        for named in negated_paths(event.step):
            found = walk(context.project, queryset.model, named.path, named.names, added)
            if not found.sure or found.reason or not found.many or named.path.endswith("__isnull"):
                continue
            many = "__".join(found.many[0])
            yield Report(
                event=event,
                place=named.place or event.place,
                message=f"{named.path} is negated over the many rows of {many}: each such condition is a subquery "
                "of its own; make sure that this is meant",
                model=queryset.model.label,
                relations=(many,),
            )
