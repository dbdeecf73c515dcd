"""What the fields of a serializer cost for each row, asked of the real Django REST framework."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.django_process import interpreters
from tests.orm.oracle import Oracle

QUESTIONS = Path(__file__).parents[1] / "fixtures" / "owners" / "rest_questions.py"


@pytest.fixture(scope="module", params=[one for one in interpreters() if one.has("rest_framework")], ids=lambda o: o.id)
def asked(request: pytest.FixtureRequest) -> Iterator[Oracle]:
    oracle = Oracle(request.param, QUESTIONS)
    yield oracle
    oracle.close()


def test_the_key_of_a_foreign_key_is_free(asked: Oracle) -> None:
    assert asked.ask("costs")["the key"] == 0


@pytest.mark.parametrize("field", ["a slug", "a text", "a dotted source", "a reverse one-to-one by key"])
def test_other_fields_fetch_the_row(asked: Oracle, field: str) -> None:
    assert asked.ask("costs")[field] == 1


def test_what_stands_before_the_last_dot_is_fetched(asked: Oracle) -> None:
    assert asked.ask("costs")["the key of a key"] == 2


@pytest.mark.parametrize("field", ["many by key", "many nested"])
def test_a_prefetch_serves_the_rows_of_a_manager(asked: Oracle, field: str) -> None:
    assert asked.ask("costs")[field] == 1
    assert asked.ask("costs_when_prefetched")[field] == 0


def test_a_related_field_asks_a_queryset_again_and_a_nested_serializer_does_not(asked: Oracle) -> None:
    assert asked.ask("costs_when_prefetched")["many nested, from all()"] == 0
    assert asked.ask("costs_when_prefetched")["many by key, from all()"] == 1
