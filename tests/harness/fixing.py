"""Applies the fixes of a case as `--fix` would, without writing.

In: a case, its files' texts, whether unsafe fixes are wanted. Out: the texts afterwards, what the linter says
about them.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from flake8_django_orm.engine import Engine
from flake8_django_orm.findings import Edit, Finding
from flake8_django_orm.fixes.apply import Findings, Workshop, apply_fixes
from flake8_django_orm.source import read_source
from tests.harness.case_files import Case
from tests.harness.linting import project_directory, python_files, settings


@dataclass(frozen=True, slots=True)
class Fixed:
    """What fixing gave: all texts by path, the findings that stay, one line for each problem."""

    texts: Mapping[str, str]
    remaining: tuple[Finding, ...]
    problems: tuple[str, ...]


def fix(case: Case, texts: Mapping[str, str], *, unsafe: bool) -> Fixed:
    """Apply fixes to `texts` until none is left."""
    with project_directory(texts) as root:
        paths = [str(root / path) for path in python_files(texts)]

        def lint(unsaved: Mapping[str, str], wanted: Collection[str]) -> Findings:
            overlays = {Path(path).relative_to(root).as_posix(): text for path, text in unsaved.items()}
            engine = Engine(settings(case, root, overlays))
            return {path: [_absolute(one, root) for one in engine.check(Path(path))] for path in wanted}

        workshop = Workshop(read=lambda path: read_source(Path(path)), lint=lint, forbidden=lambda path: None)
        outcome = apply_fixes(lint({}, paths), workshop, unsafe=unsafe)
        changed = {Path(path).relative_to(root).as_posix(): text for path, text in outcome.texts.items()}
        remaining = [_relative(one, root) for found in outcome.remaining.values() for one in found]
        return Fixed({**texts, **changed}, tuple(remaining), tuple(outcome.problems))


def difference(expected: Mapping[str, str], got: Mapping[str, str]) -> str:
    """A unified diff of what the case's fixed blocks say and what the fixes made; "" where they agree."""
    lines: list[str] = []
    for path in sorted({*expected, *got}):
        before, after = expected.get(path, ""), got.get(path, "")
        lines += difflib.unified_diff(
            before.splitlines(keepends=True),
            after.splitlines(keepends=True),
            f"{path} (expected)",
            f"{path} (got)",
        )
    return "".join(lines)


def _absolute(finding: Finding, root: Path) -> Finding:
    """The finding with absolute paths everywhere, as the apply loop wants them."""
    related = tuple(dataclasses.replace(one, path=str(root / one.path)) for one in finding.related)
    repair = finding.fix
    if repair is not None:
        repair = dataclasses.replace(repair, edits=tuple(_absolute_edit(edit, root) for edit in repair.edits))
    return dataclasses.replace(finding, path=str(root / finding.path), related=related, fix=repair)


def _absolute_edit(edit: Edit, root: Path) -> Edit:
    return dataclasses.replace(edit, path=str(root / edit.path))


def _relative(finding: Finding, root: Path) -> Finding:
    return dataclasses.replace(finding, path=Path(finding.path).relative_to(root).as_posix())
