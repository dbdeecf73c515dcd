"""GraphQL types of graphene: a field that gives many rows, and the resolvers of what the client asks of each.

In: a class with fields that are lists of a DjangoObjectType. Out: events, as from a loop over the rows that runs each
resolver of their type. The client chooses the fields, so a report says with which field its query runs. What no
resolver of the project reads, a plain foreign key for instance, is left to the library: which of them a client asks
for is not known, and optimisers load them by the very question.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_django_orm.machine import annotated, querysets
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Argument,
    ClassValue,
    FunctionValue,
    RowValue,
    Value,
)
from flake8_django_orm.orm import graphql
from flake8_django_orm.owners.base import Owner
from flake8_django_orm.owners.graphql_queries import DEPTH, ClientQuery
from flake8_django_orm.project.facts import ClassFacts, Expr, FunctionFacts
from flake8_django_orm.project.named_models import model_named
from flake8_django_orm.project.project import External
from flake8_django_orm.readers.class_bodies import value_place

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.owners.classes import OwnedClass
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.project.project import Definition, Project
    from flake8_django_orm.syntax.units import Place


class GrapheneOwner(Owner):
    """A query or another object type whose fields give rows."""

    def owns(self, project: Project, facts: ClassFacts) -> bool:
        """Any object type of graphene."""
        return any(_known_name(name) in graphql.OBJECT_TYPES for name in project.ancestors(facts.key))

    def has_pieces(self, facts: ClassFacts) -> bool:
        """Whether the body declares fields."""
        return any(assignment.value.kind == "call" for assignment in facts.assignments.values())

    def run(self, machine: Machine, owned: OwnedClass) -> None:
        """Resolve each list of the type, once: for no object, or for a row that comes from elsewhere."""
        model = _model(machine.project, owned.facts)
        root = annotated.given_row(machine, model.key) if model is not None else UNKNOWN
        for field in list_fields(machine.project, owned.facts):
            Resolution(owned.execution, machine).resolve(field, root, 0)


@dataclass(frozen=True, slots=True)
class ListField:
    """A field that gives many objects: where it is declared, how, and the type of each."""

    name: str
    owner: ClassFacts
    kind: str
    type: ClassFacts


def list_fields(project: Project, facts: ClassFacts) -> Iterator[ListField]:
    """The lists among the fields that the class's body declares."""
    for name, assignment in facts.assignments.items():
        found = _list_of(project, facts.module, assignment.value)
        if found is not None:
            yield ListField(name, facts, *found)


def _list_of(project: Project, module: str, expression: Expr) -> tuple[str, ClassFacts] | None:
    """The kind of list and the type of its objects; None for what is no list of a type that stands for a model."""
    if expression.kind != "call" or not expression.value or not expression.items:
        return None
    kind, inner = _kind(project, module, expression), expression.items[0]
    if kind in graphql.WRAPPERS:
        return _list_of(project, module, inner)
    if kind not in graphql.LISTS:
        return None
    while inner.kind == "call" and inner.items and _kind(project, module, inner) in graphql.WRAPPERS:
        inner = inner.items[0]
    found = project.resolve(module, str(inner.value)) if inner.kind == "name" else None
    if not isinstance(found, ClassFacts):
        return None
    is_of_model = any(_known_name(name) == graphql.MODEL_TYPE for name in project.ancestors(found.key))
    return (kind, found) if is_of_model else None


def _kind(project: Project, module: str, call: Expr) -> str:
    return _known_name(_name_of(project.resolve(module, str(call.value)))) if call.value else ""


def _name_of(found: Definition | None) -> str:
    match found:
        case External(name=name):
            return name
        case ClassFacts(key=key):
            return key
    return ""


def _known_name(dotted: str) -> str:
    """The last name of a class of the library; "" for any other."""
    package, _, rest = dotted.partition(".")
    return rest.rpartition(".")[2] if package in graphql.GRAPHENE else ""


class Resolution(ClientQuery):
    """One query of a client, by the resolvers of graphene."""

    def resolve(self, field: ListField, root: Value, depth: int) -> None:
        """Resolve a list, then each field of its rows."""
        place = value_place(self.execution, field.owner, field.name)
        rows = self._rows(field, root, place) if place is not None else None
        if place is not None and rows is not None:
            self.each_row(rows, place, lambda row: self._resolve_fields(field.type, row, place, depth))

    def _rows(self, field: ListField, root: Value, place: Place) -> Value | None:
        method = self.project.find_method(field.owner.key, f"resolve_{field.name}")
        if method is not None:
            made = self._call(method, root, place)
        elif field.kind in graphql.OF_MODEL and not isinstance(root, RowValue):
            model = _model(self.project, field.type)
            if model is None:
                return None
            made = self.all_rows(model, place)
        else:
            return None
        rows = querysets.as_queryset(self.machine, made, place) or made
        narrows = self.narrowing(field.type)
        if field.kind in graphql.OF_MODEL and narrows is not None:
            bound = FunctionValue(facts=narrows, bound=ClassValue(field.type.key))
            rows = self.machine.call(bound, (Argument(rows), Argument(UNKNOWN)), place)
        return rows

    def _resolve_fields(self, kind: ClassFacts, row: RowValue, place: Place, depth: int) -> None:
        """Run each resolver as if its field were the only one that is asked for."""
        lists = {field.name: field for field in list_fields(self.project, kind)} if depth < DEPTH else {}
        for method in kind.methods.values():
            name = method.name.removeprefix("resolve_")
            if name == method.name:
                continue
            with self.only_asking_for(kind, name, place):
                if name in lists:
                    self.resolve(lists[name], row, depth + 1)
                else:
                    self.machine.text(self._call(method, row, place), place)

    def _call(self, method: FunctionFacts, root: Value, place: Place) -> Value:
        """Resolvers are functions, whether they call their first parameter `self` or `root`."""
        return self.machine.call(FunctionValue(facts=method), (Argument(root), Argument(UNKNOWN)), place)


def _model(project: Project, kind: ClassFacts) -> Model | None:
    meta = kind.classes.get("Meta")
    found = project.find_class_attribute(meta.key, "model") if meta is not None else None
    return model_named(project, found[0].module, found[1].value) if found is not None else None
