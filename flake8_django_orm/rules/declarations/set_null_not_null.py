"""DJQ403: a foreign key whose on_delete sets a value that the column cannot take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flake8_django_orm.findings import Applicability, Fix
from flake8_django_orm.machine.events import FieldArgument, FieldDeclared
from flake8_django_orm.machine.values import Constant, ExternalValue
from flake8_django_orm.rules.base import Report, Rule, RuleContext

_KEYS = ("ForeignKey", "OneToOneField")


class SetNullNotNull(Rule):
    """## What it does
    Flags a foreign key with `on_delete=SET_NULL` and without `null=True`, and one with `SET_DEFAULT` and without a
    default.

    ## Why is this bad
    Deleting the row at the other end raises `IntegrityError`, because the column takes no NULL. `manage.py check` says
    so too (fields.E320 and fields.E321), which is why the rule is off by default; here it is seen in the editor.

    ## Example
    ```python
    from django.db import models


    class Author(models.Model):
        name = models.CharField(max_length=100)


    class Book(models.Model):
        author = models.ForeignKey(Author, on_delete=models.SET_NULL)
    ```

    ## Use instead
    ```python
    from django.db import models


    class Author(models.Model):
        name = models.CharField(max_length=100)


    class Book(models.Model):
        author = models.ForeignKey(Author, on_delete=models.SET_NULL, null=True)
    ```

    ## Fix safety
    The fix adds `null=True`. It is unsafe: it needs a migration, and code that reads the relation may then meet None. A
    missing default has no fix, because nobody knows the value.

    ## What it does not see
    Fields that are given their arguments by `**options`.

    ## References
    - [Django documentation: on_delete](https://docs.djangoproject.com/en/stable/ref/models/fields/#django.db.models.ForeignKey.on_delete)
    """

    code = "DJQ403"
    name = "set-null-not-null"
    applicability = Applicability.UNSAFE
    default_on = False
    listens = FieldDeclared

    def check(self, event: FieldDeclared, context: RuleContext) -> Iterator[Report]:
        if event.kind != "model" or not event.field_class.endswith(_KEYS) or event.unpacked:
            return
        given = {argument.name: argument for argument in event.arguments if argument.name}
        deletion = given.get("on_delete") or _second(event)
        if deletion is None or not isinstance(deletion.value, ExternalValue):
            return
        what = deletion.value.name.rpartition(".")[2]
        if what == "SET_NULL" and not _is_true(given):
            yield self._report(event, "SET_NULL without null=True", "add null=True", _add_null(event, given, context))
        elif what == "SET_DEFAULT" and "default" not in given and "db_default" not in given:
            yield self._report(event, "SET_DEFAULT without a default", "add a default", None)

    def _report(self, event: FieldDeclared, trouble: str, advice: str, fix: Fix | None) -> Report:
        return Report(
            event=event,
            place=event.place,
            message=f"{event.owner.name}.{event.name} has {trouble}: "
            f"deleting the row at the other end raises IntegrityError, {advice}",
            fix=fix,
            model=event.model.label if event.model is not None else None,
        )


def _second(event: FieldDeclared) -> FieldArgument | None:
    """on_delete as the second positional argument."""
    positional = [argument for argument in event.arguments if not argument.name]
    return positional[1] if len(positional) > 1 else None


def _is_true(given: Mapping[str, FieldArgument]) -> bool:
    """True where null=True is given, or a value that cannot be told."""
    null = given.get("null")
    return null is not None and not (isinstance(null.value, Constant) and not null.value.value)


def _add_null(event: FieldDeclared, given: Mapping[str, FieldArgument], context: RuleContext) -> Fix | None:
    text = context.project.text(event.place.path)
    if text is None or "null" in given:
        return None
    from flake8_django_orm.fixes.call_text import add_arguments

    return Fix(Applicability.UNSAFE, "Add null=True", add_arguments(event.place, text, ["null=True"]))
