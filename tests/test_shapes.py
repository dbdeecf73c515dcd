"""Every shape of an inventory has a flagged and a silent case, each proven on a real Django.

An inventory is a file of `tests/fixtures/shapes`; `docs/writing-cases.md` tells how it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.harness.case_files import Case
from tests.test_cases import CASES

INVENTORIES = Path(__file__).with_name("fixtures") / "shapes"
_SHAPE = re.compile(r"- (?P<name>.+?)(?: \((?P<limit>flagged only|silent only|no proof): (?P<why>.+)\))?")


@dataclass(frozen=True, slots=True)
class Shape:
    """One line of an inventory; `limit` is what it says about the cases that it cannot have."""

    place: str
    name: str
    limit: str


def _shapes() -> Iterator[Shape]:
    for path in sorted(INVENTORIES.glob("*.md")):
        for row, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("- "):
                match = _SHAPE.fullmatch(line)
                assert match is not None, f"{path}:{row}: cannot be read"
                yield Shape(f"{path.name}:{row}", match["name"], match["limit"] or "")


SHAPES = tuple(_shapes())


def _shown(shape: Shape, *, flagged: bool) -> list[Case]:
    return [case for case in CASES if shape.name in case.options.shapes and case.flagged == flagged]


@pytest.mark.parametrize("shape", [pytest.param(shape, id=shape.name) for shape in SHAPES])
def test_shape(shape: Shape) -> None:
    """A flagged and a silent case show it, and a proof says that they are right."""
    for flagged, other in ((True, "silent only"), (False, "flagged only")):
        kind = "flagged" if flagged else "silent"
        cases = _shown(shape, flagged=flagged)
        if shape.limit == other:
            assert not cases, f"{shape.place}: {shape.name} has a {kind} case: drop the words behind its name"
            continue
        assert cases, f"{shape.place}: no {kind} case shows {shape.name}"
        if shape.limit != "no proof":
            assert any(case.proof is not None for case in cases), f"{shape.place}: no proof of a {kind} {shape.name}"


def test_names() -> None:
    """Every shape has one line, and cases name no others."""
    names = [shape.name for shape in SHAPES]
    assert len(names) == len(set(names)), [name for name in names if names.count(name) > 1]
    unknown = [f"{case.place}: {name}" for case in CASES for name in case.options.shapes if name not in names]
    assert not unknown, unknown
