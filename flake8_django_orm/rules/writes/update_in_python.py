"""DJQ305: a loop changes each row from its own columns and saves it, which one UPDATE would do."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import ColumnChange, RowSaved
from flake8_django_orm.machine.frames import Repeats
from flake8_django_orm.machine.values import Constant, Fetched, Mode, QuerySetValue
from flake8_django_orm.orm.fields import is_numeric_or_duration
from flake8_django_orm.project.signals import is_listened_to
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule, RuleContext

_OPERATORS = frozenset("+-*/")


class UpdateInPython(Rule):
    """## What it does
    Flags a loop over a queryset that changes each row from its own columns and saves it: `product.price *= 2` followed
    by `product.save()`.

    ## Why is this bad
    Each row costs a query, and what another request changes between the SELECT and the save of a row is lost. One
    `UPDATE` with `F()` expressions does it all, on the values that are there at that moment.

    ## Example
    ```python
    from app.models import Product


    def raise_prices():
        for product in Product.objects.filter(active=True):
            product.price += 2
            product.save()
    ```

    ## Use instead
    ```python
    from django.db.models import F

    from app.models import Product


    def raise_prices():
        Product.objects.filter(active=True).update(price=F("price") + 2)
    ```

    ## Fix safety
    The fix puts `update()` in the place of the loop, where the loop does nothing else. It is unsafe: `update()` sets no
    `auto_now` fields, and no limit is checked in Python any more.

    ## What it does not see
    Changes behind a condition, which would have to become part of the filter. Models that override `save()` or that
    signal receivers listen to are left alone, because `update()` calls neither; so are locked rows and sliced
    querysets.

    ## References
    - [Django documentation: Updating multiple objects at once](https://docs.djangoproject.com/en/stable/topics/db/queries/#updating-multiple-objects-at-once)
    """

    code = "DJQ305"
    name = "update-in-python"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = RowSaved

    def check(self, event: RowSaved, context: RuleContext) -> Iterator[Report]:
        queryset = event.row.origin
        if queryset is None or not _is_update(event, queryset) or not _is_plain(context, event):
            return
        from flake8_django_orm.fixes.updates import update_instead

        model = event.row.model
        columns = ", ".join(change.column for change in event.changes)
        assert event.loop is not None
        yield Report(
            event=event,
            place=event.loop.place,
            message=f"every {model.name} row is changed from its own columns ({columns}) and saved alone: "
            "use one update() with F()",
            fix=update_instead(context.project, event),
            model=model.label,
            related=(RelatedPlace(event.place, "each row is saved here"),),
        )


def _is_update(event: RowSaved, queryset: QuerySetValue) -> bool:
    """True if one UPDATE of the queryset writes what the loop does."""
    row, loop = event.row, event.loop
    if loop is None or loop.repeats is not Repeats.ROWS or loop.result != row.result or row.path:
        return False
    if event.conditional or event.locked or event.guarded or row.fetched is not Fetched.ITERATED:
        return False
    if event.frame is not loop.frame or event.loops[-1:] != (loop,) or queryset.mode is not Mode.ROWS:
        return False
    if queryset.sliced or queryset.combined or queryset.raw or queryset.distinct:
        return False
    changes = event.changes
    saved = event.update_fields is None or all(change.column in event.update_fields for change in changes)
    return saved and any(c.from_itself for c in changes) and all(_is_expressible(event, c) for c in changes)


def _is_expressible(event: RowSaved, change: ColumnChange) -> bool:
    if change.old_read or change.new_read:
        return False
    arithmetic = change.from_itself
    if arithmetic is None:
        return isinstance(change.value, Constant)
    column = event.row.model.columns.get(change.column)
    return (
        arithmetic.row.identity == event.row.identity
        and arithmetic.operator in _OPERATORS
        and column is not None
        and is_numeric_or_duration(column.field_class)
        and isinstance(arithmetic.operand_value, Constant)
    )


def _is_plain(context: RuleContext, event: RowSaved) -> bool:
    """True if nothing but the columns depends on save() being called for each row."""
    model = event.row.model
    overridden = any(context.project.find_method(model.key, name) for name in ("save", "save_base"))
    inherited = any(relation.parent_link for relation in model.relations.values())
    return not overridden and not inherited and not is_listened_to(context.project, model)
