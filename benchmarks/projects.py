"""The projects that are measured: published packages of fixed versions, put together into trees of several sizes.

In: nothing but a package index. Out: directories with Python files. A package is downloaded once, as text: it is
unpacked, never installed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PINNED = {
    "pulpcore": "3.123.1",
    "wagtail": "8.0.1",
    "pretix": "2026.8.0",
    "mayan-edms": "4.12.2",
    "weblate": "5.14.3",
    "nautobot": "3.2.7",
}
#: From 80,000 lines to 800,000 and more.
TREES: dict[str, Sequence[str]] = {
    "small": ("pulpcore",),
    "medium": ("pulpcore", "wagtail"),
    "large": ("pulpcore", "wagtail", "pretix", "mayan-edms"),
    "huge": ("pulpcore", "wagtail", "pretix", "mayan-edms", "weblate", "nautobot"),
}
_STORE = Path(__file__).parent / ".packages"


@dataclass(frozen=True, slots=True)
class Tree:
    """One directory to lint."""

    name: str
    root: Path

    @property
    def files(self) -> list[Path]:
        return sorted(self.root.rglob("*.py"))

    @property
    def lines(self) -> int:
        return sum(path.read_bytes().count(b"\n") for path in self.files)


def tree(name: str, scratch: Path) -> Tree:
    """One of TREES, made anew in `scratch`."""
    root = scratch / name
    for package in TREES[name]:
        for source in _unpacked(package).iterdir():
            if source.is_dir() and not source.name.endswith((".dist-info", ".data")):
                shutil.copytree(source, root / source.name, dirs_exist_ok=True)
    (root / ".git").mkdir()  # marks the root
    return Tree(name, root)


def copies(package: str, count: int, scratch: Path) -> Tree:
    """`count` copies of one package side by side, each under names and app labels of its own."""
    source = _unpacked(package) / package
    root = scratch / f"{package} x {count}"
    for number in range(count):
        name = f"{package}{number}"
        target = root / name
        shutil.copytree(source, target)
        for path in target.rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            path.write_text(re.sub(rf"\b{package}\b", name, _relabelled(text, number)), encoding="utf-8")
    (root / ".git").mkdir(parents=True)
    return Tree(root.name, root)


def checkout(path: Path, scratch: Path) -> Tree:
    """A copy of somebody's checkout, so that nothing is written there."""
    ignored = shutil.ignore_patterns(".git", ".venv", "venv", "node_modules", "__pycache__")
    root = scratch / path.name
    shutil.copytree(path, root, ignore=ignored, symlinks=True)
    (root / ".git").mkdir(exist_ok=True)
    return Tree(path.name, root)


def _relabelled(text: str, number: int) -> str:
    """Labels of apps as they are declared, and as strings name models by them: `"core.Task"`."""
    text = re.sub(r'(\blabel = ["\'])(\w+)', rf"\g<1>\g<2>{number}", text)
    return re.sub(r'(["\'])([a-z]\w*)(\.[A-Z]\w+["\'])', rf"\g<1>\g<2>{number}\g<3>", text)


def _unpacked(package: str) -> Path:
    """The package's files, downloaded when they are first needed."""
    place = _STORE / f"{package}-{PINNED[package]}"
    if not place.exists():
        _STORE.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*command, "--dest", str(_STORE), f"{package}=={PINNED[package]}"], check=True)
        (wheel,) = _STORE.glob(f"{package.replace('-', '_')}-{PINNED[package]}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(place)
        wheel.unlink()
    return place
