"""The fix for a prefetch that takes no notice of the filter beside it: a Prefetch object with the same condition.

In: the prefetched relation and the filter's arguments. Out: an unsafe fix with its imports, None for other forms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import quoted
from flake8_django_orm.fixes.imports import plan_import

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_django_orm.machine.values import Argument, Step
    from flake8_django_orm.project.models import Model, Relation
    from flake8_django_orm.project.project import Project


def filter_prefetch(
    project: Project, prefetch: Step, relation: Relation, target: Model, conditions: Sequence[Argument]
) -> Fix | None:
    """`prefetch_related("books")` as `prefetch_related(Prefetch("books", queryset=Book.objects.filter(...)))`."""
    place, call = prefetch.place, prefetch.place.node
    text = project.text(place.path)
    if text is None or not isinstance(call, cst.Call):
        return None
    named = [a.value for a in call.args if isinstance(a.value, cst.SimpleString) and _text_of(a.value) == relation.name]
    written = [_condition(argument, relation, place.path, text) for argument in conditions]
    module = target.key.rpartition(".")[0]
    prefetch_name = plan_import(project, place.path, "django.db.models", "Prefetch", place.span[0])
    model_name = plan_import(project, place.path, module, target.name, place.span[0])
    if len(named) != 1 or None in written or prefetch_name is None or model_name is None:
        return None
    start, end = place.unit.span(named[0])
    queryset = f"{model_name.name}.{target.default_manager}.filter({', '.join(one or '' for one in written)})"
    content = f"{prefetch_name.name}({quoted(relation.name, place)}, queryset={queryset})"
    edits = (*prefetch_name.edits, *model_name.edits, Edit(place.path, start, end, content))
    return Fix(Applicability.UNSAFE, f'Filter the prefetch of "{relation.name}"', edits)


def _text_of(node: cst.SimpleString) -> object:
    return node.evaluated_value


def _condition(argument: Argument, relation: Relation, path: str, text: str) -> str | None:
    """`books__published=True` as `published=True`."""
    if argument.name is None or argument.place is None or argument.place.path != path:
        return None
    start, end = argument.place.span
    value = text[start:end]
    return None if "\n" in value else f"{argument.name.removeprefix(f'{relation.lookup}__')}={value}"
