"""DJQ308: rows are fetched with select_for_update() where no transaction is open."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.machine.events import QueryRun
from flake8_django_orm.rules.base import Report, Rule, RuleContext

#: These read no rows, so there is nothing to lock.
_LOCK_NOTHING = frozenset({"count", "exists", "aggregate", "explain", "update", "delete", "contains", "in_bulk"})


class LockOutsideAtomic(Rule):
    """## What it does
    Flags a queryset with `select_for_update()` that is evaluated outside of `transaction.atomic()`.

    ## Why is this bad
    Django raises `TransactionManagementError` on databases that lock rows: PostgreSQL, MySQL, Oracle. On SQLite, where
    many tests run, `select_for_update()` does nothing and the error stays hidden until the code is in production.

    ## Example
    ```python
    from app.models import Account


    def lock(pk):
        return Account.objects.select_for_update().get(pk=pk)
    ```

    ## Use instead
    ```python
    from django.db import transaction

    from app.models import Account


    def lock(pk):
        with transaction.atomic():
            return Account.objects.select_for_update().get(pk=pk)
    ```

    ## What it does not see
    Transactions that a caller or the `ATOMIC_REQUESTS` setting opens: the function may be right, which is why the rule
    is off by default. Where `transaction.get_autocommit()` or `connection.in_atomic_block` was asked, it is silent.

    ## References
    - [Django documentation: select_for_update](https://docs.djangoproject.com/en/stable/ref/models/querysets/#select-for-update)
    """

    code = "DJQ308"
    name = "lock-outside-atomic"
    default_on = False
    in_tests = False
    listens = QueryRun

    def check(self, event: QueryRun, context: RuleContext) -> Iterator[Report]:
        if event.atomic or event.writes or not event.queryset.locked or event.how in _LOCK_NOTHING:
            return
        if event.frame.parent is not None and all(frame is event.frame for frame in event.queryset.frames):
            return  # a function that locks by itself is told where it stands
        model = event.queryset.model
        yield Report(
            event=event,
            place=event.place,
            message=f"{model.name} rows are locked outside of a transaction, which raises on databases that lock rows: "
            "open transaction.atomic() around it",
            model=model.label,
        )
