"""Form views without a form class: Django makes the form of the view's `model` and `fields`.

In: a class below CreateView or UpdateView that names `fields`. Out: events, as from loops over the rows on offer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.orm.choices import SHAPES_VIEW_FORM, Offered
from flake8_django_orm.owners.base import Owner
from flake8_django_orm.owners.choices import offer_all, with_choices
from flake8_django_orm.owners.rendered_forms import is_replaced
from flake8_django_orm.project.named_models import model_named
from flake8_django_orm.project.sequences import strings
from flake8_django_orm.readers.class_bodies import string_place, value_place

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.owners.classes import OwnedClass
    from flake8_django_orm.project.facts import ClassFacts
    from flake8_django_orm.project.project import Project

_MODEL_FORM_VIEW = "django.views.generic.ModelFormMixin"


class FormViewOwner(Owner):
    """A view that makes a form for rows of its model."""

    pieces = frozenset({"fields"})

    def owns(self, project: Project, facts: ClassFacts) -> bool:
        """Whether Django makes the form of the view, and shows it when it answers GET."""
        if _MODEL_FORM_VIEW not in project.ancestors(facts.key) or project.find_method(facts.key, "get") is None:
            return False
        form = project.find_class_attribute(facts.key, "form_class")
        methods = (project.find_method(facts.key, name) for name in SHAPES_VIEW_FORM)
        makes = any(method is not None and project.is_own(method.path) for method in methods)
        return not makes and (form is None or project.is_stub(form[0].path))

    def run(self, machine: Machine, owned: OwnedClass) -> None:
        """Show the choices of each field that the class's own body names."""
        project, facts = machine.project, owned.facts
        named = project.find_class_attribute(facts.key, "model")
        model = model_named(project, named[0].module, named[1].value) if named is not None else None
        fields = facts.assignments.get("fields")
        names = strings(project, facts.module, fields.value) if fields is not None else None
        place = value_place(owned.execution, facts, "fields")
        if model is None or names is None or place is None:
            return
        for name, target in with_choices(project, model, names):
            if not is_replaced(project, facts, name):
                offer_all(machine, target, name, string_place(place, name) or place, Offered.VIEW_FIELD)
