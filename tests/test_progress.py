"""The line on the terminal during long work."""

from __future__ import annotations

import io
import time

from flake8_django_orm.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_long_work_on_a_terminal_is_told_and_leaves_no_trace() -> None:
    terminal = Terminal()
    for item in Progress(terminal, delay=0.0).follow(range(3), 3):
        time.sleep(0.01 if item else 0.3)
    assert "checking 0/3 files" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_short_work_is_not_told() -> None:
    terminal = Terminal()
    assert list(Progress(terminal, delay=5.0).follow(range(3), 3)) == [0, 1, 2]
    assert terminal.getvalue() == ""


def test_nothing_is_told_to_a_file() -> None:
    file = io.StringIO()
    assert list(Progress(file, delay=0.0).follow(range(3), 3)) == [0, 1, 2]
    assert file.getvalue() == ""
