"""All uses of a function in the project, found before its signature may change.

In: a project and a function. Out: its call sites, each with the parsed module; None where one use is no plain call, or
where it cannot be told whether a name means the function.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.fixes.statements import Surroundings, surroundings
from flake8_django_orm.project.definitions import ModuleRef
from flake8_django_orm.project.facts import ClassFacts, FunctionFacts
from flake8_django_orm.syntax.names import bound_names, dotted_name
from flake8_django_orm.syntax.units import Unit, parse_unit
from flake8_django_orm.syntax.visitor import walk

if TYPE_CHECKING:
    from flake8_django_orm.project.facts import ModuleFacts
    from flake8_django_orm.project.project import Project

_KEPT_DECORATORS = frozenset({"staticmethod", "classmethod"})
#: Bases that call none of their subclasses' own methods by name.
_QUIET_BASES = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol", "django.db.models.Model"})


@dataclass(frozen=True, slots=True)
class CallSite:
    """One call of the function, in the tree of its whole module."""

    unit: Unit
    call: cst.Call


@dataclass(frozen=True, slots=True)
class Uses:
    """A function's definition, parsed with the whole of its module, and every call of it."""

    unit: Unit
    definition: cst.FunctionDef
    calls: tuple[CallSite, ...]
    receiver: bool  # the first parameter is what the function is read from: `self`


def uses_of_function(project: Project, function: FunctionFacts) -> Uses | None:
    """Every use of a function or method; None where the project may use it in a way that cannot be rewritten."""
    if not (project.is_whole and _is_plain(project, function)):
        return None
    search = _Search(project, function)
    for facts in project.modules_mentioning(function.name):
        if not search.read(facts):
            return None
    if search.home is None or search.definition is None:
        return None
    receiver = function.class_name is not None and not function.is_static
    return Uses(search.home, search.definition, tuple(search.calls), receiver)


def module_unit(project: Project, facts: ModuleFacts) -> Unit | None:
    """A module parsed as a whole."""
    text = project.text(facts.path)
    return None if text is None else parse_unit(facts.path, facts.name, "", text, 0, len(text))


def _is_plain(project: Project, function: FunctionFacts) -> bool:
    """True for a function that only calls in sight can reach: no decorator, no framework that calls it by its name."""
    if PurePosixPath(function.path).is_absolute() or "<locals>" in function.qualname:
        return False
    if function.name.startswith("__") or not _KEPT_DECORATORS.issuperset(function.decorators):
        return False
    if function.class_name is None:
        return True
    ancestors = project.ancestors(f"{function.module}.{function.class_name}")
    external = [key for key in ancestors if project.class_facts(key) is None]
    return _QUIET_BASES.issuperset(external)


