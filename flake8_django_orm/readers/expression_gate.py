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
from flake8_django_orm.source import FileKind
from flake8_django_orm.syntax.words import without_strings

if TYPE_CHECKING:
    from flake8_django_orm.project.facts import FunctionFacts
    from flake8_django_orm.project.project import Project

_WORD = re.compile(r"[A-Za-z_]\w*")
#: `row.n =`, `row.n +=`, `row.n, x =`, `setattr(`.
_STORES = re.compile(r"\.\s*[A-Za-z_]\w*\s*(?:,[^=\n]*)?(?:[-+*/%&|^@]|//|\*\*|<<|>>)?=(?!=)|\bsetattr\s*\(")
_STORES_OR_BRACKET = re.compile(rf"(?P<stores>{_STORES.pattern})|[()\[\]{{}}]")
_MAKES = re.compile(r"(?<![\w.])((?:[A-Za-z_]\w*\.)*[A-Z]\w*)\s*\(")
#: Without this word in its file no function can name an expression that it did not get from another one.
_SOURCE = "django"
#: Characters of an assigned value that are looked at.
_LONGEST = 400


class ExpressionGate:
    """Lets functions pass in which a row may hold an expression; one for each run of the linter."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def file_may_store(self, text: str) -> bool:
        """Whether any function of a file of this text may pass; asked before the file is parsed."""
        makes = _SOURCE in text and _MAKES.search(text) is not None and _sets_attribute(text)
        return makes or bool(self.known_words(text))

    def may_store(self, module: str, text: str) -> bool:
        """Whether the lines of this text, in the module of that name, may put an expression on a row."""
        return self._stores(module, text) or bool(self.known_words(text))

    def known_words(self, text: str) -> frozenset[str]:
        """The names in a text of functions that store expressions."""
        return self._storing.intersection(_WORD.findall(text)) if self._storing else self._storing

    def _stores(self, module: str, text: str) -> bool:
        return _STORES.search(text) is not None and self._makes(module, text) and _sets_attribute(text)

    def _makes(self, module: str, text: str) -> bool:
        return any(
            isinstance(found := self._project.resolve(module, name), External) and is_expression(found.name)
            for name in dict.fromkeys(_MAKES.findall(text))
        )

    @cached_property
    def _storing(self) -> frozenset[str]:
        """The names of the functions outside of tests that assign expressions; a class stands for its __init__."""
        with self._project.listening():  # which of them a text names is the question, not which there are
            return frozenset(self._names_of_storing())

    def _names_of_storing(self) -> Iterator[str]:
        for path in self._project.files_holding(_SOURCE):
            source = self._project.source(path)
            if source is None or source.kind in (FileKind.TEST, FileKind.MIGRATION):
                continue
            if not _makes_and_stores(source.text):
                continue
            facts = self._project.module_at(source.path)
            for function in functions_of(facts) if facts is not None else ():
                text = source.rows_text(function.start, function.end)
                if any(self._makes(function.module, assigned) for assigned in _stored(text)):
                    yield _name(function)


def _makes_and_stores(text: str) -> bool:
    """Whether something is called whose name has a capital where an attribute is set."""
    return any(_MAKES.search(assigned) for assigned in _stored(text))


def _sets_attribute(text: str) -> bool:
    """Whether some statement assigns to an attribute; `call(book.author, pages=1)` does not."""
    return _STORES.search(text) is not None and any(_statements_that_store(without_strings(text)))


def _statements_that_store(code: str) -> Iterator[re.Match[str]]:
    """Where attributes are set in some code, strings left out: an assignment stands in no brackets."""
    depth = 0
    for found in _STORES_OR_BRACKET.finditer(code):
        depth = max(depth + sum((one in "([{") - (one in ")]}") for one in found[0]), 0)
        if found["stores"] is not None and (depth == 0 or found[0].endswith("(")):
            yield found


def _stored(text: str) -> Iterator[str]:
    """What is assigned to attributes: the rest of each statement, brackets closed."""
    if _STORES.search(text) is None:
        return
    text = without_strings(text)
    for stores in _statements_that_store(text):
        depth, end = int(stores[0].endswith("(")), stores.end()
        for end in range(stores.end(), min(len(text), stores.end() + _LONGEST)):
            depth += (text[end] in "([{") - (text[end] in ")]}")
            if depth <= 0 and text[end] == "\n":
                break
        yield text[stores.end() : end]


def _name(function: FunctionFacts) -> str:
    if function.name == "__init__" and function.class_name is not None:
        return function.class_name.rpartition(".")[2]
    return function.name
