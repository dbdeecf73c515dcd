"""Context processors: functions that give names to every template, and the templates that use a name of theirs.

In: the settings, Python files and templates of the project, read as text. Out: which functions are processors, and for
a name the templates that show what a processor gives under it. A name that other code gives to templates as well is no
matter of a processor: in the templates of such a view it stands for something else.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_django_orm.source import FileKind, file_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_django_orm.project.searches import FileSearches
    from flake8_django_orm.project.store import ModuleStore
    from flake8_django_orm.project.templates import TemplateFile, TemplateFiles

_LISTS = re.compile(rb"""["']?\bcontext_processors["']?\s*[:=]\s*[\[(]([^\])]*)""")
_DOTTED = re.compile(rb"""["']([A-Za-z_][\w.]*)\.(\w+)["']""")
_NOT_VIEWS = frozenset({FileKind.TEST, FileKind.MIGRATION})


class ContextProcessors:
    """The context processors that the settings of one project name."""

    def __init__(self, store: ModuleStore, templates: TemplateFiles, searches: FileSearches) -> None:
        self._store = store
        self._templates = templates
        self._searches = searches

    def is_one(self, path: str, name: str) -> bool:
        """Whether the function `name` of the module at `path` is a context processor."""
        return (path, name) in self._functions

    @cached_property
    def paths(self) -> frozenset[str]:
        """The files that hold context processors."""
        return frozenset(path for path, _ in self._functions)

    def templates_of(self, name: str) -> tuple[str, ...]:
        """The names of the templates that use the name, where only processors give it."""
        word = re.escape(name.encode())
        gives = re.compile(rb"""["']""" + word + rb"""["']|\b""" + word + rb"=(?!=)")
        return () if self.others_write(name, gives) else tuple(file.name for file in self._using(name))

    def others_write(self, name: str, gives: re.Pattern[bytes]) -> bool:
        """Whether code that may give names to templates, processors aside, holds the name in a form that matches."""
        return any(
            gives.search(self._store.data(path))
            for path in self._searches.holding(name)
            if path not in self.paths and file_kind(path) not in _NOT_VIEWS
        )

    def _using(self, name: str) -> Iterator[TemplateFile]:
        used = re.compile(rb"\{[{%][^{}]*\b" + re.escape(name.encode()) + rb"\b")
        for file in self._templates.all():
            # Jinja's own engine asks no context processors.
            if not file.is_jinja and used.search(self._store.data(file.path)) and self._is_named(file):
                yield file

    def _is_named(self, template: TemplateFile) -> bool:
        """Whether some view, or another template, names the template: one that nobody renders says nothing."""
        word = template.name.encode()
        code = (path for path in self._store.tree.files if file_kind(path) not in _NOT_VIEWS)
        others = (file.path for file in self._templates.all() if file.path != template.path)
        return any(word in self._store.data(path) for path in (*code, *others))

    @cached_property
    def _functions(self) -> frozenset[tuple[str, str]]:
        """The functions that settings name, by path and name."""
        found: set[tuple[str, str]] = set()
        for path in self._searches.holding("context_processors"):
            for listed in _LISTS.findall(self._store.data(path)):
                for module, name in _DOTTED.findall(listed):
                    own = self._store.tree.path_of(module.decode())
                    if own is not None:
                        found.add((own, name.decode()))
        return frozenset(found)
