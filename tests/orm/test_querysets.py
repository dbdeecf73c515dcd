"""The table of QuerySet's methods against the real QuerySet, both ways."""

from __future__ import annotations

from flake8_django_orm.orm.managers import MANAGER_INTERNALS, MANAGER_METHODS, NOT_CALLABLE_ON_MANY, manager_method
from flake8_django_orm.orm.querysets import (
    INTERNAL_NAMES,
    QUERYSET_ATTRIBUTES,
    QUERYSET_METHODS,
    After,
    QuerySetMethod,
    Returns,
    Served,
    queryset_method,
)
from tests.orm.oracle import Oracle


def _of(oracle: Oracle) -> dict[str, QuerySetMethod]:
    """The table as it holds for the oracle's version."""
    return {name: method for name, method in QUERYSET_METHODS.items() if method.exists_in(oracle.version)}


def _asked(oracle: Oracle) -> dict[str, QuerySetMethod]:
    """The methods that the questions call: all but the async twins, which are asked apart."""
    return {name: method for name, method in _of(oracle).items() if not method.is_async}


def test_every_public_name_is_in_the_table_and_nothing_else(oracle: Oracle) -> None:
    names = oracle.ask("queryset_names")
    methods = {name for name, is_callable in names.items() if is_callable}
    assert methods - INTERNAL_NAMES == set(_of(oracle))
    assert {name for name, is_callable in names.items() if not is_callable} <= QUERYSET_ATTRIBUTES


def test_managers_have_what_the_table_says(oracle: Oracle) -> None:
    on_manager = {name for name, method in _of(oracle).items() if method.on_manager}
    expected = on_manager | set(MANAGER_METHODS)
    assert set(oracle.ask("manager_names")) - MANAGER_INTERNALS == expected
    assert all(manager_method(name) is not None for name in expected)
    assert manager_method("delete") is None


def test_async_twins_are_awaited_and_nothing_else_is(oracle: Oracle) -> None:
    table = _of(oracle)
    assert set(oracle.ask("awaited_names")) == {name for name, method in table.items() if method.is_async}
    for name, method in table.items():
        if method.async_twin is not None:
            assert table[method.async_twin].sync_twin == name


def test_what_methods_return(oracle: Oracle) -> None:
    results = oracle.ask("results")
    optional = {"first", "last"}
    for name, method in _asked(oracle).items():
        if name in optional:
            assert (results[name], results[f"{name} of none"]) == ("row", "NoneType")
            assert method.returns is Returns.OPTIONAL_ROW
        elif name == "iterator":
            assert (results[name], method.returns) == ("generator", Returns.ITERATOR)
        else:
            assert results[name] == method.returns.value, name


def test_what_async_twins_return(oracle: Oracle) -> None:
    results = oracle.ask("async_results")
    twins = {name for name, method in _of(oracle).items() if method.is_async} - {"aiterator"}
    assert set(results) == twins
    for name, kind in results.items():
        returns = QUERYSET_METHODS[name].returns
        assert kind == ("row" if returns is Returns.OPTIONAL_ROW else returns.value), name


def test_lazy_methods_send_nothing_and_others_query(oracle: Oracle) -> None:
    sent = oracle.ask("queries_at_call")
    for name, method in _asked(oracle).items():
        assert (sent[name] > 0) == method.runs_query, name
        assert method.lazy != method.runs_query, name


def test_what_writes(oracle: Oracle) -> None:
    writes = oracle.ask("writes_at_call")
    assert writes == {name: method.writes for name, method in _asked(oracle).items()}


def test_what_a_prefetched_manager_serves(oracle: Oracle) -> None:
    by_kind = oracle.ask("queries_on_prefetched_manager")
    assert len(by_kind) == 4
    for kind, by_order in by_kind.items():
        many = kind.endswith("many-to-many")
        for order, sent in by_order.items():
            for name, method in _asked(oracle).items():
                if name not in sent:
                    assert not method.on_manager or name in _NOT_ASKED or (many and name in NOT_CALLABLE_ON_MANY), name
                elif sent[name] is not None:
                    assert (sent[name] == 0) == _serves(method.served_from_prefetch, order), (kind, order, name)


# Asked of the one model that has dates and relations of its own.
_NOT_ASKED = {"dates", "datetimes", "prefetch_related", "select_related"}


def test_what_an_evaluated_queryset_serves(oracle: Oracle) -> None:
    for order, sent in oracle.ask("queries_on_evaluated_queryset").items():
        for name, count in sent.items():
            if count is not None:
                assert (count == 0) == _serves(QUERYSET_METHODS[name].served_from_result, order), (order, name)


def _serves(served: Served, order: str) -> bool:
    return served is Served.ALWAYS or (served is Served.WHEN_ORDERED and order == "ordered")


def test_no_method_keeps_the_result_cache(oracle: Oracle) -> None:
    caches = oracle.ask("result_caches_of_clones")
    assert caches == {name: QUERYSET_METHODS[name].keeps_result_cache for name in caches}
    assert {"all", "filter", "values", "union"} <= set(caches)


def test_what_methods_change(oracle: Oracle) -> None:
    changed = oracle.ask("changed_aspects")
    table = {name: method for name, method in _asked(oracle).items() if method.returns is Returns.QUERYSET}
    assert set(changed) == set(table)
    for name, method in table.items():
        assert changed[name]["aspects"] == sorted(aspect.value for aspect in method.changes), name
        assert changed[name]["rows"] == method.alters_rows, name


def test_where_eager_loading_is_of_no_use(oracle: Oracle) -> None:
    at_work = oracle.ask("eager_loading_at_work")
    for name, method in _asked(oracle).items():
        # none() gives no rows to load for; delete() collects rows for cascades before it deletes.
        if name not in ("none", "delete"):
            assert at_work[name] != method.breaks_eager_loading, name


def test_what_makes_no_rows_sends_the_same_sql_without_eager_loading(oracle: Oracle) -> None:
    """DJQ205 takes select_related() and prefetch_related() out as a safe fix: not a character of the SQL may change."""
    sent = oracle.ask("sql_with_and_without_eager_loading")
    rows = sent.pop("rows")
    assert rows["eager"] != rows["plain"]
    for name, statements in sent.items():
        assert statements["eager"] == statements["plain"] != [], name
    for name in ("count", "exists", "aggregate", "contains"):
        assert QUERYSET_METHODS[name].breaks_eager_loading


def test_which_states_raise(oracle: Oracle) -> None:
    raised = oracle.ask("raising_states")
    for name, method in _asked(oracle).items():
        for state in After:
            if name == "in_bulk" and state is After.VALUES:
                assert bool(raised[state.value][name]) == (oracle.version < (6, 1))
                continue
            assert bool(raised[state.value][name]) == (state in method.raises_after), (state, name)


def test_first_after_a_slice_needs_an_order(oracle: Oracle) -> None:
    raised = oracle.ask("raising_states")
    assert raised["a slice"]["first"] == ""
    assert raised["an unordered slice"]["first"] == "TypeError"
    assert QUERYSET_METHODS["first"].after_slice_ok


def test_unknown_names_are_none() -> None:
    assert queryset_method("fetch_all") is None


def test_versions() -> None:
    method = QUERYSET_METHODS["fetch_mode"]
    assert [method.exists_in(version) for version in [(6, 0), (6, 1), None]] == [False, True, True]
