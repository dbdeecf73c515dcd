"""What a model instance has besides its columns and relations: methods, and the names Django derives from
fields.

In: a method name of an instance. Out: an `InstanceMethod`, or None for a name that `Model` does not have.
Source: https://docs.djangoproject.com/en/stable/ref/models/instances/
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType


class Gives(enum.Enum):
    """What a call on an instance gives back."""

    NOTHING = "nothing"
    SCALAR = "scalar"
    ROW = "row"  # of the same model
    DELETED = "deleted"  # (number of rows, {label: number})


@dataclass(frozen=True, slots=True)
class InstanceMethod:
    """One method. `may_query` is true where the call can go to the database, `writes` where it changes it.

    `refreshes`: columns are read again and loaded relations forgotten. `overridable`: projects commonly
    define their own, so the table's line holds only where the class's own lookup ends at Django's `Model`.
    """

    name: str
    gives: Gives = Gives.NOTHING
    may_query: bool = False
    writes: bool = False
    refreshes: bool = False
    overridable: bool = False
    is_async: bool = False
    async_twin: str | None = None
    sync_twin: str | None = None


_METHODS: tuple[InstanceMethod, ...] = (
    InstanceMethod("save", may_query=True, writes=True, overridable=True, async_twin="asave"),
    InstanceMethod("save_base", may_query=True, writes=True),
    InstanceMethod("delete", gives=Gives.DELETED, may_query=True, writes=True, overridable=True, async_twin="adelete"),
    InstanceMethod("refresh_from_db", may_query=True, refreshes=True, async_twin="arefresh_from_db"),
    InstanceMethod("full_clean", may_query=True, overridable=True),
    InstanceMethod("clean", overridable=True),
    InstanceMethod("clean_fields", may_query=True),
    InstanceMethod("validate_unique", may_query=True, overridable=True),
    InstanceMethod("validate_constraints", may_query=True, overridable=True),
    InstanceMethod("get_deferred_fields", gives=Gives.SCALAR),
    InstanceMethod("get_constraints", gives=Gives.SCALAR),
    InstanceMethod("serializable_value", gives=Gives.SCALAR),
    InstanceMethod("prepare_database_save", gives=Gives.SCALAR),
    InstanceMethod("date_error_message", gives=Gives.SCALAR),
    InstanceMethod("unique_error_message", gives=Gives.SCALAR),
    InstanceMethod("get_absolute_url", gives=Gives.SCALAR, overridable=True),
)


def _with_twins(methods: tuple[InstanceMethod, ...]) -> dict[str, InstanceMethod]:
    table: dict[str, InstanceMethod] = {}
    for method in methods:
        table[method.name] = method
        if method.async_twin is not None:
            table[method.async_twin] = replace(
                method, name=method.async_twin, is_async=True, async_twin=None, sync_twin=method.name
            )
    return table


#: The methods of `Model` that are called on an instance. `get_absolute_url` is a convention, without a
#: default.
INSTANCE_METHODS: Mapping[str, InstanceMethod] = MappingProxyType(_with_twins(_METHODS))

#: Attributes of every instance that cost nothing to read.
INSTANCE_ATTRIBUTES: frozenset[str] = frozenset({"pk", "_state", "_meta"})

#: Names on the model class that never touch rows of their own.
CLASS_INTERNALS: frozenset[str] = frozenset(
    {"check", "from_db", "DoesNotExist", "MultipleObjectsReturned", "NotUpdated"}
)

_DISPLAY = re.compile(r"get_(?P<field>\w+)_display")
_NEIGHBOUR = re.compile(r"get_(?:next|previous)_by_(?P<field>\w+)")
_ORDER = re.compile(r"[gs]et_(?P<model>\w+)_order")


def instance_method(name: str) -> InstanceMethod | None:
    """The table's line for `name`, None where it is none of Django's fixed names."""
    return INSTANCE_METHODS.get(name)


def display_field(name: str) -> str | None:
    """The field of `get_<field>_display`: reads one column of its own row, never queries."""
    found = _DISPLAY.fullmatch(name)
    return found["field"] if found else None


def neighbour_field(name: str) -> str | None:
    """The date field of `get_next_by_<field>` or `get_previous_by_<field>`: one query a call, gives a row of
    the same model.
    """
    found = _NEIGHBOUR.fullmatch(name)
    return found["field"] if found else None


def order_model(name: str) -> str | None:
    """The lower-case model name of `get_<model>_order` or `set_<model>_order` (order_with_respect_to): one
    query a call.
    """
    found = _ORDER.fullmatch(name)
    return found["model"] if found else None
