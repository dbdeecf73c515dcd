"""`python -m tests.demo`: lint, show the diff, repair a copy, measure both forms.

In: the project in `tests/fixtures/demo`. Out: what the steps print; exit code 1 when the repair is not
proven.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.demo.report import Measurement, complaints, table

DEMO = Path(__file__).parents[1] / "fixtures" / "demo"
MEASURE = Path(__file__).with_name("measure.py")


class DemoError(Exception):
    """A step of the demo failed; the message is what to tell the person at the terminal."""


def copy_demo(to: Path) -> Path:
    """A fresh copy of the demo project in the directory `to`."""
    return Path(shutil.copytree(DEMO, to, ignore=shutil.ignore_patterns("__pycache__")))


def run_linter(project: Path, *options: str) -> str:
    """What `flake8-django-orm check` prints inside the project; raises DemoError when it complains."""
    command = [sys.executable, "-m", "flake8_django_orm", "check", "--no-cache", *options]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=300)
    if done.returncode not in {0, 1} or done.stderr:
        raise DemoError(f"the linter failed with exit code {done.returncode}:\n{done.stderr}")
    return done.stdout


def repair(project: Path) -> str:
    """Apply all fixes, the unsafe ones too, and say what the linter printed."""
    return run_linter(project, "--unsafe-fixes", "--fix")


def measure(project: Path) -> Measurement:
    """Run every page of the project in a new process; raises DemoError when the project does not start."""
    command = [sys.executable, str(MEASURE), str(project)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise DemoError(f"the project does not run:\n{done.stderr}")
    return Measurement.from_json(json.loads(done.stdout))


def show_step(command: str, output: str) -> None:
    """Print a command and what it answered."""
    print(f"\n$ {command}\n{output}", end="", flush=True)


def run_demo(workshop: Path) -> int:
    """The whole demo in the empty directory `workshop`; the exit code."""
    original = copy_demo(workshop / "before")
    show_step("flake8-django-orm check", run_linter(original))
    show_step("flake8-django-orm check --unsafe-fixes --diff", run_linter(original, "--unsafe-fixes", "--diff"))
    repaired = copy_demo(workshop / "after")
    show_step("flake8-django-orm check --unsafe-fixes --fix", repair(repaired))

    before, after = measure(original), measure(repaired)
    print("\nThe project before and after, on SQLite in memory:\n")
    print("\n".join(table(before, after)))
    failures = list(complaints(before, after))
    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    return 1 if failures else 0


def main() -> int:
    """Run the demo in a temporary directory."""
    try:
        with tempfile.TemporaryDirectory(prefix="flake8-django-orm-demo-") as workshop:
            return run_demo(Path(workshop))
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
