"""DJQ304: a row is looked for and, where there is none, created: between the two another request may create it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import CheckedThenCreated
from flake8_django_orm.machine.values import Constant
from flake8_django_orm.project.models import Model, RelationKind
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule, RuleContext

#: Uses of the rows of a queryset that is meant to have several.
_ALL_ROWS = frozenset({"iterate", "list", "len", "delete", "update"})
_RAISES_FOR_SEVERAL = frozenset({"get", "aget"})


class CheckThenCreate(Rule):
    """## What it does
    Flags code that looks for a row and creates it with the same values where there is none. It may look by `exists()`,
    `first()`, `count()` or `get()` with `except DoesNotExist`.

    ## Why is this bad
    Between the two another request may create the row. Without a unique constraint there are two rows afterwards, and
    every later `get()` raises `MultipleObjectsReturned`. With one, the second request fails with `IntegrityError`.
    `get_or_create()` catches that error and fetches the row of the other request. It can do so only where the database
    has a unique constraint on the looked-up columns: the message says so where the model declares none.

    ## Example
    ```python
    from app.models import Tag


    def tag(name, color):
        try:
            tag = Tag.objects.get(name=name)
        except Tag.DoesNotExist:
            tag = Tag.objects.create(name=name, color=color)
        return tag
    ```

    ## Use instead
    ```python
    from app.models import Tag


    def tag(name, color):
        tag, created = Tag.objects.get_or_create(name=name, defaults={"color": color})
        return tag
    ```

    ## Fix safety
    The fix writes `get_or_create()` with the conditions of the check and the other values as `defaults`. It is unsafe:
    the new row is made inside of a transaction of its own. Where the model declares no unique constraint, the race may
    have left several rows already: `get_or_create()` raises for them as `get()` does, while `first()` and `exists()`
    did not, so their fix is only shown. There is no fix where the code does something else besides, or where a value is
    made by a call, which would run for rows that exist too.

    Where the row that is found is changed and saved, with the very values that a new row is created with, the fix
    writes `update_or_create()`. It locks the row, saves these columns only, and calls `save()` and its signals also
    where the code called the queryset's `update()`. There is no fix where the two branches set different columns or
    values: `defaults` are for both.

    ## What it does not see
    Rows of which there may be several: the code loops over those that it found, or changes them all. Conditions that
    the new row need not meet (other values, `exclude()`, `Q` objects, lookups such as `name__iexact`). Code under a
    lock, behind `select_for_update()` or inside of `except IntegrityError` is left alone, and so is a row that another
    function creates.

    ## References
    - [Django documentation: get_or_create](https://docs.djangoproject.com/en/stable/ref/models/querysets/#get-or-create)
    """

    code = "DJQ304"
    name = "check-then-create"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = CheckedThenCreated

    def check(self, event: CheckedThenCreated, context: RuleContext) -> Iterator[Report]:
        names = {condition.name or "" for condition in event.lookup or ()}
        if not names or names != event.matching:
            return
        if event.guarded or event.check.guarded or event.check.queryset.locked:
            return
        if any(use.how in _ALL_ROWS for use in event.check.uses):
            return  # the code expects several such rows
        if event.check.frame is not event.created.frame or event.check.loops != event.created.loops:
            return
        from flake8_django_orm.fixes.creation import get_or_create

        model = event.check.queryset.model
        # NULLs are no conflict for a unique constraint.
        distinct = names - {one.name for one in event.lookup or () if one.value == Constant(None)}
        if _may_have_several(model, names):
            return
        method, fix = get_or_create(context.project, event)
        if fix is not None and not _is_unique(model, distinct) and event.check.how not in _RAISES_FOR_SEVERAL:
            fix = replace(fix, applicability=Applicability.DISPLAY_ONLY)
        yield Report(
            event=event,
            place=event.place,
            message=f"{model.name} is created where {_asked(event.check.how)} found none: "
            f"{_consequence(names, method, unique=_is_unique(model, distinct))}",
            fix=fix,
            model=model.label,
            related=(RelatedPlace(event.check.place, "the row is looked for here"),),
        )


def _asked(how: str) -> str:
    return "the queryset" if how == "test" else f"{how}()"


def _consequence(names: set[str], method: str, *, unique: bool) -> str:
    if unique:
        return f"of two requests at a time one fails, use {method}()"
    columns = ", ".join(sorted(names))
    return f"two requests at a time create two, use {method}() and a unique constraint on {columns}"


def _may_have_several(model: Model, names: set[str]) -> bool:
    """True if only the owner of the row is known: one that has a row may be given a second later on."""
    keys = {name for r in model.relations.values() if r.kind.forward_column for name in (r.name, r.attname)}
    return len(names) == 1 and names <= keys and not _is_unique(model, names)


def _is_unique(model: Model, names: set[str]) -> bool:
    """True if the database lets only one row have these values."""
    of_relations = {r.attname: r.name for r in model.relations.values() if r.attname}
    plain = {of_relations.get(name, name) for name in names}
    if plain & {"pk", model.primary_key}:
        return True
    columns = [model.columns[name] for name in plain if name in model.columns]
    relations = [model.relations[name] for name in plain if name in model.relations]
    return (
        any(column.unique or column.primary_key for column in columns)
        or any(relation.kind is RelationKind.ONE_TO_ONE for relation in relations)
        or any(set(together) <= plain for together in model.unique_together)
    )
