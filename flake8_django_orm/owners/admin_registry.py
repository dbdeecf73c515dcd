"""Which admin classes stand for which models, and which of them show which inlines.

In: a class of the project. Out: names of models, each with the module that names it; models.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from flake8_django_orm.project.expressions import dotted_name
from flake8_django_orm.project.facts import ClassFacts
from flake8_django_orm.project.sequences import elements
from flake8_django_orm.syntax.parsing import parse_python

if TYPE_CHECKING:
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.project.project import Project


def registered(project: Project, facts: ClassFacts) -> Iterator[tuple[str, str]]:
    """The models that a class is registered for, by its decorator or by a call, each with the module that names it."""
    for decorator in facts.decorators:
        if decorator.kind == "call" and str(decorator.value).rpartition(".")[2] == "register":
            yield from ((facts.module, str(item.value)) for item in decorator.items if item.kind == "name")
    for module in project.modules_mentioning(facts.name):
        for models, by in _register_calls(project.text(module.path) or ""):
            found = project.resolve(module.name, by) if by.rpartition(".")[2] == facts.name else None
            if isinstance(found, ClassFacts) and found.key == facts.key:
                yield from ((module.name, model) for model in models)


@lru_cache(maxsize=32)
def _register_calls(text: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """The calls `site.register(Model, Admin)` and `site.register([Model, ...], Admin)` in a module, by name."""
    tree = parse_python(text) if ".register(" in text else None
    found = []
    for node in ast.walk(tree) if tree is not None else ():
        match node:
            case ast.Call(func=ast.Attribute(attr="register"), args=[models, by]) if name := dotted_name(by):
                listed = models.elts if isinstance(models, ast.List | ast.Tuple) else [models]
                names = tuple(dotted for model in listed if (dotted := dotted_name(model)) is not None)
                found.append((names, name))
    return tuple(found)


def shown_by(project: Project, inline: ClassFacts) -> Iterator[Model]:
    """The models whose admin lists the class among its inlines."""
    for module in project.modules_mentioning(inline.name):
        for owner in module.classes.values():
            if "inlines" in owner.assignments and _lists(project, owner, inline):
                for named_in, dotted in registered(project, owner):
                    found = project.resolve(named_in, dotted)
                    model = project.model(found.key) if isinstance(found, ClassFacts) else None
                    if model is not None:
                        yield model


def _lists(project: Project, owner: ClassFacts, inline: ClassFacts) -> bool:
    for module, item in elements(project, owner.module, owner.assignments["inlines"].value) or ():
        found = project.resolve(module, str(item.value)) if item.kind == "name" else None
        if isinstance(found, ClassFacts) and found.key == inline.key:
            return True
    return False
