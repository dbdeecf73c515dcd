"""DJQ401: a clock or generator is called when the class body runs, so every row gets the value of that moment."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.machine.events import DefaultCall, FieldArgument, FieldDeclared
from flake8_django_orm.orm.callables import CLOCKS, GENERATORS
from flake8_django_orm.rules.base import Report, Rule, RuleContext

_ARGUMENTS = ("default", "initial", "limit_choices_to", "choices", "validators", "db_default")


class DefaultCalledOnce(Rule):
    """## What it does
    Flags a call of a clock or a random generator in an argument of a field: `default=timezone.now()`,
    `default=date.today() + timedelta(days=30)`, `default=uuid.uuid4()`.

    ## Why is this bad
    The class body runs once, when the module is imported. Every row made by that process gets the value of that moment:
    dates stand still until the next deployment, and "unique" tokens are the same for all rows.

    ## Example
    ```python
    from django.db import models
    from django.utils import timezone


    class Visit(models.Model):
        seen = models.DateTimeField(default=timezone.now())
    ```

    ## Use instead
    ```python
    from django.db import models
    from django.utils import timezone


    class Visit(models.Model):
        seen = models.DateTimeField(default=timezone.now)
    ```

    ## Fix safety
    The fix passes the function itself and is offered where the whole argument is a call without arguments. It is unsafe
    because new rows get another value than before, which is the point, and because Django writes a migration for it.

    ## What it does not see
    Calls of the project's own functions.

    ## References
    - [Django documentation: Field.default](https://docs.djangoproject.com/en/stable/ref/models/fields/#default)
    """

    code = "DJQ401"
    name = "default-called-once"
    applicability = Applicability.UNSAFE
    listens = FieldDeclared

    def check(self, event: FieldDeclared, context: RuleContext) -> Iterator[Report]:
        for argument in event.arguments:
            if argument.name not in _ARGUMENTS:
                continue
            call = next((c for c in argument.calls if c.function in CLOCKS or c.function in GENERATORS), None)
            if call is not None:
                yield self._report(event, argument, call)

    def _report(self, event: FieldDeclared, argument: FieldArgument, call: DefaultCall) -> Report:
        short = ".".join(call.function.rsplit(".", 2)[-2:])
        advice = "pass the function itself" if _can_pass(call) else "pass a function that makes the value"
        return Report(
            event=event,
            place=call.place,
            message=f"{short}() in {argument.name}= of {event.owner.name}.{event.name} runs once, on import, "
            f"and every row gets that value: {advice}",
            fix=_fix(call),
            model=event.model.label if event.model is not None else None,
        )


def _can_pass(call: DefaultCall) -> bool:
    """Whether the function, called without arguments, gives the same kind of value."""
    return call.whole and not call.has_arguments and (CLOCKS.get(call.function) or GENERATORS.get(call.function, False))


def _fix(call: DefaultCall) -> Fix | None:
    if not _can_pass(call):
        return None
    _start, end = call.place.callee_span
    edit = Edit(call.place.path, end, call.place.span[1], "")
    return Fix(Applicability.UNSAFE, "Pass the function, not its value", (edit,))
