"""The stubs of `library/` do with rows what the real Django does: the same results, the same number of queries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flake8_django_orm.project.store import LIBRARY
from tests.harness.django_process import interpreters
from tests.orm.oracle import Oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

QUESTIONS = Path(__file__).parents[1] / "fixtures" / "library" / "questions.py"
STUBS = {
    "stub_paginator.py": LIBRARY / "django" / "core" / "paginator.py",
    "stub_generic.py": LIBRARY / "django" / "views" / "generic" / "__init__.py",
}


@pytest.fixture(scope="session", params=interpreters(), ids=lambda one: one.id)
def beside(request: pytest.FixtureRequest) -> Iterator[Oracle]:
    texts = {name: path.read_text(encoding="utf-8") for name, path in STUBS.items()}
    oracle = Oracle(request.param, QUESTIONS, texts)
    yield oracle
    oracle.close()


@pytest.mark.parametrize("question", ["pages", "views"])
def test_a_stub_gives_and_queries_what_the_real_thing_does(beside: Oracle, question: str) -> None:
    answers: dict[str, dict[str, Any]] = beside.ask(question)
    assert len(answers) > 5
    wrong = {name: answer for name, answer in answers.items() if answer["real"] != answer["stub"]}
    assert wrong == {}
