"""Where the project's Python files are and what their modules are called.

In: the project's root directory (and the paths of unsaved buffers). Out: the files, and module names for
paths and back. Names follow the source roots that a project can have: the root itself, directories with a
`manage.py` or a package's metadata, and a `src` beside them. Directories without `__init__.py` count as
namespace packages. A file has one name here and may answer to others (`shop.models` for
`backend.shop.models`). Symbolic links never lead out of the root.
"""

from __future__ import annotations

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_django_orm.cache.directory import key_of
from flake8_django_orm.cache.tree import MARKS, Directory, holds_translations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flake8_django_orm.cache.tree import TreeState

#: Directories that hold no code of the project.
SKIPPED_DIRECTORIES = frozenset({"node_modules", "__pycache__", "site-packages", "bower_components"})
_PROJECT_FILES = frozenset({"manage.py", "setup.py", "setup.cfg", "pyproject.toml"})
_MAX_DEPTH = 60


class SourceTree:
    """The Python files below `root`. The directory is walked once, when the first question needs it, unless `state`
    lists it already.
    """

    def __init__(self, root: Path, extra: Iterable[Path] = (), state: TreeState | None = None) -> None:
        self.root = Path(os.path.abspath(root))
        self._state = state
        self.real_root = os.path.realpath(self.root)
        self._extra = tuple(extra)
        self._packages: set[str] = set()
        self._source_roots: set[str] = {""}
        self._inner: dict[str, frozenset[str]] = {}

    def relative(self, path: Path) -> str | None:
        """The POSIX path of `path` below the root, None for a file outside of it."""
        absolute = os.path.abspath(path if path.is_absolute() else self.root / path)
        for base, name in ((str(self.root), absolute), (self.real_root, os.path.realpath(absolute))):
            if name.startswith(base.rstrip(os.sep) + os.sep):
                return name[len(base.rstrip(os.sep)) + 1 :].replace(os.sep, "/")
        return None

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The project's Python files as sorted POSIX paths below the root."""
        found = self._walk()
        for path in self._extra:
            relative = self.relative(path)
            if relative is not None and relative.endswith(".py"):
                found.add(relative)
        return tuple(sorted(found))

    @cached_property
    def digest(self) -> str:
        """A value that is the same for trees whose files have the same names and modules."""
        return key_of(self.layout, *self.files)

    @cached_property
    def layout(self) -> str:
        """A value that is the same for trees with the same packages and source roots."""
        found = (self._packages, self._source_roots) if self.files else ()  # the search for files finds them
        return key_of(*("\n".join(sorted(one)) for one in found))

    @cached_property
    def _wanted(self) -> dict[str, list[str]]:
        """The files that would go by a module name."""
        wanted: dict[str, list[str]] = {}
        for path in self.files:
            wanted.setdefault(self._natural_name(path), []).append(path)
        return wanted

    @cached_property
    def _names(self) -> dict[str, str]:
        """Path to module name. Where two files would share a name, both are named from the project's root."""
        names: dict[str, str] = {}
        for name, paths in self._wanted.items():
            for path in paths:
                names[path] = name if len(paths) == 1 else _dotted(path)
        return names

    @cached_property
    def _paths(self) -> dict[str, str]:
        return {name: path for path, name in self._names.items()}

    @cached_property
    def _aliases(self) -> dict[str, list[str]]:
        """Other names under which a file may be imported, with all the files that could be meant."""
        aliases: dict[str, list[str]] = {}
        for path, name in self._names.items():
            for other in self._other_names(path):
                if other != name:
                    aliases.setdefault(other, []).append(path)
        return aliases

    @cached_property
    def _directories(self) -> frozenset[str]:
        """The dotted names of all directories that hold modules, namespace packages among them."""
        names: set[str] = set()
        for name in (*self._names.values(), *self._aliases):
            parent = name.rpartition(".")[0]
            while parent and parent not in names:
                names.add(parent)
                parent = parent.rpartition(".")[0]
        return frozenset(names)

    def name_of(self, path: str) -> str:
        """The module name of the file at `path` (relative to the root)."""
        return self._names.get(path) or self._natural_name(path)

    def names_for(self, path: str) -> frozenset[str]:
        """All names under which a file, which need not be there, may be imported."""
        return frozenset({self.name_of(path), self._natural_name(path), *self._other_names(path)})

    def shares_name(self, path: str) -> bool:
        """Whether another file would go by the same name as this one, which need not be there."""
        return any(other != path for other in self._wanted.get(self._natural_name(path), ()))

    def holds(self, path: str) -> bool:
        """True for the path of one of `files`."""
        return path in self._names

    def path_of(self, module: str) -> str | None:
        """The file that goes by this very name."""
        return self._paths.get(module)

    def alias_path(self, module: str, near: str = "") -> str | None:
        """The file that `module` may mean by another name; of several the one closest to the path `near`."""
        paths = self._aliases.get(module)
        if not paths:
            return None
        return max(paths, key=lambda path: (_shared_parts(path, near), -len(path)))

    def directories_named(self, names: Iterable[str]) -> Iterator[str]:
        """The directories with one of the names, wherever they are. Where a symbolic link leads nobody has seen."""
        wanted = frozenset(names)
        for directory, inner in self._inner.items() if self.files else ():
            for name in wanted & inner:
                yield f"{directory}/{name}" if directory else name

    def is_package_name(self, module: str) -> bool:
        """True for the name of a directory with modules in it, with or without `__init__.py`."""
        return module in self._directories

    def _natural_name(self, path: str) -> str:
        top = self._top(path)
        base = max((root for root in self._source_roots if _contains(root, top)), key=len, default="")
        return _dotted(path, base)

    def _other_names(self, path: str) -> Iterable[str]:
        """Names relative to every source root above, and, for packages, without leading namespace
        directories.
        """
        top = self._top(path)
        for root in self._source_roots:
            if _contains(root, top):
                yield _dotted(path, root)
        if "/" not in path[len(top) :].lstrip("/"):
            return
        base = top
        while base:
            name = _dotted(path, base)
            if name.partition(".")[0] not in sys.stdlib_module_names:
                yield name
            base = base.rpartition("/")[0]

    def _top(self, path: str) -> str:
        """The directory above the outermost package that holds the file."""
        directory = path.rpartition("/")[0]
        while directory and directory in self._packages:
            directory = directory.rpartition("/")[0]
        return directory

    def _walk(self) -> set[str]:
        found: set[str] = set()
        stack = [("", 0)]
        while stack:
            directory, depth = stack.pop()
            if depth <= _MAX_DEPTH:
                inner = self._entries(directory, found)
                stack += [(f"{directory}/{name}" if directory else name, depth + 1) for name in inner]
        for directory in list(self._source_roots):
            source = f"{directory}/src" if directory else "src"
            if source not in self._packages and any(path.startswith(source + "/") for path in found):
                self._source_roots.add(source)
        return found

    def _entries(self, directory: str, found: set[str]) -> Sequence[str]:
        """The subdirectories worth a visit; the Python files go into `found`."""
        listed = self._listed(os.path.join(self.root, directory) if directory else str(self.root))
        if listed is None or (directory and not MARKS.isdisjoint(listed.files)):
            return ()
        files = listed.files
        if directory in {"build", "dist"} and "__init__.py" not in files:
            return ()
        if "__init__.py" in files and directory:
            self._packages.add(directory)
        elif not _PROJECT_FILES.isdisjoint(files):
            self._source_roots.add(directory)
        self._inner[directory] = frozenset(listed.directories + listed.links)
        prefix = directory + "/" if directory else ""
        found.update([prefix + name for name in files if name.endswith(".py")])
        return listed.directories

    def _listed(self, path: str) -> Directory | None:
        """What the directory holds for us; None for one that cannot be read."""
        try:
            listed = _scanned(path) if self._state is None else self._state.directories.get(path)
        except OSError:
            return None
        if listed is None or not listed.links:
            return listed
        outside = {name for name in listed.links if not self._leads_to_file(os.path.join(path, name))}
        return listed._replace(files=tuple(name for name in listed.files if name not in outside))

    def _leads_to_file(self, link: str) -> bool:
        real = os.path.realpath(link)
        return os.path.isfile(real) and real.startswith(self.real_root.rstrip(os.sep) + os.sep)


def _scanned(path: str) -> Directory:
    """The directories and files that count, without their states. Raises OSError for what cannot be read."""
    directories: list[str] = []
    files: list[str] = []
    links: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                if not name.startswith(".") and name not in SKIPPED_DIRECTORIES:
                    directories.append(name)
            elif entry.is_symlink():
                files.append(name)
                links.append(name)
            elif (name.endswith(".py") or name in _PROJECT_FILES or name in MARKS) and entry.is_file():
                files.append(name)  # a named pipe, say, must not be opened
    if holds_translations(path, files):
        directories = []
    return Directory(tuple(directories), tuple(files), tuple(links))


def _dotted(path: str, base: str = "") -> str:
    """The dotted name of the file at `path` seen from the directory `base`."""
    *packages, name = path[len(base) :].lstrip("/").split("/")
    parts = [*packages, name.rpartition(".")[0] or name]
    if parts and parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


def _contains(directory: str, inner: str) -> bool:
    return not directory or inner == directory or inner.startswith(directory + "/")


def _shared_parts(path: str, other: str) -> int:
    count = 0
    for mine, theirs in zip(path.split("/"), other.split("/"), strict=False):
        if mine != theirs:
            break
        count += 1
    return count
