"""Which functions are worth parsing: a look at their words, before libcst is imported.

In: the text of a function and what the index knows of relation, manager and model names. Out: yes or no. A function
that passes only costs time; one that does not pass is never read as a root (it is still entered when a root calls it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flake8_django_orm.project.facts import FunctionFacts
from flake8_django_orm.source import SourceFile

if TYPE_CHECKING:
    from flake8_django_orm.project.project import Project

_WORD = re.compile(r"[A-Za-z_]\w*")
_CALL = re.compile(r"(?<![\w.])([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\(")
_GIVES = frozenset({"return", "yield"})
_KEY = re.compile(r"\.(?:pk|id)\b")

#: Words without which hardly any function touches the database.
QUERY_WORDS = frozenset(
    {
        "objects",
        "_default_manager",
        "_base_manager",
        "get_queryset",
        "queryset",
        "select_related",
        "prefetch_related",
        "prefetch_related_objects",
        "get_object_or_404",
        "get_list_or_404",
        "aget_object_or_404",
        "aget_list_or_404",
        "get_user_model",
        "get_model",
        "save",
        "asave",
        "atomic",
    }
)
_LOOPS = frozenset({"for", "map", "sorted", "filter", "join"})


@dataclass(frozen=True, slots=True)
class Gate:
    """The words that let a function pass in one project."""

    words: frozenset[str]
    relations: frozenset[str]

    def passes(self, text: str) -> bool:
        """Whether the function may do something that a rule has an opinion on."""
        found = set(_WORD.findall(text))
        if not self.words.isdisjoint(found):
            return True
        return not _LOOPS.isdisjoint(found) and not self.relations.isdisjoint(found)

    def queries(self, text: str) -> bool:
        """Whether the function's own words name a manager, a model or a query."""
        return not self.words.isdisjoint(_WORD.findall(text))


@dataclass(slots=True)
class CallerGate:
    """Lets functions pass whose own words say nothing, but which bring together what others fetch and read.

    `show(published())` fetches in one function and reads in another; only their caller sees both.
    """

    project: Project
    gate: Gate
    _asks: dict[str, bool] = field(default_factory=dict)
    _fetches: dict[str, bool] = field(default_factory=dict)
    _sources: dict[str, SourceFile | None] = field(default_factory=dict)

    def passes(self, function: FunctionFacts, text: str) -> bool:
        """Whether the function calls one that gives rows, and another one of the project or a loop that may take them.

        A function also passes that reads a key, maybe of a row that it was handed, and calls one that queries.
        """
        called = [f for name in sorted(set(_CALL.findall(text))) if (f := self._called(function, name)) is not None]
        if _KEY.search(text) and any(self._queries(one) for one in called):
            return True
        if not any(self._gives_rows(one) for one in called):
            return False
        return len(called) > 1 or not _LOOPS.isdisjoint(_WORD.findall(text))

    def _called(self, function: FunctionFacts, name: str) -> FunctionFacts | None:
        base, _, rest = name.partition(".")
        if function.class_name is not None and base in ("self", "cls"):
            return self.project.find_method(f"{function.module}.{function.class_name}", rest)
        found = self.project.resolve(function.module, name)
        return found if isinstance(found, FunctionFacts) and found.key != function.key else None

    def _queries(self, function: FunctionFacts) -> bool:
        answer = self._asks.get(function.key)
        if answer is None:
            answer = self._asks[function.key] = self.gate.queries(self._text(function))
        return answer

    def _gives_rows(self, function: FunctionFacts) -> bool:
        answer = self._fetches.get(function.key)
        if answer is None:
            answer = self._queries(function) and not _GIVES.isdisjoint(_WORD.findall(self._text(function)))
            self._fetches[function.key] = answer
        return answer

    def _text(self, function: FunctionFacts) -> str:
        path = function.path
        if path not in self._sources:
            text = self.project.text(path)
            self._sources[path] = SourceFile(self.project.root / path, path, text) if text is not None else None
        source = self._sources[path]
        if source is None:
            return ""
        return source.text[source.line_start(function.start) : source.line_start(function.end + 1)]


def gate_of(project: Project) -> Gate:
    """The gate of a project: its managers, many-valued relations and models by name."""
    models = project.models()
    many = {r.name for m in models for r in m.relations.values() if not r.kind.single_valued}
    return Gate(
        words=QUERY_WORDS | project.manager_names() | frozenset(many) | frozenset(m.name for m in models),
        relations=project.relation_names(),
    )
