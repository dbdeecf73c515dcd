"""Proofs run on PostgreSQL as they do on SQLite: tables and rows of one case are gone in the next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness import postgresql
from tests.harness.django_process import DjangoProcess, interpreters

MODELS = "from django.db import models\n\nclass Book(models.Model):\n    title = models.TextField()\n"
PROOF = """\
def make(n):
    for number in range(n):
        Book.objects.create(title=str(number))

def call():
    return list(Book.objects.all())
"""


@pytest.fixture(scope="module")
def process(request: pytest.FixtureRequest) -> Iterator[DjangoProcess]:
    if not postgresql.wanted():
        pytest.skip(postgresql.missing() or f"{postgresql.SWITCH} is not set")
    python = next((one.python for one in interpreters() if postgresql.has_driver(one.python)), None)
    if python is None:
        pytest.skip("no interpreter has psycopg")
    with DjangoProcess(python, request.getfixturevalue("postgresql_database")) as started:
        yield started


def test_rows_and_keys_start_anew_for_each_size(process: DjangoProcess) -> None:
    runs = process.measure({"app/models.py": MODELS}, PROOF, (2, 3))["runs"]
    assert [run["queries"] for run in runs] == [1, 1]
    assert runs[1]["result"] == [["row", "app.Book", key] for key in (1, 2, 3)]


def test_another_case_may_have_another_table_of_the_same_name(process: DjangoProcess) -> None:
    models = MODELS.replace("title", "name")
    runs = process.measure({"app/models.py": models}, PROOF.replace("title", "name"), (1, 2))["runs"]
    assert [len(run["result"]) for run in runs] == [1, 2]


def test_an_interpreter_without_the_driver_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not postgresql.has_driver("/bin/false")
    monkeypatch.delenv(postgresql.SWITCH, raising=False)
    assert not postgresql.wanted()
