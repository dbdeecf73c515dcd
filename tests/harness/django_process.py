"""A child process that runs case code on a real Django, and the interpreters that there are.

In: an interpreter, a database, jobs. Out: the worker's answers as plain data. A job that takes too long ends
the process; the next job gets a new one. What the worker can do stands in `django_worker.py`.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

#: Further interpreters with a Django of their own, separated as PATH is.
PYTHONS_VARIABLE = "FLAKE8_DJANGO_ORM_PYTHONS"

_WORKER = Path(__file__).with_name("django_worker.py")
_START_SECONDS = 60
_JOB_SECONDS = 30
SQLITE: Mapping[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}


class WorkerError(Exception):
    """The worker did not start, died, or took too long; the text holds what it wrote on stderr."""


@dataclass(frozen=True, slots=True)
class DjangoInterpreter:
    """An interpreter that has a Django: its path and Django's version."""

    python: str
    django: tuple[int, int]

    @property
    def id(self) -> str:
        return f"django-{self.django[0]}.{self.django[1]}"

    @functools.cache  # noqa: B019 (few interpreters, kept as long as the tests run)
    def has(self, package: str) -> bool:
        """Whether the interpreter can import the package."""
        script = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({package!r}) is None)"
        return subprocess.run([self.python, "-c", script], capture_output=True, timeout=60).returncode == 0


@functools.cache
def interpreters() -> tuple[DjangoInterpreter, ...]:
    """This interpreter, then those that the environment variable names; one of each Django version."""
    named = os.environ.get(PYTHONS_VARIABLE, "").split(os.pathsep)
    found: dict[tuple[int, int], DjangoInterpreter] = {}
    for python in [sys.executable, *(name for name in named if name)]:
        version = _django_version(python)
        found.setdefault(version, DjangoInterpreter(python, version))
    return tuple(found.values())


def _django_version(python: str) -> tuple[int, int]:
    script = "import django; print(*django.VERSION[:2])"
    try:
        done = subprocess.run([python, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise WorkerError(f"{PYTHONS_VARIABLE}: {python} cannot import Django: {error}") from error
    major, minor = done.stdout.split()
    return int(major), int(minor)


class DjangoProcess:
    """One worker. Started at the first job; use as a context manager, or call `close`."""

    def __init__(self, python: str, database: Mapping[str, Any] = SQLITE) -> None:
        self._python = python
        self._database = dict(database)
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str] = queue.Queue()
        self._errors: IO[str] | None = None
        self._directory: str | None = None

    def __enter__(self) -> DjangoProcess:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def measure(self, files: Mapping[str, str], proof: str, sizes: Sequence[int]) -> dict[str, Any]:
        """Make data of each size and call; one run a size. Raises WorkerError where the worker is lost."""
        return self._ask({"files": dict(files), "proof": proof, "sizes": list(sizes), "race": False})

    def race(self, files: Mapping[str, str], proof: str, sizes: Sequence[int]) -> dict[str, Any]:
        """Call twice in turn, then twice interleaved. Raises WorkerError where the worker is lost."""
        return self._ask({"files": dict(files), "proof": proof, "sizes": list(sizes), "race": True})

    def close(self) -> None:
        """End the process; a later job starts a new one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()
        if self._errors is not None:
            self._errors.close()
            self._errors = None
        if self._directory is not None:
            # Here and not in the worker: one that had to be killed cannot tidy up.
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def _ask(self, job: dict[str, Any]) -> dict[str, Any]:
        process = self._process or self._start()
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
        return self._answer(_JOB_SECONDS)

    def _start(self) -> subprocess.Popen[str]:
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (closed in close)
        self._lines = queue.Queue()
        self._directory = tempfile.mkdtemp(prefix="djq-worker-")
        self._process = process = subprocess.Popen(
            [self._python, "-P", "-W", "ignore", str(_WORKER), json.dumps(self._database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
            env={**os.environ, "TMPDIR": self._directory},
        )
        threading.Thread(target=_read_lines, args=(process, self._lines), daemon=True).start()
        self._answer(_START_SECONDS)
        return process

    def _answer(self, seconds: int) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            line = ""
        if not line:
            said = self._said()
            self.close()
            raise WorkerError(f"no answer from {self._python} within {seconds} s\n{said}")
        found: dict[str, Any] = json.loads(line)
        return found

    def _said(self) -> str:
        if self._errors is None:
            return ""
        self._errors.seek(0)
        return self._errors.read()[-4000:]


def _read_lines(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    """Hand on each line of stdout; an empty one says that the process has ended."""
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put("")
