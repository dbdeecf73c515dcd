"""Sequences that class bodies declare: `fields`, `exclude`, `list_display`, written out, joined from others or named.

In: a project, the module in whose scope an expression stands, the expression. Out: its elements, or None where not
all of them can be told: a part of a list is not the list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.project.facts import Assignment, Expr

if TYPE_CHECKING:
    from flake8_django_orm.project.project import Project

_MAX_DEPTH = 8
#: Each element with the module in whose scope it stands.
Elements = list[tuple[str, Expr]]


def elements(project: Project, module: str, expression: Expr | None, depth: int = 0) -> Elements | None:
    """The elements of a list, tuple or set."""
    if expression is None or depth > _MAX_DEPTH:
        return None
    match expression:
        case Expr(kind="list" | "tuple" | "set", items=items):
            return [(module, item) for item in items]
        case Expr(kind="concat", items=items):
            found: Elements = []
            for item in items:
                part = elements(project, module, item, depth + 1)
                if part is None:
                    return None
                found.extend(part)
            return found
        case Expr(kind="name", value=str(dotted)):
            definition = project.resolve(module, dotted)
            if isinstance(definition, Assignment):
                return elements(project, definition.module or module, definition.value, depth + 1)
        case Expr(kind="call", value="list" | "tuple" | "set" | "sorted", items=(inner,)):
            return elements(project, module, inner, depth + 1)
    return None


def strings(project: Project, module: str, expression: Expr | None) -> list[str] | None:
    """The elements of a sequence of string literals."""
    found = elements(project, module, expression)
    if found is None:
        return None
    values = [constant(project, inner, item) for inner, item in found]
    texts = [value for value in values if isinstance(value, str)]
    return texts if len(texts) == len(values) else None


def constant(project: Project, module: str, expression: Expr | None) -> str | int | float | bool | None:
    """A literal, or what a name stands for that is assigned one; None for anything else."""
    if expression is None:
        return None
    if expression.kind == "const":
        return expression.value
    if expression.kind == "name":
        definition = project.resolve(module, str(expression.value))
        if isinstance(definition, Assignment) and definition.value.kind == "const":
            return definition.value.value
    return None
