"""What an output format is given, and how a path is shown.

In: findings with absolute paths. Out: a `Report` with all that a format may ask.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_django_orm.fixes.apply import applicable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flake8_django_orm.findings import Finding
    from flake8_django_orm.source import SourceFile


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of one run, in the order in which they are shown.

    `source` gives the text of a path as it was linted, None where it cannot be read. `noqa_row` gives the
    1-based row at whose end a `# noqa` for a finding must stand. `fixed` is the number of findings that
    `--fix` settled, None where it was not asked for. `complete` is false if a file could not be linted.
    """

    findings: Sequence[Finding]
    source: Callable[[str], SourceFile | None]
    noqa_row: Callable[[Finding], int]
    unsafe_fixes: bool = False
    fixed: int | None = None
    complete: bool = True
    color: bool = False

    def fixable(self, finding: Finding) -> bool:
        """True if `--fix`, with `--unsafe-fixes` where that was given, would make the finding's fix."""
        return applicable(finding, unsafe=self.unsafe_fixes)


def shown_path(path: str) -> str:
    """`path` relative to the current directory if it lies below it, else as it is."""
    if not os.path.isabs(path):
        return path
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative
