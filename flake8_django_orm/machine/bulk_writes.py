"""What bulk_update() and bulk_create() leave on the rows that they write: every expression, in every Django version.

In: the method and its arguments. Out: the states of the rows: these columns need no save() any more, and hold an
expression until they are assigned or read again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine.values import (
    Argument,
    Collection,
    Constant,
    Fetched,
    QuerySetValue,
    RowValue,
    Value,
    each,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flake8_django_orm.machine.events import ColumnChange
    from flake8_django_orm.machine.machine import Machine

BULK_WRITES = frozenset({"bulk_create", "bulk_update"})


def note(machine: Machine, name: str, arguments: tuple[Argument, ...]) -> None:
    """Note that a bulk method has written these rows."""
    given = {argument.name: argument.value for argument in arguments if argument.name}
    positional = [argument.value for argument in arguments if argument.name is None]
    rows = positional[0] if positional else given.get("objs")
    fields = positional[1] if len(positional) > 1 else given.get("fields")
    columns = _texts(fields) if name == "bulk_update" else None
    if rows is None or (name == "bulk_update" and columns is None):
        return
    store = machine.store
    for row in _rows(machine, rows):
        if row.path:
            continue
        if row.loop is not None or row.fetched is not Fetched.ITERATED:
            state = store.row(row.identity)
            written = {k: v for k, v in state.written.items() if not _is_written(k, columns)}
            changed = tuple(one for one in state.changed if not _is_written(one, columns))
            kept = _kept(state.expressions, columns)
            store.set_row(row.identity, replace(state, written=written, changed=changed, expressions=kept))
        else:
            result = store.result(row.result)
            unsaved = frozenset(name for name in result.unsaved if not _is_written(name, columns))
            kept = _kept(result.expressions, columns)
            store.set_result(row.result, replace(result, expressions=kept, unsaved=unsaved))


def _rows(machine: Machine, value: Value) -> Iterator[RowValue]:
    """The rows of a list or queryset: those that stand alone, and the pattern of those that a loop went over."""
    for one in each(value):
        match one:
            case RowValue():
                yield one
            case QuerySetValue(model=model, result=result):
                yield RowValue(model=model, result=result, fetched=Fetched.ITERATED)
            case Collection(items=items, element=element, identity=identity):
                for part in items if items is not None else (element,):
                    yield from _rows(machine, part)
                for member in machine.store.members(identity).values() if identity else ():
                    yield from _rows(machine, member)


def _texts(value: Value | None) -> frozenset[str] | None:
    if not isinstance(value, Collection) or value.items is None:
        return None
    return frozenset(str(item.value) for item in value.items if isinstance(item, Constant))


def _is_written(column: str, columns: frozenset[str] | None) -> bool:
    return columns is None or column in columns


def _kept(expressions: Mapping[str, ColumnChange], columns: frozenset[str] | None) -> dict[str, ColumnChange]:
    return {
        name: replace(change, kept=True) if _is_written(name, columns) else change
        for name, change in expressions.items()
    }
