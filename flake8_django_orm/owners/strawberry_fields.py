"""How types of strawberry declare their fields: by annotations, decorated methods, and `field(resolver=...)`.

In: a class's facts. Out: its fields; where one says how its rows are loaded, or its type is not known, it is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.orm import graphql
from flake8_django_orm.project.facts import ClassFacts, Expr, FunctionFacts
from flake8_django_orm.project.named_models import model_named
from flake8_django_orm.readers.execution import definition_of
from flake8_django_orm.syntax.units import Place

if TYPE_CHECKING:
    from flake8_django_orm.project.facts import Assignment
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.readers.execution import Execution

_LISTS = frozenset({"list", "List"})
_WRAPPERS = frozenset({"Optional", "Annotated"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `type` is that of its objects where the project declares it for a model, `resolver` what gives them,
    `attribute` what is read where there is none. `is_django` says that the library gets the rows ready, `is_refined`
    that the client may ask for a part of them.
    """

    name: str
    place: Place
    attribute: str
    is_list: bool
    is_django: bool
    type: ClassFacts | None
    resolver: FunctionFacts | None = None
    is_refined: bool = False
    is_scalar: bool = False


def is_optimized(project: Project) -> bool:
    """Whether a module of the project names the optimizer, or may do so where a part of the project is not there."""
    if not project.is_whole or any(True for _ in project.modules_mentioning(graphql.OPTIMIZER)):
        return True
    modules = project.modules_mentioning(graphql.OPTIMIZER_MODULE.rpartition(".")[2])
    return any(found.module == graphql.OPTIMIZER_MODULE for module in modules for found in module.imports.values())


def type_call(project: Project, facts: ClassFacts) -> Expr | None:
    """The decorator by which a class is a type of strawberry."""
    for decorator in facts.decorators:
        if _known_name(project, facts.module, str(decorator.value or "")) == graphql.TYPE:
            return decorator
    return None


def type_model(project: Project, facts: ClassFacts) -> Model | None:
    """The model that the type stands for; None where there is none, or the type has a say in how rows are loaded."""
    decorator = type_call(project, facts)
    if decorator is None or decorator.kind != "call" or not _is_django(project, facts.module, str(decorator.value)):
        return None
    if not graphql.HINTS.isdisjoint(decorator.keywords) or "**" in decorator.keywords:
        return None
    named = decorator.items[0] if decorator.items else decorator.keywords.get("model")
    return model_named(project, facts.module, named)


def fields_of(project: Project, execution: Execution, facts: ClassFacts) -> Iterator[Field]:
    """The fields that the class's own body declares and that are understood."""
    for method in facts.methods.values():
        field = _decorated(project, execution, facts, method)
        if field is not None:
            yield field
    for assignment in facts.assignments.values():
        field = _declared(project, execution, facts, assignment)
        if field is not None:
            yield field


def _decorated(project: Project, execution: Execution, facts: ClassFacts, method: FunctionFacts) -> Field | None:
    if len(method.decorators) != 1 or _known_name(project, facts.module, method.decorators[0]) != graphql.FIELD:
        return None  # further decorators may change what the method gets
    unit = execution.unit(method)
    node = definition_of(unit) if unit is not None else None
    if unit is None or node is None:
        return None
    call = node.decorators[0].decorator
    named = {a.keyword.value if a.keyword else a.star for a in call.args} if isinstance(call, cst.Call) else set()
    if not graphql.HINTS.isdisjoint(named) or "**" in named:
        return None
    is_list, kind = _type_of(project, facts.module, method.returns or "")
    is_django = _is_django(project, facts.module, method.decorators[0])
    plain = replace(method, decorators=())  # the library calls what it was given
    is_refined = is_django and (_refines(project, kind) or not graphql.REFINES.isdisjoint(named))
    return Field(method.name, Place(unit, node.name), method.name, is_list, is_django, kind, plain, is_refined)


def _declared(project: Project, execution: Execution, facts: ClassFacts, assignment: Assignment) -> Field | None:
    value = assignment.value
    is_bare = value.kind == "other" and assignment.annotation is not None
    called = str(value.value or "") if value.kind == "call" else ""
    if not is_bare and _known_name(project, facts.module, called) != graphql.FIELD:
        return None
    if not graphql.HINTS.isdisjoint(value.keywords) or "**" in value.keywords or value.items:
        return None
    is_list, kind = _type_of(project, facts.module, assignment.annotation or "")
    place = _target(execution, facts, assignment.name)
    if place is None or (is_bare and not isinstance(place.node, cst.Name)):
        return None
    named, given = value.keywords.get("field_name"), value.keywords.get("resolver")
    attribute = str(named.value) if named is not None and named.kind == "const" else assignment.name
    resolver = None
    if given is not None:
        found = project.resolve(facts.module, str(given.value)) if given.kind == "name" else None
        if not isinstance(found, FunctionFacts):
            return None
        resolver = found
    is_django = type_model(project, facts) is not None if is_bare else _is_django(project, facts.module, called)
    is_refined = is_django and (_refines(project, kind) or not graphql.REFINES.isdisjoint(value.keywords))
    is_scalar = assignment.annotation in graphql.SCALARS
    return Field(assignment.name, place, attribute, is_list, is_django, kind, resolver, is_refined, is_scalar)


def _refines(project: Project, kind: ClassFacts | None) -> bool:
    decorator = type_call(project, kind) if kind is not None else None
    return decorator is not None and not graphql.REFINES.isdisjoint(decorator.keywords)


def _target(execution: Execution, facts: ClassFacts, name: str) -> Place | None:
    """The value of a declaration; its name where it has only an annotation."""
    unit = execution.assignment_unit(facts, name)
    for statement in unit.body if unit is not None else ():
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            if unit is not None and isinstance(small, cst.AnnAssign):
                return Place(unit, small.value or small.target)
    return None


def _type_of(project: Project, module: str, annotation: str) -> tuple[bool, ClassFacts | None]:
    """Whether an annotation promises a list, and of which type that stands for a model."""
    try:
        node = ast.parse(annotation.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return False, None
    is_list = False
    for _ in range(6):
        match node:
            case ast.Constant(value=str(text)):
                inner_list, kind = _type_of(project, module, text)
                return is_list or inner_list, kind
            case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
                node = left
            case ast.Subscript(value=outer, slice=inner):
                name = ast.unparse(outer).rpartition(".")[2]
                if name not in _LISTS | _WRAPPERS or (is_list and name in _LISTS):
                    return is_list, None
                is_list = is_list or name in _LISTS
                node = inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner
            case ast.Name() | ast.Attribute():
                found = project.resolve(module, ast.unparse(node))
                is_of_model = isinstance(found, ClassFacts) and type_model(project, found) is not None
                return is_list, found if isinstance(found, ClassFacts) and is_of_model else None
            case _:
                break
    return is_list, None


def _full_name(project: Project, module: str, dotted: str) -> str:
    facts = project.module(module)
    return graphql.of_strawberry(facts, dotted) if facts is not None else ""


def _known_name(project: Project, module: str, dotted: str) -> str:
    return _full_name(project, module, dotted).rpartition(".")[2]


def _is_django(project: Project, module: str, dotted: str) -> bool:
    full = _full_name(project, module, dotted).split(".")
    return full[0] == "strawberry_django" or "django" in full[1:]
