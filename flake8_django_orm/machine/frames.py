"""Where in the call tree of a root something happens: frames, and the loops that run inside them.

In: nothing. Out: small linked data from which the lowest frame that holds several places is worked out.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_django_orm.syntax.units import Place


class Body(enum.Enum):
    """What kind of code a frame runs."""

    FUNCTION = "function"
    MODULE = "module"
    CLASS = "class"
    OWNER = "a class that the framework drives"
    TEMPLATE = "template"
    FIELD = "a field that a client may ask for"
    DECLARED = "a class whose fields are shown, as of a serializer or a table"


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One call of one function. `call` is the place in `parent` from which it was entered; a root has no parent."""

    qualname: str
    path: str
    parent: Frame | None = None
    call: Place | None = None
    is_async: bool = False
    function: str = ""  # FunctionFacts.key
    body: Body = Body.FUNCTION
    conditions: int = 0  # the machine's condition depth where it was entered

    @property
    def depth(self) -> int:
        """0 for the root."""
        return 0 if self.parent is None else self.parent.depth + 1

    @property
    def is_entry(self) -> bool:
        """Whether it is an inherited method by which the framework enters the class that it drives, or hands on to by
        super(): its `self` is the class that is driven, so what it brings together is the class's own."""
        frames = self.ancestors()
        called, root = frames[:-1], frames[-1]
        names = {frame.qualname.rpartition(".")[2] for frame in called}
        is_inherited = self.qualname.rpartition(".")[0] != root.qualname
        is_entered = len(names) == 1 and all(frame.body is Body.FUNCTION for frame in called)
        return root.body is Body.OWNER and is_inherited and is_entered

    @property
    def asked_for(self) -> str:
        """The field that a client must ask for so that this runs; "" where it runs in any case."""
        return next((frame.qualname for frame in self.ancestors() if frame.body is Body.FIELD), "")

    def ancestors(self) -> list[Frame]:
        """This frame and its callers, the root last."""
        found = [self]
        while found[-1].parent is not None:
            found.append(found[-1].parent)
        return found


def lowest_common(frames: Iterable[Frame]) -> Frame | None:
    """The deepest frame in whose call tree all of `frames` lie; None for no frames or frames of different roots."""
    common: list[Frame] | None = None
    for frame in frames:
        chain = frame.ancestors()[::-1]
        if common is None:
            common = chain
            continue
        shared = 0
        while shared < min(len(common), len(chain)) and common[shared] is chain[shared]:
            shared += 1
        common = common[:shared]
    lowest = common[-1] if common else None
    while lowest is not None and lowest.body is Body.TEMPLATE:
        # A template is no root: what happens in it alone belongs to the code that renders it.
        lowest = lowest.parent
    return lowest


class Repeats(enum.Enum):
    """How often a loop's body runs, as far as it matters for queries."""

    ROWS = "once per row of a queryset"
    ITEMS = "once per item of something of unknown length"
    BOUNDED = "a small, fixed number of times"
    POLLING = "until a condition holds"


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """One loop while it runs. `conditions` is the machine's condition depth at its start."""

    number: int
    frame: Frame
    place: Place
    repeats: Repeats
    conditions: int
    result: int | None = None  # the result set whose rows it binds
    is_async: bool = False
    built_before: int = 0  # identities up to this one are older than the loop: they are of querysets made before it
    taken_from: int = 0  # the container out of which each round takes a row, where that is what repeats it

    @property
    def counts(self) -> bool:
        """True where a query inside grows with the data."""
        return self.repeats in (Repeats.ROWS, Repeats.ITEMS)
