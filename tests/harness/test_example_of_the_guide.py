"""The case file that `docs/writing-cases.md` shows is a good one: it is linted, fixed and proven here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness import linting
from tests.harness.case_files import Case, CaseFile, read_case_file
from tests.harness.django_process import DjangoProcess, interpreters
from tests.harness.fixing import difference, fix
from tests.harness.proofs import check_proof

GUIDE = Path(__file__).parents[2] / "docs" / "writing-cases.md"


@pytest.fixture
def example(tmp_path: Path) -> CaseFile:
    text = GUIDE.read_text(encoding="utf-8").partition("````markdown\n")[2].partition("````\n")[0]
    path = tmp_path / "loading" / "missing-select-related.md"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return read_case_file(path)


@pytest.fixture
def flagged(example: CaseFile) -> Case:
    return example.cases[0]


def test_its_marks_are_the_findings(example: CaseFile) -> None:
    for case in example.cases:
        found = linting.lint(case, case.texts())
        assert linting.differences(linting.marks(case.files), found, case.texts()) == []


def test_its_fixed_block_is_what_the_fix_makes(flagged: Case) -> None:
    assert difference(flagged.texts(flagged.fixed), fix(flagged, flagged.texts(), unsafe=False).texts) == ""


def test_its_proof_holds(flagged: Case) -> None:
    with DjangoProcess(interpreters()[0].python) as process:
        check_proof(flagged, process)
