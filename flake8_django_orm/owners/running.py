"""Run the owners of a class as roots.

In: a class's facts. Out: the events of each run, as for functions (readers/roots.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine.frames import Body, Frame
from flake8_django_orm.machine.machine import Machine, WorkBoundError
from flake8_django_orm.machine.needs import with_missing_loading
from flake8_django_orm.owners.classes import owned_class
from flake8_django_orm.readers.roots import RootRun

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import Event
    from flake8_django_orm.owners.base import Owner
    from flake8_django_orm.project.facts import ClassFacts
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.readers.execution import Execution


def run_owner(
    project: Project,
    execution: Execution,
    facts: ClassFacts,
    owner: Owner,
    django_version: tuple[int, int] | None,
) -> RootRun:
    """Drive the machine over one class as the framework would.

    What a base class of the project shows already, as a root of its own, is left to it.
    """
    run = _run(project, execution, facts, owner, django_version)
    inherited = {
        _identity(project, event)
        for key in project.mro(facts.key)[1:]
        if (base := project.class_facts(key)) is not None and _is_root(project, base, owner)
        for event in _run(project, execution, base, owner, django_version).events
    }
    return replace(run, events=tuple(event for event in run.events if _identity(project, event) not in inherited))


def _is_root(project: Project, facts: ClassFacts, owner: Owner) -> bool:
    return project.is_own(facts.path) and owner.has_pieces(facts) and owner.owns(project, facts)


def _identity(project: Project, event: Event) -> object:
    """What is read where, and by which queryset: the same for a class and for one that inherits all of it.

    Where the framework alone makes the queryset, as of a model, a subclass that has it cut into pages reads the same.
    """
    origin = getattr(event, "origin", None) or getattr(event, "queryset", None)
    steps = tuple(step.place for step in origin.steps if project.is_own(step.place.path)) if origin is not None else ()
    model = origin.model.key if origin is not None else ""
    return (type(event), event.place, model, steps, getattr(event, "path", ()))


def _run(
    project: Project,
    execution: Execution,
    facts: ClassFacts,
    owner: Owner,
    django_version: tuple[int, int] | None,
) -> RootRun:
    frame = Frame(qualname=facts.qualname, path=facts.path, body=Body.OWNER)
    machine = Machine(project=project, programs=execution, frame=frame, django_version=django_version)
    cut = False
    try:
        owner.run(machine, owned_class(machine, execution, facts))
    except (WorkBoundError, RecursionError):
        cut = True
    except LookupError:
        return RootRun()
    events = with_missing_loading(machine.finished_events(), machine.root)
    return RootRun(tuple(events), cut, machine.depth_cuts, machine.work)
