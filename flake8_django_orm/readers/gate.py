"""Which functions are worth parsing: a look at their words, before libcst is imported.

In: the text of a function and what the index knows of relation, manager and model names. Out: yes or no. A function
that passes only costs time; one that does not pass is never read as a root (it is still entered when a root calls it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_django_orm.orm.querysets import queryset_method
from flake8_django_orm.project.django_names import MANAGER, QUERYSET
from flake8_django_orm.project.facts import Assignment, ClassFacts, Expr, FunctionFacts
from flake8_django_orm.readers.expression_gate import ExpressionGate
from flake8_django_orm.readers.plain_statements import plain_names
from flake8_django_orm.readers.row_sources import FETCHING_FUNCTIONS, ROW_NAMES, RowSources
from flake8_django_orm.syntax.words import code_of, without_imports, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flake8_django_orm.project.project import Project

_WORD = re.compile(r"[A-Za-z_]\w*")
_CALL = re.compile(r"(?<![\w.])([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\(")
_OF_SELF = re.compile(r"\bself\.(\w+)\(")
_GIVES = frozenset({"return", "yield"})
_KEY = re.compile(r"\.(?:pk|id)\b")

_FUNCTIONS = FETCHING_FUNCTIONS | {"atomic"}
#: Words without which hardly any function touches the database.
QUERY_WORDS = ROW_NAMES | {"atomic", "objects", "save", "asave"}
#: Lines of a function that is entered whatever its words are.
SHORT_FUNCTION = 12
#: Lines of a statement that is judged by its code alone, not by the words in its texts.
LONG_STATEMENT = 100
_LOOPS = frozenset({"for", "map", "sorted", "filter", "join"})
#: What may loop over rows that it is handed: loops, and the names by which templates and serializers are called.
_TAKES_ROWS = _LOOPS | {"render", "render_to_string", "TemplateResponse", "SimpleTemplateResponse", "many"}


@dataclass(frozen=True, slots=True)
class Gate:
    """The words that let a function pass in one project."""

    words: frozenset[str]
    relations: frozenset[str]
    models: frozenset[str]  # those of `words` that name a model
    managers: frozenset[str]  # those that name a manager

    def passes(self, text: str) -> bool:
        """Whether the function may do something that a rule has an opinion on."""
        found = set(_WORD.findall(text))
        if not self.words.isdisjoint(found):
            return True
        return not _LOOPS.isdisjoint(found) and not self.relations.isdisjoint(found)

    def queries(self, text: str) -> bool:
        """Whether the function's own words name a manager, a model or a query."""
        return not self.words.isdisjoint(_WORD.findall(text))

    def queries_on_import(self, text: str) -> bool:
        """Whether statements outside of functions may touch the database, more than by naming a model."""
        if not self.queries(text):
            return False
        words = words_of(without_imports(code_of(text)))
        if not _FUNCTIONS.isdisjoint(words.names) or not (self.words - self.models).isdisjoint(words.attributes):
            return True
        return not _LOOPS.isdisjoint(words.names) and not self.words.isdisjoint(words.names | words.attributes)

    def known_words(self, text: str) -> frozenset[str]:
        """The words of a text that the gate looks for: they decide on all functions in it."""
        return (self.words | self.relations).intersection(_WORD.findall(text))


