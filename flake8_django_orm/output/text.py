"""The format `text`: a finding with its code, the places that belong to it, and what its fix would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.findings import Applicability
from flake8_django_orm.fixes.edits import OverlappingEdits, edits_by_path, splice
from flake8_django_orm.output.colors import Style, paint, printable
from flake8_django_orm.output.concise import headline
from flake8_django_orm.output.diff import shown_rows, small_diff
from flake8_django_orm.output.frame import frame
from flake8_django_orm.output.report import shown_path
from flake8_django_orm.output.summary import summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_django_orm.findings import Finding, Fix, Related
    from flake8_django_orm.output.report import Report

_NOTES = {
    Applicability.SAFE: None,
    Applicability.UNSAFE: "this fix is unsafe: it is made only with --unsafe-fixes",
    Applicability.DISPLAY_ONLY: "this fix is a suggestion: it is never made by itself",
}


def render(report: Report) -> Iterator[str]:
    """Each finding with a code frame, then the sums."""
    shown: dict[Fix, Finding] = {}
    for finding in report.findings:
        yield "\n".join([*_finding(finding, report, shown), "", ""])
    yield from summary(report)


def _finding(finding: Finding, report: Report, shown: dict[Fix, Finding]) -> Iterator[str]:
    yield headline(finding, report)
    source = report.source(finding.path)
    if source is not None:
        yield from frame(source, finding.start, finding.end, color=report.color)
    for related in finding.related:
        yield from _related(related, report)
    if finding.fix is not None:
        yield from _fix(finding.fix, finding, report, shown)


def _related(related: Related, report: Report) -> Iterator[str]:
    place = f"{printable(shown_path(related.path))}:{related.start.row}:{related.start.column}"
    yield f"  {paint('=', Style.GUTTER, report.color)} {printable(related.message)} at {place}"
    source = report.source(related.path)
    if source is not None:
        yield from frame(
            source,
            related.start,
            related.end,
            context=0,
            mark="-",
            style=Style.RELATED,
            color=report.color,
        )


def _fix(fix: Fix, finding: Finding, report: Report, shown: dict[Fix, Finding]) -> Iterator[str]:
    yield f"{paint('help:', Style.HELP, report.color)} {printable(fix.message)}"
    if fix in shown:
        first = shown[fix]
        place = f"{printable(shown_path(first.path))}:{first.start.row}:{first.start.column}"
        yield f"  (the same fix as for {first.code} at {place})"
        return
    shown[fix] = finding
    for path, edits in edits_by_path([fix]).items():
        source = report.source(path)
        if source is None:
            continue
        try:
            after = splice(source.text, edits, source.newline)
        except OverlappingEdits:
            continue
        if path != finding.path:
            yield f"  --> {printable(shown_path(path))}"
        for rows in small_diff(source.text, after):
            yield from shown_rows(rows, report.color)
    note = _NOTES[fix.applicability]
    if note is not None:
        yield f"note: {note}"
