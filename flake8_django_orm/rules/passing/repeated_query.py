"""DJQ208: the same query is sent twice in one function."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.machine.events import QueryRepeated
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule, RuleContext


class RepeatedQuery(Rule):
    """## What it does
    Flags a query that the same function has sent before, with no write to the model in between. Its conditions and
    values are the same. Off by default.

    ## Why is this bad
    The second query asks what the first one has answered.

    ## Example
    ```python
    from app.models import Book


    def report():
        first = Book.objects.filter(published=True).count()
        return f"{first} of {Book.objects.filter(published=True).count()}"
    ```

    ## Use instead
    ```python
    from app.models import Book


    def report():
        first = Book.objects.filter(published=True).count()
        return f"{first} of {first}"
    ```

    ## What it does not see
    Values that are not known, as parameters of the function. There is no fix: which name to keep the result under, and
    where from, is for the author to say. The rule is off by default, because code between the two queries may change
    what they find in ways that do not show, and asking twice may be meant.

    ## References
    - [Django documentation: database access optimization](https://docs.djangoproject.com/en/stable/topics/db/optimization/)
    """

    code = "DJQ208"
    name = "repeated-query"
    default_on = False
    in_tests = False
    listens = QueryRepeated

    def check(self, event: QueryRepeated, context: RuleContext) -> Iterator[Report]:
        first, second = event.first, event.second
        if first.frame is not second.frame or first.queryset.locked or second.queryset.locked:
            return
        if first.loops != second.loops or first.one_of_several or second.one_of_several:
            return
        model = second.queryset.model
        first_line = context.line_of(first.place)
        here = "here" if second.frame.parent is None else f"on {context.line_of(second.place)}"
        yield Report(
            event=event,
            place=second.place,
            message=f"the query to {model.name} on {first_line} is sent again {here}: keep its result",
            model=model.label,
            related=(RelatedPlace(first.place, "the first query"),),
        )
