"""DJQ512: a queryset without an order is cut into pages."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.machine.events import ExternalCalled
from flake8_django_orm.machine.values import QuerySetValue
from flake8_django_orm.rules.base import Report, Rule, RuleContext

_PAGINATORS = frozenset({"django.core.paginator.Paginator", "django.core.paginator.AsyncPaginator"})


class UnorderedPagination(Rule):
    """## What it does
    Flags a `Paginator` or `ListView` over a queryset that has no order: no `order_by()`, no `Meta.ordering`.

    ## Why is this bad
    Each page is a query of its own, and without an order the database may give the rows in another sequence each time.
    A row may then come on two pages, or on none. Django warns of it when the page is asked for
    (`UnorderedObjectListWarning`). The rule is off by default because that warning is there already.

    ## Example
    ```python
    from django.core.paginator import Paginator

    from app.models import Book


    def page(number):
        return Paginator(Book.objects.all(), 20).get_page(number)
    ```

    ## Use instead
    ```python
    from django.core.paginator import Paginator

    from app.models import Book


    def page(number):
        return Paginator(Book.objects.order_by("title", "pk"), 20).get_page(number)
    ```

    The last name should be unique, so that rows with the same title keep their places.

    ## What it does not see
    Pages made by other libraries, list views with a `queryset` of their own, and querysets that come from code which
    cannot be read.

    ## References
    - [Django documentation: Paginator](https://docs.djangoproject.com/en/stable/ref/paginator/#django.core.paginator.Paginator.object_list)
    """

    code = "DJQ512"
    name = "unordered-pagination"
    default_on = False
    in_tests = False
    listens = ExternalCalled

    def check(self, event: ExternalCalled, context: RuleContext) -> Iterator[Report]:
        if event.name not in _PAGINATORS:
            return
        rows = next((a for a in event.arguments if a.name in (None, "object_list")), None)
        queryset = rows.value if rows is not None else None
        if not isinstance(queryset, QuerySetValue) or queryset.ordered or queryset.raw or not queryset.steps:
            return
        manager = queryset.manager
        if manager is not None and not manager.known:
            return
        # In a list view the pages are made by Django: what can be mended is the queryset.
        built = next((s.place for s in reversed(queryset.steps) if s.place.path == context.path), None)
        given = event.frame.parent is None or built is None
        yield Report(
            event=event,
            place=event.place if given or built is None else built,
            own_frame=not given,
            message=f"these pages of {queryset.model.name} rows have no order, so a row may come on two of them or on "
            "none: add order_by()",
            model=queryset.model.label,
        )
