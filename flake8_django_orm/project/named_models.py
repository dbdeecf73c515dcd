"""Models that class bodies name: `model = Book`.

In: a project, the module in whose scope an expression stands, the expression. Out: the model, None where it names none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.project.facts import ClassFacts

if TYPE_CHECKING:
    from flake8_django_orm.project.facts import Expr
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.project.project import Project


def model_named(project: Project, module: str, value: Expr | None) -> Model | None:
    """The model that the expression names."""
    found = project.resolve(module, str(value.value)) if value is not None and value.kind == "name" else None
    return project.model(found.key) if isinstance(found, ClassFacts) else None