class FunctionGate:
    """What is worth reading in one project; remembers what it found of each function.

    Its answers are noted as questions of their own (`project/asking.py`): that a helper's words name no query stays
    true when its text changes elsewhere.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self._asks: dict[str, bool] = {}
        self._expressions = ExpressionGate(project)

    @cached_property
    def gate(self) -> Gate:
        """The project's words. Which of them a text has is the question, not which there are."""
        with self.project.listening():
            return gate_of(self.project)

    @cached_property
    def sources(self) -> RowSources:
        """The second look at functions whose words let them pass."""
        return RowSources(self.project, self.gate.models, self.gate.managers)

    def prepare(self) -> None:
        """Work out the project's words now."""
        self.gate.passes("")

    @property
    def questions(self) -> Mapping[str, Callable[..., object]]:
        """The kinds of question that are noted here, each with what answers it."""
        return {
            "gate_words": self._gate_words,
            "storing_words": self._storing_words,
            "queries": self._named_queries,
            "may_query": self._named_may_query,
            "plain_statements": self._named_plain_statements,
            "statement_queries": self._statement_queries,
        }

    def passes(self, function: FunctionFacts, text: str) -> bool:
        """Whether a function is worth running as a root: for its own words, or for what it brings together.

        `show(published())` fetches in one function and reads in another; only their caller sees both. A function passes
        that calls one that gives rows, and another one of the project or a loop that may take them; and one that reads
        a key, maybe of a row that it was handed, and calls one that queries.
        """
        self.project.note("gate_words", function.path)
        if self.gate.passes(text) or self._asks_itself(function, text):
            return self.sources.may_hold(function)
        called = [f for name in sorted(set(_CALL.findall(text))) if (f := self._called(function, name)) is not None]
        if _KEY.search(text) and any(self.queries(one) for one in called):
            return True
        if not any(self._gives_rows(one) for one in called):
            return False
        if any(one.name == "__init__" and self._gives_rows(one) for one in called):
            return True  # a method of the object may take what it keeps
        return len(called) > 1 or not _TAKES_ROWS.isdisjoint(_WORD.findall(text))

    def _asks_itself(self, function: FunctionFacts, text: str) -> bool:
        """Whether a method of a manager or queryset asks `self` for rows: no word need name what that is."""
        if function.class_name is None or not any(queryset_method(name) for name in _OF_SELF.findall(text)):
            return False
        ancestors = self.project.ancestors(f"{function.module}.{function.class_name}")
        return MANAGER in ancestors or QUERYSET in ancestors

    def queries(self, function: FunctionFacts) -> bool:
        """Whether the function's own words name a manager, a model or a query."""
        self.project.note("queries", function.path, function.qualname)
        return self._queries(function)

    def _queries(self, function: FunctionFacts) -> bool:
        answer = self._asks.get(function.key)
        if answer is None:
            answer = self._asks[function.key] = self.gate.queries(self._text(function))
        return answer

    def may_query(self, function: FunctionFacts) -> bool:
        """Whether a function that is handed no rows may still touch the database: its own words, or it is short enough
        to be one that only calls another."""
        self.project.note("may_query", function.path, function.qualname)
        return function.end - function.start < SHORT_FUNCTION or self._queries(function)

    def plain_statements(self, owner: ClassFacts) -> frozenset[str]:
        """The names of the assignments and nested classes of a class body that may be left out when it is read: nothing
        in them can query or send a query, and no field rule looks at them."""
        self.project.note("plain_statements", owner.path, owner.qualname)
        return self.project.once(("plain statements", owner.key), lambda: self._plain_statements(owner))

    def _plain_statements(self, owner: ClassFacts) -> frozenset[str]:
        source = self.project.source(owner.path)
        return plain_names(owner, source, self._matters) if source is not None else frozenset()

    def _matters(self, assignment: Assignment, text: str) -> bool:
        if self.gate.queries(text) or has_declaration_word(assignment.value):
            return True
        called = (self._called_from(assignment.module, name) for name in set(_CALL.findall(text)))
        return any(one is not None and self.project.is_own(one.path) and self.may_query(one) for one in called)

    def part_queries(self, path: str, text: str) -> bool:
        """Whether some lines of a file that is linted name a manager, a model or a query."""
        self.project.note("gate_words", path)
        return self.gate.queries(text)

    def statement_queries(self, text: str) -> bool:
        """Whether a statement names a manager, a model or a query, wherever it stands."""
        self.project.note("statement_queries", text)
        return self._statement_queries(text)

    def import_may_query(self, path: str, text: str) -> bool:
        """Whether statements of a file that run on import may touch the database."""
        self.project.note("gate_words", path)
        return self.gate.queries_on_import(text)

    def file_may_store(self, path: str, text: str) -> bool:
        """Whether any function of a file may put a database expression on a row; needs no parsing of the file."""
        self.project.note("storing_words", path)
        return self._expressions.file_may_store(text)

    def may_store(self, path: str, module: str, text: str) -> bool:
        """Whether some lines of a file may put a database expression on a row."""
        self.project.note("storing_words", path)
        return self._expressions.may_store(module, text)

    def _called(self, function: FunctionFacts, name: str) -> FunctionFacts | None:
        base, _, rest = name.partition(".")
        if function.class_name is not None and base in ("self", "cls"):
            return self.project.find_method(f"{function.module}.{function.class_name}", rest)
        found = self._called_from(function.module, name)
        return found if found is not None and found.key != function.key else None

    def _called_from(self, module: str, name: str) -> FunctionFacts | None:
        """The function of the project that a call of this dotted name enters; for a class its __init__."""
        found: object = self.project.resolve(module, name)
        if isinstance(found, ClassFacts):
            found = self.project.find_method(found.key, "__init__")
        return found if isinstance(found, FunctionFacts) else None

    def _gives_rows(self, function: FunctionFacts) -> bool:
        if not self.queries(function):
            return False
        if function.name == "__init__":
            return True  # the object may keep them
        self.project.note("definition_text", function.path, function.qualname)
        return not _GIVES.isdisjoint(_WORD.findall(self._text(function)))

    def _text(self, function: FunctionFacts) -> str:
        source = self.project.source(function.path)
        return "" if source is None else source.rows_text(function.start, function.end)

    def _gate_words(self, path: str) -> frozenset[str]:
        source = self.project.source(path)
        return frozenset() if source is None else self.gate.known_words(source.text)

    def _storing_words(self, path: str) -> frozenset[str]:
        source = self.project.source(path)
        return frozenset() if source is None else self._expressions.known_words(source.text)

    def _statement_queries(self, text: str) -> bool:
        # The words of a table of data stand in its texts: to parse some thousand lines of them takes much memory.
        is_long = text.count("\n") > LONG_STATEMENT
        return self.gate.queries(code_of(text) if is_long else text)

    def _named_queries(self, path: str, qualname: str) -> bool:
        function = self.project.function_at(path, qualname)
        return function is not None and self._queries(function)

    def _named_plain_statements(self, path: str, qualname: str) -> frozenset[str]:
        owner = self.project.class_at(path, qualname)
        return frozenset() if owner is None else self.plain_statements(owner)

    def _named_may_query(self, path: str, qualname: str) -> bool:
        function = self.project.function_at(path, qualname)
        return function is not None and self.may_query(function)


