"""A line on the terminal that tells how far long work has come.

In: the number of files, and a call for each one done. Out: a line on stderr, after the first second, on a
terminal only, that leaves no trace.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TextIO, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DELAY = 1.0
_INTERVAL = 0.2
_CLEAR = "\r\x1b[K"

T = TypeVar("T")


class Progress:
    """Shows `verb done/total files` while `follow` runs."""

    def __init__(self, stream: TextIO, verb: str = "checking", *, delay: float = _DELAY) -> None:
        self._stream = stream
        self._verb = verb
        self._delay = delay
        self._done = 0
        self._total = 0
        self._stop = threading.Event()

    def follow(self, items: Iterable[T], total: int) -> Iterator[T]:
        """`items`, each counted as it passes."""
        if not self._stream.isatty():
            yield from items
            return
        self._done, self._total = 0, total
        self._stop = threading.Event()
        thread = threading.Thread(target=self._show, args=(self._stop,), daemon=True)
        thread.start()
        try:
            for item in items:
                self._done += 1
                yield item
        finally:
            self._stop.set()
            thread.join()

    def _show(self, stop: threading.Event) -> None:
        """Runs beside the work, so that one slow file does not look like a standstill."""
        if stop.wait(self._delay):
            return
        while True:
            self._write(f"{_CLEAR}{self._verb} {self._done}/{self._total} files")
            if stop.wait(_INTERVAL):
                break
        self._write(_CLEAR)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self._stop.set()
