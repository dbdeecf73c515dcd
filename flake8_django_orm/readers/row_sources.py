"""Where rows can come from in a function: the second look at one whose words let it pass, still before libcst.

In: a function. Out: whether the machine could come to hold a row, queryset, manager or model there, or meet a query
inside a loop. `content` may be a relation, but without a row from somewhere it is just a name. What is hard to tell
counts as a source: a function too many costs time, one too few a finding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flake8_django_orm.project.django_names import MANAGER, MODEL, QUERYSET
from flake8_django_orm.project.facts import Assignment, ClassFacts, Expr, FunctionFacts
from flake8_django_orm.syntax.words import Words, code_of, words_of

if TYPE_CHECKING:
    from flake8_django_orm.project.project import Project

_ORM_CLASSES = frozenset({MODEL, MANAGER, QUERYSET})
_DOTTED = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
#: Functions that fetch, or give what rows are fetched with.
FETCHING_FUNCTIONS = frozenset(
    {
        "prefetch_related_objects",
        "get_object_or_404",
        "get_list_or_404",
        "aget_object_or_404",
        "aget_list_or_404",
        "get_user_model",
        "get_model",
        "load_model",
        "from_db",
    }
)
#: Names that lead to rows wherever they stand; a project's manager names come besides.
ROW_NAMES = FETCHING_FUNCTIONS | {
    "_default_manager",
    "_base_manager",
    "get_queryset",
    "queryset",
    "select_related",
    "prefetch_related",
}
#: What a template or serializer reads of its context or request is not among the function's own words.
_READERS = re.compile(r"[Rr]ender|TemplateResponse|inclusion_tag")
#: A task that is queued inside a transaction needs no rows to be queued too early.
_QUEUES = frozenset({"delay", "apply_async", "enqueue", "send"})
_REPEATS = frozenset({"for", "while", "map", "sorted", "filter", "join", "min", "max", "sum", "any", "all", "list"})
_GIVES = frozenset({"return", "yield", "lambda"})
_ROWS_IN_ANNOTATION = re.compile(r"QuerySet|Manager")
#: How far values are followed from one function to the next.
_DEPTH = 12


@dataclass(slots=True)
class RowSources:
    """Answers for one project, remembered for each function."""

    project: Project
    models: frozenset[str]
    managers: frozenset[str]
    _gives: dict[tuple[str, str], bool] = field(default_factory=dict)
    _touches: dict[tuple[str, str], bool] = field(default_factory=dict)
    _codes: dict[str, tuple[str, Words]] = field(default_factory=dict)

    def may_hold(self, function: FunctionFacts) -> bool:
        """Whether the function may hold rows or something that gives them, or call in a loop what queries."""
        owner = f"{function.module}.{function.class_name}" if function.class_name is not None else ""
        return self._holds(function, owner, 0) or (
            not _REPEATS.isdisjoint(self._words(function).names)
            and any(self._may_touch(f, key, 1) for f, key in self._callees(function, owner))
        )

    def _holds(self, function: FunctionFacts, owner: str, depth: int) -> bool:
        if depth > _DEPTH:
            return True
        words = self._words(function)
        return (
            not ROW_NAMES.isdisjoint(words.names | words.attributes)
            or not self.managers.isdisjoint(words.attributes)
            or not self.models.isdisjoint(words.attributes)
            or _READERS.search(self._code(function)) is not None
            or (not _QUEUES.isdisjoint(words.attributes) and "atomic" in words.names | words.attributes)
            or ("user" in words.attributes and "request" in words.names | words.attributes)
            or any(self._is_promised(function.module, p.annotation) for p in function.parameters if p.annotation)
            or self._is_bound_to_rows(function, owner, words)
            or any(self._may_give(f, key, depth + 1) for f, key in self._callees(function, owner))
        )

    def _is_bound_to_rows(self, function: FunctionFacts, owner: str, words: Words) -> bool:
        """Whether a name of the module, the receiver or an attribute of its class leads to rows."""
        if owner and function.parameters and function.parameters[0].name in words.names:
            if not _ORM_CLASSES.isdisjoint(self.project.ancestors(owner)) or self.project.model(owner) is not None:
                return True
            for name in words.attributes:
                found = self.project.find_class_attribute(owner, name)
                if found is not None and self._leads_to_rows(found[0].module, found[1].value, 0):
                    return True
        if "import" in words.names and not self.models.isdisjoint(words.names):
            return True
        return any(self._is_source(function.module, dotted) for dotted in set(_DOTTED.findall(self._code(function))))

    def _is_source(self, module: str, dotted: str, depth: int = 0) -> bool:
        found = self.project.resolve(module, dotted)
        match found:
            case ClassFacts(key=key):
                return self.project.model(key) is not None
            case Assignment(value=value):
                return self._leads_to_rows(found.module or module, value, depth + 1)
        return False

    def _leads_to_rows(self, module: str, value: Expr, depth: int) -> bool:
        """Whether what a module or class body assigns may hold rows, a model, or an object of the project."""
        if depth > _DEPTH:
            return True
        if value.kind in ("name", "call") and isinstance(value.value, str):
            last = value.value.rpartition(".")[2]
            if last in ROW_NAMES or last in self.managers or last in self.models:
                return True
            found = self.project.resolve(module, value.value) if value.value else None
            if isinstance(found, ClassFacts | FunctionFacts) and value.kind == "call":
                return True
            if found is not None and self._is_source(module, value.value, depth + 1):
                return True
        parts = (*value.items, *value.keywords.values())
        return value.kind == "other" or any(self._leads_to_rows(module, part, depth + 1) for part in parts)

    def _is_promised(self, module: str, annotation: str) -> bool:
        """Whether an annotation promises rows, or an object of a class of the project."""
        return _ROWS_IN_ANNOTATION.search(annotation) is not None or any(
            name.rpartition(".")[2] in self.models or isinstance(self.project.resolve(module, name), ClassFacts)
            for name in _DOTTED.findall(annotation.replace('"', " ").replace("'", " "))
        )

    # -- functions that are called ------------------------------------------------------------------------------

    def _callees(self, function: FunctionFacts, owner: str) -> list[tuple[FunctionFacts, str]]:
        """The functions of the project that the function names, each with the class by which it is reached."""
        found: list[tuple[FunctionFacts, str]] = []
        words = self._words(function)
        for dotted in sorted(set(_DOTTED.findall(self._code(function)))):
            target = self.project.resolve(function.module, dotted)
            if isinstance(target, FunctionFacts):
                found.append((target, f"{target.module}.{target.class_name}" if target.class_name else ""))
            elif isinstance(target, ClassFacts):
                found.extend(self._methods(target.key, words.attributes | {"__init__", "__call__", "__iter__"}))
        if owner and function.parameters and function.parameters[0].name in words.names:
            found.extend(self._methods(owner, words.attributes))
        return [(f, key) for f, key in found if f.key != function.key and self.project.is_readable(f)]

    def _methods(self, owner: str, names: frozenset[str]) -> list[tuple[FunctionFacts, str]]:
        """The methods of a class of these names, those of its bases that super() reaches included."""
        found: list[tuple[FunctionFacts, str]] = []
        for key in self.project.mro(owner):
            facts = self.project.class_facts(key)
            if facts is not None:
                found.extend((facts.methods[name], owner) for name in facts.methods.keys() & names)
        return found

    def _may_give(self, function: FunctionFacts, owner: str, depth: int) -> bool:
        key = (function.key, owner)
        if key not in self._gives:
            self._gives[key] = False  # a function that only calls itself gives nothing
            returns = function.returns is not None and self._is_promised(function.module, function.returns)
            self._gives[key] = returns or (
                not _GIVES.isdisjoint(self._words(function).names) and self._holds(function, owner, depth)
            )
        return self._gives[key]

    def _may_touch(self, function: FunctionFacts, owner: str, depth: int) -> bool:
        key = (function.key, owner)
        if key not in self._touches:
            self._touches[key] = False
            self._touches[key] = self._holds(function, owner, depth) or any(
                self._may_touch(f, k, depth + 1) for f, k in self._callees(function, owner)
            )
        return self._touches[key]

    # -- text ---------------------------------------------------------------------------------------------------

    def _code(self, function: FunctionFacts) -> str:
        return self._read(function)[0]

    def _words(self, function: FunctionFacts) -> Words:
        return self._read(function)[1]

    def _read(self, function: FunctionFacts) -> tuple[str, Words]:
        key = f"{function.path}:{function.start}"
        if key not in self._codes:
            source = self.project.source(function.path)
            code = code_of(source.rows_text(function.start, function.end)) if source is not None else ""
            self._codes[key] = code, words_of(code)
        return self._codes[key]
