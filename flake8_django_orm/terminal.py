"""The command's name, its exit codes, and its way to tell that something went wrong.

In: one line. Out: that line on stderr, with the command's name, so that stdout holds nothing but the report.
"""

from __future__ import annotations

import sys
from typing import Final

PROGRAM: Final = "flake8-django-orm"
CLEAN: Final = 0
FINDINGS: Final = 1
ERROR: Final = 2
INTERRUPTED: Final = 130


def tell_error(line: str) -> None:
    """Something could not be done."""
    print(f"{PROGRAM}: error: {line}", file=sys.stderr)


def tell_warning(line: str) -> None:
    """Something was done, perhaps not as the user thinks."""
    print(f"{PROGRAM}: warning: {line}", file=sys.stderr)
