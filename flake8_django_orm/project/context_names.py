"""Names that views put into the contexts of their templates, one view this, another that.

In: the project's Python files, read as text. Out: whether some view gives a name. A template that several views share
asks for such a name to tell them apart (`{% if mine_listing %}`); for a view that does not give it, it is false. What
context processors give, every template has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_django_orm.project.context_processors import ContextProcessors


class ContextNames:
    """The keys of contexts in one project, looked up when they are asked for."""

    def __init__(self, processors: ContextProcessors) -> None:
        self._processors = processors
        self._given: dict[str, bool] = {}

    def is_given(self, name: str) -> bool:
        """Whether code of the project, context processors aside, writes the name as the key of a dict."""
        if name not in self._given:
            key = re.compile(rb"""["']""" + re.escape(name.encode()) + rb"""["']\s*(?::|\]\s*=[^=])""")
            self._given[name] = self._processors.others_write(name, key)
        return self._given[name]
