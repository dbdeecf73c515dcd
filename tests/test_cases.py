"""Every case of every case file: its findings, its fixes, its proof on real Django.

A case is one `## heading` of `tests/fixtures/rules/<family>/<rule-name>.md`, `tests/fixtures/owners/<owner>.md` or
`tests/fixtures/flows/<flows>.md`;
`docs/writing-cases.md` tells how to write one. Run one rule with
`pytest tests/test_cases.py -k missing-select-related`. With
FLAKE8_DJANGO_ORM_UPDATE_FIXES=1 the fixed blocks are written anew from what the fixes make; findings are
never written, only compared.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from flake8_django_orm.fixes.apply import applicable, parses
from tests.harness import linting, postgresql
from tests.harness.case_files import Case, SourceFile, all_case_files
from tests.harness.django_process import SQLITE, DjangoInterpreter, DjangoProcess, interpreters
from tests.harness.fixing import Fixed, difference, fix
from tests.harness.proofs import check_proof, holds_on
from tests.harness.updating import update_fixed_blocks

FIXTURES = Path(__file__).with_name("fixtures")
CASE_FILES = all_case_files(FIXTURES)
CASES = tuple(case for file in CASE_FILES for case in file.cases)
UPDATE = bool(os.environ.get("FLAKE8_DJANGO_ORM_UPDATE_FIXES"))


def _parameters(cases: Iterator[Case]) -> list[object]:
    return [pytest.param(case, id=case.id) for case in cases]


@pytest.mark.parametrize("case", _parameters(iter(CASES)))
def test_findings(case: Case) -> None:
    """The findings are exactly the marked ones."""
    texts = case.texts()
    lines = linting.differences(linting.marks(case.files), linting.lint(case, texts), texts)
    assert not lines, _told(case, lines)


@pytest.mark.parametrize("case", _parameters(case for case in CASES if len(case.files) > 1))
def test_one_by_one_or_all_together(case: Case) -> None:
    """The findings do not depend on which files are linted in the same run, or in which order."""
    texts = case.texts()
    paths = linting.python_files(texts)
    with linting.project_directory(texts) as root:
        together = linting.lint_directory(case, root, paths)
        apart = linting.lint_directory(case, root, paths, apart=True)
    assert linting.counted(apart) == linting.counted(together), case.place


@pytest.mark.parametrize("case", _parameters(case for case in CASES if case.flagged))
def test_fixes(case: Case) -> None:
    """Safe fixes give the `fixed` blocks, unsafe ones the `fixed-unsafe` blocks; without a block nothing
    changes.
    """
    safe = _check_fixes(case, case.texts(), case.texts(case.fixed), case.fixed, unsafe=False)
    expected = case.texts(case.fixed, case.fixed_unsafe)
    _check_fixes(case, case.texts(), expected, {**case.fixed, **case.fixed_unsafe}, unsafe=True)
    assert safe.texts.keys() == case.files.keys()


def _check_fixes(
    case: Case,
    texts: Mapping[str, str],
    expected: Mapping[str, str],
    blocks: Mapping[str, SourceFile],
    *,
    unsafe: bool,
) -> Fixed:
    result = fix(case, texts, unsafe=unsafe)
    assert not result.problems, _told(case, result.problems)
    if UPDATE and result.texts != expected:
        update_fixed_blocks(case, result.texts, unsafe=unsafe)
        pytest.skip("the fixed blocks were written anew: read them")
    kind = "unsafe fixes" if unsafe else "safe fixes"
    wrong = difference(expected, result.texts)
    assert not wrong, _told(case, [kind, wrong])
    assert all(parses(text) for path, text in result.texts.items() if path.endswith(".py"))
    repairable = [one for one in result.remaining if applicable(one, unsafe=unsafe)]
    left = [f"still to be fixed: {one.path}:{one.start.row} {one.code}" for one in repairable]
    assert not left, _told(case, left)
    again = fix(case, result.texts, unsafe=unsafe)
    changes = difference(result.texts, again.texts)
    assert not changes, _told(case, ["a second run changes more", changes])
    remaining = [one for one in result.remaining if one.path in blocks]
    lines = linting.differences(linting.marks(blocks), remaining, result.texts)
    assert not lines, _told(case, [f"after {kind}", *lines])
    return result


def _databases() -> Iterator[object]:
    """Every Django that there is with SQLite, and with PostgreSQL where that is wanted and possible."""
    for interpreter in interpreters():
        yield pytest.param((interpreter, "sqlite"), id=f"{interpreter.id}-sqlite")
        if postgresql.wanted() and postgresql.has_driver(interpreter.python):
            yield pytest.param((interpreter, "postgresql"), id=f"{interpreter.id}-postgresql")


@pytest.fixture(scope="module", params=_databases())
def django(request: pytest.FixtureRequest) -> Iterator[tuple[DjangoInterpreter, str, DjangoProcess]]:
    """A worker process with a Django and a database."""
    interpreter, database = request.param
    settings = SQLITE if database == "sqlite" else request.getfixturevalue("postgresql_database")
    with DjangoProcess(interpreter.python, settings) as process:
        yield interpreter, database, process


@pytest.mark.parametrize("case", _parameters(case for case in CASES if case.proof is not None))
def test_proof(case: Case, django: tuple[DjangoInterpreter, str, DjangoProcess]) -> None:
    """On a real database the flagged form costs what the rule says, and the fixed form does not."""
    interpreter, database, process = django
    if not holds_on(case, interpreter, database):
        pytest.skip(f"not for {interpreter.id} on {database}")
    check_proof(case, process)


def _told(case: Case, lines: Iterable[str]) -> str:
    return "\n".join([f"{case.place} {case.heading}", *lines])
