"""Views of Django REST framework: they list rows through a serializer, or show one.

In: a class with ListModelMixin or RetrieveModelMixin among its bases. Out: the events of list() and retrieve(), as the
framework calls them; the rows are looped over where the class names its serializer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine.attributes import REQUEST
from flake8_django_orm.machine.events import ManagerRead, RelationRead
from flake8_django_orm.machine.values import Argument, Constant, FunctionValue
from flake8_django_orm.owners.base import Owner

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.owners.classes import OwnedClass
    from flake8_django_orm.project.facts import ClassFacts
    from flake8_django_orm.project.project import Project

_ACTIONS = {
    "list": "rest_framework.mixins.ListModelMixin",
    "retrieve": "rest_framework.mixins.RetrieveModelMixin",
}
_VIEWSET = "rest_framework.viewsets.ViewSetMixin"


class RestViewOwner(Owner):
    """Generic views and viewsets."""

    pieces = frozenset(
        {
            "queryset",
            "get_queryset",
            "filter_queryset",
            "paginate_queryset",
            "serializer_class",
            "get_serializer_class",
            "get_serializer",
            "get_object",
            *_ACTIONS,
        }
    )

    def owns(self, project: Project, facts: ClassFacts) -> bool:
        """Whether the class inherits list() or retrieve()."""
        return not frozenset(_ACTIONS.values()).isdisjoint(project.ancestors(facts.key))

    def run(self, machine: Machine, owned: OwnedClass) -> None:
        """Call list(), then retrieve() for what it reads beyond that."""
        ancestors = machine.project.ancestors(owned.facts.key)
        for action, mixin in _ACTIONS.items():
            if mixin in ancestors:
                seen = _reads(machine)
                first = len(machine.events)
                self._act(machine, owned, action, is_viewset=_VIEWSET in ancestors)
                machine.events[first:] = [e for e in machine.events[first:] if _read_key(e) not in seen]

    def _act(self, machine: Machine, owned: OwnedClass, action: str, *, is_viewset: bool) -> None:
        method = machine.project.find_method(owned.facts.key, action)
        if method is None:
            return
        machine.settled[0, "method"] = Constant("GET")
        if is_viewset:
            for name, value in (("action", action), ("detail", action == "retrieve")):
                machine.settled[owned.instance.identity, name] = Constant(value)
                machine.store.set_member(owned.instance.identity, name, Constant(value))
        declared = owned.declaration("serializer_class")
        place = declared if declared is not None and declared.path == owned.facts.path else owned.place
        machine.call(FunctionValue(facts=method, bound=owned.instance), (Argument(REQUEST),), place)


def _reads(machine: Machine) -> frozenset[object]:
    """What was read of which queryset so far."""
    return frozenset(key for event in machine.events if (key := _read_key(event)) is not None)


def _read_key(event: object) -> object | None:
    """A read by the places where its queryset was built: list() and retrieve() start from the same ones."""
    if isinstance(event, (RelationRead, ManagerRead)) and event.origin is not None:
        steps = [step.place for step in event.origin.steps if step.place.path == event.frame.ancestors()[-1].path]
        return (tuple(steps), event.path)
    return None
