"""Where the project's templates are: a template's name in, the path of its file out.

In: the source tree and the settings modules, read as text. Out: `TemplateFile`s. The order is Django's: the directories
that `DIRS` names, then the `templates/` and `jinja2/` directories of the installed apps in their order; behind them all
others of the project, because an app may be installed in a way that cannot be read. The first file found wins. No name
leads out of the project's root.
"""

from __future__ import annotations

import ast
import os
import posixpath
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_django_orm.source import FileKind, file_kind
from flake8_django_orm.syntax.parsing import parse_python

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flake8_django_orm.project.searches import FileSearches
    from flake8_django_orm.project.settings_values import SettingsValues
    from flake8_django_orm.project.store import ModuleStore

_APP_DIRECTORIES = ("templates", "jinja2")
_TEMPLATE_SUFFIXES = (".html", ".txt", ".xml")
_JINJA_SUFFIXES = (".jinja", ".jinja2", ".j2")
_MAX_DEPTH = 12
_LITERAL = re.compile(r"""[rRuU]?(?P<quote>'{3}|"{3}|'|")(?P<text>.*)(?P=quote)""", re.S)


@dataclass(frozen=True, slots=True)
class Written:
    """A template's text in a Python file. `exact`: `span` is that of the very text, else of what stands for it."""

    text: str
    span: tuple[int, int]
    exact: bool


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """One template: its name, its path below the root, and whether Jinja rather than Django renders it.

    `start` is the offset of its text where it is a string in a Python file.
    """

    name: str
    path: str
    is_jinja: bool = False
    written: Written | None = None  # of a template that a string in the file at `path` makes

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a piece of the template stands in its file."""
        if self.written is None:
            return start, end
        first, last = self.written.span
        return (first + start, first + end) if self.written.exact else (first, last)


def written_template(path: str, source: str, span: tuple[int, int], text: str) -> TemplateFile:
    """The template whose text a Python expression gives; `span` is that of the expression in the source."""
    found = _LITERAL.fullmatch(source[slice(*span)])
    exact = found is not None and found["text"] == text
    if exact and found is not None:
        span = (span[0] + found.start("text"), span[0] + found.end("text"))
    return TemplateFile("a template string", path, written=Written(text, span, exact))


@dataclass(frozen=True, slots=True)
class _Directory:
    path: str
    is_jinja: bool


class TemplateFiles:
    """The templates of one project, found when they are asked for."""

    def __init__(self, store: ModuleStore, settings: SettingsValues, searches: FileSearches) -> None:
        self._store = store
        self._settings = settings
        self._searches = searches
        self._found: dict[tuple[str, str | None], TemplateFile | None] = {}

    def find(self, name: str, language: str | None = None) -> TemplateFile | None:
        """The file that Django would load for a name; None where the project has none.

        A template in `language` ("django" or "jinja") that extends or includes another gets that of its own engine.
        Where there is none the others are searched too: whose directories they are cannot always be read.
        """
        key = (name, language)
        if key not in self._found:
            self._found[key] = self._search(name, language)
        return self._found[key]

    def all(self) -> tuple[TemplateFile, ...]:
        """Every template that a name leads to."""
        return self._all

    @cached_property
    def _all(self) -> tuple[TemplateFile, ...]:
        names: dict[str, None] = {}
        root = str(self._store.tree.root)
        for directory in self._directories:
            top = os.path.join(root, directory.path)
            for folder, inner, files in os.walk(top):
                inner.sort()
                below = os.path.relpath(folder, top).replace(os.sep, "/")
                names.update(dict.fromkeys(name if below == "." else f"{below}/{name}" for name in sorted(files)))
        found = (self.find(name) for name in names if name.endswith(_TEMPLATE_SUFFIXES))
        return tuple(file for file in found if file is not None)

    def _search(self, name: str, language: str | None) -> TemplateFile | None:
        plain = posixpath.normpath(name)
        if not name or plain.startswith(("/", "..")) or "\0" in name:
            return None
        others = (d for d in self._directories if language is not None and d.is_jinja is not (language == "jinja"))
        own = (d for d in self._directories if language is None or d.is_jinja is (language == "jinja"))
        for directory in (*own, *others):
            path = posixpath.join(directory.path, plain)
            if self._is_inside(path):
                return TemplateFile(plain, path, directory.is_jinja or plain.endswith(_JINJA_SUFFIXES))
        return None

    def _is_inside(self, path: str) -> bool:
        full = os.path.join(self._store.tree.root, path)
        real_root = self._store.tree.real_root.rstrip(os.sep) + os.sep
        return os.path.isfile(full) and os.path.realpath(full).startswith(real_root)

    @cached_property
    def _directories(self) -> tuple[_Directory, ...]:
        """Every directory of templates, in the order in which they are searched."""
        found: dict[str, _Directory] = {}
        for directory in self._configured():
            found.setdefault(directory.path, directory)
        for path in sorted(self._store.tree.directories_named(_APP_DIRECTORIES), key=self._installation_order):
            found.setdefault(path, _Directory(path, path.endswith("jinja2")))
        return tuple(found.values())

    def _installation_order(self, path: str) -> tuple[int, int, str]:
        package = path.rpartition("/")[0]
        try:
            number = self._installed.index(package)
        except ValueError:
            number = len(self._installed)
        return (number, path.count("/"), path)

    @cached_property
    def _installed(self) -> tuple[str, ...]:
        """The directories of the installed apps, in the order of INSTALLED_APPS."""
        found: list[str] = []
        for entry in self._settings.strings("INSTALLED_APPS"):
            parts = entry.split(".")
            for length in range(len(parts), 0, -1):
                path = self._store.tree.path_of(".".join(parts[:length]))
                if path is not None and path.endswith("__init__.py"):
                    found.append(path.rpartition("/")[0])
                    break
        return tuple(found)

    # -- DIRS of the settings -----------------------------------------------------------------------------------

    def _configured(self) -> Iterator[_Directory]:
        """What the engines of TEMPLATES name in DIRS, as far as the text tells."""
        named = set(self._searches.holding("DIRS"))
        for path in self._searches.holding("TEMPLATES"):
            if path not in named or file_kind(path) is FileKind.TEST:
                continue
            tree = parse_python(self._store.text(path) or "")
            if tree is None:
                continue
            names = _assigned_names(tree)
            for engine in ast.walk(tree):
                if isinstance(engine, ast.Dict):
                    yield from self._of_engine(engine, names, path)

    def _of_engine(self, engine: ast.Dict, names: dict[str, ast.expr], settings: str) -> Iterator[_Directory]:
        entries = {k.value: v for k, v in zip(engine.keys, engine.values, strict=True) if isinstance(k, ast.Constant)}
        if "BACKEND" not in entries or "DIRS" not in entries:
            return
        is_jinja = any("jinja" in part.lower() for part in _strings(entries["BACKEND"], {}))
        directories = entries["DIRS"]
        if isinstance(directories, ast.Name):
            directories = names.get(directories.id, directories)
        for item in directories.elts if isinstance(directories, (ast.List, ast.Tuple)) else (directories,):
            path = self._located("/".join(_strings(item, names)), settings)
            if path is not None:
                yield _Directory(path, is_jinja)

    def _located(self, suffix: str, settings: str) -> str | None:
        """The directory of the project that ends in `suffix`, seen from the settings module upwards."""
        wanted = posixpath.normpath(suffix).lstrip("/")
        if not suffix or wanted.startswith(".."):
            return None
        above = posixpath.dirname(settings)
        while True:
            path = posixpath.join(above, wanted)
            if os.path.isdir(os.path.join(self._store.tree.root, path)):
                return path
            if not above:
                return None
            above = posixpath.dirname(above)


def _assigned_names(tree: ast.Module) -> dict[str, ast.expr]:
    return {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _strings(node: ast.expr, names: dict[str, ast.expr], depth: int = 0) -> Iterable[str]:
    """The literal parts of a path, in order: `os.path.join(BASE_DIR, "a", "b")`, `BASE_DIR / "a"`."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.Name) and depth < _MAX_DEPTH:
        found = names.get(node.id)
        return [] if found is None else _strings(found, names, depth + 1)
    if isinstance(node, ast.BinOp):
        return [*_strings(node.left, names, depth + 1), *_strings(node.right, names, depth + 1)]
    if isinstance(node, ast.Call):
        first = _strings(node.func.value, names, depth + 1) if isinstance(node.func, ast.Attribute) else []
        parts = [part for argument in node.args for part in _strings(argument, names, depth + 1)]
        return [*first, *(part for part in parts if part != "..")]
    if isinstance(node, ast.Attribute):
        return _strings(node.value, names, depth + 1)
    return []
