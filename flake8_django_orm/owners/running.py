"""Run the owners of a class as roots.

In: a class's facts. Out: the events of each run, as for functions (readers/roots.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine.frames import Body, Frame
from flake8_django_orm.machine.machine import Machine, WorkBoundError
from flake8_django_orm.machine.needs import with_missing_loading
from flake8_django_orm.owners.classes import owned_class
from flake8_django_orm.readers.roots import RootRun

if TYPE_CHECKING:
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
    """Drive the machine over one class as the framework would."""
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
