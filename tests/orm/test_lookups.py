"""The tables of lookups and aggregates against what Django registers and counts."""

from __future__ import annotations

from flake8_django_orm.orm.expressions import AGGREGATES, MULTIPLIED
from flake8_django_orm.orm.lookups import COLUMN_LOOKUPS, RELATION_LOOKUPS
from tests.orm.oracle import Oracle


def test_every_lookup_of_a_plain_column_is_known(oracle: Oracle) -> None:
    assert set(oracle.ask("column_lookups")) <= COLUMN_LOOKUPS


def test_no_lookup_is_made_up(oracle: Oracle) -> None:
    assert set(oracle.ask("column_lookups")) >= COLUMN_LOOKUPS


def test_lookups_of_a_relation(oracle: Oracle) -> None:
    assert set(oracle.ask("relation_lookups")) == RELATION_LOOKUPS


def test_which_aggregates_a_second_join_multiplies(oracle: Oracle) -> None:
    assert set(oracle.ask("multiplied_aggregates")) == MULTIPLIED
    assert MULTIPLIED <= AGGREGATES
