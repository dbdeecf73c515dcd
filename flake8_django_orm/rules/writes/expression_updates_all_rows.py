"""DJQ306: an update with F() on a manager changes every row of the table."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.machine.events import RowsUpdated
from flake8_django_orm.machine.values import Argument, Expression, QuerySetValue
from flake8_django_orm.rules.base import Report, Rule, RuleContext

_ARITHMETIC = frozenset("+-*/%^")


class ExpressionUpdatesAllRows(Rule):
    """## What it does
    Flags `Model.objects.update(n=F("n") + 1)`: an update from a row's own column on a manager that is not filtered.

    ## Why is this bad
    It changes every row of the table. Where the author thought of one row, because `F()` reads like "its own value",
    all the others change as well, and nothing in the result shows it. It is off by default, because it may be meant.

    ## Example
    ```python
    from django.db.models import F

    from app.models import Post


    def like(pk):
        Post.objects.update(likes=F("likes") + 1)
    ```

    ## Use instead
    ```python
    from django.db.models import F

    from app.models import Post


    def like(pk):
        Post.objects.filter(pk=pk).update(likes=F("likes") + 1)
    ```

    ## What it does not see
    Updates that set the same value everywhere, which are mostly meant, and managers whose own queryset is filtered.

    ## References
    - [Django documentation: update](https://docs.djangoproject.com/en/stable/ref/models/querysets/#update)
    """

    code = "DJQ306"
    name = "expression-updates-all-rows"
    default_on = False
    in_tests = False
    listens = RowsUpdated

    def check(self, event: RowsUpdated, context: RuleContext) -> Iterator[Report]:
        changed = next((a for a in event.values if _is_own_change(a)), None)
        if changed is None or not _holds_all_rows(event.queryset):
            return
        model = event.queryset.model
        yield Report(
            event=event,
            place=event.place,
            message=f"update() changes {changed.name} of every {model.name} row: filter the rows that are meant",
            model=model.label,
        )


def _is_own_change(argument: Argument) -> bool:
    value = argument.value
    return isinstance(value, Expression) and value.function in _ARITHMETIC and argument.name in value.columns


def _holds_all_rows(queryset: QuerySetValue) -> bool:
    if queryset.filtered or queryset.sliced or queryset.combined or queryset.source_row is not None:
        return False
    manager = queryset.manager
    return manager is not None and manager.known and manager.manager_class is None
