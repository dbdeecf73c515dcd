"""The report that DJQ101 and DJQ102 share: which rows read what, and what to add to which queryset.

In: a MissingLoading event. Out: its report, with the fix that serves everything the queryset lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.rules.base import RelatedPlace, Report, RuleContext

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import MissingLoading


def report_missing(event: MissingLoading, context: RuleContext) -> Iterator[Report]:
    """One report for the queryset's missing path."""
    # Fix builders import libcst, which a file without findings must not pay for.
    from flake8_django_orm.fixes.eager_loading import add_loading, describe_loading, loading_place

    origin = event.origin
    words = describe_loading(context.project, origin, [event.path])
    built = loading_place(context.project, origin, [event.path]) or (origin.steps[-1].place if origin.steps else None)
    where = f"the queryset on {context.line_of(built)}" if built is not None else "the queryset"
    rows = "every" if event.loops else "the"
    raises = any(frame.is_async for frame in event.reads[-1].frame.ancestors())
    cost = "raises SynchronousOnlyOperation in async code" if raises else "runs a query of its own"
    yield Report(
        event=event,
        place=event.place,
        message=f"{rows} {origin.model.name} row reads {'.'.join(event.path)}, which {cost}: add {words} to {where}",
        fix=add_loading(context.project, origin, event.all_paths),
        model=origin.model.label,
        relations=tuple(dict.fromkeys("__".join(read.path) for read in event.reads)),
        related=tuple(
            RelatedPlace(read.place, f"{'.'.join(read.path)} is read here")
            for read in event.reads
            if read.place != event.place
        ),
    )
