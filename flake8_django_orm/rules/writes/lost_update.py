"""DJQ301: a number is read, changed in Python and saved, so that one of two simultaneous changes is lost."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import ColumnChange, RowSaved
from flake8_django_orm.machine.values import Fetched
from flake8_django_orm.orm.fields import is_numeric_or_duration
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule, RuleContext

_OPERATORS = frozenset("+-*/")


class LostUpdate(Rule):
    """## What it does
    Flags a numeric or duration column that is read from a row, changed in Python and saved: `post.likes += 1`
    followed by `post.save()`.

    ## Why is this bad
    Between reading and saving another request may change the same column. Both read 10, both save 11: one update is lost,
    silently. An `F()` expression lets the database do the sum, on the value that is there at that moment.

    ## Example
    ```python
    from django.shortcuts import get_object_or_404

    from app.models import Post


    def like(request, pk):
        post = get_object_or_404(Post, pk=pk)
        post.likes += 1
        post.save()
    ```

    ## Use instead
    ```python
    from django.db.models import F
    from django.shortcuts import get_object_or_404

    from app.models import Post


    def like(request, pk):
        post = get_object_or_404(Post, pk=pk)
        post.likes = F("likes") + 1
        post.save(update_fields=["likes"])
    ```

    ## Fix safety
    The fix writes the `F()` expression. It is unsafe: afterwards the attribute holds an expression until the row is read
    again (before Django 6.0), signal receivers and `save()` overrides see the expression, and no limit is checked in
    Python any more. There is no fix where the old or new value is tested or used otherwise.

    ## What it does not see
    Rows locked by `select_for_update()`, rows made in the same function and rows that come from a parameter without an
    annotation are left alone, and so is a save in another function.

    ## References
    - [Django documentation: Avoiding race conditions using F()](https://docs.djangoproject.com/en/stable/ref/models/expressions/#avoiding-race-conditions-using-f)
    """

    code = "DJQ301"
    name = "lost-update"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = RowSaved

    def check(self, event: RowSaved, context: RuleContext) -> Iterator[Report]:
        if event.locked or event.row.fetched is Fetched.CREATED:
            return
        for change in event.changes:
            if not self._loses(event, change):
                continue
            model = event.row.model
            arithmetic = change.from_itself
            certain = arithmetic is not None and arithmetic.certain
            cure = f'use F("{change.column}")' if certain else "lock the row with select_for_update() first"
            yield Report(
                event=event,
                place=change.place,
                message=f"{model.name}.{change.column} is changed in Python and saved: "
                f"two requests at a time lose an update, {cure}",
                fix=None,
                model=model.label,
                related=(RelatedPlace(event.place, "the row is saved here"),),
                own_frame=event.frame.parent is None,
            )

    def _loses(self, event: RowSaved, change: ColumnChange) -> bool:
        arithmetic = change.from_itself
        if arithmetic is None or arithmetic.row.identity != event.row.identity:
            return False
        if event.conditional and event.loops and event.loop not in event.loops:
            # The object outlives the loop, which adds up on it and saves now and then: an F() would be overwritten.
            return False
        if event.update_fields is not None and change.column not in event.update_fields:
            return False
        column = event.row.model.columns.get(change.column)
        return column is not None and arithmetic.operator in _OPERATORS and is_numeric_or_duration(column.field_class)
