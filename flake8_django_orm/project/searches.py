"""Searches of all files of the project, without reading those that are as an earlier run found them.

In: the project's files, their stamps, a cache. Out: the paths of the files whose bytes match a search, and what each
file says of its classes. What a search found is kept by the digest of a file's bytes, so that it serves other checkouts
too; the stamps tell which files need not be read to know their digests.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_django_orm.project.gate import FileClasses, classes_in, mentions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flake8_django_orm.cache.directory import CacheDirectory
    from flake8_django_orm.project.store import ModuleStore

_FILES = "files"
_CLASSES = "classes"
#: So many changed files are read in each run before what is kept is written anew.
_FEW = 12


def _assigns(word: bytes) -> Callable[[bytes], bool]:
    assigned = re.compile(rb"^[ \t]*" + re.escape(word) + rb"[ \t]*(?::[^=\n]*)?\+?=", re.MULTILINE)
    return lambda data: word in data and assigned.search(data) is not None


def _mentions(word: bytes) -> Callable[[bytes], bool]:
    return lambda data: mentions(data, word)


#: What can be searched for: "assigns", a statement that assigns to a name; "mentions", a name as a whole identifier.
_SEARCHES: Mapping[str, Callable[[bytes], Callable[[bytes], bool]]] = {"assigns": _assigns, "mentions": _mentions}


@dataclass(frozen=True, slots=True)
class _Record:
    """What an earlier run kept: the digests of files by stamp, and of each search the digests of files that match."""

    files: Mapping[str, tuple[str, str]]
    digests: frozenset[str]
    found: Mapping[str, frozenset[str]]


class FileSearches:
    """Searches the files of one project. `key` names the project in the cache; without a cache all is read."""

    def __init__(self, store: ModuleStore, cache: CacheDirectory | None, key: str, stamps: Mapping[str, str]) -> None:
        """`stamps` holds a value by path that changes when the file does; a file without one has to be read."""
        self._store = store
        self._cache = cache
        self._key = key
        self._stamps = stamps
        self._digests: dict[str, str] = {}
        self._found: dict[str, tuple[str, ...]] = {}

    def assigning(self, name: str) -> tuple[str, ...]:
        """The files with a statement that may assign to the name."""
        return self._paths("assigns", name)

    def mentioning(self, word: str) -> tuple[str, ...]:
        """The files that have the word as a whole identifier."""
        return self._paths("mentions", word)

    def digest(self, path: str) -> str:
        """The digest of a file's bytes."""
        if path not in self._digests:
            kept = self._record.files.get(path)
            stamp = self._stamps.get(path)
            if kept is not None and kept[0] == stamp:
                self._digests[path] = kept[1]
            else:
                self._digests[path] = hashlib.blake2b(self._store.data(path), digest_size=16).hexdigest()
        return self._digests[path]

    @cached_property
    def classes(self) -> dict[str, FileClasses]:
        """What the files say of their classes, by path."""
        if self._cache is None:
            found = ((path, classes_in(self._store.data(path))) for path in self._store.tree.files)
            return {path: one for path, one in found if one is not None}
        kept = self._kept_classes()
        said: dict[str, FileClasses] = {}
        for path in self._store.tree.files:
            digest = self.digest(path)
            one = kept[digest] if digest in kept else classes_in(self._store.data(path))
            if one is not None:
                said[path] = one
        return said

    @property
    def is_kept(self) -> bool:
        """Whether all but a few files are as they were in what is kept."""
        changed = sum(self.digest(path) not in self._record.digests for path in self._store.tree.files)
        return changed <= _FEW

    def keep(self) -> None:
        """Keep what is known of the files, for the next run."""
        if self._cache is None:
            return
        digests = {path: self.digest(path) for path in self._store.tree.files}
        found = {name: self._paths(*name.split(" ", 1)) for name in {*self._found, *self._record.found}}
        files = {path: [self._stamps.get(path, ""), digest] for path, digest in digests.items()}
        matching = {name: sorted({digests[path] for path in paths}) for name, paths in found.items()}
        self._cache.write(_FILES, self._key, {"files": files, "found": matching})
        said: dict[str, Any] = dict.fromkeys(digests.values())
        said.update({digests[path]: list(one) for path, one in self.classes.items()})
        self._cache.write(_CLASSES, self._key, said)

    def _paths(self, kind: str, word: str) -> tuple[str, ...]:
        name = f"{kind} {word}"
        if name not in self._found:
            self._found[name] = tuple(self._search(name, _SEARCHES[kind](word.encode())))
        return self._found[name]

    def _search(self, name: str, matches: Callable[[bytes], bool]) -> Iterable[str]:
        files = self._store.tree.files
        if self._cache is None or name not in self._record.found:
            return [path for path in files if matches(self._store.data(path))]
        known, matching = self._record.digests, self._record.found[name]
        return [
            path
            for path in files
            if (digest := self.digest(path)) in matching or (digest not in known and matches(self._store.data(path)))
        ]

    @cached_property
    def _record(self) -> _Record:
        data: Any = None if self._cache is None else self._cache.read(_FILES, self._key)
        try:
            files = {str(path): (str(stamp), str(digest)) for path, (stamp, digest) in data["files"].items()}
            found = {str(n): frozenset(d) for n, d in data["found"].items() if n.partition(" ")[0] in _SEARCHES}
        except (TypeError, KeyError, ValueError, AttributeError):
            files, found = {}, {}
        return _Record(files, frozenset(digest for _, digest in files.values()), found)

    def _kept_classes(self) -> Mapping[str, FileClasses | None]:
        """By digest; None for a file without classes. What is damaged is not there."""
        assert self._cache is not None
        data: Any = self._cache.read(_CLASSES, self._key)
        try:
            return {digest: None if one is None else _file_classes(*one) for digest, one in data.items()}
        except (TypeError, ValueError, AttributeError):
            return {}


def _file_classes(classes: Any, aliases: Any, has_fields: Any) -> FileClasses:
    """Raises TypeError or ValueError for what is none."""
    return FileClasses(
        [(str(name), list(map(str, bases))) for name, bases in classes],
        [(str(name), str(other)) for name, other in aliases],
        bool(has_fields),
    )
