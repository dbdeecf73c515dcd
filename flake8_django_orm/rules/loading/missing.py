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
    from flake8_django_orm.fixes.eager_loading import add_loading, describe_loading

    origin = event.origin
    words = describe_loading(context.project, origin, [event.path])
    where = context.line_of(origin.steps[-1].place) if origin.steps else "the queryset"
    shared = any(step.frame is not event.frame for step in origin.steps)
    last = event.reads[-1]
    raises = last.frame.is_async
    cost = "raises SynchronousOnlyOperation in async code" if raises else "runs a query of its own"
    yield Report(
        event=event,
        place=event.place,
        message=f"every {origin.model.name} row reads {'.'.join(event.path)}, which {cost}: "
        f"add {words} to the queryset on {where}",
        fix=add_loading(context.project, origin, event.all_paths, shared=shared),
        model=origin.model.label,
        relations=tuple(dict.fromkeys("__".join(read.path) for read in event.reads)),
        related=tuple(
            RelatedPlace(read.place, f"{'.'.join(read.path)} is read here")
            for read in event.reads
            if read.place != event.place
        ),
    )
