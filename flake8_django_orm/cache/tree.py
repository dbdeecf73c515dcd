"""The state of a directory tree in one short value: equal as long as no file was added, removed or written to.

In: the project's root. Out: a digest of names, sizes and times. No file is opened, except those that were written to a
moment ago: a further write within the clock's resolution would leave their times as they are.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

#: Files younger than this are known by their contents.
_RECENT_NS = 2_000_000_000
#: A tree with more files than this is not looked at as a whole.
_MAX_FILES = 300_000
#: Files that mark a cache, perhaps ours, or a virtual environment: what is written there does not change the project.
_MARKS = frozenset({"CACHEDIR.TAG", "pyvenv.cfg"})


@dataclass(frozen=True, slots=True)
class TreeState:
    """The digest of a tree's files, and the directories to which these belong."""

    digest: str
    directories: frozenset[str]

    def covers(self, path: str) -> bool:
        """Whether a file (absolute) is one of those that the digest tells of."""
        return os.path.dirname(path) in self.directories


def tree_state(root: Path, skipped: frozenset[str]) -> TreeState | None:
    """The state of all files below `root`. Left out are hidden directories and those named in `skipped`, caches and
    virtual environments.

    None for a tree that is too large, or of which a part cannot be read.
    """
    state = hashlib.blake2b(digest_size=16)
    recent = time.time_ns() - _RECENT_NS
    count = 0
    stack = [str(root)]
    directories: set[str] = set()
    while stack:
        directory = stack.pop()
        try:
            with os.scandir(directory) as found:
                entries = sorted(found, key=lambda entry: entry.name)
            if any(entry.name in _MARKS for entry in entries) and directory != str(root):
                continue
            directories.add(directory)
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith(".") and entry.name not in skipped:
                        stack.append(entry.path)
                    continue
                count += 1
                state.update(_state_of(entry, recent))
        except OSError:
            return None
        if count > _MAX_FILES:
            return None
    return TreeState(state.hexdigest(), frozenset(directories))


def tree_digest(root: Path, skipped: frozenset[str]) -> str | None:
    """The digest alone, None as for `tree_state`."""
    state = tree_state(root, skipped)
    return None if state is None else state.digest


def _state_of(entry: os.DirEntry[str], recent: int) -> bytes:
    name = entry.path.encode("utf-8", "surrogateescape")
    try:
        status = entry.stat()
    except OSError:  # a link that leads nowhere
        return name + b"\0"
    parts = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    written = name + b"\0%d,%d,%d,%d\0" % parts
    if max(status.st_mtime_ns, status.st_ctime_ns) < recent or not entry.is_file():
        return written
    with open(entry.path, "rb") as file:
        return written + hashlib.blake2b(file.read(), digest_size=16).digest()
