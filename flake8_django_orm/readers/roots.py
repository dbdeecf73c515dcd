"""Run every function of a file once as a root: with unknown parameters, so that no caller has to be known.

In: a function's facts. Out: the events that belong to it, after all that it calls has been entered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_django_orm.machine.calls import given_parameter
from flake8_django_orm.machine.machine import Entered, Machine, WorkBoundError
from flake8_django_orm.machine.needs import with_missing_loading
from flake8_django_orm.readers.execution import (
    Execution,
    definition_of,
    receiver_value,
    root_frame,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from flake8_django_orm.machine.events import Event
    from flake8_django_orm.machine.values import Value
    from flake8_django_orm.project.facts import FunctionFacts
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place


@dataclass(frozen=True, slots=True)
class RootRun:
    """What came of one root. `cut`: the work bound ended it early; `depth_cuts` counts calls not entered."""

    events: tuple[Event, ...] = ()
    cut: bool = False
    depth_cuts: int = 0
    work: int = 0


def run_function(
    project: Project,
    execution: Execution,
    facts: FunctionFacts,
    django_version: tuple[int, int] | None,
    watch: Callable[[Place, Value], None] | None = None,
) -> RootRun:
    """Run one function or method as a root; `watch` is told of the value of every expression."""
    unit = execution.unit(facts)
    node = definition_of(unit) if unit is not None else None
    if unit is None or node is None:
        return RootRun()
    machine = Machine(project=project, programs=execution, frame=root_frame(facts), django_version=django_version)
    machine.watch = watch
    values = _root_parameters(machine, facts)
    machine.calls.append(Entered(facts, {}))
    cut = False
    atomic = any(decorator.rsplit(".", 1)[-1] == "atomic" for decorator in facts.decorators)
    try:
        with machine.transaction(atomic):
            execution.run_root(machine, unit, facts, node, values)
    except (WorkBoundError, RecursionError):
        cut = machine.cut = True
    events = with_missing_loading(machine.finished_events(), machine.root)
    return RootRun(tuple(events), cut, machine.depth_cuts, machine.work)


def _root_parameters(machine: Machine, facts: FunctionFacts) -> dict[str, Value]:
    values: dict[str, Value] = {}
    names = [p.name for p in facts.parameters]
    if facts.class_name is not None and not facts.is_static and names:
        values[names[0]] = receiver_value(machine, facts)
    for name in names:
        if name not in values:
            values[name] = given_parameter(machine, facts, name)
    return values
