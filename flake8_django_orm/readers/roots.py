"""Run every function of a file once as a root: with unknown parameters, so that no caller has to be known.

In: a function's facts. Out: the events that belong to it, after all that it calls has been entered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.machine.calls import given_parameter
from flake8_django_orm.machine.machine import Entered, Machine, WorkBoundError
from flake8_django_orm.machine.needs import with_missing_loading
from flake8_django_orm.machine.values import UNKNOWN, Constant, Instance
from flake8_django_orm.readers.execution import (
    Execution,
    definition_of,
    receiver_value,
    root_frame,
)
from flake8_django_orm.readers.python import PythonReader
from flake8_django_orm.syntax.names import dotted_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from flake8_django_orm.machine.events import Event
    from flake8_django_orm.machine.values import Value
    from flake8_django_orm.project.facts import FunctionFacts
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place, Unit

#: What `@action` keeps for the route, and does not set on the viewset.
_OF_THE_ROUTE = frozenset({"methods", "url_path", "url_name"})


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
    _set_by_action(machine, unit, node, facts, next(iter(values.values()), UNKNOWN))
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


def _set_by_action(machine: Machine, unit: Unit, node: cst.FunctionDef, facts: FunctionFacts, receiver: Value) -> None:
    """Set on a viewset what `@action(serializer_class=...)` puts in the place of the class's own attributes."""
    if not isinstance(receiver, Instance):
        return
    for decorator in node.decorators:
        call = decorator.decorator
        if not isinstance(call, cst.Call) or dotted_name(call.func).rpartition(".")[2] != "action":
            continue
        reader = PythonReader(machine, unit, facts.module, {})
        for argument in call.args:
            if argument.keyword is not None and argument.keyword.value not in _OF_THE_ROUTE:
                value = reader.evaluate(argument.value)
                machine.store.set_member(receiver.identity, argument.keyword.value, value)
                if isinstance(value, Constant):
                    machine.settled[receiver.identity, argument.keyword.value] = value


def _root_parameters(machine: Machine, facts: FunctionFacts) -> dict[str, Value]:
    values: dict[str, Value] = {}
    names = [p.name for p in facts.parameters]
    if facts.class_name is not None and not facts.is_static and names:
        values[names[0]] = receiver_value(machine, facts)
    for name in names:
        if name not in values:
            values[name] = given_parameter(machine, facts, name)
    return values
