"""The stubs of packages beside the packages themselves, where these are installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flake8_django_orm.project.store import LIBRARY
from tests.harness.django_process import DjangoInterpreter, interpreters
from tests.orm.oracle import Oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

QUESTIONS = Path(__file__).parents[1] / "fixtures" / "library"
by_interpreter = pytest.mark.parametrize("interpreter", interpreters(), ids=lambda one: one.id)


@by_interpreter
@pytest.mark.parametrize("question", ["filter_sets", "views"])
def test_django_filters(interpreter: DjangoInterpreter, question: str) -> None:
    stub = (LIBRARY / "django_filters" / "__init__.py").read_text(encoding="utf-8")
    _compare(interpreter, "django_filters", "filter_questions.py", {"stub_filters.py": stub}, question)


@by_interpreter
def test_drf_writable_nested(interpreter: DjangoInterpreter) -> None:
    texts = {
        f"stub_nested_{name}.py": (LIBRARY / "drf_writable_nested" / f"{name}.py")
        .read_text(encoding="utf-8")
        .replace("from drf_writable_nested.", "from .stub_nested_")
        for name in ("mixins", "serializers")
    }
    _compare(interpreter, "drf_writable_nested", "nested_questions.py", texts, "readings")


def _compare(
    interpreter: DjangoInterpreter, package: str, questions: str, stubs: dict[str, str], question: str
) -> None:
    if not interpreter.has(package):
        pytest.skip(f"{package} is not installed for {interpreter.id}")
    for oracle in _oracle(interpreter, questions, stubs):
        answers: dict[str, dict[str, Any]] = oracle.ask(question)
        assert len(answers) > 4
        wrong = {name: answer for name, answer in answers.items() if answer["real"] != answer["stub"]}
        assert wrong == {}


def _oracle(interpreter: DjangoInterpreter, questions: str, stubs: dict[str, str]) -> Iterator[Oracle]:
    oracle = Oracle(interpreter, QUESTIONS / questions, stubs)
    try:
        yield oracle
    finally:
        oracle.close()
