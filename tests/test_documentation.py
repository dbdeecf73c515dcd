"""What the README and the guide say is tried here: commands, links, and what is taken from the software."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docs.generate import ROOT, documents, fill
from tests.demo.__main__ import copy_demo

GUIDE = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUNNABLE = {
    "flake8": [sys.executable, "-m", "flake8"],
    "flake8-django-orm": [sys.executable, "-m", "flake8_django_orm"],
    "python": [sys.executable],
}


def console_commands(text: str) -> Iterator[str]:
    """The commands of the console blocks: lines after `$` where there are any, else all lines."""
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        lines = block.splitlines()
        prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        yield from (line.partition("  #")[0].strip() for line in prompted or lines if line.strip())


COMMANDS = sorted({command for page in GUIDE for command in console_commands(page.read_text(encoding="utf-8"))})


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.split()[0] in RUNNABLE])
def test_commands_run_as_they_are_written(tmp_path: Path, command: str) -> None:
    project = copy_demo(tmp_path / "project")
    program, *arguments = shlex.split(command)
    done = subprocess.run([*RUNNABLE[program], *arguments], cwd=project, capture_output=True, text=True, timeout=120)
    assert done.returncode in {0, 1}, done.stderr
    assert done.stdout or done.stderr
    assert "Traceback" not in done.stderr


def test_all_other_commands_name_what_is_there() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    known = {"make": targets, "pip": ["install"], "pytest": ["tests/test_cases.py"]}
    for line in COMMANDS:
        program, first, *_ = line.split()
        assert program in RUNNABLE or first in known[program]


def test_the_report_of_the_guide_is_what_is_reported(tmp_path: Path) -> None:
    """`how-a-report-travels.md`: its files are linted, its text block is what comes of it."""
    text = (ROOT / "docs" / "how-a-report-travels.md").read_text(encoding="utf-8")
    for path, content in re.findall(r"```\w+\n(?:# |<!-- )(\S+)(?: -->)?\n(.*?)```", text, re.DOTALL):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        # The line that names the file stands in the page only; it is counted, as a reader counts.
        file.write_text("\n" + content, encoding="utf-8")
    (tmp_path / "manage.py").touch()
    command = [sys.executable, "-m", "flake8_django_orm", "check", "--output-format", "json", "app"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    shown = re.search(r"```text\n(.*?)```", text, re.DOTALL)
    assert shown is not None
    told = [" ".join(line.split()) for line in shown[1].splitlines()]
    assert told == list(_report_lines(json.loads(done.stdout), tmp_path))


def _report_lines(findings: list[dict[str, Any]], root: Path) -> Iterator[str]:
    for finding in findings:
        yield f"{_place(finding, root)}: {finding['code']} {finding['message']}"
        yield from (f"{_place(related, root)} {related['message']}" for related in finding["related"])


def _place(one: dict[str, Any], root: Path) -> str:
    return f"{Path(one['filename']).relative_to(root)}:{one['location']['row']}"


@pytest.mark.parametrize("page", GUIDE, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_generated_pages_are_up_to_date() -> None:
    """If this fails, run `make docs`."""
    expected = documents()
    stale = [path.name for path, text in expected.items() if path.read_text(encoding="utf-8") != text]
    assert stale == []
    assert set((ROOT / "docs" / "rules").glob("*.md")) <= set(expected)


def test_a_missing_mark_is_an_error() -> None:
    with pytest.raises(ValueError, match="called rules"):
        fill("no marks here", "rules", "table")
