"""From reports to findings: choose the anchor, work out positions, name the other places.

In: what rules said about the events of one root. Out: findings of the root's file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from flake8_django_orm.findings import Finding, Related
from flake8_django_orm.machine.frames import Body
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule
from flake8_django_orm.syntax.anchors import anchor_span, name_span

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import Event
    from flake8_django_orm.machine.frames import Frame, Loop
    from flake8_django_orm.machine.values import QuerySetValue
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.readers.execution import Execution
    from flake8_django_orm.syntax.units import Place

#: What is added to a message about a part of a template that is cached.
_CACHED = "(in a cached fragment: only when that is made anew)"

#: Which rules are silent where another one speaks of the same query (DESIGN.md, "Where a report points").
SILENCED_BY: dict[str, frozenset[str]] = {
    "DJQ301": frozenset({"DJQ305"}),
    "DJQ105": frozenset({"DJQ305", "DJQ301"}),
    "DJQ101": frozenset({"DJQ202", "DJQ106"}),
    "DJQ102": frozenset({"DJQ203"}),
    "DJQ106": frozenset({"DJQ203"}),
    "DJQ103": frozenset({"DJQ201", "DJQ203", "DJQ102", "DJQ105", "DJQ107", "DJQ304"}),
    "DJQ104": frozenset({"DJQ201", "DJQ203", "DJQ103", "DJQ105", "DJQ107"}),
    "DJQ205": frozenset({"DJQ508"}),
    "DJQ506": frozenset({"DJQ504", "DJQ103", "DJQ104", "DJQ102", "DJQ203", "DJQ207", "DJQ208", "DJQ502"}),
    "DJQ501": frozenset({"DJQ502", "DJQ207", "DJQ203", "DJQ103"}),
    "DJQ502": frozenset({"DJQ207", "DJQ203", "DJQ103"}),
}


def without_doubles(reports: Sequence[tuple[Rule, Report]]) -> list[tuple[Rule, Report]]:
    """One query, one report: leave out what a rule of higher rank says already about one of the same places."""
    spoken: dict[str, set[Place]] = {}
    for rule, report in reports:
        places = (report.place, report.event.place, *(r.place for r in report.related))
        spoken.setdefault(rule.code, set()).update(places)
    return [
        (rule, report)
        for rule, report in reports
        if not any(
            {report.place, report.event.place} & spoken.get(other, set()) for other in SILENCED_BY.get(rule.code, ())
        )
    ]


def to_findings(
    reports: Sequence[tuple[Rule, Report]], execution: Execution, path: str, scope: str
) -> Iterator[Finding]:
    """The findings of one root."""
    seen: set[object] = set()
    for rule, report in reports:
        anchor, span = _anchor(report, execution, path)
        source = execution.source(path)
        if anchor is None or source is None:
            continue
        message = _message(report)
        keys = {(rule.code, span[0], message), _trouble(rule, report)}
        if keys & seen:
            continue
        seen |= keys
        yield Finding(
            code=rule.code,
            name=rule.name,
            message=message,
            path=path,
            start=source.location(span[0]),
            end=source.location(span[1]),
            fix=report.fix,
            model=report.model,
            relations=report.relations,
            related=tuple(_related(report, anchor, execution)),
            scope=scope,
        )


def _trouble(rule: Rule, report: Report) -> object:
    """What a report is about: two ways to the same access of the same queryset are one trouble, with one cure."""
    if rule.cured_at_access:
        return (rule.code, report.place)
    queryset = queryset_of(report)
    built = queryset.steps[0].place if queryset is not None and queryset.steps else None
    cure = report.fix.edits if report.fix is not None else built
    return (rule.code, report.place, report.model, report.relations, cure)


def _message(report: Report) -> str:
    """What the rule says; where a cache or a client decides whether it happens, that too."""
    message = f"{report.message} {_CACHED}" if report.event.cached else report.message
    field = report.event.frame.asked_for
    return f"{message} (when the field {field} is asked for)" if field else message


def _anchor(report: Report, execution: Execution, path: str) -> tuple[Place | None, tuple[int, int]]:
    """The access if it stands in the root's own frame, else the queryset's method name, else the call that leads
    there."""
    source = execution.source(path)
    text = source.text if source is not None else ""
    frame = report.event.frame
    if frame.parent is None or report.own_frame:
        for place in (report.place, report.event.place):
            if place.path == path:
                return place, anchor_span(place, text)
    # Of the calls that make a queryset, the one to change: a base class may go on with those of all its subclasses.
    queryset = queryset_of(report)
    steps = [step.place for step in reversed(queryset.steps)] if queryset is not None else []
    for step in (report.cure, *steps):
        if step is not None and step.path == path:
            return step, name_span(step)
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
    for place in _chain(report, execution.project):
        source = execution.source(place.place.path) if execution.project.is_own(place.place.path) else None
        if source is None or (place.place.path, place.place.span) in seen:
            continue
        seen.add((place.place.path, place.place.span))
        start, end = anchor_span(place.place, source.text)
        yield Related(place.place.path, source.location(start), source.location(end), place.message)


def _loops(event: Event) -> Iterable[Loop]:
    """The loops that bind the rows of the event, in the order of the path; else the innermost one around it."""
    own = [read.loop for read in getattr(event, "reads", ())] or [getattr(event, "loop", None)]
    bound = [loop for loop in own if loop is not None]
    return dict.fromkeys(bound or event.loops[-1:])


def _chain(report: Report, project: Project) -> Iterable[RelatedPlace]:
    queryset = queryset_of(report)
    if queryset is not None and (visible := [s for s in queryset.steps if project.is_own(s.place.path)]):
        yield RelatedPlace(visible[-1].place, "the queryset is built here")
    for loop in _loops(report.event):
        yield RelatedPlace(loop.place, "its rows are looped over here")
    frames = [f for f in report.event.frame.ancestors()[::-1] if project.is_own(f.path)]
    for frame in frames:
        if frame.call is not None:
            verb = "rendered" if frame.body is Body.TEMPLATE else "called"
            yield RelatedPlace(frame.call, f"{frame.qualname} is {verb} here")
    yield from report.related
    yield RelatedPlace(report.place, "the access is here")
