"""The format `concise`: one line a finding, `path:row:col: CODE message`, and a line of sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.output.colors import Style, paint, printable
from flake8_django_orm.output.report import shown_path
from flake8_django_orm.output.summary import summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_django_orm.findings import Finding
    from flake8_django_orm.output.report import Report


def render(report: Report) -> Iterator[str]:
    """One line a finding; with `[*]` where a fix can be made."""
    for finding in report.findings:
        yield headline(finding, report) + "\n"
    yield from summary(report)


def headline(finding: Finding, report: Report) -> str:
    """`path:row:col: CODE [*] message`."""
    path = paint(printable(shown_path(finding.path)), Style.PATH, report.color)
    code = paint(finding.code, Style.CODE, report.color)
    mark = paint("[*]", Style.FIXABLE, report.color) + " " if report.fixable(finding) else ""
    place = f"{path}:{finding.start.row}:{finding.start.column}"
    return f"{place}: {code} {mark}{printable(finding.message)}"
