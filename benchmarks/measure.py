"""Whole processes, measured: wall time, processor time, peak memory, what they printed.

In: a command and a directory. Out: `Run`s, and of several runs the median with its spread. Commands that are compared
take turns, so that a busy machine slows them alike.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """One process with its children. Times in seconds, `peak` in MiB of the largest single process."""

    wall: float
    processor: float
    peak: float
    output: str
    errors: str


@dataclass(frozen=True, slots=True)
class Measured:
    """Several runs of one command."""

    runs: tuple[Run, ...]

    @property
    def wall(self) -> float:
        return statistics.median(run.wall for run in self.runs)

    @property
    def processor(self) -> float:
        return statistics.median(run.processor for run in self.runs)

    @property
    def peak(self) -> float:
        return max(run.peak for run in self.runs)

    @property
    def spread(self) -> float:
        """From the fastest to the slowest run, as a part of the median."""
        walls = [run.wall for run in self.runs]
        return (max(walls) - min(walls)) / self.wall if self.wall else 0.0

    @property
    def last(self) -> Run:
        return self.runs[-1]


def run(command: Sequence[str], directory: Path, stdin: str | None = None) -> Run:
    """Run a command to its end. Raises RuntimeError where it crashed."""
    # Where Python may not keep its bytecode, each process would compile the linter anew, which users do not see.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    errors: list[str] = []
    assert process.stdout is not None
    assert process.stderr is not None
    reader = threading.Thread(target=lambda stream: errors.append(stream.read()), args=(process.stderr,))
    reader.start()
    if stdin is not None and process.stdin is not None:
        process.stdin.write(stdin)
        process.stdin.close()
    output = process.stdout.read()
    reader.join()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if "Traceback (most recent call last)" in errors[0]:
        raise RuntimeError(f"{' '.join(command)}: {errors[0].strip().splitlines()[-1]}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, output, errors[0])


def in_turns(commands: Mapping[str, Callable[[], Run]], rounds: int) -> dict[str, Measured]:
    """Each command once a round."""
    found: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            found[name].append(command())
    return {name: Measured(tuple(runs)) for name, runs in found.items()}
