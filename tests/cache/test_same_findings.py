"""A cache changes the time that linting takes, never what it says: not even after edits that nobody would think of.

The files of a case, or of an installed package, are linted with a cache and changed at random, again and again; each
time a linter without a cache has to say the same.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import re
import shutil
import tempfile
import unittest.mock
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flake8_django_orm.cache.directory import CacheDirectory
from flake8_django_orm.config import Settings
from flake8_django_orm.engine import Engine
from flake8_django_orm.findings import Finding
from flake8_django_orm.rules import all_rules
from flake8_django_orm.source import SourceError
from tests.harness import linting
from tests.harness.case_files import Case, all_case_files

FIXTURES = Path(__file__).parent.parent / "fixtures"
CASES = [case for file in all_case_files(FIXTURES) for case in file.cases if len(case.files) > 1]
PACKAGES = ("rest_framework", "django.contrib.auth")
NAMES = re.compile(r"\b[A-Za-z_]{3,}\b")


@dataclasses.dataclass(frozen=True)
class Change:
    """One edit: of the file and the line that the numbers lead to, whatever these are."""

    kind: str
    file: int
    line: int
    other: int

    def apply(self, root: Path) -> None:
        paths = sorted(path for path in root.rglob("*") if path.suffix in (".py", ".html"))
        if not paths:
            return  # all of them were removed
        path = paths[self.file % len(paths)]
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        at, other = self.line % (len(lines) + 1), self.other % (len(lines) + 1)
        match self.kind:
            case "remove the file":
                path.unlink()
                return
            case "rename the file":
                path.rename(path.with_name(f"moved_{path.name}"))
                return
            case "copy the file":
                path.with_name(f"copied_{path.name}").write_text("".join(lines), encoding="utf-8")
                return
            case "insert a comment":
                lines.insert(at, "# A comment.\n" if path.suffix == ".py" else "{# A comment. #}\n")
            case "delete a line":
                del lines[at : at + 1]
            case "repeat a line":
                lines[at:at] = lines[other : other + 1]
            case "swap lines":
                if at < len(lines) and other < len(lines):
                    lines[at], lines[other] = lines[other], lines[at]
            case "change a name":
                names = NAMES.findall("".join(lines))
                if names and at < len(lines):
                    lines[at] = NAMES.sub(names[other % len(names)], lines[at], count=1)
            case "declare something":
                lines.append(DECLARATIONS[self.other % len(DECLARATIONS)].format(*self._names(lines)))
            case "add a method":
                heads = [row for row, line in enumerate(lines) if line.startswith("class ")]
                if heads:
                    row = heads[self.line % len(heads)] + 1
                    lines.insert(row, "    def {}(self, {}=None):\n        return self\n\n".format(*self._names(lines)))
            case "empty the file":
                lines = []
        path.write_text("".join(lines), encoding="utf-8")

    def _names(self, lines: list[str]) -> tuple[str, str]:
        """Two names, perhaps of the file."""
        names = ["fresh", *NAMES.findall("".join(lines))]
        return names[self.line % len(names)], names[self.other % len(names)]


DECLARATIONS = (
    *("import {}\n", "from {} import {}\n", "def {}({}=None):\n    return None\n", "{} = {}\n", "{} = {}()\n"),
    *("class {}:\n    {} = None\n", "import {} as {}\n", "class {}({}):\n    pass\n"),
    'class {}(models.Model):\n    {} = models.ForeignKey("self", models.CASCADE)\n',
    *('AUTH_USER_MODEL = "{}.{}"\n', "from .{} import *\n"),
)
KINDS = (
    *("insert a comment", "delete a line", "repeat a line", "swap lines", "change a name", "change a name"),
    *("empty the file", "remove the file", "rename the file", "copy the file", "add a method"),
    *("declare something", "declare something", "declare something"),
)
NUMBERS = st.integers(min_value=0, max_value=10_000)
CHANGES = st.builds(Change, st.sampled_from(KINDS), NUMBERS, NUMBERS, NUMBERS)


def _lint(made_with: Settings) -> list[Finding | str]:
    """Everything that a new process would say."""
    engine = Engine(made_with)
    said: list[Finding | str] = []
    for path in sorted(made_with.root.rglob("*.py")):
        try:
            said += engine.check(path)
        except SourceError as error:
            said.append(f"{path.name}: {error}")
    return said


def _compare(without: Settings, changes: list[Change], rebased_after: int) -> None:
    """`rebased_after` as in `project/changes.py`: a small project would hardly ever get another base."""
    with unittest.mock.patch("flake8_django_orm.project.changes.REBASED_AFTER", rebased_after):
        _compare_each(without, changes)


def _compare_each(without: Settings, changes: list[Change]) -> None:
    cache = CacheDirectory(without.root.parent / f"{without.root.name}-cache")
    try:
        cached = dataclasses.replace(without, cache=cache)
        assert _lint(cached) == _lint(without)
        for change in changes:
            change.apply(without.root)
            assert _lint(cached) == _lint(without), change
        assert _lint(cached) == _lint(without)
    finally:
        shutil.rmtree(cache.path, ignore_errors=True)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    case=st.sampled_from(CASES),
    changes=st.lists(CHANGES, min_size=1, max_size=4),
    rebased_after=st.sampled_from((1, 20)),
)
def test_of_a_case(case: Case, changes: list[Change], rebased_after: int) -> None:
    with linting.project_directory(case.texts()) as root:
        _compare(linting.settings(case, root), changes, rebased_after)


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A directory whose path has no "test" in it: files of that kind are judged otherwise."""
    path = Path(tempfile.mkdtemp(prefix="djq-package-")).resolve()
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.mark.parametrize("package", PACKAGES)
def test_of_a_package(package: str, scratch: Path) -> None:
    """One list of edits, each of another kind: a package takes a while."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    (place,) = spec.submodule_search_locations
    ignored = shutil.ignore_patterns("__pycache__", "migrations", "locale", "static", "docs")
    shutil.copytree(place, scratch / "root" / package.rpartition(".")[2], ignore=ignored)
    codes = frozenset(rule.code for rule in all_rules())
    changes = [Change(kind, 17 * number, 31 * number, 53 * number) for number, kind in enumerate(sorted(set(KINDS)), 1)]
    _compare(Settings(root=scratch / "root", codes=codes, environment=()), changes, 1)
