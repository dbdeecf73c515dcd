"""The proof that a newcomer sees: what the demo reports, what its repair saves, and that it can fail."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.demo.__main__ import DEMO, copy_demo, measure, run_demo
from tests.demo.report import Measurement, complaints, table

EXPECTED = {
    "catalogue/models.py": {"Book": {"DJQ402"}},
    "catalogue/views.py": {
        "book_list": {"DJQ101"},
        "open_book": {"DJQ301"},
        "author_index": {"DJQ102"},
        "genre_shelves": {"DJQ101"},
        "latest_reviews": {"DJQ101"},
        "branch_overview": {"DJQ203"},
    },
    "lending/models.py": {"Loan": {"DJQ401"}},
    "lending/views.py": {"overdue": {"DJQ101"}, "reservation_shelf": {"DJQ101"}},
    "members/management/commands/export_readers.py": {"Command.handle": {"DJQ102"}},
    "members/models.py": {"Member": {"DJQ401", "DJQ402"}},
    "members/services.py": {"print_address_labels": {"DJQ201"}},
    "members/views.py": {"directory": {"DJQ101"}, "recent_notes": {"DJQ101"}},
}
"""What is reported where. A definition that is not named here is innocent and must stay silent."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_demo(tmp_path_factory.mktemp("demo") / "project")


@pytest.fixture(scope="module")
def before(project: Path) -> Measurement:
    return measure(project)


def lint(project: Path, *command: str) -> str:
    done = subprocess.run([sys.executable, "-m", *command], cwd=project, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def findings(project: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        lint(project, "flake8_django_orm", "check", "--no-cache", "--output-format", "json")
    )
    return found


def test_the_demo_proves_its_repair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_demo(tmp_path) == 0, capsys.readouterr().err
    assert "book-list               58 -> 1     equal" in capsys.readouterr().out


def test_each_definition_is_reported_for_what_it_does_and_innocent_ones_are_silent(
    project: Path, findings: list[dict[str, Any]]
) -> None:
    found: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for finding in findings:
        path = Path(finding["filename"])
        name = path.relative_to(project).as_posix() if path.is_absolute() else path.as_posix()
        source = (project / name).read_text(encoding="utf-8")
        found[name][enclosing_definition(source, finding["location"]["row"])].add(finding["code"])
    assert found == EXPECTED


def enclosing_definition(source: str, row: int) -> str:
    """The qualified name of the innermost function or class that holds a row, "" for the module."""

    def search(body: list[ast.stmt]) -> list[str]:
        for statement in body:
            match statement:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    if statement.lineno <= row <= (statement.end_lineno or row):
                        return [statement.name, *search(statement.body)]
        return []

    return ".".join(search(ast.parse(source).body))


def test_flake8_alone_reports_what_the_command_reports(project: Path, findings: list[dict[str, Any]]) -> None:
    lines = lint(project, "flake8", "--format", "%(path)s:%(row)d:%(col)d:%(code)s:%(text)s").splitlines()
    from_flake8 = sorted(line.removeprefix("./") for line in lines)
    from_command = sorted(
        f"{Path(f['filename']).relative_to(project) if Path(f['filename']).is_absolute() else f['filename']}"
        f":{f['location']['row']}:{f['location']['column']}:{f['code']}:{f['message']}"
        for f in findings
    )
    assert from_flake8 == from_command


def test_an_unrepaired_project_is_complained_of(before: Measurement) -> None:
    """The demo would fail if the fixes did nothing: same counts, same errors, same lost update."""
    found = list(complaints(before, before))
    assert "book-list still sends 58 queries" in found
    assert "reservation-shelf raises SynchronousOnlyOperation after the repair" in found
    assert "two visitors at once are counted as: 1 after the repair" in found
    assert not any(line.startswith("statistics") for line in found)


def test_a_different_answer_is_complained_of(before: Measurement) -> None:
    data = {
        "visits": [{"name": v.name, "queries": 0, "text": v.text + "!", "error": None} for v in before.visits],
        "behaviours": before.behaviours,
    }
    wrong = Measurement.from_json(data)
    assert "book-list answers something else after the repair" in complaints(before, wrong)
    assert any(line.startswith("book-list") and "DIFFERENT" in line for line in table(before, wrong))


def test_the_demo_leaves_its_fixture_alone() -> None:
    assert not list(DEMO.rglob(".flake8-django-orm-cache"))
