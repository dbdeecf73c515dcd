"""The command line, flake8 with the plugin, and one changed file: cold, warm, and after an edit.

In: a tree. Out: tables on stdout. Every figure stands beside that of flake8 alone on the same tree, in the same run.
"""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Measured, Run, in_turns, run

if TYPE_CHECKING:
    from benchmarks.projects import Tree

_CACHE = ".flake8-django-orm-cache"
_CHECK = [sys.executable, "-m", "flake8_django_orm", "check", "--select", "DJQ", "--enable", "DJQ", "--isolated"]
_CHECK += ["--output-format", "concise"]
_FLAKE8 = [sys.executable, "-m", "flake8", "--isolated", "--exit-zero", "--color=never"]
_ALONE = "E1,E2,E3,E4,E5,E7,E9,F,W"  # what flake8 does by itself: our plugin is on no code


def show_command_line(tree: Tree, rounds: int) -> None:
    """Cold, warm, after one edit."""
    lines = tree.lines
    time.sleep(3)  # files that were written a moment ago are told by their contents, not by their times
    print(f"\n## {tree.name}: {len(tree.files):,} files, {lines:,} lines\n")
    found = in_turns(
        {
            "check, cold, 2 jobs": lambda: _check(tree, cold=True, jobs=2),
            "check, warm": lambda: _check(tree),
            "check, one file changed": lambda: _after_an_edit(tree, lambda: _check(tree)),
            "flake8 alone, 2 jobs": partial(_flake8, tree, _ALONE, jobs=2),
            **_other_linters(tree),
        },
        rounds,
    )
    _table(found, lines, than="flake8 alone, 2 jobs")
    counted = dict(re.findall(r"^flake8-django-orm: ([\w ()]+): (\d+)$", _counters(tree), re.MULTILINE))
    parsed, read = int(counted.get("lines parsed", 0)), int(counted.get("units parsed", 0))
    print(f"\nParsed by libcst: {parsed:,} lines ({parsed / lines:.1%}) in {read:,} functions and class bodies.")


def show_plugin(tree: Tree, rounds: int) -> None:
    """flake8 with the plugin against flake8 without it."""
    for jobs in (1, 2):
        found = in_turns(
            {
                "flake8 alone": partial(_flake8, tree, _ALONE, jobs=jobs),
                "with the plugin, cold": partial(_flake8, tree, f"{_ALONE},DJQ", jobs=jobs, cold=True),
                "with the plugin, warm": partial(_flake8, tree, f"{_ALONE},DJQ", jobs=jobs),
            },
            rounds,
        )
        print(f"\n{tree.name}, flake8 --jobs {jobs}\n")
        _table(found, tree.lines, than="flake8 alone")


def show_one_file(tree: Tree, rounds: int) -> None:
    """What a pre-commit hook pays for one changed file."""
    path = _edited(tree)
    name = path.relative_to(tree.root).as_posix()
    _check(tree)
    found = in_turns(
        {
            "flake8 alone, this file": partial(_flake8, tree, _ALONE, files=[name]),
            "check, warm index": lambda: _after_an_edit(tree, lambda: _check(tree, files=[name])),
            "check --with-dependents": lambda: _after_an_edit(
                tree, lambda: _check(tree, files=["--with-dependents", name])
            ),
            "check, cold index": lambda: _check(tree, cold=True, files=[name]),
        },
        rounds,
    )
    print(f"\n{tree.name}, one file ({len(path.read_text(encoding='utf-8').splitlines())} lines) changed\n")
    _table(found, tree.lines, than="flake8 alone, this file")


def _table(found: dict[str, Measured], lines: int, *, than: str) -> None:
    print("| what | seconds | spread | processor | lines a second | peak MiB | ratio |")
    print("|---|---|---|---|---|---|---|")
    for name, one in found.items():
        ratio = one.wall / found[than].wall
        print(
            f"| {name} | {one.wall:.2f} | {one.spread:.0%} | {one.processor:.2f} | {lines / one.wall:,.0f} "
            f"| {one.peak:.0f} | {ratio:.2f} |"
        )


def _check(tree: Tree, *, cold: bool = False, jobs: int = 2, files: list[str] | None = None) -> Run:
    if cold:
        shutil.rmtree(tree.root / _CACHE, ignore_errors=True)
    return run([*_CHECK, "--jobs", str(jobs), *(files or ["."])], tree.root)


def _flake8(tree: Tree, codes: str, *, jobs: int = 1, cold: bool = False, files: list[str] | None = None) -> Run:
    if cold:
        shutil.rmtree(tree.root / _CACHE, ignore_errors=True)
    return run([*_FLAKE8, f"--select={codes}", f"--jobs={jobs}", *(files or ["."])], tree.root)


def _counters(tree: Tree) -> str:
    shutil.rmtree(tree.root / _CACHE, ignore_errors=True)
    return run([*_CHECK, "--jobs", "2", "--statistics", "."], tree.root).errors


def _edited(tree: Tree) -> Path:
    """The longest `views.py`, else the longest file."""
    views = [path for path in tree.files if path.name == "views.py"] or tree.files
    return max(views, key=lambda path: path.stat().st_size)


def _after_an_edit(tree: Tree, command: Callable[[], Run]) -> Run:
    path = _edited(tree)
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}# One more line.\n", encoding="utf-8")
    try:
        return command()
    finally:
        path.write_text(text, encoding="utf-8")


def _other_linters(tree: Tree) -> dict[str, Callable[[], Run]]:
    """Those that happen to be installed."""
    commands = {
        "ruff, its Django rules": ["ruff", "check", "--isolated", "--no-cache", "--exit-zero", "--select", "DJ", "."],
    }
    beside = Path(sys.executable).parent
    found: dict[str, Callable[[], Run]] = {}
    for name, (program, *options) in commands.items():
        place = shutil.which(program, path=str(beside)) or shutil.which(program)
        if place is not None:
            found[name] = partial(run, [place, *options], tree.root)
    return found
