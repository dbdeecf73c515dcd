"""What a name can stand for: a class, a function, an assignment, a module, or something outside of the index.

In: nothing. Out: the `Definition` union.
"""

from __future__ import annotations

from dataclasses import dataclass

from flake8_django_orm.project.facts import Assignment, ClassFacts, FunctionFacts


@dataclass(frozen=True, slots=True)
class External:
    """A name outside of what the index reads: `django.shortcuts.get_object_or_404`, `builtins.sorted`,
    `requests.get`.
    """

    name: str


@dataclass(frozen=True, slots=True)
class ModuleRef:
    """A module of the project or its environment as a value (`import shop.models`, `from shop import
    models`).
    """

    name: str


Definition = ClassFacts | FunctionFacts | Assignment | ModuleRef | External
