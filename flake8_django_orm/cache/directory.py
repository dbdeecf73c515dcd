"""The cache's directory: entries are JSON files, named after the digest of what they belong to.

In: a kind, a key, JSON-able data. Out: the data. Entries are written whole or not at all, so that several processes
may share a directory; what cannot be read is taken for absent, what cannot be written is left out.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import Any

#: In the project's root, unless the user names another place.
NAME = ".flake8-django-orm-cache"
#: Raised when the form of an entry changes: entries of another form are not read.
FORMAT = "1"
#: Entries that nobody read for so long are dropped, and the oldest ones where there are too many.
KEPT_SECONDS = 30 * 24 * 3600
KEPT_BYTES = 400_000_000
_PRUNED_EVERY = 24 * 3600
_TOUCHED_AFTER = 24 * 3600

_TAG = """Signature: 8a477f597d28d172789f06886806bc55
# This directory holds what flake8-django-orm keeps between runs. It may be deleted at any time.
"""


def key_of(*parts: str) -> str:
    """A name for what the parts identify together."""
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def bytes_digest(data: bytes) -> str:
    """The digest of a file's bytes, in hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


class CacheDirectory:
    """One directory with its entries. It is made with the first entry that is written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._base = os.path.join(path, FORMAT)
        self._made: set[str] = set()
        self._usable = True

    def read(self, kind: str, key: str) -> Any:
        """The entry's data; None where there is none that can be read."""
        place = self._place(kind, key)
        try:
            with open(place, "rb") as file:
                data = json.loads(file.read())
                age = time.time() - os.fstat(file.fileno()).st_mtime
        except (OSError, ValueError, RecursionError):
            return None
        if age > _TOUCHED_AFTER:
            with contextlib.suppress(OSError):
                os.utime(place)  # it is in use: keep it
        return data

    def write(self, kind: str, key: str, data: Any) -> None:
        """Keep the data. A disk that is full or must not be written to ends the writing, not the run."""
        if not self._usable:
            return
        place = self._place(kind, key)
        temporary = f"{place}.{secrets.token_hex(6)}"
        try:
            self._make(os.path.dirname(place))
            with open(temporary, "w", encoding="utf-8") as file:
                file.write(json.dumps(data, separators=(",", ":")))  # json.dump() writes in small pieces, in Python
            os.replace(temporary, place)
        except (OSError, ValueError):
            self._usable = False
            with contextlib.suppress(OSError):
                os.unlink(temporary)

    def clean(self) -> bool:
        """Delete the directory, if it is a cache; whether it was. Raises OSError where that is not possible."""
        if not (self.path / "CACHEDIR.TAG").is_file():
            return False
        shutil.rmtree(self.path)
        return True

    def prune(self) -> None:
        """Drop what nobody read for long, once a day."""
        stamp = self.path / "pruned"
        now = time.time()
        with contextlib.suppress(OSError):
            if not self.path.is_dir() or (stamp.exists() and now - stamp.stat().st_mtime < _PRUNED_EVERY):
                return
            stamp.touch()
            for name in os.listdir(self.path):
                if name != FORMAT and (self.path / name).is_dir() and name.isdigit():
                    shutil.rmtree(self.path / name, ignore_errors=True)  # of an older version
            _drop(Path(self._base), now)

    def _place(self, kind: str, key: str) -> str:
        return os.path.join(self._base, kind, key[:2], f"{key[2:]}.json")

    def _make(self, directory: str) -> None:
        if directory in self._made:
            return
        os.makedirs(directory, exist_ok=True)
        if not self._made:
            for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", _TAG)):
                if not (self.path / name).exists():
                    (self.path / name).write_text(text, encoding="utf-8")
        self._made.add(directory)


def _drop(base: Path, now: float) -> None:
    """The oldest entries go first."""
    found = []
    for folder, _, names in os.walk(base):
        for name in names:
            with contextlib.suppress(OSError):
                status = os.stat(os.path.join(folder, name))
                found.append((status.st_mtime, status.st_size, os.path.join(folder, name)))
    total = sum(size for _, size, _ in found)
    for written, size, path in sorted(found):
        if now - written < KEPT_SECONDS and total <= KEPT_BYTES:
            break
        with contextlib.suppress(OSError):
            os.unlink(path)
            total -= size


def cache_directory(root: Path, named: str = "") -> CacheDirectory | None:
    """The cache of a project: where the user said, else in its root. None for a place in the root that a symbolic link
    leads out of it: a repository must not be able to have files written elsewhere.
    """
    if named:
        return CacheDirectory(Path(os.path.abspath(Path(named).expanduser())))
    place = root / NAME
    real = os.path.realpath(place)
    return CacheDirectory(place) if real == os.path.join(os.path.realpath(root), NAME) else None
