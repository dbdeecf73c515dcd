"""Class-based views: Django calls `get()`, and the template that it renders loops over the rows of the view.

In: a class with one of Django's generic views among its bases. Out: events of one request. The view's own methods and
our stubs of Django's run as they stand: the queryset comes from `queryset`, `model` or `get_queryset()`, the template
from `template_name` or the model's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine.attributes import REQUEST
from flake8_django_orm.machine.values import Argument, FunctionValue
from flake8_django_orm.orm.tables import VIEW_PIECES
from flake8_django_orm.owners.base import Owner

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.owners.classes import OwnedClass
    from flake8_django_orm.project.facts import ClassFacts
    from flake8_django_orm.project.project import Project

_VIEWS = "django.views.generic."
#: Where the rows are named in the class body, the nearest to a fix first.
_SOURCES = ("queryset", "model", "template_name", "extra_context")


class GenericView(Owner):
    """A view that inherits from django.views.generic."""

    pieces = frozenset(
        {
            "context_object_name",
            "extra_context",
            "get",
            "get_context_data",
            "get_object",
            "get_queryset",
            "model",
            "paginate_by",
            "queryset",
            "template_name",
            *VIEW_PIECES,
        }
    )

    entries = frozenset({"get"})

    def owns(self, project: Project, facts: ClassFacts) -> bool:
        """Any class that Django's own views stand above of, and that answers GET."""
        above = project.ancestors(facts.key)
        return any(name.startswith(_VIEWS) for name in above) and project.find_method(facts.key, "get") is not None

    def run(self, machine: Machine, owned: OwnedClass) -> None:
        """One GET request."""
        method = machine.project.find_method(owned.facts.key, "get")
        if method is None:
            return
        places = (owned.declaration(name) for name in _SOURCES if name in owned.facts.assignments)
        place = next((found for found in places if found is not None), owned.place)
        machine.call(FunctionValue(facts=method, bound=owned.instance), (Argument(REQUEST),), place)
