"""GraphQL types of strawberry: a field that gives many rows, and what the client may ask of each.

In: a class that `@strawberry.type` or `@strawberry_django.type(Model)` decorates. Out: events, as from a loop over the
rows that resolves each field of their type. The client chooses the fields, so a report says with which field its query
runs. How a field is declared, `strawberry_fields.py` reads.

Nothing is said in a project that names the optimizer of strawberry-django anywhere: it loads what the client asks for.
A plain relation is read for the rows of a list alone, and not for those that they lead to: an eager loading of all that
could ever be asked for would cost more than it saves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine import annotated, iteration, querysets
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Argument,
    ClassValue,
    FunctionValue,
    RowValue,
    Value,
)
from flake8_django_orm.owners.base import Owner
from flake8_django_orm.owners.graphql_queries import DEPTH, ClientQuery
from flake8_django_orm.owners.strawberry_fields import Field, fields_of, is_optimized, type_call, type_model

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.owners.classes import OwnedClass
    from flake8_django_orm.project.facts import ClassFacts, FunctionFacts
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place


class StrawberryOwner(Owner):
    """A query or another object type whose fields give rows."""

    def owns(self, project: Project, facts: ClassFacts) -> bool:
        """Any type of strawberry, where no optimizer loads what is asked for."""
        return type_call(project, facts) is not None and not is_optimized(project)

    def has_pieces(self, facts: ClassFacts) -> bool:
        """Whether a decorated class declares fields."""
        return bool(facts.decorators) and bool(facts.methods or facts.assignments)

    def run(self, machine: Machine, owned: OwnedClass) -> None:
        """Resolve each list of the type, once: for no object, or for a row that comes from elsewhere."""
        model = type_model(machine.project, owned.facts)
        root = annotated.given_row(machine, model.key) if model is not None else UNKNOWN
        resolution = Resolution(owned.execution, machine)
        for field in fields_of(machine.project, owned.execution, owned.facts):
            # A plain relation of a row that comes from elsewhere is one query, and its rows are the library's.
            if field.is_list and (field.resolver is not None or model is None):
                resolution.resolve(field, root, 0)


class Resolution(ClientQuery):
    """One query of a client, by the fields of strawberry."""

    def resolve(self, field: Field, root: Value, depth: int) -> None:
        """Resolve a list, then each field of its rows."""
        rows = self._rows(field, root) if field.type is not None else None
        if rows is not None:
            self.each_row(rows, field.place, lambda row: self._resolve_fields(field.type, row, field.place, depth))

    def _rows(self, field: Field, root: Value) -> Value | None:
        """The rows that the field gives; None where the library does not say."""
        narrows = self.narrowing(field.type)
        if field.resolver is not None:
            made = self._call(field.resolver, root, field.place)
        elif isinstance(root, RowValue):
            return None
        else:
            model = type_model(self.project, field.type) if field.type is not None else None
            if model is None or not field.is_django:
                return None
            made = self.all_rows(model, field.place)
        rows = querysets.as_queryset(self.machine, made, field.place) or made
        if field.is_django and field.type is not None and narrows is not None:
            bound = FunctionValue(facts=narrows, bound=ClassValue(field.type.key))
            rows = self.machine.call(bound, self._given(narrows, rows, bound=True), field.place)
        return rows

    def _resolve_fields(self, kind: ClassFacts | None, row: RowValue, place: Place, depth: int) -> None:
        """Run each field as if it were the only one that is asked for."""
        if kind is None:
            return
        for field in fields_of(self.project, self.execution, kind):
            with self.only_asking_for(kind, field.name, place):
                if field.resolver is None:
                    if depth == 0:
                        self._read(field, row)
                elif field.is_list and field.type is not None:
                    if depth < DEPTH and not field.is_refined:
                        self.resolve(field, row, depth + 1)
                else:
                    made = self._call(field.resolver, row, field.place)
                    if field.is_list:
                        iteration.loop_over(self.machine, made, field.place, lambda _, __: None)

    def _read(self, field: Field, row: RowValue) -> None:
        """What the library does for an attribute without a resolver."""
        is_plain = field.is_scalar or (field.type is not None and self.narrowing(field.type) is None)
        if not field.is_django or not is_plain or (field.is_list and field.is_refined):
            return
        value = self.machine.read_attribute(row, field.attribute, field.place)
        if field.is_list:
            rows = querysets.as_queryset(self.machine, value, field.place)
            if rows is not None:
                iteration.loop_over(self.machine, rows, field.place, lambda _, __: None)

    def _call(self, method: FunctionFacts, root: Value, place: Place) -> Value:
        """A resolver is a function: the object comes as `self` or `root`, and the rest from the client."""
        return self.machine.call(FunctionValue(facts=method), self._given(method, root), place)

    def _given(self, method: FunctionFacts, first: Value, *, bound: bool = False) -> tuple[Argument, ...]:
        taken = [p for p in method.parameters if p.kind in ("positional", "keyword")][bound:]
        return tuple(
            Argument(first if p.name == "root" or (p is taken[0] and (bound or p.name == "self")) else UNKNOWN, p.name)
            for p in taken
        )
