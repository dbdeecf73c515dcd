"""A directory to lint, and the front ends to lint it with, on top of `tests.fake_engine`.

In: files as a mapping from path to text or bytes. Out: what a run printed and its exit code.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from flake8_django_orm import rule_command
from flake8_django_orm.cli import main
from tests import fake_engine

REPOSITORY = Path(__file__).resolve().parents[1]

# read by every new Python process, so that workers and flake8 itself get the fake engine too
_SITE_CUSTOMIZE = f"""\
import sys
sys.path.insert(0, {str(REPOSITORY)!r})
from tests.fake_engine import modules
sys.modules.update(modules())
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run left behind."""

    code: int
    out: str
    err: str

    @property
    def places(self) -> list[tuple[str, int, int, str]]:
        """The reported `(path, row, column, code)`, from lines as flake8 and `concise` write them."""
        found = re.findall(r"^(?:\./)?(\S+?):(\d+):(\d+): (DJQ\d+) ", self.out, re.MULTILINE)
        return [(path, int(row), int(column), code) for path, row, column, code in found]

    @property
    def codes(self) -> list[str]:
        return [code for _, _, _, code in self.places]


class Workspace:
    """A current directory with a few files."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root / "work"
        self.root.mkdir()
        self._capsys = capsys
        self._site = root / "site"
        self._site.mkdir()
        (self._site / "sitecustomize.py").write_text(_SITE_CUSTOMIZE)
        monkeypatch.chdir(self.root)
        monkeypatch.delenv("FORCE_COLOR", raising=False)
        for name, module in fake_engine.modules().items():
            monkeypatch.setitem(sys.modules, name, module)
        monkeypatch.setattr(rule_command, "all_rules", fake_engine.all_rules)

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables for a process that shall get the fake engine."""
        return {**os.environ, "PYTHONPATH": str(self._site)}

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def read(self, name: str) -> str:
        return (self.root / name).read_bytes().decode()

    def cli(self, *arguments: str) -> Run:
        """Run our command in this process."""
        code = main(arguments)
        printed = self._capsys.readouterr()
        return Run(code, printed.out, printed.err)

    def check(self, *arguments: str) -> Run:
        """Run `check` with one line a finding."""
        return self.cli("check", "--output-format", "concise", *arguments)

    def cli_process(self, *arguments: str, stdin: bytes = b"") -> Run:
        """Run our command in a process of its own."""
        return self._process("flake8_django_orm", *arguments, stdin=stdin)

    def flake8(self, *arguments: str, stdin: bytes = b"") -> Run:
        """Run flake8 with our plugin in a process of its own."""
        return self._process("flake8", *arguments, stdin=stdin)

    def codemod(self, *arguments: str) -> Run:
        """Run our codemod as libcst does, leaving the format of the code alone."""
        command = "flake8_django_orm.codemod.FixDjangoOrm"
        options = ("--no-format", "--hide-progress", "--jobs=1")
        return self._process("libcst.tool", "codemod", *options, "-x", command, *arguments)

    def shell(self, command: str) -> Run:
        """Run a shell command in which `python` is the interpreter of this process."""
        command = command.replace("python ", f"{sys.executable} ")
        return self._run(["sh", "-c", command], b"")

    def _process(self, module: str, *arguments: str, stdin: bytes = b"") -> Run:
        return self._run([sys.executable, "-m", module, *arguments], stdin)

    def _run(self, command: list[str], stdin: bytes) -> Run:
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            input=stdin,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())
