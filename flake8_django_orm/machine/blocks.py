"""Blocks of code that run under something: a condition, a loop, what is known of queries on the way.

In: the machine. Out: context managers. They are classes of their own, because a root enters thousands of them and a
generator costs three times as much.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flake8_django_orm.machine.frames import Frame, Loop
    from flake8_django_orm.machine.machine import Entered, Machine

#: For a block that runs as any other.
NOTHING_SPECIAL = nullcontext()


class InCall:
    """The body of a called function."""

    __slots__ = ("_call", "_frame", "_machine", "_outer")

    def __init__(self, machine: Machine, frame: Frame, call: Entered) -> None:
        self._machine = machine
        self._frame = frame
        self._call = call

    def __enter__(self) -> None:
        machine = self._machine
        self._outer, machine.frame = machine.frame, self._frame
        machine.calls.append(self._call)

    def __exit__(self, *_: object) -> None:
        self._machine.calls.pop()
        self._machine.frame = self._outer


class Conditional:
    """A block that a condition guards."""

    __slots__ = ("_machine",)

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def __enter__(self) -> None:
        self._machine.conditions += 1

    def __exit__(self, *_: object) -> None:
        self._machine.conditions -= 1


class Looping:
    """The body of a loop."""

    __slots__ = ("_loop", "_loops")

    def __init__(self, loops: list[Loop], loop: Loop) -> None:
        self._loops = loops
        self._loop = loop

    def __enter__(self) -> None:
        self._loops.append(self._loop)

    def __exit__(self, *_: object) -> None:
        self._loops.pop()


class Knowing:
    """A block on whose way it is known of some queries whether they found something."""

    __slots__ = ("_before", "_known", "_machine")

    def __init__(self, machine: Machine, known: Mapping[int, bool]) -> None:
        self._machine = machine
        self._known = known

    def __enter__(self) -> None:
        self._before = self._machine.known
        if self._known:
            self._machine.known = {**self._before, **self._known}

    def __exit__(self, *_: object) -> None:
        self._machine.known = self._before
