"""What an inherited method that the framework enters would tell for each class that inherits it.

In: an event of a class that the framework drives. Out: whether the method itself, as a root, tells the same already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine.frames import lowest_common
from flake8_django_orm.machine.values import QuerySetValue
from flake8_django_orm.project.facts import ClassFacts
from flake8_django_orm.syntax.names import dotted_name

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import Event
    from flake8_django_orm.project.project import Project


def is_told_at_base(project: Project, event: Event) -> bool:
    """Whether all pieces of the event lie in the inherited method, and its queryset is one of a model that the method
    names: nothing in it is the inheriting class's own."""
    frame = lowest_common(event.frames())
    queryset = getattr(event, "origin", None) or getattr(event, "queryset", None)
    if frame is None or not frame.is_entry or not isinstance(queryset, QuerySetValue) or not queryset.steps:
        return False
    first = queryset.steps[0]
    if first.frame is not frame or queryset.source_row is not None or not project.is_own(frame.path):
        return False
    name, _, rest = dotted_name(first.place.node).partition(".")
    return bool(rest) and isinstance(project.resolve(first.place.unit.module, name), ClassFacts)
