"""The code of a module or class body itself: what runs when the module is imported.

In: a module's facts. Out: the events of its body and of its class bodies, functions and methods blanked out.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.machine.frames import Body, Frame
from flake8_django_orm.machine.machine import Machine, WorkBoundError
from flake8_django_orm.machine.needs import with_missing_loading
from flake8_django_orm.readers.body_texts import module_text
from flake8_django_orm.readers.python import PythonReader
from flake8_django_orm.syntax.units import Unit, parse_unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flake8_django_orm.machine.events import Event
    from flake8_django_orm.project.facts import ClassFacts, ModuleFacts
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.readers.execution import Execution
    from flake8_django_orm.source import SourceFile


def run_module_body(project: Project, execution: Execution, source: SourceFile, facts: ModuleFacts) -> list[Event]:
    """What happens when the module is imported, outside of its classes."""
    text = module_text(source, facts)
    unit = parse_unit(facts.path, facts.name, "", text.rstrip(" "), 0, len(text))
    if unit is None:
        return []
    frame = Frame(qualname="", path=facts.path, body=Body.MODULE)
    return _run(Machine(project=project, programs=execution, frame=frame), unit, facts.name, unit.body)


def run_class_body(project: Project, execution: Execution, owner: ClassFacts) -> list[Event]:
    """What happens when the class statement runs."""
    unit = execution.class_unit(owner)
    node = next((s for s in unit.body if isinstance(s, cst.ClassDef)), None) if unit is not None else None
    if unit is None or node is None:
        return []
    frame = Frame(qualname=owner.qualname, path=owner.path, body=Body.CLASS)
    return _run(Machine(project=project, programs=execution, frame=frame), unit, owner.module, node.body.body)


def _run(machine: Machine, unit: Unit, module: str, body: Iterable[cst.CSTNode]) -> list[Event]:
    statements: Sequence[cst.CSTNode] = [
        small for line in body for small in (line.body if isinstance(line, cst.SimpleStatementLine) else [line])
    ]
    reader = PythonReader(machine, unit, module, {})
    with contextlib.suppress(WorkBoundError, RecursionError):
        reader.read_body(statements)
    return with_missing_loading(machine.finished_events(), machine.root)
