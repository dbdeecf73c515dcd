"""Names that views put into the contexts of their templates, one view this, another that.

In: the project's Python files, read as text. Out: whether some view gives a name. A template that several views share
asks for such a name to tell them apart (`{% if mine_listing %}`); for a view that does not give it, it is false. What
context processors give, every template has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flake8_django_orm.source import FileKind, file_kind

if TYPE_CHECKING:
    from flake8_django_orm.project.context_processors import ContextProcessors
    from flake8_django_orm.project.store import ModuleStore

_NOT_VIEWS = frozenset({FileKind.TEST, FileKind.MIGRATION})


class ContextNames:
    """The keys of contexts in one project, looked up when they are asked for."""

    def __init__(self, store: ModuleStore, processors: ContextProcessors) -> None:
        self._store = store
        self._processors = processors
        self._given: dict[str, bool] = {}

    def is_given(self, name: str) -> bool:
        """Whether code of the project, context processors aside, writes the name as the key of a dict."""
        if name not in self._given:
            self._given[name] = self._search(name)
        return self._given[name]

    def _search(self, name: str) -> bool:
        word = name.encode()
        key = re.compile(rb"""["']""" + re.escape(word) + rb"""["']\s*(?::|\]\s*=[^=])""")
        for path in self._store.tree.files:
            if path in self._processors.paths or file_kind(path) in _NOT_VIEWS:
                continue
            data = self._store.data(path)
            if word in data and key.search(data):
                return True
        return False
