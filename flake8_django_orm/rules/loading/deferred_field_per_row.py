"""DJQ106: a column that only() or defer() left out is read on every row."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import DeferredKey, DeferredRead
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule, RuleContext

#: Django 6.1 gives the rows of a reverse foreign-key manager their owner without a look at the key, 5.2 does not. What
#: 6.0 does was not asked, so it is left alone.
_MANAGERS_LEAVE_KEYS_SINCE = (6, 0)


class DeferredFieldPerRow(Rule):
    """## What it does
    Flags a column that is read on each row of a queryset whose `only()` or `defer()` leaves it out.
    Also the key by which the rows of a `Prefetch` object or of a related manager are matched with their owner, which
    Django reads itself.

    ## Why is this bad
    A deferred column is fetched by a query of its own at the moment it is read, one for every row of the loop. What was
    meant to save a few bytes costs a round trip each time.

    `Prefetch("books", queryset=Book.objects.only("title"))` leaves out `author_id`, by which Django finds out whose
    book each one is: the prefetch sends a query for every book. So does `author.books.only("title")` on Django 5.

    ## Example
    ```python
    from app.models import Book


    def texts():
        return [book.summary for book in Book.objects.only("title")]
    ```

    ## Use instead
    ```python
    from app.models import Book


    def texts():
        return [book.summary for book in Book.objects.only("title", "summary")]
    ```

    ## Fix safety
    The fix adds the column to `only()` or takes it out of `defer()`. It is safe where that call stands in the function
    that reads the column, and unsafe where others may use the same queryset.

    ## What it does not see
    A column that is read behind a condition, as by `if hasattr(book, "summary_length")`, may be read for few rows and
    is left alone. Not seen are columns that are read by a computed name, columns of related rows that
    `only("author__name")` leaves out, and querysets with more than one `only()` or `defer()` for its fix.

    ## References
    - [Django documentation: only()](https://docs.djangoproject.com/en/stable/ref/models/querysets/#only)
    - [Django documentation: defer()](https://docs.djangoproject.com/en/stable/ref/models/querysets/#defer)
    """

    code = "DJQ106"
    name = "deferred-field-per-row"
    applicability = Applicability.SAFE
    in_tests = False
    listens = (DeferredRead, DeferredKey)

    def check(self, event: DeferredRead | DeferredKey, context: RuleContext) -> Iterator[Report]:
        yield from _key(event, context) if isinstance(event, DeferredKey) else _column(event, context)


def _column(event: DeferredRead, context: RuleContext) -> Iterator[Report]:
    if event.loop is None or not event.loop.counts or event.conditional:
        return
    step = next((s for s in reversed(event.origin.steps) if s.method in ("only", "defer")), None)
    if step is None:
        return
    # Fix builders import libcst, which a file without findings must not pay for.
    from flake8_django_orm.fixes.deferred_columns import load_column

    cure = f'add "{event.column}" to only()' if step.method == "only" else f'take "{event.column}" out of defer()'
    yield Report(
        event=event,
        place=event.place,
        message=f"every {event.origin.model.name} row reads {'.'.join((*event.path, event.column))}, deferred by "
        f"{step.method}(), with a query of its own: {cure} on {context.line_of(step.place)}",
        fix=load_column(context.project, event),
        model=event.row.model.label,
        related=(RelatedPlace(step.place, "the column is left out here"),),
    )


def _key(event: DeferredKey, context: RuleContext) -> Iterator[Report]:
    """Django reads the key of each row when it fetches the rows; nobody else has to."""
    version = context.django_version
    if not event.by_prefetch and (version is None or version >= _MANAGERS_LEAVE_KEYS_SINCE):
        return
    step = next((s for s in reversed(event.origin.steps) if s.method in ("only", "defer")), None)
    if step is None:
        return
    # Fix builders import libcst, which a file without findings must not pay for.
    from flake8_django_orm.fixes.deferred_columns import load_keys

    names = ", ".join(f'"{column}"' for column in event.columns)
    cure = f"add {names} to only()" if step.method == "only" else f"take {names} out of defer()"
    in_sight = event.frame.parent is None and step.frame is event.frame
    rows = "prefetched" if event.by_prefetch else "fetched"
    yield Report(
        event=event,
        place=step.place if in_sight else event.place,
        message=f"every {event.origin.model.name} row is {rows} without {', '.join(event.columns)}, which tells whose "
        f"{event.relation.name} it is, and which Django then reads by a query of its own: {cure} on "
        f"{context.line_of(step.place)}",
        fix=load_keys(context.project, event),
        model=event.origin.model.label,
        related=() if in_sight else (RelatedPlace(step.place, "the column is left out here"),),
    )
