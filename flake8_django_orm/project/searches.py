"""Searches of all files of the project, without reading those that are as an earlier run found them.

In: the project's files, their stamps, a cache. Out: the paths of the files whose bytes match a search, and what each
file says of its classes. What a search found is kept by the digest of a file's bytes, so that it serves other checkouts
too; the stamps tell which files need not be read to know their digests.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_django_orm.cache.directory import bytes_digest, key_of
from flake8_django_orm.project.gate import FileClasses, classes_in, mentions
from flake8_django_orm.source import FileKind, file_kind
from flake8_django_orm.syntax.stored_attributes import SOURCE, makes_and_stores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from flake8_django_orm.cache.directory import CacheDirectory
    from flake8_django_orm.project.store import ModuleStore

_FILES = "files"
_CLASSES = "classes"
_FORMER = "former"
#: So many changed files are read in each run before what is kept is written anew.
_FEW = 12
#: More searches than this are not kept.
_MANY = 1000


def _assigns(word: bytes) -> Callable[[bytes], bool]:
    assigned = re.compile(rb"^[ \t]*" + re.escape(word) + rb"[ \t]*(?::[^=\n]*)?\+?=", re.MULTILINE)
    return lambda data: word in data and assigned.search(data) is not None


def _mentions(word: bytes) -> Callable[[bytes], bool]:
    return lambda data: mentions(data, word)


def _holds(word: bytes) -> Callable[[bytes], bool]:
    return lambda data: word in data


def _stores(_: bytes) -> Callable[[bytes], bool]:
    return lambda data: SOURCE.encode() in data and makes_and_stores(data.decode("utf-8", "replace"))


def _is_code(path: str) -> bool:
    return file_kind(path) not in (FileKind.TEST, FileKind.MIGRATION)


@dataclass(frozen=True, slots=True)
class _Search:
    """A kind of search: what makes a test of a file's bytes from a word, and which paths it is for (None: all)."""

    test: Callable[[bytes], Callable[[bytes], bool]]
    is_for: Callable[[str], bool] | None = None


#: What can be searched for: "assigns", a statement that assigns to a name; "mentions", a name as a whole identifier;
#: "holds", any text; "stores", a statement that may put a database expression on a row, which takes longest to find and
#: is asked for outside of tests and migrations only.
_SEARCHES: Mapping[str, _Search] = {
    "assigns": _Search(_assigns),
    "mentions": _Search(_mentions),
    "holds": _Search(_holds),
    "stores": _Search(_stores, _is_code),
}


@dataclass(frozen=True, slots=True)
class _Record:
    """What an earlier run kept: the digests of files by stamp, and of each search the digests of files that match."""

    files: Mapping[str, tuple[str, str]]
    digests: frozenset[str]
    found: Mapping[str, frozenset[str]]
    classes: Mapping[str, str]  # by the digest of a file, that of what it says of its classes


