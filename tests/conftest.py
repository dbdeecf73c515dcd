"""What all tests share: an environment that is the same on every machine, and PostgreSQL where it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.harness import postgresql

#: Variables of a developer's shell that the linter, or Django, would obey.
PERSONAL = ("DJANGO_SETTINGS_MODULE", "NO_COLOR", "FORCE_COLOR", "VIRTUAL_ENV")


@pytest.fixture(autouse=True, scope="session")
def _impersonal_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in PERSONAL:
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def postgresql_database() -> Iterator[Mapping[str, Any]]:
    """Django's settings for a database on a server of our own."""
    with postgresql.server() as settings:
        yield settings
