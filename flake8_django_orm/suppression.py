"""What the user hid: `# noqa` on a line, `# flake8: noqa` for a file, per-file-ignores, just as flake8 does.

In: flake8's options, the findings and the text of one file. Out: the findings that are left. The plugin has
no use for this, since there flake8 does it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flake8_django_orm import flake8_configuration as flake8

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from flake8_django_orm.findings import Finding

_CODES_AFTER_FILE_NOQA = re.compile(r"noqa\s*:\s*[A-Z]+[0-9]+", re.IGNORECASE)


class Suppression:
    """The user's wishes of one run."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._make_guide = flake8.file_guides(options)
        self._last: tuple[str, str, flake8.FileGuide] | None = None

    def hides_file(self, text: str) -> bool:
        """True if a `# flake8: noqa` line hides all of the file."""
        return self._file_noqa(text) is not None

    def misleading_file_noqa(self, text: str) -> int | None:
        """The 1-based row of a `# flake8: noqa: CODE`, which looks as if it hid one code but hides all."""
        found = self._file_noqa(text)
        return found[0] if found and _CODES_AFTER_FILE_NOQA.search(found[1]) else None

    def _file_noqa(self, text: str) -> tuple[int, str] | None:
        if "noqa" not in text.lower():
            return None
        lines = flake8.normalized_lines(text)
        row = flake8.skips_file(self._options, lines)
        return None if row is None else (row, lines[row - 1])

    def visible(self, findings: Iterable[Finding], filename: str, text: str) -> list[Finding]:
        """The findings of `filename` (as the user named it) that flake8 would show, in the given order."""
        findings = list(findings)
        if not findings:
            return []
        guide = self._guide_for(filename, text)
        return [f for f in findings if not guide.is_hidden(f.code, f.start.row, f.start.column)]

    def noqa_row(self, row: int, filename: str, text: str) -> int:
        """The 1-based row at whose end a `# noqa` for a finding in `row` must stand."""
        return self._guide_for(filename, text).noqa_row(row)

    def _guide_for(self, filename: str, text: str) -> flake8.FileGuide:
        """What flake8 would hide in the file. The last one is kept, because flake8 splits all of a file into tokens to
        tell where a `# noqa` of one row stands, and findings come file by file."""
        if self._last is None or self._last[:2] != (filename, text):
            self._last = (filename, text, self._make_guide(filename, flake8.normalized_lines(text)))
        return self._last[2]
