"""The report that DJQ101 and DJQ102 share: which rows read what, and what to add to which queryset.

In: a MissingLoading event. Out: its report, with the fix that serves everything the queryset lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.machine.frames import Body
from flake8_django_orm.orm.graphql import ROWS_OF_FIELD
from flake8_django_orm.rules.base import RelatedPlace, Report, RuleContext
from flake8_django_orm.rules.loading.choices import Choices, choices_of

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import MissingLoading
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.syntax.units import Place


def report_missing(event: MissingLoading, context: RuleContext) -> Iterator[Report]:
    """One report for the queryset's missing path."""
    # Fix builders import libcst, which a file without findings must not pay for.
    from flake8_django_orm.fixes import admin
    from flake8_django_orm.fixes.chains import is_of_any_model
    from flake8_django_orm.fixes.class_views import declare_queryset
    from flake8_django_orm.fixes.eager_loading import add_loading, describe_loading, loading_place, needed_besides

    origin = event.origin
    if admin.change_list(origin) is not None:
        yield _of_change_list(event, context)
        return
    choices = choices_of(origin, event.frame)
    if choices is not None:
        yield _of_choices(event, choices, context)
        return
    words = describe_loading(context.project, origin, [event.path])
    editable = loading_place(context.project, origin, [event.path])
    built = editable or (origin.steps[-1].place if origin.steps else None)
    any_model = editable is None and is_of_any_model(origin)
    where = _where_called(event, context) if any_model else _where(event, built, context)
    subject, path = _subject(event, context)
    rows = "the" if not event.loops else "some" if event.conditional else "every"
    reads = "reads" if rows != "some" else "read"
    noun = "row" if rows != "some" else "rows"
    raises = any(frame.is_async for frame in event.reads[-1].frame.ancestors())
    cost = "raises SynchronousOnlyOperation in async code" if raises else "runs a query of its own"
    yield Report(
        event=event,
        place=event.place,
        message=f"{rows} {subject} {noun} {reads} {path}, which {cost}: add {words} to {where}"
        f"{needed_besides(origin, words)}",
        fix=add_loading(context.project, origin, event.all_paths, shared=_is_shared(event, built, context))
        or declare_queryset(context.project, origin, event.frame, event.all_paths),
        model=origin.model.label,
        relations=tuple(dict.fromkeys("__".join(read.path) for read in event.reads)),
        related=(
            *(
                RelatedPlace(read.place, f"{'.'.join(read.path)} is read here")
                for read in event.reads
                if read.place != event.place
            ),
            *(RelatedPlace(query.place, f"the prefetch serves {query.how}() as well") for query in event.served),
        ),
        cure=editable,
    )


def _subject(event: MissingLoading, context: RuleContext) -> tuple[str, str]:
    """The model whose rows are gone through, and what is read from them: the lines of an order, not the order, where
    only the lines are many."""
    model: Model | None = event.origin.model
    subject, start = event.origin.model.name, 0
    for number, name in enumerate(event.reads[0].path[:-1], start=1):
        relation = model.relations.get(name) if model is not None else None
        model = context.project.model(relation.target) if relation is not None and relation.target else None
        if relation is None or model is None:
            break
        if not relation.kind.single_valued:
            subject, start = model.name, number
    return subject, ".".join(event.path[start:])


def _of_change_list(event: MissingLoading, context: RuleContext) -> Report:
    """The report for the rows of the admin's change list, where the admin alone makes the queryset."""
    from flake8_django_orm.fixes import admin
    from flake8_django_orm.fixes.eager_loading import describe_loading

    origin, root = event.origin, event.frame.ancestors()[-1]
    words = admin.describe(context.project, origin, [event.path])
    advice = (
        f"add {words} of {root.qualname}"
        if words is not None
        else f"add {describe_loading(context.project, origin, [event.path])} in get_queryset() of {root.qualname}"
    )
    return Report(
        event=event,
        place=event.place,
        message=f"every {origin.model.name} row of the change list reads {'.'.join(event.path)}, "
        f"which runs a query of its own: {advice}",
        fix=admin.add_to_change_list(context.project, origin, event.all_paths) if words is not None else None,
        model=origin.model.label,
        relations=tuple(dict.fromkeys("__".join(read.path) for read in event.reads)),
    )


def _of_choices(event: MissingLoading, choices: Choices, context: RuleContext) -> Report:
    """The report for choices whose queryset Django makes: there is nothing yet that a fix could edit."""
    from flake8_django_orm.fixes.eager_loading import describe_loading

    words = describe_loading(context.project, event.origin, [event.path])
    return Report(
        event=event,
        place=event.place,
        message=f"every {choices.model} row among the choices of the {choices.kind} {choices.name} reads "
        f"{'.'.join(event.path)}, which runs a query of its own: add {words} to their queryset {choices.where}",
        model=event.origin.model.label,
        relations=tuple(dict.fromkeys("__".join(read.path) for read in event.reads)),
    )


def _where(event: MissingLoading, built: Place | None, context: RuleContext) -> str:
    """The queryset to change, in words."""
    if built is None:
        return "the queryset"
    if event.origin.steps and event.origin.steps[-1].method == ROWS_OF_FIELD:
        return f"what get_queryset() of their type gives to the field on {context.line_of(built)}"
    if not context.project.is_own(built.path):
        # Django's own view makes it from the model.
        return f"the queryset of {event.frame.ancestors()[-1].qualname}"
    if not built.path.endswith(".py"):
        return f"a queryset made in Python: the template makes this one on {context.line_of(built)}"
    return f"the queryset on {context.line_of(built)}"


def _where_called(event: MissingLoading, context: RuleContext) -> str:
    """The queryset in words, where a function makes it of any model: what the root's own code gets from it."""
    frames = event.origin.steps[0].frame.ancestors()[::-1]
    root = frames[0]
    own = f"{root.qualname}." if root.body is Body.OWNER else root.qualname
    for frame in frames[1:]:
        if frame.path == root.path and frame.qualname.startswith(own):
            continue
        if frame.call is None or frame.call.path != root.path or frame.is_entry:
            break
        return f"what {frame.qualname.rpartition('.')[2]}() returns on {context.line_of(frame.call)}"
    return f"the queryset of {root.qualname}"


def _is_shared(event: MissingLoading, built: Place | None, context: RuleContext) -> bool | None:
    """False where the queryset stands in the class that the framework drives: nobody else calls its methods."""
    root = event.frame.ancestors()[-1]
    if root.body is not Body.OWNER or built is None or built.path != root.path:
        return None
    module = context.project.module_at(context.project.root / root.path)
    owner = module.class_named(root.qualname) if module is not None else None
    row = (context.project.text(built.path) or "").count("\n", 0, built.span[0]) + 1
    return False if owner is not None and owner.start <= row <= owner.end else None
