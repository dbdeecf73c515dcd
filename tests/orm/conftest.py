"""The fixture `oracle`: each test of this directory runs once for every Django that there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.django_process import interpreters
from tests.orm.oracle import Oracle


@pytest.fixture(scope="session", params=interpreters(), ids=lambda one: one.id)
def oracle(request: pytest.FixtureRequest) -> Iterator[Oracle]:
    asked = Oracle(request.param)
    yield asked
    asked.close()
