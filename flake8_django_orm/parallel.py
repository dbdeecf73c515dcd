"""Many files, several processes: the reports come in the order of the files, whoever finished first.

In: flake8's options, file names, unsaved text, a number of processes. Out: one `FileReport` a file.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_django_orm.linter import FileReport, Linter

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence
    from multiprocessing.pool import Pool
    from pathlib import Path

    from flake8_django_orm.cache.tree import TreeState

# a process that starts anew imports the package and reads the index again: not worth it for a few files
FILES_A_PROCESS = 40
_CHUNK = 8

_linter: Linter | None = None


def job_count_for(wanted: int | None, files: int) -> int:
    """The number of processes for `files` files: `wanted`, or what the machine has if that is None."""
    if wanted is not None:
        return max(1, min(wanted, files))
    return max(1, min(_processors(), files // FILES_A_PROCESS))


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class _Task:
    """What a process needs to make its linter."""

    options: argparse.Namespace
    overlays: Mapping[Path, str]
    tree: TreeState | None


@contextmanager
def lint_files(
    options: argparse.Namespace,
    filenames: Sequence[str],
    overlays: Mapping[Path, str],
    jobs: int,
    tree: TreeState | None = None,
) -> Iterator[Iterator[FileReport]]:
    """The reports on `filenames`, made while they are asked for. `tree` is the state of the project's files, if it is
    known."""
    pool = _pool(_Task(options, overlays, tree), jobs, filenames) if jobs > 1 and len(filenames) > 1 else None
    if pool is None:
        linter = Linter(options, overlays, tree)
        yield map(linter.check, filenames)
        return
    try:
        yield pool.imap(_check, filenames, chunksize=max(1, min(_CHUNK, len(filenames) // jobs)))
    finally:
        pool.terminate()
        pool.join()


def _pool(task: _Task, jobs: int, filenames: Sequence[str]) -> Pool | None:
    """None where the system has no room for one, so that the work is done in this process."""
    global _linter
    _linter = None
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
    try:
        if method is not None:  # the index is read once, and all processes share its memory
            _linter = Linter(task.options, task.overlays, task.tree)
            _linter.prepare(filenames[0])
        return multiprocessing.get_context(method).Pool(jobs, _start, (task,))
    except (OSError, ImportError):
        return None


def _start(task: _Task) -> None:
    global _linter
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and ends us
    if _linter is None:
        _linter = Linter(task.options, task.overlays, task.tree)


def _check(filename: str) -> FileReport:
    assert _linter is not None, "the pool starts each process with _start"
    return _linter.check(filename)
