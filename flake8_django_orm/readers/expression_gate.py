"""Which functions may have a database expression on a row's column: where only the rules about these may speak, as in
tests, no other function is parsed.

In: the text of a function or of a whole file. Out: yes or no. A function passes that assigns an expression to an
attribute itself, and one that names a function of the project (tests left out) that does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_django_orm.orm.expressions import is_expression
from flake8_django_orm.project.facts import functions_of
from flake8_django_orm.project.project import External
from flake8_django_orm.syntax.stored_attributes import MAKES, SOURCE, STORES, sets_attribute, stored

if TYPE_CHECKING:
    from flake8_django_orm.project.facts import FunctionFacts
    from flake8_django_orm.project.project import Project

_WORD = re.compile(r"[A-Za-z_]\w*")


class ExpressionGate:
    """Lets functions pass in which a row may hold an expression; one for each run of the linter."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def file_may_store(self, text: str) -> bool:
        """Whether any function of a file of this text may pass; asked before the file is parsed."""
        makes = SOURCE in text and MAKES.search(text) is not None and sets_attribute(text)
        return makes or bool(self.known_words(text))

    def may_store(self, module: str, text: str) -> bool:
        """Whether the lines of this text, in the module of that name, may put an expression on a row."""
        return self._stores(module, text) or bool(self.known_words(text))

    def known_words(self, text: str) -> frozenset[str]:
        """The names in a text of functions that store expressions."""
        return self._storing.intersection(_WORD.findall(text)) if self._storing else self._storing

    def _stores(self, module: str, text: str) -> bool:
        return STORES.search(text) is not None and self._makes(module, text) and sets_attribute(text)

    def _makes(self, module: str, text: str) -> bool:
        return any(
            isinstance(found := self._project.resolve(module, name), External) and is_expression(found.name)
            for name in dict.fromkeys(MAKES.findall(text))
        )

    @cached_property
    def _storing(self) -> frozenset[str]:
        """The names of the functions outside of tests that assign expressions; a class stands for its __init__."""
        with self._project.listening():  # which of them a text names is the question, not which there are
            return frozenset(self._names_of_storing())

    def _names_of_storing(self) -> Iterator[str]:
        for path in self._project.files_that_store():
            source, facts = self._project.source(path), self._project.module_at(self._project.root / path)
            if source is None or facts is None:
                continue
            for function in functions_of(facts):
                text = source.rows_text(function.start, function.end)
                if any(self._makes(function.module, assigned) for assigned in stored(text)):
                    yield _name(function)


def _name(function: FunctionFacts) -> str:
    if function.name == "__init__" and function.class_name is not None:
        return function.class_name.rpartition(".")[2]
    return function.name
