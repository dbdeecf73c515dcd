"""Texts and module facts of the project and its environment, read when they are asked for and then kept.

In: the source tree, the environment, unsaved buffers. Out: bytes and text of files, facts of modules. A file
that cannot be decoded or parsed has no facts; nothing here raises for what a file contains.
"""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_django_orm.cache.directory import key_of
from flake8_django_orm.cache.identity import tool_identity
from flake8_django_orm.cache.tree import is_stamp_of, stamp_of
from flake8_django_orm.project.digests import text_digest
from flake8_django_orm.project.extract import extract_module
from flake8_django_orm.project.facts_json import facts_from_json, facts_to_json
from flake8_django_orm.source import SourceError, decode_text
from flake8_django_orm.syntax.parsing import parse_python

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flake8_django_orm.cache.directory import CacheDirectory
    from flake8_django_orm.cache.tree import TreeState
    from flake8_django_orm.project.environment import Environment
    from flake8_django_orm.project.facts import ModuleFacts
    from flake8_django_orm.project.layout import SourceTree

_MAX_BYTES = 8_000_000
#: Our own stubs of what Django and common packages do with rows; they stand in for the real modules.
LIBRARY = Path(__file__).resolve().parent.parent / "library"


class ModuleStore:
    """What the index has read so far. Paths are the strings that the facts hold: relative in the project,
    else absolute.
    """

    def __init__(
        self,
        tree: SourceTree,
        environment: Environment,
        overlays: Mapping[Path, str],
        cache: CacheDirectory | None = None,
    ) -> None:
        self.tree = tree
        self.environment = environment
        self._cache = cache
        self._overlays = {self.key_of(path): text.removeprefix("\ufeff") for path, text in overlays.items()}
        self._bytes: dict[str, bytes | None] = {}
        self._texts: dict[str, str | None] = {}
        self._facts: dict[str, ModuleFacts | None] = {}
        self._environment_names: dict[str, str] = {}
        self._text_digests: dict[str, str] = {}
        self._stamps: dict[str, str] = {}  # of the files that were read since these were last compared with a state
        self._has_read_others = False

    def key_of(self, path: Path) -> str:
        """`path` as the facts write it."""
        relative = self.tree.relative(path)
        return relative if relative is not None else Path(os.path.abspath(path)).as_posix()

    def data(self, path: str) -> bytes:
        """The bytes of a project file as they are on disk, or of its unsaved buffer; empty if it cannot be
        read.
        """
        if path not in self._bytes:
            overlay = self._overlays.get(path)
            self._bytes[path] = self._read(path) if overlay is None else overlay.encode("utf-8", "replace")
        return self._bytes[path] or b""

    def has_read_what(self, state: TreeState) -> bool:
        """Whether all files were read as they are in that state of the tree: nobody wrote to them in between."""
        for path, stamp in self._stamps.items():
            was = state.stamps.get(os.path.join(self.tree.root, path))
            if was is not None and not is_stamp_of(was, stamp, self.data(path)):
                self._has_read_others = True
        self._stamps.clear()
        return not self._has_read_others

    def text(self, path: str) -> str | None:
        """The decoded text of a file of the project or the environment; None if there is no such file or no
        text.
        """
        if path not in self._texts:
            self._texts[path] = self._decode(path)
        return self._texts[path]

    def facts_at(self, path: str, name: str | None = None, parsed: ast.Module | None = None) -> ModuleFacts | None:
        """The facts of the file at `path`; None for a file that is not there or not Python. `parsed` is its tree, where
        somebody has it already.
        """
        if path not in self._facts:
            module = name or self._environment_names.get(path) or self.tree.name_of(path)
            self._facts[path] = self._read_facts(path, module, parsed)
        return self._facts[path]

    def kept_facts(self, path: str, name: str, digest: str) -> ModuleFacts | None:
        """The facts that an earlier run kept of the file at `path` when its text had this digest."""
        kept = None if self._cache is None else self._cache.read("facts", key_of(tool_identity(), name, path, digest))
        try:
            return None if kept is None else facts_from_json(kept)
        except ValueError:
            return None  # damaged

    def read_modules(self) -> dict[str, tuple[str, str]]:
        """The project's files whose facts were asked for: the name of the module and the digest of the text, "" for a
        file without a text."""
        return {
            path: (self.tree.name_of(path), self._text_digests.get(path, ""))
            for path in self._facts
            if self.is_project_path(path)
        }

    def is_project_path(self, path: str) -> bool:
        """True for the path of a project file, false for one of the environment."""
        return path not in self._environment_names and not os.path.isabs(path)

    def project_module(self, name: str) -> ModuleFacts | None:
        """The facts of the project's module of this very name."""
        path = self.tree.path_of(name)
        return None if path is None else self.facts_at(path)

    def alias_module(self, name: str, near: str = "") -> ModuleFacts | None:
        """The facts of a project module that may be imported as `name` from the file `near`."""
        path = self.tree.alias_path(name, near)
        return None if path is None else self.facts_at(path)

    def library_module(self, name: str) -> ModuleFacts | None:
        """The facts of our stub of a module; None where there is none."""
        parts = name.split(".")
        base = LIBRARY.joinpath(*parts)
        for path in (base / "__init__.py", base.with_name(f"{base.name}.py")):
            if all(part.isidentifier() for part in parts) and path.is_file():
                key = self.key_of(path)
                self._environment_names.setdefault(key, name)
                return self.facts_at(key, name)
        return None

    def environment_module(self, name: str) -> ModuleFacts | None:
        """The facts of a module of the environment."""
        found = self.environment.find(name)
        if found is None:
            return None
        path = self.key_of(found[0])
        self._environment_names.setdefault(path, name)
        return self.facts_at(path, name)

    def _allowed(self, path: Path) -> bool:
        real = os.path.realpath(path)
        inside = real.startswith(self.tree.real_root.rstrip(os.sep) + os.sep)
        return inside or self.environment.holds(path) or Path(real).is_relative_to(LIBRARY)

    def _read(self, path: str) -> bytes | None:
        full = Path(os.path.join(self.tree.root, path))
        try:
            if not (self.tree.holds(path) or self._allowed(full)) or full.stat().st_size > _MAX_BYTES:
                return None
            with open(full, "rb") as file:
                data = file.read()
                self._stamps[path] = stamp_of(os.fstat(file.fileno()))
            return data
        except (OSError, ValueError):
            return None

    def _decode(self, path: str) -> str | None:
        overlay = self._overlays.get(path)
        if overlay is not None:
            return overlay
        data = self.data(path)
        if self._bytes[path] is None:
            return None
        try:
            return decode_text(data)[0]
        except SourceError:
            return None

    def _read_facts(self, path: str, name: str, parsed: ast.Module | None) -> ModuleFacts | None:
        """The facts as an earlier run kept them, else as the text tells them."""
        text = self.text(path)
        if text is None or self._cache is None:
            return None if text is None else _facts_of(text, path, name, parsed)
        digest = self._text_digests[path] = text_digest(text)
        kept = self.kept_facts(path, name, digest) if parsed is None else None
        if kept is not None:
            return kept
        facts = _facts_of(text, path, name, parsed)
        if facts is not None:
            self._cache.write("facts", key_of(tool_identity(), name, path, digest), facts_to_json(facts))
        return facts


def _facts_of(text: str, path: str, name: str, parsed: ast.Module | None) -> ModuleFacts | None:
    tree = parse_python(text) if parsed is None else parsed
    if tree is None:
        return None
    is_package = path.rpartition("/")[2] == "__init__.py"
    return extract_module(tree, name=name, path=path, is_package=is_package, may_yield="yield" in text)
