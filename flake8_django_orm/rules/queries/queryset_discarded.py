"""DJQ511: a queryset is built in a statement of its own and dropped."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability, Fix
from flake8_django_orm.machine.events import QuerySetDiscarded
from flake8_django_orm.orm.querysets import queryset_method
from flake8_django_orm.rules.base import Report, Rule, RuleContext


class QuerySetDiscardedRule(Rule):
    """## What it does
    Flags `books.filter(...)`, `exclude()`, `order_by()`, `select_for_update()` and the like as a statement of their
    own.

    ## Why is this bad
    These methods do not change the queryset, they give another one. Dropped, it sends no query: nothing is filtered,
    nothing is locked.

    ## Example
    ```python
    from app.models import Book


    def books(title):
        found = Book.objects.order_by("title")
        if title:
            found.filter(title=title)
        return found
    ```

    ## Use instead
    ```python
    from app.models import Book


    def books(title):
        found = Book.objects.order_by("title")
        if title:
            found = found.filter(title=title)
        return found
    ```

    ## Fix safety
    The fix assigns the new queryset to the name that it was made from, and is offered where there is such a name. It
    is unsafe, because from then on the filter holds.

    ## What it does not see
    Statements inside a `try` with handlers, which may test whether a name can be used, and methods of the project's
    own queryset classes.

    ## References
    - [Django documentation: QuerySets are lazy](https://docs.djangoproject.com/en/stable/topics/db/queries/#querysets-are-lazy)
    """

    code = "DJQ511"
    name = "queryset-discarded"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = QuerySetDiscarded

    def check(self, event: QuerySetDiscarded, context: RuleContext) -> Iterator[Report]:
        method = event.queryset.steps[-1].method
        if event.tried or queryset_method(method) is None:
            return
        from flake8_django_orm.fixes.kept import assign_back

        edits = assign_back(event.place)
        fix = Fix(Applicability.UNSAFE, "Keep the new queryset", edits) if edits else None
        does = f"{method}() changes nothing" if edits else "this sends no query and changes nothing"
        yield Report(
            event=event,
            place=event.place,
            message=f"{does}: it gives another queryset, which is dropped here; assign or evaluate it",
            fix=fix,
            model=event.queryset.model.label,
            own_frame=event.place.path == context.path,  # the statement itself, also where a view class runs it
        )