class FileSearches:
    """Searches the files of one project. `key` names the project in the cache; without a cache all is read."""

    def __init__(self, store: ModuleStore, cache: CacheDirectory | None, key: str, stamps: Mapping[str, str]) -> None:
        """`stamps` holds by absolute path a value that changes when a file does; those without one have to be read."""
        self._store = store
        self._cache = cache
        self._key = key
        self._stamps = stamps
        self._root = f"{store.tree.root}{os.sep}"
        self._digests: dict[str, str] = {}
        self._formers: dict[str, Mapping[str, bool]] = {}
        self._found: dict[str, tuple[str, ...]] = {}
        self._new = 0  # searches that are not kept
        self._written = 0  # searches that this process has written
        self._classes_written = False

    def assigning(self, name: str) -> tuple[str, ...]:
        """The files with a statement that may assign to the name."""
        return self.paths("assigns", name)

    def mentioning(self, word: str) -> tuple[str, ...]:
        """The files that have the word as a whole identifier."""
        return self.paths("mentions", word)

    def holding(self, text: str) -> tuple[str, ...]:
        """The files that have the text anywhere."""
        return self.paths("holds", text)

    def storing(self) -> tuple[str, ...]:
        """The files outside of tests and migrations that may put a database expression on a row."""
        return self.paths("stores", "")

    def paths(self, kind: str, word: str) -> tuple[str, ...]:
        """The files that match a search of one of the kinds in `_SEARCHES`."""
        name = f"{kind} {word}"
        if name not in self._found:
            self._found[name] = tuple(self._search(name, _SEARCHES[kind], word))
        return self._found[name]

    def asked(self, kind: str) -> list[str]:
        """The words for which this process made searches of a kind."""
        names = (name.partition(" ") for name in self._found)
        return sorted(word for one, _, word in names if one == kind)

    def matches(self, kind: str, word: str, path: str) -> bool:
        """Whether a search would match this file, without looking at the others."""
        search = _SEARCHES[kind]
        return (search.is_for is None or search.is_for(path)) and search.test(word.encode())(self._store.data(path))

    def matched(self, kind: str, word: str, before: str) -> bool | None:
        """Whether a search matched a file when its digest was `before`; None where that is not known."""
        name = f"{kind} {word}"
        if before in self._record.digests:
            return before in self._record.found[name] if name in self._record.found else None
        return self._former(before).get(name)

    def digest(self, path: str) -> str:
        """The digest of a file's bytes."""
        if path not in self._digests:
            kept = self._record.files.get(path)
            stamp = self._stamps.get(self._root + path)
            if kept is not None and kept[0] == stamp:
                self._digests[path] = kept[1]
            else:
                self._digests[path] = self.digest_as_read(path)
        return self._digests[path]

    def digest_as_read(self, path: str) -> str:
        """The digest of the bytes that this process has read: other ones, if the file is written to at this moment."""
        return bytes_digest(self._store.data(path))

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

    @cached_property
    def classes_digest(self) -> str:
        """A digest of `classes`, for which these need not be read where few files have changed."""
        return key_of(*map(self._digest_of_classes, self._store.tree.files))

    def _digest_of_classes(self, path: str) -> str:
        known = self._record.classes.get(self.digest(path))
        if known is not None:
            return known
        is_known = "classes" in self.__dict__
        said = self.classes.get(path) if is_known else classes_in(self._store.data(path))
        return "" if said is None else key_of(repr(said))[:16]

    def keep(self) -> None:
        """Keep what is known of the files, for the next run. To be called after each file: it writes after the first
        search, after two, four, eight and so on, and where more than a few files have changed."""
        if self._cache is None:
            return
        if self._has_other_files and not self._classes_written:
            self._classes_written = True
            self._keep_classes()
            self.keep_files()
        elif self._new > self._written:
            self.keep_files()

    @cached_property
    def _has_other_files(self) -> bool:
        """Whether nothing is kept, or more than a few files are others than in what is."""
        known = self._record.digests
        return not known or sum(self.digest(path) not in known for path in self._store.tree.files) > _FEW

    def _keep_classes(self) -> None:
        assert self._cache is not None
        said: dict[str, Any] = dict.fromkeys(map(self.digest, self._store.tree.files))
        said.update({self.digest(path): list(one) for path, one in self.classes.items()})
        self._cache.write(_CLASSES, self._key, said)

    def keep_files(self) -> None:
        """Keep what is known of the files as they are now. Searches of earlier runs, and of others that run beside this
        one, are kept with those of this one, if only few files have to be searched for that."""
        if self._cache is None:
            return
        files = self._store.tree.files
        digests = {self.digest(path): path for path in files}
        places = {digest: place for place, digest in enumerate(digests)}
        classes = {digest: self._digest_of_classes(path) for digest, path in digests.items()}
        found = {name: {self.digest(path) for path in paths} for name, paths in self._found.items()}
        found.update((name, one) for name, one in self._found_by_others(digests) if name not in found)
        data = {
            "digests": list(digests),
            "files": {path: [self._stamps.get(self._root + path, ""), places[self.digest(path)]] for path in files},
            "found": {name: sorted(map(places.__getitem__, one)) for name, one in list(found.items())[:_MANY]},
            "classes": [classes[digest] for digest in digests],
        }
        self._cache.write(_FILES, self._key, data)
        self._new, self._written = 0, len(self._found)

    def _found_by_others(self, digests: Mapping[str, str]) -> Iterator[tuple[str, set[str]]]:
        """What searches that other processes have kept would match of the files with these digests."""
        record = self._read_record()
        new = digests.keys() - record.digests
        if len(new) > _FEW:
            return
        self._keep_former(record, record.digests - digests.keys())
        for name, matching in record.found.items():
            kind, word = name.split(" ", 1)
            yield name, {*(matching & digests.keys()), *(d for d in new if self.matches(kind, word, digests[d]))}

    def _keep_former(self, record: _Record, digests: frozenset[str]) -> None:
        """Keep which searches matched files as they were before they were written to: results may rest on that."""
        assert self._cache is not None
        for digest in sorted(digests)[:_FEW]:
            said = {name: digest in matching for name, matching in record.found.items()}
            self._cache.write(_FORMER, key_of(self._key, digest), said)

    def _former(self, digest: str) -> Mapping[str, bool]:
        """Of a file with a digest that no file has any more, which searches matched it and which did not."""
        if digest not in self._formers:
            said: Any = None if self._cache is None else self._cache.read(_FORMER, key_of(self._key, digest))
            told = said.items() if isinstance(said, dict) else ()
            self._formers[digest] = {name: matched for name, matched in told if isinstance(matched, bool)}
        return self._formers[digest]

    def _search(self, name: str, search: _Search, word: str) -> Iterable[str]:
        matches = search.test(word.encode())
        files: Iterable[str] = (
            filter(search.is_for, self._store.tree.files) if search.is_for else self._store.tree.files
        )
        if self._cache is None or name not in self._record.found:
            self._new += 1
            return [path for path in files if matches(self._store.data(path))]
        known, matching = self._known_to(search), self._record.found[name]
        return [
            path
            for path in files
            if (digest := self.digest(path)) in matching or (digest not in known and matches(self._store.data(path)))
        ]

    def _known_to(self, search: _Search) -> frozenset[str]:
        """The digests of the files that such a search was made in by an earlier run."""
        if search.is_for is None:
            return self._record.digests
        return frozenset(digest for path, (_, digest) in self._record.files.items() if search.is_for(path))

    @cached_property
    def _record(self) -> _Record:
        return self._read_record()

    def _read_record(self) -> _Record:
        data: Any = None if self._cache is None else self._cache.read(_FILES, self._key)
        try:
            digests = list(map(str, data["digests"]))
            files = {str(path): (str(stamp), digests[place]) for path, (stamp, place) in data["files"].items()}
            classes = dict(zip(digests, map(str, data["classes"]), strict=True))
            found = {
                str(name): frozenset([digests[place] for place in places]) for name, places in data["found"].items()
            }
        except (TypeError, KeyError, IndexError, ValueError, AttributeError):
            return _Record({}, frozenset(), {}, {})
        known = {name: matching for name, matching in found.items() if name.partition(" ")[0] in _SEARCHES}
        return _Record(files, frozenset(digests), known, classes)

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
