"""What feeds and sitemaps ask about each item, asked of the real Django and compared with `orm/feeds.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flake8_django_orm.orm.feeds import FEED_HOOKS, FEED_TEXTS, SITEMAP_HOOKS
from tests.harness.django_process import interpreters
from tests.orm.oracle import Oracle

QUESTIONS = Path(__file__).parents[1] / "fixtures" / "owners" / "feeds_questions.py"


@pytest.fixture(scope="module", params=interpreters(), ids=lambda one: one.id)
def asked(request: pytest.FixtureRequest) -> Iterator[Oracle]:
    oracle = Oracle(request.param, QUESTIONS)
    yield oracle
    oracle.close()


def test_a_feed_asks_these_methods_about_each_item(asked: Oracle) -> None:
    assert asked.ask("of_a_feed") == sorted({*FEED_HOOKS, *FEED_TEXTS})


def test_a_sitemap_asks_these_methods_about_each_item(asked: Oracle) -> None:
    assert asked.ask("of_a_sitemap") == sorted(SITEMAP_HOOKS)
