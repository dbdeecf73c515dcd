"""From reports to findings: choose the anchor, work out positions, name the other places.

In: what rules said about the events of one root. Out: findings of the root's file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from flake8_django_orm.findings import Finding, Related
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule
from flake8_django_orm.syntax.anchors import anchor_span, name_span

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Frame
    from flake8_django_orm.machine.values import QuerySetValue
    from flake8_django_orm.readers.execution import Execution
    from flake8_django_orm.syntax.units import Place

#: Where two rules speak of one statement, the first of these speaks alone (DESIGN.md, "Where a report points").
PRIORITY = ("DJQ305", "DJQ301", "DJQ105", "DJQ201", "DJQ203", "DJQ103", "DJQ202", "DJQ106", "DJQ101")


def to_findings(
    reports: Sequence[tuple[Rule, Report]], execution: Execution, path: str, scope: str
) -> Iterator[Finding]:
    """The findings of one root."""
    seen: set[tuple[str, int, str]] = set()
    for rule, report in reports:
        anchor, span = _anchor(report, execution, path)
        source = execution.source(path)
        if anchor is None or source is None:
            continue
        key = (rule.code, span[0], report.message)
        if key in seen:
            continue
        seen.add(key)
        yield Finding(
            code=rule.code,
            name=rule.name,
            message=report.message,
            path=path,
            start=source.location(span[0]),
            end=source.location(span[1]),
            fix=report.fix,
            model=report.model,
            relations=report.relations,
            related=tuple(_related(report, anchor, execution)),
            scope=scope,
        )


def _anchor(report: Report, execution: Execution, path: str) -> tuple[Place | None, tuple[int, int]]:
    """The access if it stands in the root's own frame, else the queryset's method name, else the call that leads there."""
    source = execution.source(path)
    text = source.text if source is not None else ""
    frame = report.event.frame
    if frame.parent is None or report.own_frame:
        return report.place, anchor_span(report.place, text)
    queryset = queryset_of(report)
    if queryset is not None:
        for step in reversed(queryset.steps):
            if step.place.path == path:
                return step.place, name_span(step.place)
    call = _call_in_root(frame)
    if call is not None and call.path == path:
        return call, anchor_span(call, text)
    return None, (0, 0)


def queryset_of(report: Report) -> QuerySetValue | None:
    """The queryset that a report is about: the one that a fix would edit."""
    return getattr(report.event, "origin", None) or getattr(report.event, "queryset", None)


def _call_in_root(frame: Frame) -> Place | None:
    while frame.parent is not None and frame.parent.parent is not None:
        frame = frame.parent
    return frame.call


def _related(report: Report, anchor: Place, execution: Execution) -> Iterator[Related]:
    """Queryset, loop, calls and access, in the order in which the rows travel; the anchor itself left out."""
    seen = {(anchor.path, anchor.span)}
    for place in _chain(report):
        source = execution.source(place.place.path)
        if source is None or (place.place.path, place.place.span) in seen:
            continue
        seen.add((place.place.path, place.place.span))
        start, end = anchor_span(place.place, source.text)
        yield Related(place.place.path, source.location(start), source.location(end), place.message)


def _chain(report: Report) -> Iterable[RelatedPlace]:
    queryset = queryset_of(report)
    if queryset is not None and queryset.steps:
        yield RelatedPlace(queryset.steps[-1].place, "the queryset is built here")
    loop = getattr(report.event, "loop", None) or next(reversed(report.event.loops), None)
    if loop is not None:
        yield RelatedPlace(loop.place, "its rows are looped over here")
    frames = [f for f in report.event.frame.ancestors()[::-1] if f.call is not None]
    for frame in frames:
        if frame.call is not None:
            yield RelatedPlace(frame.call, f"{frame.qualname} is called here")
    yield from report.related
    yield RelatedPlace(report.place, "the access is here")
