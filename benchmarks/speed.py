"""The command line, flake8 with the plugin, and one changed file: cold, warm, and after an edit.

In: a tree. Out: tables on stdout. Every figure stands beside that of flake8 alone on the same tree, in the same run.
"""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Measured, Run, in_turns, run

if TYPE_CHECKING:
    from benchmarks.commands import Commands
    from benchmarks.projects import Tree

_CACHE = ".flake8-django-orm-cache"


def show_command_line(commands: Commands, tree: Tree, rounds: int) -> None:
    """Cold, warm, after one edit; other linters."""
    lines = tree.lines
    time.sleep(3)  # files that were written a moment ago are told by their contents, not by their times
    print(f"\n## {tree.name}: {len(tree.files):,} files, {lines:,} lines\n")
    check = partial(_check, commands, tree)
    others = {name: partial(run, command, tree.root) for name, command in commands.other_linters()}
    found = in_turns(
        {
            "check, cold, 2 jobs": partial(check, cold=True),
            "check, warm": check,
            "check, one file changed": lambda: _after_an_edit(tree, check),
            "flake8 alone, 2 jobs": partial(_flake8, commands, tree, plugin=False, jobs=2),
            **others,
        },
        rounds,
    )
    _table(found, lines, than="flake8 alone, 2 jobs")
    counted = dict(re.findall(r"^flake8-django-orm: ([\w ()]+): (\d+)$", _counters(commands, tree), re.MULTILINE))
    parsed, read = int(counted.get("lines parsed", 0)), int(counted.get("units parsed", 0))
    print(f"\nParsed by libcst: {parsed:,} lines ({parsed / lines:.1%}) in {read:,} functions and class bodies.")


def show_plugin(commands: Commands, tree: Tree, rounds: int) -> None:
    """flake8 with the plugin against flake8 without it."""
    ways = [(1, False), (2, False)] + ([] if commands.starts_workers_afresh else [(2, True)])
    for jobs, afresh in ways:
        flake8 = partial(_flake8, commands, tree, jobs=jobs, afresh=afresh)
        found = in_turns(
            {
                "flake8 alone": partial(flake8, plugin=False),
                "with the plugin, cold": partial(flake8, plugin=True, cold=True),
                "with the plugin, warm": partial(flake8, plugin=True),
            },
            rounds,
        )
        started = ", workers started afresh" if afresh or (jobs > 1 and commands.starts_workers_afresh) else ""
        print(f"\n{tree.name}, flake8 --jobs {jobs}{started}, Python {commands.version}\n")
        _table(found, tree.lines, than="flake8 alone")


def show_one_file(commands: Commands, tree: Tree, rounds: int) -> None:
    """What a pre-commit hook pays for one changed file."""
    path = _edited(tree)
    name = path.relative_to(tree.root).as_posix()
    check = partial(_check, commands, tree)
    check()
    found = in_turns(
        {
            "flake8 alone, this file": partial(_flake8, commands, tree, plugin=False, jobs=1, files=[name]),
            "check, warm index": lambda: _after_an_edit(tree, partial(check, files=[name])),
            "check --with-dependents": lambda: _after_an_edit(tree, partial(check, files=["--with-dependents", name])),
            "check, cold index": lambda: _in_a_new_cache(check, name),
        },
        rounds,
    )
    print(f"\n{tree.name}, one file ({len(path.read_text(encoding='utf-8').splitlines())} lines) changed\n")
    _table(found, tree.lines, than="flake8 alone, this file")


def _in_a_new_cache(check: Callable[..., Run], name: str) -> Run:
    """A run that finds nothing, and leaves what the other runs keep alone."""
    with tempfile.TemporaryDirectory() as place:
        return check(files=["--cache-dir", place, name])


def _table(found: dict[str, Measured], lines: int, *, than: str) -> None:
    """Ratios of time and, since other work on the machine does not change these as much, of processor time."""
    print("| what | seconds | spread | processor | lines a second | peak MiB | ratio | of processor |")
    print("|---|---|---|---|---|---|---|---|")
    for name, one in found.items():
        ratio, work = one.wall / found[than].wall, one.processor / found[than].processor
        print(
            f"| {name} | {one.wall:.2f} | {one.spread:.0%} | {one.processor:.2f} | {lines / one.wall:,.0f} "
            f"| {one.peak:.0f} | {ratio:.2f} | {work:.2f} |",
            flush=True,
        )


def _check(commands: Commands, tree: Tree, *, cold: bool = False, files: list[str] | None = None) -> Run:
    if cold:
        shutil.rmtree(tree.root / _CACHE, ignore_errors=True)
    return run(commands.check("--output-format", "concise", *(files or ["."])), tree.root)


def _flake8(
    commands: Commands,
    tree: Tree,
    *,
    plugin: bool,
    jobs: int,
    afresh: bool = False,
    cold: bool = False,
    files: list[str] | None = None,
) -> Run:
    if cold:
        shutil.rmtree(tree.root / _CACHE, ignore_errors=True)
    arguments = files or ["."]
    command = commands.flake8(*arguments, plugin=plugin, jobs=jobs, afresh=afresh, scratch=tree.root.parent)
    return run(command, tree.root)


def _counters(commands: Commands, tree: Tree) -> str:
    shutil.rmtree(tree.root / _CACHE, ignore_errors=True)
    return run(commands.check("--statistics", "."), tree.root).errors


def _edited(tree: Tree) -> Path:
    """The longest `views.py`, else the longest file."""
    views = [path for path in tree.files if path.name == "views.py"] or tree.files
    return max(views, key=lambda path: path.stat().st_size)


def _after_an_edit(tree: Tree, command: Callable[[], Run]) -> Run:
    path = _edited(tree)
    text = path.read_text(encoding="utf-8")
    # Another one each time: results are kept for all texts that a file had.
    path.write_text(f"{text}# One more line, {secrets.token_hex(8)}.\n", encoding="utf-8")
    try:
        return command()
    finally:
        path.write_text(text, encoding="utf-8")
