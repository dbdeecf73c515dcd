"""DJQ307: a task is queued inside of a transaction with the key of a row that the transaction has written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import TaskQueued
from flake8_django_orm.machine.values import Argument, Collection, RowValue, Scalar, Value, each
from flake8_django_orm.rules.base import Report, Rule, RuleContext

_METHODS = frozenset({"delay", "apply_async", "send"})
#: With one of these the task waits by itself, most often longer than the transaction runs.
_WAITS = frozenset({"countdown", "eta", "delay"})


class TaskBeforeCommit(Rule):
    """## What it does
    Flags `task.delay(order.pk)` inside of `transaction.atomic()`, where the transaction has written rows of that model.

    ## Why is this bad
    A worker may start the task at once, before the transaction is committed. It does not find the row, or finds the old
    values. If the transaction is rolled back, the task runs all the same. `transaction.on_commit()` queues the task
    when the rows are there for all to see.

    ## Example
    ```python
    from celery import shared_task
    from django.db import transaction

    from app.models import Order


    @shared_task
    def send_receipt(pk):
        print(Order.objects.get(pk=pk))


    def place_order(total):
        with transaction.atomic():
            order = Order.objects.create(total=total)
            send_receipt.delay(order.pk)
    ```

    ## Use instead
    ```python
    from functools import partial

    from celery import shared_task
    from django.db import transaction

    from app.models import Order


    @shared_task
    def send_receipt(pk):
        print(Order.objects.get(pk=pk))


    def place_order(total):
        with transaction.atomic():
            order = Order.objects.create(total=total)
            transaction.on_commit(partial(send_receipt.delay, order.pk))
    ```

    ## Fix safety
    The fix hands the call to `transaction.on_commit()`. It is unsafe: the task is queued later, not at all after a
    rollback, and not in tests that run inside of a transaction (use `captureOnCommitCallbacks`).

    ## What it does not see
    Tasks that are not functions of the project, transactions that callers or the `ATOMIC_REQUESTS` setting open, and
    arguments of which nothing is known. A task with `countdown` or `eta` is left alone, and so is one that a decorator
    of the project's own makes: a queue that lies in the same database may be part of the transaction.

    ## References
    - [Django documentation: Performing actions after commit](https://docs.djangoproject.com/en/stable/topics/db/transactions/#performing-actions-after-commit)
    """

    code = "DJQ307"
    name = "task-before-commit"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = TaskQueued

    def check(self, event: TaskQueued, context: RuleContext) -> Iterator[Report]:
        if not event.atomic or event.own_queue or event.method not in _METHODS:
            return
        if any(argument.name in _WAITS for argument in event.arguments):
            return
        row = next((row for row in _rows(event.arguments) if row.model.key in event.written), None)
        if row is None:
            return
        from flake8_django_orm.fixes.on_commit import call_on_commit

        yield Report(
            event=event,
            place=event.place,
            message=f"{event.task}.{event.method}() may run before the {row.model.name} row is committed: "
            "queue it in transaction.on_commit()",
            fix=call_on_commit(context.project, event.place) if not event.loops else None,
            model=row.model.label,
        )


def _rows(arguments: Iterable[Argument]) -> Iterator[RowValue]:
    """The rows that the task is given, or whose keys it is given."""
    for argument in arguments:
        yield from _rows_in(argument.value)


def _rows_in(value: Value) -> Iterator[RowValue]:
    for one in each(value):
        match one:
            case RowValue():
                yield one
            case Scalar(row=row, column=column) if column == row.model.primary_key:
                yield row
            case Collection(items=tuple() as items):
                for item in items:
                    yield from _rows_in(item)
