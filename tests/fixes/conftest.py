"""Fixtures of the fix builders' tests: a Django to prove fixes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.django_process import DjangoProcess, interpreters


@pytest.fixture(scope="session", params=interpreters(), ids=lambda one: one.id)
def django(request: pytest.FixtureRequest) -> Iterator[DjangoProcess]:
    """A running Django, one for each interpreter that has one."""
    with DjangoProcess(request.param.python) as process:
        yield process
