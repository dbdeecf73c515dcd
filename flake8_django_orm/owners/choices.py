"""Choices: a field or filter that offers all rows of a model turns each of them into text.

In: a model or a queryset, and the place that asks for choices. Out: events, as from a loop over the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.machine import iteration, querysets
from flake8_django_orm.machine.values import Argument, Constant, ManagerValue, Step, Value
from flake8_django_orm.orm.choices import CHOICES, WITH_CHOICES, Offered
from flake8_django_orm.project.django_names import MANY_TO_MANY_FIELD
from flake8_django_orm.project.facts import Expr
from flake8_django_orm.project.project import External

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Loop
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.models import Model, Relation
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

Show = Callable[[Value], None]


def offer_all(machine: Machine, model: Model, name: str, place: Place, offered: Offered) -> None:
    """Offer all rows of the model's default manager, as Django does for a field or filter called `name`."""
    given = tuple(Argument(Constant(value)) for value in (name, offered.name))
    step = Step(CHOICES, place, machine.frame, given)
    manager = ManagerValue(model=model, manager=model.managers.get(model.default_manager), steps=(step,))
    rows = querysets.as_queryset(machine, manager, place)
    if rows is not None:
        offer(machine, rows, place)


def offer(machine: Machine, rows: Value, place: Place, show: Show | None = None) -> None:
    """Offer the rows: each is shown as text, or as `show` does it."""

    def one_choice(row: Value, _: Loop) -> None:
        if show is not None:
            show(row)
        else:
            machine.text(row, place)

    iteration.loop_over(machine, rows, place, one_choice)


def has_choices(project: Project, model: Model, relation: Relation) -> bool:
    """Whether the form field that Django makes of the relation offers all rows at the other end."""
    found = project.find_class_attribute(model.key, relation.field) if relation.field == relation.name else None
    call = found[1].value if found is not None else Expr("other")
    if found is None or call.kind != "call" or relation.parent_link:
        return False
    kind = project.resolve(found[0].module, str(call.value))
    if not isinstance(kind, External) or kind.name not in WITH_CHOICES:
        return False
    if kind.name == MANY_TO_MANY_FIELD and "through" in call.keywords:
        return False  # Django leaves it out of forms
    editable = call.keywords.get("editable")
    return editable is None or editable.value is True


def with_choices(project: Project, model: Model, names: Iterable[str]) -> Iterator[tuple[str, Model]]:
    """Those of the model's fields for which Django makes a form field that offers rows, with the model of the rows."""
    for name in names:
        relation = model.relations.get(name)
        target = project.model(relation.target) if relation is not None and relation.target else None
        if relation is not None and target is not None and has_choices(project, model, relation):
            yield name, target
