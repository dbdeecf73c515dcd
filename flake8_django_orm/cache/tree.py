"""The state of a directory tree in one short value: equal as long as no file was added, removed or written to.

In: the project's root. Out: a digest of names, sizes and times. No file is opened, except those that were written to a
moment ago: a further write within the clock's resolution would leave their times as they are.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

#: Files younger than this are known by their contents.
_RECENT_NS = 2_000_000_000
#: A tree with more files than this is not looked at as a whole.
_MAX_FILES = 300_000


def tree_digest(root: Path, skipped: frozenset[str]) -> str | None:
    """The digest of all files below `root`, hidden directories and those named in `skipped` left out.

    None for a tree that is too large, or of which a part cannot be read.
    """
    state = hashlib.blake2b(digest_size=16)
    recent = time.time_ns() - _RECENT_NS
    count = 0
    stack = [str(root)]
    while stack:
        directory = stack.pop()
        try:
            with os.scandir(directory) as found:
                entries = sorted(found, key=lambda entry: entry.name)
            if any(entry.name == "CACHEDIR.TAG" for entry in entries):
                continue  # a cache, perhaps ours: what is written there does not change the project
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
    return state.hexdigest()


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
