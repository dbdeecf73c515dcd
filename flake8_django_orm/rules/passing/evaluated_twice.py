"""DJQ207: a queryset sends a second query for what the first one could have answered."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import EvaluatedAgain, QueryRun
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule, RuleContext

_ROWS = frozenset({"iterate", "list", "len", "test", "contains"})
_ONE = frozenset({"index", "first", "last"})


class EvaluatedTwice(Rule):
    """## What it does
    Flags a queryset that sends a second query for what its rows tell. That is `exists()`, `count()` or an index before
    the rows are fetched; two indexes of a queryset that has not been evaluated; `exists()` before `first()`; and
    `first()` or `last()` of rows that were fetched already and that Django does not find in them.

    ## Why is this bad
    A queryset that has fetched its rows answers `if books`, `len(books)` and `books[0]` without a query. Asked in the
    wrong order, it sends two.

    ## Example
    ```python
    from app.models import Book


    def titles():
        books = Book.objects.filter(published=True)
        if not books.exists():
            return ["none"]
        return [book.title for book in books]
    ```

    ## Use instead
    ```python
    from app.models import Book


    def titles():
        books = Book.objects.filter(published=True)
        if not books:
            return ["none"]
        return [book.title for book in books]
    ```

    ## Fix safety
    The fix is safe: it writes `books` for `books.exists()` and `len(books)` for `books.count()` where the rows are
    fetched afterwards anyway. There is no fix for the other forms, and none for a queryset that is not in a variable.

    ## What it does not see
    The rule is silent where the rows are fetched behind a further condition, as by `if books.count() < 100`: the number
    then saves the rows (`if books.count() > 0` saves none). It is silent in `async def`, where a queryset cannot be
    tested, where the model is written in between, and for `iterator()`, which keeps no rows.

    ## References
    - [Django documentation: when querysets are evaluated](https://docs.djangoproject.com/en/stable/ref/models/querysets/#when-querysets-are-evaluated)
    - [Django documentation: don't overuse count() and exists()](https://docs.djangoproject.com/en/stable/topics/db/optimization/#don-t-overuse-contains-count-and-exists)
    """

    code = "DJQ207"
    name = "evaluated-twice"
    applicability = Applicability.SAFE
    in_tests = False
    listens = EvaluatedAgain

    def check(self, event: EvaluatedAgain, context: RuleContext) -> Iterator[Report]:
        first, second = event.first, event.second
        if first.one_of_several or second.one_of_several or first.frame is not second.frame or first.frame.is_async:
            return
        advice = _advice(first, second)
        if advice is None:
            return
        fix = None
        if first.how in ("exists", "count") and second.how in _ROWS:
            # Fix builders import libcst, which a file without findings must not pay for.
            from flake8_django_orm.fixes.evaluations import ask_the_rows

            fix = ask_the_rows(context.project, first)
        own = second if second.how in ("first", "last") else first
        other = first if own is second else second
        here = "here" if own.frame.parent is None else f"on {context.line_of(own.place)}"
        yield Report(
            event=event,
            place=own.place,
            message=f"the same {own.queryset.model.name} queryset sends two queries, {_named(own)} {here} and "
            f"{_named(other)} on {context.line_of(other.place)}: {advice}",
            fix=fix,
            model=own.queryset.model.label,
            related=(RelatedPlace(other.place, "the other query"),),
        )


def _advice(first: QueryRun, second: QueryRun) -> str | None:
    """What to do; None where both queries have their reason."""
    deeper = _depth(second) - _depth(first)
    if deeper < 0 or set(second.loops) - set(first.loops):
        return None
    match first.how, second.how:
        case "exists", how if how in _ROWS and deeper <= 1:
            return "test the queryset itself, which fetches the rows once"
        case "exists" | "count", how if how in _ONE and deeper <= 1 and (first.asked or first.how == "exists"):
            return "take the row and test whether it is None"
        case "count", how if how in _ROWS and deeper <= (1 if first.asked else 0):
            return "take len() of the queryset, which fetches the rows once"
        case "index", how if how in _ROWS | {"index"} and deeper == 0:
            return "fetch the rows once, as by list()"
        case how, ("first" | "last") if how in _ROWS and deeper == 0:
            return "take the row from those that were fetched"
    return None


def _depth(event: QueryRun) -> int:
    """How many conditions stand around the query."""
    return next((use.conditions for use in event.uses if use.place == event.place and use.how == event.how), 0)


def _named(event: QueryRun) -> str:
    names = {"iterate": "a loop", "list": "its rows", "test": "a test", "contains": "`in`", "index": "an index"}
    return names.get(event.how, f"{event.how}()")
