"""The proofs of `tests/fixtures/owners/strawberry.md`, asked of the real library where an interpreter has it.

It cannot be installed beside graphene: both want a graphql-core of their own. `tests/test_cases.py` runs one
interpreter of each Django version, so that the one with strawberry may not be among them; here the package counts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from tests.harness.case_files import Case
from tests.harness.django_process import PYTHONS_VARIABLE, DjangoInterpreter, DjangoProcess
from tests.harness.proofs import check_proof
from tests.test_cases import CASES

PROVEN = [case for case in CASES if "owners/strawberry.md" in str(case.place) and case.proof is not None]


@pytest.fixture(scope="module")
def strawberry() -> Iterator[DjangoProcess]:
    """A worker whose interpreter has strawberry-graphql-django."""
    named = [sys.executable, *filter(None, os.environ.get(PYTHONS_VARIABLE, "").split(os.pathsep))]
    python = next((one for one in named if DjangoInterpreter(one, (0, 0)).has("strawberry_django")), None)
    if python is None:
        pytest.skip(f"no interpreter has strawberry-graphql-django; {PYTHONS_VARIABLE} may name one")
    with DjangoProcess(python) as process:
        yield process


@pytest.mark.parametrize("case", [pytest.param(case, id=case.heading) for case in PROVEN])
def test_proof(case: Case, strawberry: DjangoProcess) -> None:
    """The library sends the queries that the case tells of."""
    check_proof(case, strawberry)


def test_there_are_proofs_of_both_kinds() -> None:
    assert {case.flagged for case in PROVEN} == {True, False}