def gate_of(project: Project) -> Gate:
    """The gate of a project: its managers, many-valued relations and models by name."""
    all_models = project.overview
    return Gate(
        words=QUERY_WORDS | all_models.manager_names | all_models.many_valued_names | all_models.model_names,
        relations=all_models.relation_names,
        models=all_models.model_names,
        managers=all_models.manager_names,
    )


_DECLARATION_WORDS = frozenset({"default", "db_default", "choices", "initial", "limit_choices_to", "validators"})
_DELETIONS = ("SET_NULL", "SET_DEFAULT")
_DECLARATION = re.compile(rf"\b(?:{'|'.join(sorted(_DECLARATION_WORDS))})\s*=|{'|'.join(_DELETIONS)}")


def may_declare(text: str) -> bool:
    """Whether a class in a file of this text may declare what `may_declare_defaults` looks for."""
    return _DECLARATION.search(text) is not None


def may_declare_defaults(owner: ClassFacts) -> bool:
    """A class whose body calls something with an argument that a declaration rule looks at."""
    return any(has_declaration_word(assignment.value) for assignment in owner.assignments.values())


def has_declaration_word(value: Expr) -> bool:
    """Whether an assigned value calls something with an argument that a declaration rule looks at."""
    if value.kind != "call":
        return False
    parts = (*value.items, *value.keywords.values())
    return (
        not _DECLARATION_WORDS.isdisjoint(value.keywords)
        or any(str(part.value).endswith(_DELETIONS) for part in parts if part.kind == "name")
        or any(has_declaration_word(part) for part in parts)
    )
