"""Conditions and orders of a queryset, said in Python about a row that is in memory.

In: the arguments of filter(), exclude(), order_by(), values_list() and values(), and the name of a row. Out: Python
text that is true for the same rows; None where that cannot be said for certain: NULLs, lookups that databases define,
values whose type is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.fixes.call_text import whole_span
from flake8_django_orm.machine.values import Argument, Constant, RowValue, Scalar
from flake8_django_orm.orm.fields import Category, category
from flake8_django_orm.syntax.visitor import walk

if TYPE_CHECKING:
    from flake8_django_orm.machine.values import Value
    from flake8_django_orm.project.models import Model, Relation

_NUMBERS = frozenset({Category.AUTO, Category.INTEGER, Category.FLOAT, Category.DECIMAL})
_COMPARED = _NUMBERS | {Category.TEXT, Category.BOOLEAN, Category.DATE, Category.DATETIME, Category.TIME, Category.UUID}
_SORTED = _COMPARED - {Category.UUID} | {Category.DURATION}
_COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_ATOMS = (cst.Name, cst.Attribute, cst.Subscript, cst.SimpleString, cst.Integer, cst.Float)
_CONSTANT_NAMES = {"True": True, "False": False, "None": None}


@dataclass(frozen=True, slots=True)
class _Field:
    """A column as an attribute of a row."""

    attribute: str
    kind: Category | None
    null: bool
    relation: Relation | None = None


class RowText:
    """Writes about one row of `model`, under the name `row`; `text` is the file in which the arguments stand."""

    def __init__(self, model: Model, row: str, text: str) -> None:
        self.model = model
        self.row = row
        self.text = text

    def condition(self, arguments: Sequence[Argument], *, negated: bool = False) -> str | None:
        """What `filter(**arguments)` asks of a row, what `exclude(**arguments)` does where `negated`."""
        if negated and len(arguments) == 1:
            return self._test(arguments[0], negated=True)
        tests = [self._test(argument) for argument in arguments]
        if not tests or any(test is None for test in tests):
            return None
        joined = " and ".join(test for test in tests if test is not None)
        return f"not ({joined})" if negated else joined

    def sort_key(self, arguments: Sequence[Argument]) -> tuple[str, bool] | None:
        """What `order_by(*arguments)` sorts by, and whether downwards; None for mixed directions and for NULLs."""
        names = [_text(argument) for argument in arguments]
        keys: list[str] = []
        for name in names:
            field = self._field(name.lstrip("-")) if name else None
            if field is None or field.null or field.kind not in _SORTED:
                return None
            keys.append(f"{self.row}.{field.attribute}")
        downwards = {name.startswith("-") for name in names if name}
        if len(downwards) != 1:
            return None
        key = keys[0] if len(keys) == 1 else f"({', '.join(keys)})"
        return key, downwards.pop()

    def columns(self, arguments: Sequence[Argument]) -> list[tuple[str, str]] | None:
        """The columns that values() or values_list() names, each with the text that reads it from the row."""
        found: list[tuple[str, str]] = []
        for argument in arguments:
            if argument.name == "flat":
                continue
            name = _text(argument)
            field = self._field(name) if name else None
            if name is None or field is None or field.kind not in _COMPARED:
                return None
            found.append((name, f"{self.row}.{field.attribute}"))
        return found or None

    def _field(self, name: str) -> _Field | None:
        """A column of the row itself, a forward key by its column."""
        model = self.model
        if name == "pk":
            key = model.columns.get(model.primary_key)
            return _Field("pk", category(key.field_class) if key is not None else Category.AUTO, null=False)
        column = model.columns.get(name)
        if column is not None:
            return _Field(name, category(column.field_class), column.null)
        for relation in model.relations.values():
            if relation.kind.forward_column and name in (relation.name, relation.attname) and relation.attname:
                return _Field(relation.attname, Category.AUTO, relation.null, relation)
        return None

    def _test(self, argument: Argument, *, negated: bool = False) -> str | None:
        """One keyword argument as a condition."""
        if argument.name is None or argument.name.startswith("*") or argument.place is None:
            return None
        name, _, lookup = argument.name.partition("__")
        field = self._field(name)
        if field is None or field.kind not in _COMPARED:
            return None
        read = f"{self.row}.{field.attribute}"
        literal, value = _literal(argument.place.node, argument.value)
        if lookup == "isnull":
            return _is_none(read, literal and value is True, negated) if literal and value in (True, False) else None
        if lookup in ("", "exact"):
            if literal and value is None:
                return _is_none(read, True, negated)
            if field.kind is Category.BOOLEAN:
                return _truth(read, field, value, negated) if literal and isinstance(value, bool) else None
            written = self._value(argument, field)
            return None if written is None else f"{read} {'!=' if negated else '=='} {written}"
        if lookup in _COMPARISONS and not field.null and field.kind in _NUMBERS and field.relation is None:
            written = self._value(argument, field)
            test = None if written is None else f"{read} {_COMPARISONS[lookup]} {written}"
            return f"not {test}" if test is not None and negated else test
        return None

    def _value(self, argument: Argument, field: _Field) -> str | None:
        """The value's own text, where it compares in Python as it does in the database."""
        place = argument.place
        assert place is not None
        if any(isinstance(part, (cst.Call, cst.Await, cst.NamedExpr, cst.Yield)) for part in walk(place.node)):
            return None
        written = self.text[slice(*whole_span(place))]
        if not (isinstance(place.node, _ATOMS) or place.node.lpar):  # type: ignore[attr-defined]
            written = f"({written})"
        value, relation = argument.value, field.relation
        if relation is not None and isinstance(value, RowValue):
            same = value.model.key == relation.target and relation.to_field is None and not value.maybe_none
            return f"{written}.pk" if same else None
        literal, constant = _literal(place.node, value)
        if literal:
            return written if _fits(constant, field.kind) else None
        return written if isinstance(value, Scalar) and _kind_of(value) is field.kind else None


def _text(argument: Argument) -> str | None:
    value = argument.value
    if argument.name is None and isinstance(value, Constant) and isinstance(value.value, str):
        return value.value
    return None


def _literal(node: cst.CSTNode, value: Value) -> tuple[bool, object]:
    """Whether a value is known, and what it is."""
    if isinstance(node, cst.Name) and node.value in _CONSTANT_NAMES:
        return True, _CONSTANT_NAMES[node.value]
    return (True, value.value) if isinstance(value, Constant) else (False, None)


def _fits(constant: object, kind: Category | None) -> bool:
    """True if the column's values and the constant are of types that Python compares as databases do."""
    if isinstance(constant, bool):
        return False
    if isinstance(constant, int):
        return kind in _NUMBERS
    if isinstance(constant, float):
        return kind is Category.FLOAT
    return isinstance(constant, str) and kind is Category.TEXT


def _kind_of(scalar: Scalar) -> Category | None:
    model = scalar.row.model
    if scalar.column == model.primary_key and scalar.column not in model.columns:
        return Category.AUTO
    column = model.columns.get(scalar.column)
    kind = category(column.field_class) if column is not None else None
    return kind if column is None or not column.null else None


def _is_none(read: str, wanted: bool, negated: bool) -> str:
    return f"{read} is None" if wanted is not negated else f"{read} is not None"


def _truth(read: str, field: _Field, value: bool, negated: bool) -> str:
    if field.null:
        return f"{read} is {'not ' if negated else ''}{value}"
    return read if value is not negated else f"not {read}"
