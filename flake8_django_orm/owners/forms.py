"""Forms: a ModelChoiceField goes over its queryset and turns each row into the label of a choice.

In: a form class that some view renders. Out: events, as from a loop over the rows of each such field: those that the
class declares, and those that a ModelForm makes of foreign keys by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.machine import querysets
from flake8_django_orm.machine.values import Argument, FunctionValue, Instance, Value, each
from flake8_django_orm.orm import choices
from flake8_django_orm.owners.base import Owner
from flake8_django_orm.owners.choices import Show, offer, offer_all, with_choices
from flake8_django_orm.owners.rendered_forms import is_rendered, is_replaced
from flake8_django_orm.project.facts import Assignment, ClassFacts
from flake8_django_orm.project.named_models import model_named
from flake8_django_orm.project.project import External
from flake8_django_orm.project.sequences import strings
from flake8_django_orm.readers.class_bodies import string_place, value_place
from flake8_django_orm.readers.python import PythonReader

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.owners.classes import OwnedClass
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place


class FormOwner(Owner):
    """A form with choices out of the database."""

    def owns(self, project: Project, facts: ClassFacts) -> bool:
        """Whether the class is a form that some view renders."""
        return not choices.FORMS.isdisjoint(project.ancestors(facts.key)) and is_rendered(project, facts)

    def has_pieces(self, facts: ClassFacts) -> bool:
        """Whether the body declares fields, or names those of a model."""
        return "Meta" in facts.classes or any(a.value.kind == "call" for a in facts.assignments.values())

    def run(self, machine: Machine, owned: OwnedClass) -> None:
        """Show the choices of each field that the class's own body brings in."""
        for name, assignment in owned.facts.assignments.items():
            if not is_replaced(machine.project, owned.facts, name):
                ChoiceField(machine, owned, assignment).show()
        for name, model, place in _of_model(machine.project, owned):
            if not is_replaced(machine.project, owned.facts, name):
                offer_all(machine, model, name, place, choices.Offered.FORM_FIELD)


class ChoiceField:
    """A field that a form class declares."""

    def __init__(self, machine: Machine, owned: OwnedClass, assignment: Assignment) -> None:
        self.machine = machine
        self.project = machine.project
        self.owned = owned
        self.name = assignment.name
        self.call = assignment.value

    def show(self) -> None:
        """Show each row as a choice, where the field offers all rows of its queryset."""
        kind = self._kind()
        place = self._queryset_place() if kind is not None and self._shows_all() else None
        if kind is None or place is None:
            return
        value = PythonReader(self.machine, place.unit, self.owned.facts.module, {}).evaluate(place.node)
        for one in each(value):
            rows = querysets.as_queryset(self.machine, one, place)
            if rows is not None:
                offer(self.machine, rows, place, self._label(kind, place))

    def _kind(self) -> str | None:
        """The field's class, if it is one of Django's two or extends one without choosing other rows."""
        found = self.project.resolve(self.owned.facts.module, str(self.call.value)) if self.call.value else None
        if isinstance(found, External) and found.name in choices.MODEL_CHOICE_FIELDS:
            return found.name
        if not isinstance(found, ClassFacts):
            return None
        order = self.project.ancestors(found.key)
        own = [facts for key in order if (facts := self.project.class_facts(key)) is not None]
        defined = {name for facts in own for name in (*facts.methods, *facts.assignments)}
        is_choice = len(order) == len(own) + 1 and order[-1] in choices.MODEL_CHOICE_FIELDS
        return found.key if is_choice and defined <= choices.KEEPS_CHOICES else None

    def _shows_all(self) -> bool:
        widget = self.call.keywords.get("widget")
        if widget is None:
            return "**" not in self.call.keywords
        found = self.project.resolve(self.owned.facts.module, str(widget.value)) if widget.value else None
        return isinstance(found, External) and found.name in choices.SHOWS_ALL

    def _queryset_place(self) -> Place | None:
        """The argument `queryset`, the first one."""
        place = value_place(self.owned.execution, self.owned.facts, self.name)
        if place is None or not isinstance(place.node, cst.Call):
            return None
        for number, argument in enumerate(place.node.args):
            named = argument.keyword.value if argument.keyword is not None else "queryset" if number == 0 else ""
            if named == "queryset" and not argument.star:
                return place.at(argument.value)
        return None

    def _label(self, kind: str, place: Place) -> Show | None:
        """What shows one row: the field class's own label_from_instance(), or None for the row's text."""
        method = self.project.find_method(kind, "label_from_instance")
        if method is None:
            return None
        field = Instance(kind, self.machine.store.new_identity())
        function = FunctionValue(facts=method, bound=field)

        def label(row: Value) -> None:
            self.machine.text(self.machine.call(function, (Argument(row),), place), place)

        return label


def _of_model(project: Project, owned: OwnedClass) -> Iterator[tuple[str, Model, Place]]:
    """The foreign keys that Meta names and for which Django makes a field: name, the other model, where it is named."""
    meta = owned.facts.classes.get("Meta")
    if meta is None or not {"widgets", "field_classes", "formfield_callback"}.isdisjoint(meta.assignments):
        return
    found = project.find_class_attribute(meta.key, "model")
    model = model_named(project, found[0].module, found[1].value) if found is not None else None
    names = strings(project, meta.module, meta.assignments["fields"].value) if "fields" in meta.assignments else None
    whole = value_place(owned.execution, meta, "fields")
    if model is None or names is None or whole is None:
        return
    declared = {name for key in project.mro(owned.facts.key) for name in _assigned(project, key)}
    for name, target in with_choices(project, model, names):
        if name not in declared:
            yield name, target, string_place(whole, name) or whole


def _assigned(project: Project, key: str) -> Iterable[str]:
    facts = project.class_facts(key)
    return facts.assignments if facts is not None else ()
