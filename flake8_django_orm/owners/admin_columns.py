"""What the admin shows of a row under a name: a field, a method of the admin or of the model, a function.

In: a row and a column of a change list or a read-only field of an inline. Out: events, as from reading it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_django_orm.machine import iteration, querysets
from flake8_django_orm.machine.values import Argument, FunctionValue, ManagerValue, RowValue, Value, each
from flake8_django_orm.orm import admin
from flake8_django_orm.project.facts import FunctionFacts
from flake8_django_orm.readers.class_bodies import string_place

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.owners.classes import OwnedClass
    from flake8_django_orm.project.facts import Expr
    from flake8_django_orm.syntax.units import Place


@dataclass(frozen=True, slots=True)
class Column:
    """One name under which something of each row is shown; "" for a function."""

    name: str
    place: Place
    function: FunctionFacts | None = None


def column_of(owned: OwnedClass, attribute: str, module: str, item: Expr, otherwise: Place) -> Column | None:
    """An entry of the class's `attribute` as a column; `otherwise` is its place where the body does not spell it."""
    declared = owned.declaration(attribute)
    place = declared if declared is not None else otherwise
    if item.kind == "const" and isinstance(item.value, str):
        return Column(item.value, string_place(place, item.value) or place)
    if item.kind == "name":
        found = owned.machine.project.resolve(module, str(item.value))
        return Column("", place, found) if isinstance(found, FunctionFacts) else None
    return None


def show(machine: Machine, owned: OwnedClass, column: Column, row: RowValue) -> None:
    """Show one column of a row, in the order in which Django looks for it: field, admin, model."""
    name, place = column.name, column.place
    if column.function is not None:
        machine.call(FunctionValue(facts=column.function), (Argument(row),), place)
    elif name == "__str__":
        machine.text(row, place)
    elif name in row.model.relations or name in row.model.columns:
        _show_field(machine, machine.read_attribute(row, name, place), place)
    elif (method := machine.project.find_method(owned.facts.key, name)) is not None:
        bound = FunctionValue(facts=method, bound=owned.instance)
        machine.text(machine.call(bound, (Argument(row),), place), place)
    else:
        _show_attribute(machine, row, name, place)


def _show_field(machine: Machine, value: Value, place: Place) -> None:
    """A related row as text; of many, each."""
    for one in each(value):
        rows = querysets.as_queryset(machine, one, place) if isinstance(one, ManagerValue) else None
        if rows is not None:
            iteration.loop_over(machine, rows, place, lambda row, _: machine.text(row, place))
        else:
            machine.text(one, place)


def _show_attribute(machine: Machine, row: RowValue, name: str, place: Place) -> None:
    value: Value = row
    follows = (machine.django_version or (0, 0)) >= admin.RELATED_COLUMNS_SINCE
    for part in name.split("__") if follows else [name]:
        value = machine.read_attribute(value, part, place)
    if any(isinstance(one, FunctionValue) for one in each(value)):
        value = machine.call(value, (), place)
    machine.text(value, place)
