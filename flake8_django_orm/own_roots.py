"""What a function says as a root of its own is left to it: whoever calls it does not say it again.

In: the reports of one root. Out: those that none of the functions which it enters makes by itself. Which pieces a
finding needs is told by the frames of its event; but some are known in a function without its caller, from an
annotation or from the class of `self`, and some functions are called twice with the same queryset.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_django_orm.machine.events import MissingLoading, QueryRun
from flake8_django_orm.machine.frames import Body
from flake8_django_orm.readers.roots import run_function
from flake8_django_orm.reporting import queryset_of
from flake8_django_orm.rules.base import RuleContext
from flake8_django_orm.source import FileKind, file_kind

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Frame
    from flake8_django_orm.project.facts import FunctionFacts
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.readers.execution import Execution
    from flake8_django_orm.rules.base import Report, Rule
    from flake8_django_orm.syntax.units import Place

Spot = tuple[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a report is about, in plain data: where, in which loops, of a queryset built by which links.

    `reads` are the places with what is read there, those on the way to it included.
    """

    kind: str
    reads: frozenset[tuple[Spot, tuple[str, ...]]]
    loops: tuple[Spot, ...]
    steps: tuple[Spot, ...]

    def covers(self, other: Trouble) -> bool:
        """Whether `other`, seen from a caller, is this one: the caller may bring the manager or the queryset from which
        the function goes on, and loops around the call, but none of what is wrong."""
        return (
            self.kind == other.kind
            and self.reads >= other.reads
            and _ends_with(other.loops, self.loops)
            and _ends_with(other.steps, self.steps)
        )


def _ends_with(whole: Sequence[Spot], end: Sequence[Spot]) -> bool:
    return not end or tuple(whole[-len(end) :]) == tuple(end)


class OwnRoots:
    """Runs the functions that hold a part of what a root reports, each once, for what they report themselves."""

    def __init__(
        self, project: Project, execution: Execution, django_version: tuple[int, int] | None, rules: Sequence[Rule]
    ) -> None:
        self._project = project
        self._execution = execution
        self._django_version = django_version
        self._rules = rules

    def without_theirs(self, reports: Iterable[tuple[Rule, Report]]) -> Iterator[tuple[Rule, Report]]:
        """The reports that no function below the root makes itself."""
        for rule, report in reports:
            theirs = (trouble for function in self._entered(report) for trouble in self._troubles(function))
            told = _trouble(rule, report, along=False)
            if not any(trouble.covers(told) for trouble in theirs):
                yield rule, report

    def _entered(self, report: Report) -> Iterator[FunctionFacts]:
        """The functions below the root that lead to where the trouble shows, the nearest to it first."""
        for frame in report.event.frame.ancestors()[:-1]:
            found = self._function(frame)
            if found is not None:
                yield found

    def _function(self, frame: Frame) -> FunctionFacts | None:
        if frame.body is not Body.FUNCTION or not frame.function or not self._project.is_own(frame.path):
            return None
        if file_kind(frame.path) in (FileKind.TEST, FileKind.MIGRATION):
            return None  # less is said there
        found = self._project.function_at(frame.path, frame.qualname)
        return found if found is not None and self._execution.is_root(found) else None

    def _troubles(self, function: FunctionFacts) -> frozenset[Trouble]:
        return self._project.once(("own root", function.path, function.qualname), lambda: self._run(function))

    def _run(self, function: FunctionFacts) -> frozenset[Trouble]:
        run = run_function(self._project, self._execution, function, self._django_version)
        context = RuleContext(self._project, self._django_version, function.path)
        return frozenset(
            _trouble(rule, report, along=True)
            for event in run.events
            for rule in self._rules
            if isinstance(event, rule.listens)
            for report in rule.check(event, context)
        )


def _trouble(rule: Rule, report: Report, *, along: bool) -> Trouble:
    """`along`: what is read on the way counts as told too, for what is loaded with the last is loaded with them."""
    event, queryset = report.event, queryset_of(report)
    steps = tuple(_spot(step.place) for step in queryset.steps) if queryset is not None else ()
    if isinstance(event, MissingLoading):
        loops = [read.loop for read in event.reads[:1] if read.loop is not None]
        found = frozenset((_spot(read.place), read.path) for read in event.reads if along or read.path == event.path)
        return Trouble("loading", found, tuple(_spot(loop.place) for loop in loops), steps)
    loops = list(event.loops) if isinstance(event, QueryRun) else [one for one in [getattr(event, "loop", None)] if one]
    read = (_spot(report.place), tuple(getattr(event, "path", ())))
    return Trouble(rule.code, frozenset({read}), tuple(_spot(loop.place) for loop in loops), steps)


def _spot(place: Place) -> Spot:
    return place.path, place.span
