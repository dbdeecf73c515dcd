"""The state of a directory tree: which files it holds, and one short value that is equal as long as no file was added,
removed or written to.

In: the project's root. Out: directories with their files, and a digest of names, sizes and times. No file is opened,
except those that were written to a moment ago: a further write within the clock's resolution would leave their times as
they are.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from flake8_django_orm.cache.directory import bytes_digest

#: Files younger than this are known by their contents.
_RECENT_NS = 2_000_000_000
#: A tree with more files than this is not looked at as a whole.
_MAX_FILES = 300_000
#: Files that mark a cache, perhaps ours, or a virtual environment: what is written there does not change the project.
MARKS = frozenset({"CACHEDIR.TAG", "pyvenv.cfg"})


class Directory(NamedTuple):
    """The names of a directory's subdirectories and files. `links` are those files that are symbolic links."""

    directories: tuple[str, ...]
    files: tuple[str, ...]
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TreeState:
    """The state of the files below `root`: a digest of all, the directories by their absolute paths, and for each file,
    by its absolute path, a stamp that changes when it is written to.
    """

    root: str
    digest: str
    directories: Mapping[str, Directory]
    stamps: Mapping[str, str]

    def covers(self, path: str) -> bool:
        """Whether a file (absolute) is one of those that the digest tells of."""
        return os.path.dirname(path) in self.directories


def tree_state(root: Path, skipped: frozenset[str]) -> TreeState | None:
    """The state of all files below `root`. Left out are hidden directories and those named in `skipped`, caches and
    virtual environments.

    None for a tree that is too large, or of which a part cannot be read.
    """
    top = str(root)
    walk = _Walk(skipped)
    stack = [top]
    try:
        while stack:
            path = stack.pop()
            found = walk.directory(path, is_root=path == top)
            stack += [f"{path}{os.sep}{name}" for name in found.directories]
            if walk.count > _MAX_FILES:
                return None
    except OSError:
        return None
    return TreeState(top, walk.state.hexdigest(), walk.directories, walk.stamps)


class _Walk:
    """Reads directories one by one and keeps what it found. Large trees have tens of thousands of files."""

    def __init__(self, skipped: frozenset[str]) -> None:
        self._skipped = skipped
        self._recent = time.time_ns() - _RECENT_NS
        self.state = hashlib.blake2b(digest_size=16)
        self.directories: dict[str, Directory] = {}
        self.stamps: dict[str, str] = {}
        self.count = 0

    def directory(self, path: str, *, is_root: bool) -> Directory:
        """The directory's names; what it holds goes into the state. Raises OSError where it cannot be read."""
        inner: list[str] = []
        names: list[str] = []
        links: list[str] = []
        written: list[str] = []
        with os.scandir(path) as found:
            for entry in found:
                name = entry.name
                if entry.is_dir(follow_symlinks=False):
                    if name[0] != "." and name not in self._skipped:
                        inner.append(name)
                    continue
                written.append(self._written(path, name, entry))
                if entry.is_file(follow_symlinks=False):
                    names.append(name)
                elif entry.is_symlink():
                    names.append(name)
                    links.append(name)  # anything else, such as a named pipe, must not be opened
        if not (is_root or MARKS.isdisjoint(names)):
            return Directory((), ())
        if holds_translations(path, names):
            inner = []
        self.count += len(written)
        written.sort()
        written.append(path)
        self.state.update("\0".join(written).encode("utf-8", "surrogateescape"))
        listed = self.directories[path] = Directory(tuple(sorted(inner)), tuple(names), tuple(links))
        return listed

    def _written(self, directory: str, name: str, entry: os.DirEntry[str]) -> str:
        """The file's name with what changes when it is written to."""
        try:
            status = entry.stat()
        except OSError:  # a link that leads nowhere
            return name
        written, changed = status.st_mtime_ns, status.st_ctime_ns
        stamp = stamp_of(status)
        if (written >= self._recent or changed >= self._recent) and entry.is_file():
            with open(entry.path, "rb") as file:
                stamp = f"{stamp},{bytes_digest(file.read())}"
        self.stamps[f"{directory}{os.sep}{name}"] = stamp
        return f"{name}/{stamp}"


def stamp_of(status: os.stat_result) -> str:
    """What changes when a file is written to, unless that happens within the clock's resolution."""
    return f"{status.st_size},{status.st_mtime_ns},{status.st_ctime_ns},{status.st_ino}"


def is_stamp_of(known: str, stamp: str, data: bytes) -> bool:
    """Whether a stamp of `TreeState` belongs to a file with this data and the stamp that it has without it."""
    return known == stamp or known == f"{stamp},{bytes_digest(data)}"


def holds_translations(directory: str, files: Iterable[str]) -> bool:
    """Whether a directory with these files is one of gettext's, with a directory for each language and no code: large
    projects have thousands of those. Django keeps formats of dates beside its own, in a package."""
    return os.path.basename(directory) == "locale" and not any(name.endswith(".py") for name in files)
