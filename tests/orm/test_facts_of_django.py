"""The facts that the machine stands on, each asked of the real Django; numbers are statements sent to the database."""

from __future__ import annotations

import pytest

from flake8_django_orm.orm.databases import SAVE_REFRESHES_SINCE, WITHOUT_RETURNING
from flake8_django_orm.orm.managers import PARENT_KNOWN, USES_BASE_MANAGER
from flake8_django_orm.project.models import RelationKind
from tests.orm.oracle import Oracle

FROM_A_REVERSE_KEY = [
    "all",
    "filter",
    "order_by",
    "exclude",
    "slice",
    "iterator",
    "first",
    "get",
    "create",
    "union",
    "in_bulk",
    "prefetched",
    "to_attr",
    "filtered to_attr",
]


@pytest.mark.parametrize("way", FROM_A_REVERSE_KEY)
def test_the_parent_is_known_on_rows_of_a_reverse_foreign_key(oracle: Oracle, way: str) -> None:
    assert RelationKind.REVERSE_FOREIGN_KEY in PARENT_KNOWN
    assert oracle.ask("known_parents")[way] == 0


@pytest.mark.parametrize("kind", [RelationKind.ONE_TO_ONE, RelationKind.REVERSE_ONE_TO_ONE], ids=str)
def test_the_other_side_of_a_one_to_one_is_known(oracle: Oracle, kind: RelationKind) -> None:
    assert kind in PARENT_KNOWN
    assert oracle.ask("known_parents")[kind.value] == 0


@pytest.mark.parametrize("kind", [RelationKind.MANY_TO_MANY, RelationKind.GENERIC_RELATION], ids=str)
def test_the_parent_is_not_known_on_rows_of_other_managers(oracle: Oracle, kind: RelationKind) -> None:
    assert kind not in PARENT_KNOWN
    assert oracle.ask("known_parents")[kind.value] > 0


def test_the_parent_is_not_known_on_rows_that_were_filtered_by_it(oracle: Oracle) -> None:
    assert oracle.ask("known_parents")["filter by the parent"] == 4


def test_only_the_key_that_leads_back_is_known(oracle: Oracle) -> None:
    assert oracle.ask("known_parents")["another key"] > 0
    assert oracle.ask("known_parents")["many-to-many, the author"] > 0


@pytest.mark.parametrize("kind", ["reverse foreign key", "many-to-many", "reverse many-to-many", "generic relation"])
def test_what_a_prefetched_manager_serves_besides_methods(oracle: Oracle, kind: str) -> None:
    uses = oracle.ask("other_uses_of_prefetched_manager")[kind]
    assert {use for use, sent in uses.items() if sent} == {"|", "all().all()"}
    assert {"len", "bool", "in", "iterate", "index", "slice", "all().count()", "get_queryset"} <= set(uses)


def test_beside_to_attr_only_the_list_is_free(oracle: Oracle) -> None:
    assert oracle.ask("to_attr") == {"the list": 0, "the relation": 1, "type": "list"}


def test_a_null_key_costs_nothing_and_a_row_is_read_once(oracle: Oracle) -> None:
    cost = oracle.ask("single_reads")
    assert cost["null key"] == 0
    assert (cost["first read"], cost["second read"]) == (1, 0)
    assert cost["the key itself"] == 0
    assert cost["comparison of rows"] == 0


def test_a_missing_reverse_one_to_one_is_remembered(oracle: Oracle) -> None:
    cost = oracle.ask("single_reads")
    assert cost["missing reverse one-to-one"] == 1
    assert cost["missing reverse one-to-one again"] == 0


def test_an_assigned_relation_is_loaded(oracle: Oracle) -> None:
    cost = oracle.ask("single_reads")
    assert (cost["assignment"], cost["read after assignment"]) == (0, 0)


def test_combinations_that_raise(oracle: Oracle) -> None:
    raised = oracle.ask("errors")
    assert raised["only, then select_related"] == raised["select_related, then only"] == "FieldError"
    assert raised["only with the key"] == ""
    assert raised["name, then Prefetch"] == "ValueError"
    assert raised["Prefetch, then name"] == ""
    assert raised["values, then select_related"] == "TypeError"
    assert raised["values, then prefetch_related"] == ""
    assert raised["select_related of many"] == raised["select_related of a column"] == "FieldError"
    assert raised["filter after slice"] == "TypeError"


def test_an_unknown_prefetch_is_silent_without_rows(oracle: Oracle) -> None:
    raised = oracle.ask("errors")
    assert raised["unknown prefetch, rows"] == "AttributeError"
    assert raised["unknown prefetch, no rows"] == raised["unknown prefetch, zero rows"] == ""


def test_prefetch_with_iterator_needs_a_chunk_size_since_5_0(oracle: Oracle) -> None:
    raised = oracle.ask("errors")
    assert raised["prefetch with iterator"] == ("ValueError" if oracle.version >= (5, 0) else "")
    assert raised["prefetch with iterator and chunk_size"] == ""
    assert oracle.ask("iterator_with_prefetch") == 2


def test_values_leave_the_prefetch_out(oracle: Oracle) -> None:
    assert oracle.ask("values_with_prefetch") == 1


def test_prefetch_related_objects_fills_the_rows_that_are_shared(oracle: Oracle) -> None:
    assert oracle.ask("shared_result_sets") == {
        "the queryset itself": 0,
        "a list of it": 0,
        "all() of it": 5,
        "filter() of it": 5,
    }


def test_bare_select_related_follows_keys_that_cannot_be_null(oracle: Oracle) -> None:
    cost = oracle.ask("bare_select_related")
    assert cost["not null"] == 0
    assert cost["null"] > 0


def test_default_managers_reach_related_managers_and_not_forward_keys(oracle: Oracle) -> None:
    cost = oracle.ask("manager_loading")
    assert cost["default manager"] == cost["reverse manager"] == cost["prefetched"] == 0
    assert cost["forward key"] > 0
    assert cost["joined forward key"] > 0
    assert RelationKind.FOREIGN_KEY in USES_BASE_MANAGER
    assert RelationKind.REVERSE_FOREIGN_KEY not in USES_BASE_MANAGER


def test_prefetch_leads_through_any_attribute(oracle: Oracle) -> None:
    assert oracle.ask("prefetch_through_attributes") == 0


def test_fetch_peers(oracle: Oracle) -> None:
    cost = oracle.ask("fetch_peers")
    if oracle.version < (6, 1):
        assert cost is None
        return
    rows = cost["rows"]
    assert cost["foreign key"] == cost["deferred column"] == 1
    assert cost["manager"] == cost["iterator"] == cost["one by one"] == rows
    assert cost["FETCH_RAISE"] == "FieldFetchBlocked"


def test_expressions_stay_on_the_instance(oracle: Oracle) -> None:
    """Since 6.0 save() reads the value back, or defers the column; bulk methods leave the expression."""
    left = oracle.ask("expressions_on_instances")
    since = oracle.version >= SAVE_REFRESHES_SINCE
    assert left["save"] == ("int" if since else "CombinedExpression")
    assert left["save without RETURNING"] == ("deferred" if since else None)
    assert left["bulk_update"] == "CombinedExpression"
    assert left["bulk_create"] == "Lower"
    assert left["added by bulk_update and save"] == 2


def test_databases_without_returning(oracle: Oracle) -> None:
    found = oracle.ask("backends_without_returning")
    if oracle.version < SAVE_REFRESHES_SINCE:
        assert found is None
    else:
        assert set(found) == WITHOUT_RETURNING
