"""The tables of managers against the real managers of each kind of relation."""

from __future__ import annotations

import pytest

from flake8_django_orm.orm.managers import (
    CREATE_CLEARS_REVERSE_KEY_SINCE,
    MANAGER_KINDS,
    ONLY_MAY_LEAVE_OUT_THE_KEY_SINCE,
    RELATED_MANAGER_METHODS,
    clears_prefetch,
    related_manager_method,
)
from flake8_django_orm.project.models import RelationKind
from tests.orm.oracle import Oracle

#: What related managers have besides for Django's own use, or override only to be quicker.
INTERNALS = {
    "constrained_target",
    "content_type",
    "content_type_field_name",
    "core_filters",
    "count",
    "do_not_call_in_templates",
    "exists",
    "field",
    "get_content_type",
    "get_prefetch_cache",
    "get_prefetch_queryset",
    "get_prefetch_querysets",
    "get_queryset",
    "instance",
    "model",
    "name",
    "object_id_field_name",
    "pk_field_names",
    "pk_val",
    "prefetch_cache_name",
    "query_field_name",
    "related_val",
    "set_base",
    "source_field",
    "source_field_name",
    "symmetrical",
    "target_field",
    "target_field_name",
    "through",
}


@pytest.mark.parametrize("kind", sorted(MANAGER_KINDS), ids=str)
def test_each_kind_has_its_methods(oracle: Oracle, kind: RelationKind) -> None:
    names = set(oracle.ask("related_manager_names")[kind.value]) - INTERNALS
    assert names == {n for n in RELATED_MANAGER_METHODS if related_manager_method(kind, n, null=False) is not None}


def test_a_reverse_key_that_may_be_null_has_more(oracle: Oracle) -> None:
    kind = RelationKind.REVERSE_FOREIGN_KEY
    names = set(oracle.ask("related_manager_names")["nullable"]) - INTERNALS
    assert names == {n for n in RELATED_MANAGER_METHODS if related_manager_method(kind, n) is not None}
    assert related_manager_method(kind, "remove", null=False) is None


@pytest.mark.parametrize("kind", sorted(MANAGER_KINDS), ids=str)
def test_what_clears_a_prefetch(oracle: Oracle, kind: RelationKind) -> None:
    for name, cleared in oracle.ask("cleared_prefetches")[kind.value].items():
        assert clears_prefetch(kind, name, oracle.version) == cleared, name


def test_create_clears_a_reverse_keys_prefetch_since_a_version() -> None:
    kind = RelationKind.REVERSE_FOREIGN_KEY
    before = (CREATE_CLEARS_REVERSE_KEY_SINCE[0], CREATE_CLEARS_REVERSE_KEY_SINCE[1] - 1)
    assert not clears_prefetch(kind, "create", before)
    assert not clears_prefetch(kind, "acreate", before)
    assert clears_prefetch(kind, "create", CREATE_CLEARS_REVERSE_KEY_SINCE)
    assert clears_prefetch(kind, "create", None)


def test_a_related_manager_that_leaves_its_key_out_of_only(oracle: Oracle) -> None:
    sent = oracle.ask("queries_on_prefetched_manager")["reverse foreign key"]["unordered"]["only"]
    assert (sent == 1) == (oracle.version >= ONLY_MAY_LEAVE_OUT_THE_KEY_SINCE)


def test_a_single_valued_relation_has_no_manager() -> None:
    assert related_manager_method(RelationKind.FOREIGN_KEY, "add") is None
