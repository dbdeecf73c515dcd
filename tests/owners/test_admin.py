"""What the change list joins by itself, asked of the real Django and compared with `orm/admin.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flake8_django_orm.orm.admin import CHECKBOX_TEXT_SINCE, NAMED_KEYS_SINCE
from tests.harness.django_process import interpreters
from tests.orm.oracle import Oracle

QUESTIONS = Path(__file__).parents[1] / "fixtures" / "owners" / "admin_questions.py"


@pytest.fixture(scope="module", params=interpreters(), ids=lambda one: one.id)
def asked(request: pytest.FixtureRequest) -> Iterator[Oracle]:
    oracle = Oracle(request.param, QUESTIONS)
    yield oracle
    oracle.close()


@pytest.mark.parametrize("way", ["columns of the row", "the key's column", "a method", "nothing named"])
def test_nothing_is_joined_without_a_key_among_the_columns(asked: Oracle, way: str) -> None:
    assert asked.ask("joins")[way] is False


@pytest.mark.parametrize(("way", "key"), [("a key", "author"), ("a nullable key", "editor")])
def test_a_key_among_the_columns_is_joined(asked: Oracle, way: str, key: str) -> None:
    """By a bare select_related(), which passes by nullable keys, until Django names the keys."""
    assert asked.ask("joins")[way] == ([key] if asked.version >= NAMED_KEYS_SINCE else True)


def test_list_select_related_says_what_is_joined(asked: Oracle) -> None:
    assert asked.ask("joins")["True"] is True
    assert asked.ask("joins")["named"] == ["editor"]


@pytest.mark.parametrize("way", ["get_queryset() joins", "get_queryset() joins, True"])
def test_a_queryset_that_joins_is_left_alone(asked: Oracle, way: str) -> None:
    assert asked.ask("joins")[way] == ["editor"]


def test_the_checkbox_names_its_row(asked: Oracle) -> None:
    assert asked.ask("checkbox")["shows the text"] is (asked.version >= CHECKBOX_TEXT_SINCE)
