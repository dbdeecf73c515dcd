"""The format `json`: ruff's schema, so that what reads ruff reads us, with model and related places added."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_django_orm.findings import Edit, Finding, Fix, Location
    from flake8_django_orm.output.report import Report


def render(report: Report) -> Iterator[str]:
    """One JSON list. Paths are absolute, rows and columns 1-based, columns count code points."""
    yield json.dumps([as_dict(finding, report) for finding in report.findings], indent=2) + "\n"


def as_dict(finding: Finding, report: Report) -> dict[str, Any]:
    """One finding as JSON values."""
    return {
        "cell": None,
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "severity": "error",
        "filename": finding.path,
        "location": _location(finding.start),
        "end_location": _location(finding.end),
        "noqa_row": report.noqa_row(finding),
        "url": None,
        "fix": None if finding.fix is None else _fix(finding.fix, report),
        "model": finding.model,
        "relations": list(finding.relations),
        "related": [
            {
                "filename": related.path,
                "location": _location(related.start),
                "end_location": _location(related.end),
                "message": related.message,
            }
            for related in finding.related
        ],
    }


def _location(location: Location) -> dict[str, int]:
    return {"row": location.row, "column": location.column}


def _fix(fix: Fix, report: Report) -> dict[str, Any]:
    return {
        "applicability": fix.applicability.value,
        "message": fix.message,
        "edits": [edit for edit in (_edit(edit, report) for edit in fix.edits) if edit is not None],
    }


def _edit(edit: Edit, report: Report) -> dict[str, Any] | None:
    source = report.source(edit.path)
    if source is None:
        return None
    return {
        "content": edit.content,
        "filename": edit.path,
        "location": _location(source.location(edit.start)),
        "end_location": _location(source.location(edit.end)),
    }
