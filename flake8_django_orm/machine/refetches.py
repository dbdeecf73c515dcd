"""Notice that a function was handed the key of a row which its caller has, and fetches that very row again.

In: a queryset that is about to give one row. Out: a Refetched event where its only condition is such a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine.events import Refetched
from flake8_django_orm.machine.values import Argument, QuerySetValue, Scalar

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.syntax.units import Place

_KEY_LOOKUPS = ("pk", "pk__exact")


def note_fetch(machine: Machine, queryset: QuerySetValue, how: str, place: Place) -> None:
    """Emit Refetched if the queryset is `Model.objects.get(pk=<key of a row that the caller holds>)`."""
    key = _only_key(queryset)
    frame = machine.frame
    if key is None or frame.parent is None or frame.call is None:
        return
    passed = machine.passed_parameter(key)
    if passed is None:
        return
    function, parameter, argument = passed
    state = machine.store.row(key.row.identity)
    # The row must be known where the call stands: a row of an outer caller would need the whole chain changed.
    machine.emit(
        Refetched,
        argument,
        row=key.row,
        key=key,
        function=function,
        parameter=parameter,
        call=frame.call,
        fetch=queryset,
        fetch_place=place,
        how=how,
        extra_conditions=False,
        unsaved_changes=bool(state.assigned or state.written or state.expressions),
    )


def _only_key(queryset: QuerySetValue) -> Scalar | None:
    """The scalar by which alone the queryset looks up its row; None where it filters, locks or loads in other ways."""
    facts = queryset.manager
    if queryset.source_row is not None or queryset.locked or queryset.loading.relations or queryset.loading.only:
        return None
    if facts is not None and facts.name != queryset.model.default_manager:
        return None
    found: Scalar | None = None
    for step in queryset.steps:
        if step.method in ("all", "first") or not step.arguments:
            continue
        if step.method not in ("get", "filter") or found is not None:
            return None
        found = _key_argument(queryset.model, step.arguments)
        if found is None:
            return None
    return found


def _key_argument(model: Model, arguments: tuple[Argument, ...]) -> Scalar | None:
    if len(arguments) != 1:
        return None
    argument = arguments[0]
    names = {*_KEY_LOOKUPS, model.primary_key, f"{model.primary_key}__exact"}
    value = argument.value
    if argument.name not in names or not isinstance(value, Scalar):
        return None
    same = value.row.model.key == model.key and value.column == value.row.model.primary_key
    return value if same else None
