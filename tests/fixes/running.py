"""Run the machine over a small project made of texts, and apply the fixes that builders make of its events."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from flake8_django_orm.findings import Fix
from flake8_django_orm.fixes.edits import edits_by_path, splice
from flake8_django_orm.machine.events import Event
from flake8_django_orm.project.facts import functions_of
from flake8_django_orm.project.project import Project
from flake8_django_orm.readers.execution import Execution
from flake8_django_orm.readers.roots import run_function

E = TypeVar("E", bound=Event)


def make_project(root: Path, files: Mapping[str, str]) -> Project:
    """A project of these files below `root`; their texts may be indented. Directories become packages."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8", newline="")
        if path.parent != root:
            (path.parent / "__init__.py").touch()
    return Project(root, environment=[])


def events(project: Project, path: str, kind: type[E]) -> list[E]:
    """All events of a kind that the functions of the file cause, each function run as a root."""
    facts = project.module_at(project.root / path)
    assert facts is not None
    execution = Execution(project)
    runs = [run_function(project, execution, function, None) for function in functions_of(facts)]
    return [event for run in runs for event in run.events if isinstance(event, kind)]


def fixed(project: Project, fix: Fix | None, path: str) -> str:
    """The text of the file after the fix."""
    assert fix is not None
    text = project.text(path)
    assert text is not None
    return splice(text, edits_by_path([fix]).get(path, []), "\r\n" if "\r\n" in text else "\n")
