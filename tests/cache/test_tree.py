"""The state of a tree: another value after every change, the same one without."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flake8_django_orm.cache.tree import tree_state

OLD = time.time() - 1000


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a.py", "b/c.py", "b/templates/d.html"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def _state(tree: Path) -> str | None:
    state = tree_state(tree, frozenset({"node_modules"}))
    return None if state is None else state.digest


def _overwrite_within_the_same_tick(tree: Path) -> None:
    """Same size, same times, as two writes in one tick of a coarse clock would leave them."""
    path = tree / "a.py"
    status = path.stat()
    with path.open("r+") as file:
        file.write("z")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _write_long_ago(path: Path) -> None:
    path.write_text("z.py")
    os.utime(path, (OLD, OLD))


CHANGES: dict[str, Callable[[Path], object]] = {
    "longer": lambda tree: (tree / "a.py").write_text("longer than before"),
    "same size": lambda tree: (tree / "a.py").write_text("z.py"),
    "same size and time": _overwrite_within_the_same_tick,
    "new file": lambda tree: (tree / "b/new.py").write_text(""),
    "removed": lambda tree: (tree / "b/c.py").unlink(),
    "renamed": lambda tree: (tree / "b/c.py").rename(tree / "b/e.py"),
    "a template": lambda tree: (tree / "b/templates/d.html").write_text("other"),
    "a clock that stands in the past": lambda tree: _write_long_ago(tree / "a.py"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_is_seen(tree: Path, change: Callable[[Path], object]) -> None:
    before = _state(tree)
    assert _state(tree) == before
    change(tree)
    assert _state(tree) != before


def test_what_is_no_part_of_the_project_is_left_out(tree: Path) -> None:
    before = _state(tree)
    for name in (".git/index", "node_modules/x.py", "b/.hidden/x.py"):
        (tree / name).parent.mkdir(parents=True)
        (tree / name).write_text("x")
    (tree / "b/own-cache").mkdir()
    (tree / "b/own-cache/CACHEDIR.TAG").write_text("x")
    assert _state(tree) == before


def test_a_link_that_leads_nowhere(tree: Path) -> None:
    (tree / "b/lost.py").symlink_to("nowhere")
    assert _state(tree) is not None


def test_a_directory_that_is_not_there() -> None:
    assert _state(Path("/no/such/directory")) is None
