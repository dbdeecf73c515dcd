"""DJQ301: a number is read, changed in Python and saved, so that one of two simultaneous changes is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import ColumnChange, RowSaved, RowsUpdated
from flake8_django_orm.machine.lost_updates import lost_by_save, lost_by_update
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule, RuleContext

if TYPE_CHECKING:
    from flake8_django_orm.machine.values import RowValue
    from flake8_django_orm.syntax.units import Place

_SAVED = "the row is saved here"


class LostUpdate(Rule):
    """## What it does
    Flags a numeric or duration column that is read from a row, changed in Python and saved: `post.likes += 1`
    followed by `post.save()`.

    ## Why is this bad
    Between reading and saving another request may change the same column. Both read 10, both save 11: one update is
    lost, silently. An `F()` expression lets the database do the sum, on the value that is there at that moment.

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
    The fix writes the `F()` expression and, where others may read the attribute afterwards, a `refresh_from_db()`
    behind the save. It is unsafe: until then the attribute holds an expression (before Django 6.0), signal receivers
    and `save()` overrides see the expression, and no limit is checked in Python any more. There is no fix where the old
    or new value is tested or used otherwise.

    ## What it does not see
    Rows locked by `select_for_update()`, rows made in the same function and rows that come from a parameter without an
    annotation are left alone. So are code under any other lock, a `save()` of the model itself with the methods that
    it calls, and a counter kept on an object whose `save()` writes it only now and then.

    ## References
    - [Django documentation: Avoiding race conditions using F()](https://docs.djangoproject.com/en/stable/ref/models/expressions/#avoiding-race-conditions-using-f)
    """

    code = "DJQ301"
    name = "lost-update"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = (RowSaved, RowsUpdated)

    def check(self, event: RowSaved | RowsUpdated, context: RuleContext) -> Iterator[Report]:
        if isinstance(event, RowsUpdated):
            yield from _update(event, context)
        else:
            for change in lost_by_save(event):
                yield self._report(event, change, context)

    def _report(self, event: RowSaved, change: ColumnChange, context: RuleContext) -> Report:
        from flake8_django_orm.fixes.expressions import use_expression

        # A column that starts again at times (`0 if it is a new month else row.n`) cannot be summed up by the database.
        certain = change.from_itself is None or change.from_itself.certain
        in_root = _stands_in_root(event, change.place)
        return Report(
            event=event,
            place=change.place if in_root else event.place,
            message=_message(event.row, change.column, "saved", certain=certain),
            fix=use_expression(context.project, change) if certain else None,
            model=event.row.model.label,
            related=(RelatedPlace(change.place, "the column is changed here"), RelatedPlace(event.place, _SAVED)),
            own_frame=in_root,
        )


def _stands_in_root(event: RowSaved, place: Place) -> bool:
    """True if the change stands in the root itself, though a save() of the project may write the row."""
    root = event.frame.ancestors()[-1]
    return (place.path, place.unit.qualname) == (root.path, root.qualname)


def _message(row: RowValue, column: str, written: str, *, certain: bool = True) -> str:
    cure = f'use F("{column}")' if certain else "lock the row with select_for_update() first"
    return (
        f"{row.model.name}.{column} is changed in Python and {written}: two requests at a time lose an update, {cure}"
    )


def _update(event: RowsUpdated, context: RuleContext) -> Iterator[Report]:
    for argument, value in lost_by_update(event):
        if argument.place is None:
            continue
        from flake8_django_orm.fixes.expressions import use_expression_in_update

        yield Report(
            event=event,
            place=argument.place,
            message=_message(value.row, value.column, "written by update()"),
            fix=use_expression_in_update(context.project, argument),
            model=value.row.model.label,
            related=(RelatedPlace(event.place, "the row is updated here"),),
            own_frame=event.frame.parent is None,
        )
