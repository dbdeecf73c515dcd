"""DJQ401: a clock or generator is called when the class body runs, so every row gets the value of that moment."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.machine.events import DefaultCall, FieldArgument, FieldDeclared
from flake8_django_orm.orm.callables import CLOCKS, GENERATORS, works_as_default
from flake8_django_orm.rules.base import Report, Rule, RuleContext

#: What stands still, by the name of the argument.
_CONSEQUENCES = {
    "default": "every row gets that value",
    "db_default": "the column gets that value for good",
    "initial": "every form starts with that value",
    "choices": "the choices stand still until the next restart",
    "limit_choices_to": "the limit stands still until the next restart",
    "validators": "the limit stands still until the next restart",
}
#: Arguments that may hold a function of no arguments, which Django calls each time.
_TAKES_FUNCTION = ("default", "initial", "limit_choices_to")
_CHOICES_TAKE_FUNCTION = (5, 0)


class DefaultCalledOnce(Rule):
    """## What it does
    Flags a call of a clock or a random generator in an argument of a field: `default=timezone.now()`. Also inside of an
    expression, `default=date.today() + timedelta(days=30)`, and in `initial`, `choices`, `limit_choices_to` and
    `validators`, in form and serializer fields, and in the base field of an `ArrayField`.

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
    A call without arguments that is the whole argument becomes the function itself. Any other expression moves into a
    function of the module, right before the class, because a migration must be able to name it. Both are unsafe: new
    rows get another value than before, which is the point, and Django writes a migration for the changed default. There
    is no fix in `validators` and `db_default`, nor where the expression uses names of the class body.

    ## What it does not see
    Calls of the project's own functions, and values that a module-level name holds: `NOW = timezone.now()`.

    ## References
    - [Django documentation: Field.default](https://docs.djangoproject.com/en/stable/ref/models/fields/#default)
    """

    code = "DJQ401"
    name = "default-called-once"
    applicability = Applicability.UNSAFE
    listens = FieldDeclared

    def check(self, event: FieldDeclared, context: RuleContext) -> Iterator[Report]:
        for argument in event.arguments:
            if argument.name not in _CONSEQUENCES:
                continue
            call = next((c for c in argument.calls if is_once(c.function)), None)
            if call is not None:
                yield self._report(event, argument, call, context)

    def _report(self, event: FieldDeclared, argument: FieldArgument, call: DefaultCall, context: RuleContext) -> Report:
        short = ".".join(call.function.rsplit(".", 2)[-2:])
        return Report(
            event=event,
            place=call.place,
            message=f"{short}() in {argument.name}= of {event.owner.name}.{event.name} runs once, on import, "
            f"and {_CONSEQUENCES[argument.name]}: {_advice(argument, call)}",
            fix=_fix(event, argument, call, context),
            model=event.model.label if event.model is not None else None,
        )


def is_once(function: str) -> bool:
    """True if the function gives another value at each call."""
    return function in CLOCKS or function in GENERATORS


def _advice(argument: FieldArgument, call: DefaultCall) -> str:
    if argument.name == "db_default":
        return "pass a database function such as Now()"
    if argument.name == "validators":
        return "give the validator a function as its limit"
    return "pass the function itself" if _can_pass(call) else "pass a function that makes the value"


def _can_pass(call: DefaultCall) -> bool:
    """Whether the function, called without arguments, gives the same kind of value."""
    return call.whole and not call.has_arguments and works_as_default(call.function)


def _fix(event: FieldDeclared, argument: FieldArgument, call: DefaultCall, context: RuleContext) -> Fix | None:
    if not _takes_function(event, argument, context):
        return None
    if _can_pass(call):
        _start, end = call.place.callee_span
        edit = Edit(call.place.path, end, call.place.span[1], "")
        return Fix(Applicability.UNSAFE, "Pass the function, not its value", (edit,))
    from flake8_django_orm.fixes.module_functions import as_function, function_name

    edits = as_function(context.project, argument.place, function_name(argument.name, event.owner.qualname, event.name))
    return Fix(Applicability.UNSAFE, "Pass a function that makes the value", edits) if edits is not None else None


def _takes_function(event: FieldDeclared, argument: FieldArgument, context: RuleContext) -> bool:
    if argument.name != "choices":
        return argument.name in _TAKES_FUNCTION
    version = context.django_version
    return event.kind == "form" or (event.kind == "model" and version is not None and version >= _CHOICES_TAKE_FUNCTION)
