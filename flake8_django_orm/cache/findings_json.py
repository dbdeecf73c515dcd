"""Findings as JSON-able data and back.

In: `Finding`s with paths relative to the project's root, or what `json.loads` gave for them. Out: the other of the two.
"""

from __future__ import annotations

import os
import posixpath
from typing import Any

from flake8_django_orm.findings import Applicability, Edit, Finding, Fix, Location, Related


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """The finding as dicts, lists and plain values."""
    data: dict[str, Any] = {
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "path": finding.path,
        "span": _span_out(finding.start, finding.end),
        "model": finding.model,
        "relations": list(finding.relations),
        "related": [[r.path, _span_out(r.start, r.end), r.message] for r in finding.related],
        "scope": finding.scope,
    }
    if finding.fix is not None:
        edits = [[e.path, e.start, e.end, e.content] for e in finding.fix.edits]
        data["fix"] = [finding.fix.applicability.value, finding.fix.message, edits]
    return data


def finding_from_json(data: Any) -> Finding:
    """The finding that `finding_to_json` wrote. Raises ValueError for data of any other shape."""
    try:
        start, end = _span_in(data["span"])
        return Finding(
            code=_text(data["code"]),
            name=_text(data["name"]),
            message=_text(data["message"]),
            path=_path(data["path"]),
            start=start,
            end=end,
            fix=_fix_in(data["fix"]) if "fix" in data else None,
            model=None if data["model"] is None else _text(data["model"]),
            relations=tuple(map(_text, data["relations"])),
            related=tuple(Related(_path(p), *_span_in(span), _text(m)) for p, span, m in data["related"]),
            scope=_text(data["scope"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"damaged finding: {error}") from None


def _span_out(start: Location, end: Location) -> list[int]:
    return [start.row, start.column, end.row, end.column]


def _span_in(data: Any) -> tuple[Location, Location]:
    row, column, end_row, end_column = map(_number, data)
    return Location(row, column), Location(end_row, end_column)


def _fix_in(data: Any) -> Fix:
    applicability, message, edits = data
    parts = tuple(Edit(_path(path), _number(start), _number(end), _text(text)) for path, start, end, text in edits)
    return Fix(Applicability(applicability), _text(message), parts)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def is_inside(path: str) -> bool:
    """Whether a path is one below the project's root. A cache that came with a repository must not lead out of it."""
    return not posixpath.isabs(path) and not os.path.isabs(path) and ".." not in path.replace("\\", "/").split("/")


def _path(value: Any) -> str:
    if not is_inside(_text(value)):
        raise TypeError("not a path of the project")
    return str(value)


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a number")
    return value
