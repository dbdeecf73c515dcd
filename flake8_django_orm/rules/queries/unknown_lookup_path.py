"""DJQ507: a path names something that the model does not have, or a comparison stands where a lookup belongs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.machine.events import Chained
from flake8_django_orm.machine.named_paths import NamedPath, added_names, named_paths
from flake8_django_orm.machine.values import Argument, Comparison
from flake8_django_orm.orm.lookup_paths import Walk, glued_paths, walk
from flake8_django_orm.orm.querysets import Names
from flake8_django_orm.rules.base import Report, Rule, RuleContext

if TYPE_CHECKING:
    from flake8_django_orm.machine.values import QuerySetValue
    from flake8_django_orm.project.models import Model

_LOOKUPS = {"==": "", ">": "__gt", ">=": "__gte", "<": "__lt", "<=": "__lte", "in": "__in"}


class UnknownLookupPath(Rule):
    """## What it does
    Flags a name in a lookup path that the model does not have, and a comparison in its place: `filter(pages > 100)`.
    The paths of `select_related()`, `prefetch_related()`, `filter()`, `order_by()`, `only()`, `values()`, `update()`,
    `F()`, `Q()` and the aggregates are read.

    ## Why is this bad
    Django raises `FieldError` when the line runs, and only then: in a branch that no test visits the typo waits for a
    user. A wrong name in `prefetch_related()` is even quieter, because Django looks at it only once there are rows.
    The commonest way to such a name is a missing comma between two texts, which Python glues together.

    ## Example
    ```python
    from app.models import Book


    def books():
        return Book.objects.prefetch_related("tags" "chapters")
    ```

    ## Use instead
    ```python
    from app.models import Book


    def books():
        return Book.objects.prefetch_related("tags", "chapters")
    ```

    ## Fix safety
    The fix is only shown. It puts in the comma, the nearest name that the model has, or the lookup that says the same
    as the comparison.

    ## What it does not see
    Models with a base, a field or a reverse relation that could not be read, the user model (packages may point at
    it), names behind `extra()` and `union()`, computed names, and names behind a JSON, array, range or geometry
    column.

    ## References
    - [Django documentation: field lookups](https://docs.djangoproject.com/en/stable/ref/models/querysets/#field-lookups)
    - [Django documentation: prefetch_related()](https://docs.djangoproject.com/en/stable/ref/models/querysets/#prefetch-related)
    """

    code = "DJQ507"
    name = "unknown-lookup-path"
    applicability = Applicability.DISPLAY_ONLY
    in_tests = False
    listens = Chained

    def check(self, event: Chained, context: RuleContext) -> Iterator[Report]:
        queryset = event.before
        if event.one_of_several or queryset.raw or queryset.combined:
            return
        for argument in event.step.arguments:
            if isinstance(argument.value, Comparison) and argument.name is None:
                yield from _compared(event, argument, argument.value, context)
        manager = queryset.manager
        added = added_names(queryset, event.step)
        if added is None or (manager is not None and not manager.known):
            return
        for named in named_paths(event.step):
            found = walk(context.project, queryset.model, named.path, named.names, added)
            if found.reason in ("unknown", "lookup") and not _annotated_wrongly(queryset, found, context):
                yield _report(event, named, found, context)


def _report(event: Chained, named: NamedPath, found: Walk, context: RuleContext) -> Report:
    assert found.model is not None
    model = event.before.model
    if found.reason == "lookup":
        what = f'"{named.path}": {found.prefix} has no lookup {found.wrong}'
    else:
        what = f'"{named.path}": {found.model.name} has no {_kind(named.names)} {found.wrong}'
    glued = glued_paths(context.project, model, named.path, named.names) if found.reason == "unknown" else None
    if glued is not None:
        advice = f'a comma is missing between "{glued[0]}" and "{glued[1]}"'
    elif found.nearest:
        advice = f"did you mean {found.nearest[0]}?"
    else:
        advice = "name something that it has"
    quiet = ", and Django says so only once there are rows" if named.names is Names.ATTRIBUTES else ""
    return Report(
        event=event,
        place=named.place or event.place,
        message=f"{event.step.method}() names {what}{quiet}: {advice}",
        fix=_fix(named, found, glued, context),
        model=model.label,
        relations=(named.path,),
    )


def _annotated_wrongly(queryset: QuerySetValue, found: Walk, context: RuleContext) -> bool:
    """Whether the model is known from the annotation of a parameter alone, which nothing checks, and another model has
    the name that this one lacks: then the annotation is as likely to be wrong."""
    if queryset.steps or found.reason != "unknown" or found.model is not queryset.model:
        return False
    return any(found.wrong in {*one.columns, *one.relations} for one in context.project.models())


def _kind(names: Names) -> str:
    return "relation" if names in (Names.RELATIONS, Names.ATTRIBUTES) else "field"


def _fix(named: NamedPath, found: Walk, glued: tuple[str, str] | None, context: RuleContext) -> Fix | None:
    if named.place is None or (glued is None and not found.nearest):
        return None
    from flake8_django_orm.fixes.lookup_names import insert_comma, rename

    if glued is not None:
        edits = insert_comma(named.place, glued)
        return Fix(Applicability.DISPLAY_ONLY, "Put the missing comma in", edits) if edits else None
    edits = rename(context.project, named.place, named.path, found.prefix, found.wrong, found.nearest[0])
    return Fix(Applicability.DISPLAY_ONLY, f"Write {found.nearest[0]}", edits) if edits else None


def _compared(event: Chained, argument: Argument, value: Comparison, context: RuleContext) -> Iterator[Report]:
    place = argument.place
    if event.step.method not in ("filter", "exclude", "get") or place is None or value.operator not in _LOOKUPS:
        return
    from flake8_django_orm.fixes.lookup_names import sides

    written = sides(context.project, place)
    if written is None or not _is_field(event.before.model, written[0]):
        return
    lookup = f"{written[0]}{_LOOKUPS[value.operator]}={written[1]}"
    start, end = place.span
    yield Report(
        event=event,
        place=place,
        message=f"{event.step.method}() is given the result of a Python comparison, not a condition: write {lookup}",
        fix=Fix(Applicability.DISPLAY_ONLY, f"Write {lookup}", (Edit(place.path, start, end, lookup),)),
        model=event.before.model.label,
    )


def _is_field(model: Model, name: str) -> bool:
    return name in model.columns or name in ("pk", model.primary_key) or model.relation_by_lookup(name) is not None
