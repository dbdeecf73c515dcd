"""The linter reports a field of a serializer exactly where the real framework sends a query for each row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flake8_django_orm.config import Settings
from flake8_django_orm.engine import Engine
from flake8_django_orm.rules import all_rules
from tests.harness.django_process import interpreters
from tests.harness.linting import project_directory
from tests.orm.oracle import Oracle
from tests.owners.rest_fields import FIELDS

FIXTURES = Path(__file__).parents[1] / "fixtures"
QUESTIONS = FIXTURES / "owners" / "rest_field_questions.py"
HEAD = """\
from app.models import Author, Book, Page, Profile, Tag
from rest_framework import generics, serializers


class AuthorSerializer(serializers.Serializer):
    name = serializers.CharField()


class BookSerializer(serializers.Serializer):
    title = serializers.CharField()


class EditedSerializer(serializers.Serializer):
    editor = AuthorSerializer()
"""
VIEW = """

class Serializer{number}(serializers.Serializer):
    field = {field}


class View{number}(generics.ListAPIView):
    queryset = {queryset}
    serializer_class = Serializer{number}
"""


@pytest.fixture(scope="module", params=[one for one in interpreters() if one.has("rest_framework")], ids=lambda o: o.id)
def asked(request: pytest.FixtureRequest) -> Iterator[Oracle]:
    table = Path(__file__).with_name("rest_fields.py").read_text(encoding="utf-8")
    oracle = Oracle(request.param, QUESTIONS, {"rest_fields.py": table})
    yield oracle
    oracle.close()


@pytest.fixture(scope="module")
def reported() -> dict[str, set[str]]:
    """The codes of the findings for each field."""
    text, rows = HEAD, {}
    for number, (name, (queryset, field)) in enumerate(FIELDS.items()):
        start = text.count("\n")
        text += VIEW.format(number=number, queryset=queryset, field=field)
        rows.update(dict.fromkeys(range(start + 1, text.count("\n") + 1), name))
    models = (FIXTURES / "orm" / "models.py").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {name: set() for name in FIELDS}
    with project_directory({"app/models.py": models, "app/views.py": text}) as root:
        loading = frozenset(r.code for r in all_rules() if r.default_on and r.code.startswith(("DJQ1", "DJQ2")))
        for finding in Engine(Settings(root=root, codes=loading)).check(root / "app" / "views.py"):
            found[rows[finding.start.row]].add(finding.code)
    return found


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_reported_where_it_sends_a_query_for_each_row(
    asked: Oracle, reported: dict[str, set[str]], name: str
) -> None:
    assert bool(reported[name]) is asked.ask("grows")[name], reported[name]