class _Search:
    """Goes through the modules that have the function's name in their text."""

    def __init__(self, project: Project, function: FunctionFacts) -> None:
        self.project = project
        self.function = function
        self.home: Unit | None = None
        self.definition: cst.FunctionDef | None = None
        self.calls: list[CallSite] = []

    def read(self, facts: ModuleFacts) -> bool:
        """Collect a module's calls; False where a use is not understood."""
        unit = module_unit(self.project, facts)
        if unit is None:
            return False
        names = {self.function.name}
        parts = list(walk(unit.tree))
        for part in parts:
            if isinstance(part, cst.FunctionDef) and part.name.value == self.function.name:
                if not self._is_definition(unit, facts, part):
                    if self._may_be_confused(facts):
                        return False
                    continue
                if self.definition is not None:
                    return False
                self.home, self.definition = unit, part
            if isinstance(part, cst.ImportAlias) and part.evaluated_name == self.function.name and part.asname:
                alias = part.evaluated_alias or ""
                if any(other.path != facts.path for other in self.project.modules_mentioning(alias)):
                    return False
                names.add(alias)
        return all(self._classify(unit, facts, part, names) for part in self._mentions(parts, names))

    def _is_definition(self, unit: Unit, facts: ModuleFacts, node: cst.FunctionDef) -> bool:
        if facts.path != self.function.path:
            return False
        text = self.project.text(facts.path) or ""
        row = text.count("\n", 0, unit.span(node)[0]) + 1
        return self.function.start <= row <= self.function.end

    def _may_be_confused(self, facts: ModuleFacts) -> bool:
        """Methods are found by name: another definition of the name makes each use doubtful, as does a second one."""
        return self.function.class_name is not None or facts.path == self.function.path

    def _mentions(self, parts: Sequence[cst.CSTNode], names: set[str]) -> Iterator[cst.Name | cst.Attribute]:
        """Names and attributes that may mean the function; definitions, imports and keywords left out."""
        labels: set[int] = set()
        for part in parts:
            match part:
                case cst.Attribute(attr=attr):
                    labels.add(id(attr))
                case cst.FunctionDef(name=name) | cst.ClassDef(name=name) | cst.Param(name=name):
                    labels.add(id(name))
                case cst.Arg(keyword=cst.Name() as keyword):
                    labels.add(id(keyword))
                case cst.ImportAlias():
                    labels.update(id(node) for node in walk(part))
        for part in parts:
            if id(part) in labels:
                continue
            if (isinstance(part, cst.Name) and part.value in names) or (
                isinstance(part, cst.Attribute) and part.attr.value == self.function.name
            ):
                yield part

    def _classify(self, unit: Unit, facts: ModuleFacts, node: cst.Name | cst.Attribute, names: set[str]) -> bool:
        """Note a call; False where the use is not understood."""
        around = surroundings(unit, node)
        if around is None:
            return False
        meant = self._means_function(facts, node, around)
        if meant is None:
            return False
        if not meant:
            return True
        parent = around.ancestors[-1] if around.ancestors else None
        if not isinstance(parent, cst.Call) or parent.func is not node:
            return False
        self.calls.append(CallSite(unit, parent))
        return True

    def _means_function(self, facts: ModuleFacts, node: cst.Name | cst.Attribute, around: Surroundings) -> bool | None:
        """Whether a mention is the function; None where that cannot be told."""
        if self.function.class_name is not None:
            return self._means_method(facts, node, around)
        dotted = dotted_name(node)
        first = dotted.partition(".")[0]
        if not first:
            # An attribute of a call or an item: modules are not got that way.
            return False
        local = next((s for s in _scopes(around) if first in bound_names(s.body) or first in _parameters(s)), None)
        if local is not None:
            found = _local_import(self.project, facts, local, first)
            if found is None:
                return False if isinstance(node, cst.Attribute) else None
            rest = dotted.partition(".")[2]
            found = self.project.resolve(found.name, rest) if isinstance(found, ModuleRef) and rest else found
        else:
            found = self.project.resolve(facts.name, dotted)
        if isinstance(found, FunctionFacts):
            return found.key == self.function.key
        return False if isinstance(node, cst.Attribute) or found is not None else None

    def _means_method(self, facts: ModuleFacts, node: cst.Name | cst.Attribute, around: Surroundings) -> bool | None:
        if isinstance(node, cst.Name):
            return False
        receiver = dotted_name(node.value)
        key = f"{self.function.module}.{self.function.class_name}"
        function = around.function
        owner = around.owner
        if function is not None and owner is not None and facts.path == self.function.path:
            parameters = [p.name.value for p in (*function.params.posonly_params, *function.params.params)]
            inside = owner.name.value == (self.function.class_name or "").rpartition(".")[2]
            if inside and parameters and receiver == parameters[0] and receiver in ("self", "cls"):
                return True
        found = self.project.resolve(facts.name, receiver) if receiver else None
        if isinstance(found, ClassFacts) and found.key == key:
            # `Service.helper(service, x.id)` hands over the receiver by hand.
            return True if self.function.is_static or self.function.is_classmethod else None
        return None


def _scopes(around: Surroundings) -> list[cst.FunctionDef]:
    return [node for node in reversed(around.ancestors) if isinstance(node, cst.FunctionDef)]


def _parameters(function: cst.FunctionDef) -> set[str]:
    return {part.name.value for part in walk(function.params) if isinstance(part, cst.Param)}


def _local_import(project: Project, facts: ModuleFacts, function: cst.FunctionDef, name: str) -> object | None:
    """What an import inside of the function binds the name to; None where something else binds it."""
    for part in walk(function.body):
        if not isinstance(part, cst.ImportFrom) or isinstance(part.names, cst.ImportStar):
            continue
        for alias in part.names:
            if (alias.evaluated_alias or alias.evaluated_name) == name:
                return project.resolve_import(_absolute(facts, part), alias.evaluated_name)
    return None


def _absolute(facts: ModuleFacts, node: cst.ImportFrom) -> str:
    name = dotted_name(node.module) if node.module is not None else ""
    if not node.relative:
        return name
    parts = facts.name.split(".")
    drop = len(node.relative) - (1 if facts.is_package else 0)
    base = parts[: len(parts) - drop] if drop else parts
    return ".".join([*base, name] if name else base)
