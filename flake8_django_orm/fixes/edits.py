"""Text edits: putting them into a text, and choosing which fixes can be applied together.

In: edits with offsets in code points, fixes. Out: the edited text, or the fixes that do not disturb each
other.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flake8_django_orm.findings import Edit, Fix


_LINE_END = re.compile(r"\r\n|\n|\r")


class OverlappingEdits(ValueError):  # noqa: N818 (a state of the edits, told by name)
    """Two edits of one text change the same characters, or an edit lies outside of the text."""


def splice(text: str, edits: Iterable[Edit], newline: str = "\n") -> str:
    """`text` with all `edits` (of this one text) made; each line end in their content becomes `newline`.

    Identical edits count once. OverlappingEdits if two others touch the same characters or insert at one
    offset.
    """
    pieces: list[str] = []
    position = 0
    for edit in _in_order(edits, len(text)):
        pieces.append(text[position : edit.start])
        # What is copied out of the text has its line ends already.
        pieces.append(newline.join(_LINE_END.split(edit.content)))
        position = edit.end
    pieces.append(text[position:])
    return "".join(pieces)


def _in_order(edits: Iterable[Edit], length: int) -> list[Edit]:
    ordered = sorted(set(edits), key=lambda edit: (edit.start, edit.end))
    for edit in ordered:
        if not 0 <= edit.start <= edit.end <= length:
            raise OverlappingEdits(f"the edit {edit.start}:{edit.end} lies outside of a text of {length}")
    for before, after in itertools.pairwise(ordered):
        if after.start < before.end or (before.start, before.end) == (after.start, after.end):
            raise OverlappingEdits(f"two edits meet at offset {after.start}")
    return ordered


def edits_by_path(fixes: Iterable[Fix]) -> dict[str, list[Edit]]:
    """The distinct edits of all `fixes`, by the path they change."""
    found: defaultdict[str, dict[Edit, None]] = defaultdict(dict)
    for fix in fixes:
        for edit in fix.edits:
            found[edit.path][edit] = None
    return {path: list(edits) for path, edits in found.items()}


def compatible(fixes: Sequence[Fix]) -> list[Fix]:
    """The fixes, first come first served, that can be made together; each is in whole or left out in whole.

    Edits of two fixes may be equal (the same import added by both), but may not touch otherwise: what one
    leaves beside the other's text, neither has foreseen. A fix that disturbs itself is left out.
    """
    chosen: dict[Fix, None] = {}
    taken: defaultdict[str, set[Edit]] = defaultdict(set)
    for fix in fixes:
        by_path = edits_by_path([fix])
        if fix in chosen or not fix.edits or not _consistent(by_path):
            continue
        if any(_touch(edit, other) for path, edits in by_path.items() for edit in edits for other in taken[path]):
            continue
        chosen[fix] = None
        for path, edits in by_path.items():
            taken[path].update(edits)
    return list(chosen)


def _consistent(by_path: Mapping[str, Sequence[Edit]]) -> bool:
    try:
        for edits in by_path.values():
            _in_order(edits, max(edit.end for edit in edits))
    except OverlappingEdits:
        return False
    return True


def _touch(one: Edit, other: Edit) -> bool:
    return one != other and one.start <= other.end and other.start <= one.end
