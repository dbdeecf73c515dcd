"""The fix for a class-based view that only says `model = Book`: a queryset in its place, which loads what is read.

In: the queryset that Django's view makes of the model, and the attribute paths that its rows lack. Out: a fix; None
where something else may need the model: a subclass, a mixin that is not seen, code that reads `self.model`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import quoted
from flake8_django_orm.fixes.lookups import Path, lookups, united
from flake8_django_orm.machine.frames import Body
from flake8_django_orm.syntax.visitor import walk

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Frame
    from flake8_django_orm.machine.values import QuerySetValue
    from flake8_django_orm.project.facts import ClassFacts
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

_CREATES = "django.views.generic.CreateView"
_READS_MODEL = re.compile(r"""\.model\b|["']model["']""")


def declare_queryset(project: Project, origin: QuerySetValue, frame: Frame, paths: Sequence[Path]) -> Fix | None:
    """The fix for rows that the view of the running root fetches by its model alone."""
    place = _model_place(project, origin, frame)
    if place is None:
        return None
    statement, name = place
    found = lookups(project, origin, paths)
    wanted = united(found or ())
    if not wanted or wanted.columns:
        return None
    calls = [
        f"{method}({', '.join(quoted(name, statement) for name in names)})"
        for method, names in (("select_related", wanted.select), ("prefetch_related", wanted.prefetch))
        if names
    ]
    text = f"queryset = {name}.objects.{'.'.join(calls)}"
    edit = Edit(statement.path, *statement.span, text)
    return Fix(Applicability.SAFE, f"Replace the model by a queryset with {' and '.join(calls)}", (edit,))


def _model_place(project: Project, origin: QuerySetValue, frame: Frame) -> tuple[Place, str] | None:
    """The statement `model = Book` from which the view starts, and the class as it is written there."""
    root = frame.ancestors()[-1]
    model = origin.model
    manager = model.managers.get("objects")
    # A class of the project's own may look at the time or the request, which a class body must not.
    if manager is not None and (manager.manager_class or manager.queryset_class or not manager.known):
        return None
    if root.body is not Body.OWNER or model.default_manager != "objects":
        return None
    if any(project.is_own(step.place.path) for step in origin.steps):
        return None
    called = next((one.call for one in frame.ancestors() if one.parent is root), None)
    module = project.module_at(project.root / root.path)
    view = module.class_named(root.qualname) if module is not None else None
    if called is None or view is None or not _needs_no_model(project, view):
        return None
    for node in walk(called.unit.tree):
        match node:
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value="model"))], value=value) if (
                value is called.node and isinstance(value, (cst.Name, cst.Attribute))
            ):
                text = project.text(called.path) or ""
                return called.at(node), text[slice(*called.span)]
    return None


def _needs_no_model(project: Project, view: ClassFacts) -> bool:
    ancestors = project.ancestors(view.key)
    if (
        not project.is_whole
        or _CREATES in ancestors
        or any(_is_subclass(project, view, other) for other in _mentioning(project, view))
    ):
        return False
    for name in ancestors:
        facts = project.class_facts(name)
        if facts is None:
            if not name.startswith("django."):
                return False
        elif project.is_own(facts.path):
            lines = (project.text(facts.path) or "").splitlines()[facts.start - 1 : facts.end]
            if "queryset" in facts.assignments or _READS_MODEL.search("\n".join(lines)):
                return False
        elif not project.is_stub(facts.path):
            return False
    return True


def _mentioning(project: Project, view: ClassFacts) -> Iterator[ClassFacts]:
    for module in project.modules_mentioning(view.name):
        yield from module.classes.values()


def _is_subclass(project: Project, view: ClassFacts, other: ClassFacts) -> bool:
    return other.key != view.key and view.key in project.ancestors(other.key)
