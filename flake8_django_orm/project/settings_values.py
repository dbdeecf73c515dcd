"""What the project's settings modules assign, read as text: AUTH_USER_MODEL, INSTALLED_APPS and other
constants.

In: the name of a setting. Out: its string value or list of strings, None where no settings module tells. A
project may have several settings modules; the ones outside of tests and with a settings module's name come
first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.project.definitions import External
from flake8_django_orm.project.facts import Assignment, Expr, ModuleFacts, classes_of
from flake8_django_orm.source import FileKind, file_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_django_orm.project.resolve import Resolver
    from flake8_django_orm.project.searches import FileSearches
    from flake8_django_orm.project.store import ModuleStore

_MAX_DEPTH = 8


class SettingsValues:
    """The project's settings, as far as they are constants."""

    def __init__(self, store: ModuleStore, resolver: Resolver, searches: FileSearches) -> None:
        self._store = store
        self._resolver = resolver
        self._searches = searches
        self._assignments: dict[str, list[Assignment]] = {}
        self._strings: dict[str, str | None] = {}

    def string(self, name: str) -> str | None:
        """The string that the setting holds."""
        if name not in self._strings:
            self._strings[name] = None
            values = (self._text(found.module, found.value, 0) for found in self._found(name))
            self._strings[name] = next((value for value in values if value is not None), None)
        return self._strings[name]

    def strings(self, name: str) -> tuple[str, ...]:
        """All strings that any settings module lists under `name`, in order, without repetition."""
        listed: dict[str, None] = {}
        for found in self._found(name):
            listed.update(dict.fromkeys(self._texts(found.module, found.value, 0)))
        return tuple(listed)

    def database_engines(self) -> frozenset[str]:
        """Every ENGINE that a settings module outside of tests names in DATABASES; empty where one is not told."""
        engines: set[str] = set()
        for found in self._found("DATABASES"):
            databases = _entries(found.value)
            if file_kind(found.module.replace(".", "/") + ".py") is FileKind.TEST or "test" in found.module:
                continue
            for _, database in databases:
                engine = next((value for key, value in _entries(database) if key == "ENGINE"), None)
                name = self._text(found.module, engine, 0) if engine is not None else None
                if name is None:
                    return frozenset()
                engines.add(name)
            if not databases:
                return frozenset()
        return frozenset(engines)

    def _found(self, name: str) -> list[Assignment]:
        if name not in self._assignments:
            self._assignments[name] = list(self._search(name))
        return self._assignments[name]

    def _search(self, name: str) -> Iterator[Assignment]:
        self._resolver.asked_names.add(name)
        for path in sorted(self._searches.assigning(name), key=_rank):
            if file_kind(path) is FileKind.MIGRATION:
                continue
            facts = self._store.facts_at(path)
            if facts is not None:
                yield from _assignments_of(facts, name)

    def _text(self, module: str, expr: Expr, depth: int) -> str | None:
        if depth > _MAX_DEPTH:
            return None
        if expr.kind == "const":
            return expr.value if isinstance(expr.value, str) else None
        if expr.kind == "name":
            found = self._resolver.resolve(module, str(expr.value))
            return self._text(found.module, found.value, depth + 1) if isinstance(found, Assignment) else None
        if expr.kind == "call":
            # env("AUTH_USER_MODEL", default="accounts.User"), getattr(settings, "X", "accounts.User")
            default = expr.keywords.get("default") or (expr.items[-1] if len(expr.items) > 1 else None)
            return None if default is None else self._text(module, default, depth + 1)
        return None

    def _texts(self, module: str, expr: Expr, depth: int) -> Iterator[str]:
        if depth > _MAX_DEPTH:
            return
        if expr.kind == "const" and isinstance(expr.value, str):
            yield expr.value
        elif expr.kind in {"list", "tuple", "set", "concat"}:
            for item in expr.items:
                yield from self._texts(module, item, depth + 1)
        elif expr.kind == "name":
            found = self._resolver.resolve(module, str(expr.value))
            if isinstance(found, Assignment):
                yield from self._texts(found.module, found.value, depth + 1)
        elif expr.kind == "call" and _is_sequence_call(self._resolver, module, expr):
            for item in expr.items:
                yield from self._texts(module, item, depth + 1)


def _entries(value: Expr) -> list[tuple[object, Expr]]:
    """The literal keys of a dict with what stands under them."""
    if value.kind != "dict":
        return []
    keys, values = value.items[::2], value.items[1::2]
    return [(key.value, found) for key, found in zip(keys, values, strict=False) if key.kind == "const"]


def _is_sequence_call(resolver: Resolver, module: str, expr: Expr) -> bool:
    found = resolver.resolve(module, str(expr.value)) if expr.value else None
    return isinstance(found, External) and found.name in {"builtins.list", "builtins.tuple", "builtins.set"}


def _assignments_of(facts: ModuleFacts, name: str) -> Iterator[Assignment]:
    """The module's assignment to `name`, and those in the bodies of its classes (class-based settings)."""
    if name in facts.assignments:
        yield facts.assignments[name]
    for found in classes_of(facts):
        if name in found.assignments:
            yield found.assignments[name]


def _rank(path: str) -> tuple[bool, bool, int, str]:
    """Settings modules outside of tests first, then the ones closest to the root."""
    kind = file_kind(path)
    testing = kind is FileKind.TEST or "test" in path
    return (testing, kind is not FileKind.SETTINGS and "settings" not in path, path.count("/"), path)
