"""Small projects written to a directory, so that a test shows its files where it uses them."""

from __future__ import annotations

import textwrap
from pathlib import Path

from flake8_django_orm.project.project import Project


def write_project(root: Path, files: dict[str, str]) -> Project:
    """Write the files and return the index of them, without any environment."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return Project(root, environment=())
