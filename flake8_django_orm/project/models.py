"""The model graph's data: resolved models with their columns, relations and managers, as the machine and the
rules see them.

In: nothing. Out: frozen dataclasses. A class is named by its dotted path (`shop.models.Book`), here called
its key.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flake8_django_orm.project.facts import Expr


class RelationKind(enum.StrEnum):
    """The kinds of relation that Django knows, seen from the model that has the attribute."""

    FOREIGN_KEY = "foreign key"
    ONE_TO_ONE = "one-to-one"
    MANY_TO_MANY = "many-to-many"
    REVERSE_FOREIGN_KEY = "reverse foreign key"
    REVERSE_ONE_TO_ONE = "reverse one-to-one"
    REVERSE_MANY_TO_MANY = "reverse many-to-many"
    GENERIC_FOREIGN_KEY = "generic foreign key"
    GENERIC_RELATION = "generic relation"

    @property
    def single_valued(self) -> bool:
        """True where reading the attribute gives one row rather than a related manager."""
        return self in _SINGLE

    @property
    def forward_column(self) -> bool:
        """True where the key stands in a column of this very row, so that `<name>_id` costs nothing."""
        return self in (RelationKind.FOREIGN_KEY, RelationKind.ONE_TO_ONE)


_SINGLE = frozenset(
    {
        RelationKind.FOREIGN_KEY,
        RelationKind.ONE_TO_ONE,
        RelationKind.REVERSE_ONE_TO_ONE,
        RelationKind.GENERIC_FOREIGN_KEY,
    }
)


@dataclass(frozen=True, slots=True)
class Relation:
    """One relation as an attribute of `model`.

    `name` is the attribute on an instance and the name for prefetch_related ("author", "chapter_set");
    `lookup` the name in filter(), order_by() and select_related() ("author", "chapter").
    `target` is the key of the model at the other end, None where it is not known or varies (generic foreign
    key). `field` is the name of the field that declares the relation, on whichever side that stands. `remote`
    is the attribute of the target that leads back, None where there is none.
    """

    name: str
    kind: RelationKind
    model: str
    target: str | None
    lookup: str
    field: str
    null: bool = False
    remote: str | None = None
    attname: str | None = None  # "author_id", for forward keys
    to_field: str | None = None  # the target's column where it is not the primary key
    parent_link: bool = False
    through: str | None = None
    content_type_field: str | None = None  # generic foreign key and generic relation
    object_id_field: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A concrete column that is not a relation.

    `field_class` is the resolved dotted name (`django.db.models.IntegerField`); for a field class of the
    project or a package it is the nearest class of Django that it comes down to.
    """

    name: str
    field_class: str
    null: bool = False
    primary_key: bool = False
    unique: bool = False
    has_default: bool = False
    auto: bool = False  # set by the database or by Django (AutoField, auto_now, GeneratedField)
    declared_in: str = ""  # key of the class whose body declares it
    call: Expr | None = None  # the field's call as written
    custom_class: str | None = None  # key of the field's class where that is not Django's own `field_class`


@dataclass(frozen=True, slots=True)
class ManagerFacts:
    """A manager attribute of a model. `manager_class` and `queryset_class` are keys of project classes, None
    for Django's own.

    `known` is false when the class could not be resolved: what its methods return is then unknown.
    """

    name: str
    manager_class: str | None = None
    queryset_class: str | None = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class Model:
    """A resolved model. `mro` lists the keys of the class and of all its resolvable bases, nearest first.

    `bases_seen` is true when every base was resolved down to `django.db.models.Model`; `complete` when every field and
    reverse relation is known besides, so that a name that is not here does not exist (dynamic `add_to_class` aside).
    """

    key: str
    name: str
    app_label: str
    path: str
    line: int
    columns: Mapping[str, Column] = field(default_factory=dict)
    relations: Mapping[str, Relation] = field(default_factory=dict)
    managers: Mapping[str, ManagerFacts] = field(default_factory=dict)
    default_manager: str = "objects"
    base_manager: str | None = None  # Meta.base_manager_name
    primary_key: str = "id"
    mro: tuple[str, ...] = ()
    ordering: tuple[str, ...] = ()
    unique_together: tuple[
        tuple[str, ...], ...
    ] = ()  # unique_together and UniqueConstraint(fields=...) without condition
    abstract: bool = False
    proxy: bool = False
    bases_seen: bool = True
    complete: bool = True
    hidden_lookups: Mapping[str, str] = field(default_factory=dict)  # lookup names without an attribute -> target

    @property
    def label(self) -> str:
        return f"{self.app_label}.{self.name}"

    def relation_by_lookup(self, lookup: str) -> Relation | None:
        """The relation that a lookup path names at this model ("chapter" for the accessor "chapter_set")."""
        found = self.relations.get(lookup)
        if found is not None and found.lookup == lookup:
            return found
        return next((r for r in self.relations.values() if r.lookup == lookup), None)
