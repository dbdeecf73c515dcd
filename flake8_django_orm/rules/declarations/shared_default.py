"""DJQ402: a dict, list or set made in the class body is the default of every row."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.machine.events import FieldArgument, FieldDeclared
from flake8_django_orm.rules.base import Report, Rule, RuleContext


class SharedDefault(Rule):
    """## What it does
    Flags a model field whose `default` is a dict, list or set written in the class body: `default={}`, `default=[]`,
    `default=dict()`.

    ## Why is this bad
    There is one such object for the whole process. A row that changes its value in place changes the default of all
    rows that are made afterwards. `manage.py check` reports it for `JSONField` and `ArrayField` only (fields.E010).

    ## Example
    ```python
    from django.db import models


    class Profile(models.Model):
        settings = models.JSONField(default={})
    ```

    ## Use instead
    ```python
    from django.db import models


    class Profile(models.Model):
        settings = models.JSONField(default=dict)
    ```

    ## Fix safety
    An empty container becomes its type, which makes the same value anew for each row. The fix is unsafe because Django
    writes a migration for the changed default. A container that is not empty moves into a function of the module, right
    before the class, because a migration must be able to name it.

    ## What it does not see
    Containers that are bound to a name elsewhere and passed by that name. A field that may make a value of its own out
    of the default is left alone: one of your own classes with a `get_default()`, with a `default` in its `__init__()`,
    or that extends `models.Field` itself, and one of a package that cannot be read (`jsonfield.JSONField`, for one,
    copies the default for each row).

    ## References
    - [Django documentation: Field.default](https://docs.djangoproject.com/en/stable/ref/models/fields/#default)
    """

    code = "DJQ402"
    name = "shared-default"
    applicability = Applicability.UNSAFE
    listens = FieldDeclared

    def check(self, event: FieldDeclared, context: RuleContext) -> Iterator[Report]:
        if event.kind != "model" or event.makes_default or not _hands_out(event.field_class):
            return
        for argument in event.arguments:
            if argument.name != "default" or not argument.literal:
                continue
            advice = (
                f"pass {argument.literal}" if argument.empty else f"pass a function that makes the {argument.literal}"
            )
            yield Report(
                event=event,
                place=argument.place,
                message=f"all {event.owner.name} rows share one {argument.literal} as the default of {event.name}: "
                f"{advice}",
                fix=_fix(event, argument, context),
                model=event.model.label if event.model is not None else None,
            )


def _hands_out(field_class: str) -> bool:
    """Whether the class is known to give each row the default itself, as Django's own fields do; one that extends
    `Field` alone may do anything."""
    return field_class.startswith("django.") and field_class.rpartition(".")[2] != "Field"


def _fix(event: FieldDeclared, argument: FieldArgument, context: RuleContext) -> Fix | None:
    if argument.empty:
        start, end = argument.place.span
        edit = Edit(argument.place.path, start, end, argument.literal)
        return Fix(Applicability.UNSAFE, f"Pass {argument.literal} itself", (edit,))
    from flake8_django_orm.fixes.module_functions import as_function, function_name

    edits = as_function(context.project, argument.place, function_name("default", event.owner.qualname, event.name))
    message = f"Pass a function that makes the {argument.literal}"
    return Fix(Applicability.UNSAFE, message, edits) if edits is not None else None
