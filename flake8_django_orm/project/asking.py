"""What was asked of the project: questions are noted while a file is linted, so that its findings can be kept.

In: the questions that readers, owners and rules ask at the door (`Project`), as tuples of words such as `("model",
"shop.models.Book")`. Out: `Asked`, the set of those that one result rests on. Findings hold as long as the file's text
and the answers to its questions are the same, "nothing" and "all of them" included.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

Question = tuple[str | None, ...]
#: The kinds of question that `Project` answers with the method of that name.
QUESTIONS: set[str] = {"definition_text"}
_T = TypeVar("_T")
_P = ParamSpec("_P")
_Asker = TypeVar("_Asker", bound="Asking")
_Method = Callable[Concatenate[_Asker, _P], _T]


class Asking:
    """Notes questions while somebody listens; the base of whatever answers them."""

    def __init__(self) -> None:
        self._asked: set[Question] | None = None
        self._remembered: dict[object, tuple[Any, frozenset[Question]]] = {}

    @contextmanager
    def listening(self) -> Iterator[set[Question]]:
        """Note what is asked in the block."""
        outer, self._asked = self._asked, set()
        try:
            yield self._asked
        finally:
            self._asked = outer

    def note(self, *question: str | None) -> None:
        """Note a question that is answered elsewhere: by the text of a file, for instance."""
        if self._asked is not None:
            self._asked.add(question)

    def once(self, key: object, work_out: Callable[[], _T]) -> _T:
        """The answer of `work_out()`, worked out once for all files; what it asked counts for each of them."""
        found = self._remembered.get(key)
        if found is None:
            with self.listening() as asked:
                answer = work_out()
            found = self._remembered[key] = (answer, frozenset(asked))
        if self._asked is not None:
            self._asked |= found[1]
        kept: _T = found[0]
        return kept


def asked(method: _Method[_Asker, _P, _T]) -> _Method[_Asker, _P, _T]:
    """A method whose calls are noted as questions. What it asks in turn is part of its answer and not noted."""
    name = method.__name__
    QUESTIONS.add(name)

    @functools.wraps(method)
    def ask(self: _Asker, *arguments: _P.args, **keywords: _P.kwargs) -> _T:
        listener = self._asked
        if listener is None:
            return method(self, *arguments, **keywords)
        listener.add((name, *arguments))  # type: ignore[arg-type]
        self._asked = None
        try:
            return method(self, *arguments, **keywords)
        finally:
            self._asked = listener

    return cast("_Method[_Asker, _P, _T]", ask)
