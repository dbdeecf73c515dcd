"""Whether a page shows a form, as far as the code tells.

In: a form class. Out: yes or no. Many forms only check what an API or an import was sent: their choices are never
shown, so without a view that renders the form nothing is said of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.owners.admin_registry import registered
from flake8_django_orm.project.facts import ClassFacts, FunctionFacts, ModuleFacts

if TYPE_CHECKING:
    from flake8_django_orm.project.project import Project

_FORM_VIEW = "django.views.generic.FormMixin"
_RENDERS = re.compile(r"\b(?:render|render_to_response|render_to_string|TemplateResponse)\(")


def is_rendered(project: Project, form: ClassFacts) -> bool:
    """Whether a view of the project renders the form: a class names it, or a function makes it and renders."""
    return any(
        any(_names(project, owner, form) for owner in module.classes.values())
        or any(_RENDERS.search(text) for text in _texts_that_make(project, module, form))
        for module in project.modules_mentioning(form.name)
    )


def is_replaced(project: Project, form: ClassFacts, field: str) -> bool:
    """Whether code of the form, or code that makes one, may change the field: its queryset, its widget, or drop it."""
    own = (
        _text(project, method)
        for key in project.mro(form.key)
        if (owner := project.class_facts(key)) is not None and project.is_own(owner.path)
        for method in owner.methods.values()
    )
    changes = re.compile(rf"""fields\b(?:.|\n)*(?:["']{re.escape(field)}["']|\.queryset\b|\.widget\b)""")
    makers = (
        text for module in project.modules_mentioning(form.name) for text in _texts_that_make(project, module, form)
    )
    return any(changes.search(text) for text in (*own, *makers))


def _names(project: Project, owner: ClassFacts, form: ClassFacts) -> bool:
    """Whether a generic view or an admin names the form."""
    for name in ("form_class", "form"):
        assignment = owner.assignments.get(name)
        if assignment is None or assignment.value.kind != "name":
            continue
        found = project.resolve(owner.module, str(assignment.value.value))
        if isinstance(found, ClassFacts) and found.key == form.key:
            return (
                _FORM_VIEW in project.ancestors(owner.key) if name == "form_class" else any(registered(project, owner))
            )
    return False


def _texts_that_make(project: Project, module: ModuleFacts, form: ClassFacts) -> Iterator[str]:
    """The functions and methods of a module that make a form of the class."""
    found = project.resolve(module.name, form.name)
    if not isinstance(found, ClassFacts) or found.key != form.key:
        return
    made = re.compile(rf"\b{re.escape(form.name)}\(")
    methods = [method for owner in module.classes.values() for method in owner.methods.values()]
    for function in (*module.functions.values(), *methods):
        text = _text(project, function)
        if made.search(text):
            yield text


def _text(project: Project, function: FunctionFacts) -> str:
    project.note("definition_text", function.path, function.qualname)
    return project.definition_text(function.path, function.qualname)
