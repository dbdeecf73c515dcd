"""The commands that are measured: ours, flake8 without and with the plugin, other linters where they are installed.

In: the interpreter that has this package, perhaps another one that has other linters. Out: command lines.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

#: What flake8 does by itself: our plugin is on no code.
ALONE = "E1,E2,E3,E4,E5,E7,E9,F,W"
_OPTIONS = ("--select", "DJQ", "--enable", "DJQ", "--isolated")
_QUIET = ("--isolated", "--exit-zero", "--color=never")
# From Python 3.14 on this is how worker processes are made on Linux, as they are on macOS and Windows before.
_AFRESH = """
import multiprocessing, sys
from flake8.main.cli import main
if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    raise SystemExit(main(sys.argv[1:]))
"""
_PYLINT = ("--load-plugins=pylint_django", "--disable=all", "--enable=E5101,W5101,W5102,W5103,W5104", "--exit-zero")
#: Name, what has to be importable, and how it is run in the directory that is linted.
_OTHERS = (
    ("flake8 with flake8-django", "flake8_django", ("-m", "flake8", *_QUIET, f"--select={ALONE},DJ", "--jobs=2", ".")),
    ("pylint, its Django rules", "pylint_django", ("-m", "pylint", *_PYLINT, "--recursive=y", "--jobs=2", ".")),
)
_RUFF = ("check", "--isolated", "--no-cache", "--exit-zero", "--select", "DJ", ".")


@dataclass(frozen=True)
class Commands:
    """Command lines for one interpreter."""

    python: str
    others: str | None = None

    @cached_property
    def version(self) -> str:
        return _said(self.python, "import platform; print(platform.python_version())")

    @property
    def starts_workers_afresh(self) -> bool:
        """Whether flake8's workers are new processes that load everything, not copies of the first one."""
        return _said(self.python, "import multiprocessing as m; print(m.get_start_method())") != "fork"

    def check(self, *arguments: str, jobs: int = 2) -> list[str]:
        """`flake8-django-orm check` with all rules."""
        return [self.python, "-m", "flake8_django_orm", "check", *_OPTIONS, "--jobs", str(jobs), *arguments]

    def flake8(self, *arguments: str, plugin: bool, jobs: int, afresh: bool = False, scratch: Path) -> list[str]:
        """flake8; the script that starts its workers afresh is written to `scratch`."""
        program = ["-m", "flake8"]
        if afresh:
            script = scratch / "flake8_afresh.py"
            script.write_text(_AFRESH, encoding="utf-8")
            program = [str(script)]
        select = f"--select={ALONE},DJQ" if plugin else f"--select={ALONE}"
        return [self.python, *program, *_QUIET, select, f"--jobs={jobs}", *arguments]

    def other_linters(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Those that are installed, beside this package or where `others` says."""
        for name, module, command in _OTHERS:
            for python in filter(None, (self.others, self.python)):
                if _said(python, f"import importlib.util as u; print(u.find_spec({module!r}) is not None)") == "True":
                    yield name, [python, *command]
                    break
        places = [str(Path(python).parent) for python in (self.others, self.python) if python is not None]
        ruff = next(filter(None, (shutil.which("ruff", path=place) for place in (*places, None))), None)
        if ruff is not None:
            yield "ruff, its Django rules", [ruff, *_RUFF]


def _said(python: str, code: str) -> str:
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
