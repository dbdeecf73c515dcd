"""The lines of sums under a report, and the table of `--statistics`.

In: a report. Out: pieces of text that end with a newline.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from flake8_django_orm.fixes.apply import applicable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_django_orm.findings import Finding
    from flake8_django_orm.output.report import Report


def summary(report: Report) -> Iterator[str]:
    """How many findings, how many of them were fixed, how many can be."""
    remaining, fixed = len(report.findings), report.fixed or 0
    if fixed:
        found = counted(remaining + fixed, "error")
        yield f"Found {found} ({fixed} fixed, {remaining} remaining).\n"
    elif remaining:
        yield f"Found {counted(remaining, 'error')}.\n"
    elif report.complete:
        yield "All checks passed!\n"
    fixable = sum(report.fixable(finding) for finding in report.findings)
    hidden = 0 if report.unsafe_fixes else unsafe_only(report.findings)
    if fixable:
        more = f" ({hidden} more with --unsafe-fixes)" if hidden else ""
        yield f"[*] {fixable} fixable with --fix{more}.\n"
    elif hidden:
        yield f"{hidden} fixable with --fix --unsafe-fixes.\n"


def unsafe_only(findings: Sequence[Finding]) -> int:
    """The number of findings whose fix needs `--unsafe-fixes`."""
    return sum(applicable(f, unsafe=True) and not applicable(f, unsafe=False) for f in findings)


def counted(number: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def statistics(report: Report, *, as_json: bool) -> Iterator[str]:
    """Findings counted by code, the most frequent first: `count code [*] name`."""
    counts: Counter[tuple[str, str]] = Counter((f.code, f.name) for f in report.findings)
    fixable: Counter[str] = Counter(f.code for f in report.findings if report.fixable(f))
    table = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if as_json:
        rows = [
            {"code": code, "name": name, "count": count, "fixable_count": fixable[code]}
            for (code, name), count in table
        ]
        yield json.dumps(rows, indent=2) + "\n"
        return
    for (code, name), count in table:
        mark = "*" if fixable[code] == count else "-" if fixable[code] else " "
        yield f"{count}\t{code}\t[{mark}] {name}\n"
    yield from summary(report)
