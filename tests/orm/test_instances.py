"""The table of a model instance's methods against the real Model."""

from __future__ import annotations

from flake8_django_orm.orm.instances import (
    CLASS_INTERNALS,
    INSTANCE_ATTRIBUTES,
    INSTANCE_METHODS,
    display_field,
    instance_method,
    neighbour_field,
    order_model,
)
from tests.orm.oracle import Oracle


def test_every_public_name_is_in_the_table_and_nothing_else(oracle: Oracle) -> None:
    names = oracle.ask("model_names")
    methods = {name for name, is_callable in names.items() if is_callable}
    assert methods - CLASS_INTERNALS == set(INSTANCE_METHODS) - {"get_absolute_url"}
    assert {name for name, is_callable in names.items() if not is_callable} <= INSTANCE_ATTRIBUTES


def test_async_twins_are_awaited(oracle: Oracle) -> None:
    assert set(oracle.ask("awaited_model_names")) == {n for n, m in INSTANCE_METHODS.items() if m.is_async}


def test_what_queries(oracle: Oracle) -> None:
    sent = oracle.ask("counted_instance_methods")
    for name, count in sent.items():
        method = instance_method(name)
        if method is not None:
            assert (count > 0) == method.may_query, name
    assert sent["get_next_by_published"] == 1


def test_derived_names() -> None:
    assert display_field("get_status_display") == "status"
    assert neighbour_field("get_next_by_published_on") == "published_on"
    assert neighbour_field("get_previous_by_created") == "created"
    assert order_model("set_answer_order") == "answer"
    assert display_field("get_absolute_url") is None
    assert neighbour_field("get_status_display") is None
    assert order_model("get_deferred_fields") is None
