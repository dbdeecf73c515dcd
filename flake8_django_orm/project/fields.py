"""Class attributes of models read as fields: which field class, which arguments, what the relation points to.

In: the expression of a class attribute and its module. Out: a `FieldFacts`, or None for what is not a field.
Field classes of the project and of its environment are followed down to Django's own, with the arguments that
their `__init__` sets; functions that only return a field count as that field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flake8_django_orm.project import django_names as names
from flake8_django_orm.project.definitions import External
from flake8_django_orm.project.facts import ClassFacts, Expr, FunctionFacts
from flake8_django_orm.project.models import RelationKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flake8_django_orm.project.constants import Constants
    from flake8_django_orm.project.field_arguments import FieldArguments
    from flake8_django_orm.project.resolve import Resolver

RELATION_FIELDS: Mapping[str, RelationKind] = {
    names.FOREIGN_KEY: RelationKind.FOREIGN_KEY,
    names.ONE_TO_ONE_FIELD: RelationKind.ONE_TO_ONE,
    names.MANY_TO_MANY_FIELD: RelationKind.MANY_TO_MANY,
    "django.db.models.ForeignObject": RelationKind.FOREIGN_KEY,
    names.GENERIC_FOREIGN_KEY: RelationKind.GENERIC_FOREIGN_KEY,
    names.GENERIC_RELATION: RelationKind.GENERIC_RELATION,
}
# Relation fields of packages whose source is not at hand; others are told by the end of their name.
_KNOWN_ELSEWHERE: Mapping[str, RelationKind] = {
    "modelcluster.fields.ParentalKey": RelationKind.FOREIGN_KEY,
    "taggit.managers.TaggableManager": RelationKind.MANY_TO_MANY,
    "modelcluster.contrib.taggit.ClusterTaggableManager": RelationKind.MANY_TO_MANY,
}
_ENDINGS: Mapping[str, RelationKind] = {
    "ForeignKey": RelationKind.FOREIGN_KEY,
    "OneToOneField": RelationKind.ONE_TO_ONE,
    "ManyToManyField": RelationKind.MANY_TO_MANY,
    "GenericRelation": RelationKind.GENERIC_RELATION,
}
_RELATED_FIELD = "django.db.models.fields.related.RelatedField"
_POSITIONS: Mapping[RelationKind, tuple[str, ...]] = {
    RelationKind.FOREIGN_KEY: ("to", "on_delete", "related_name", "related_query_name"),
    RelationKind.ONE_TO_ONE: ("to", "on_delete", "to_field"),
    RelationKind.MANY_TO_MANY: ("to", "related_name", "related_query_name"),
    RelationKind.GENERIC_FOREIGN_KEY: ("ct_field", "fk_field", "for_concrete_model"),
    RelationKind.GENERIC_RELATION: ("to", "object_id_field", "content_type_field"),
}
_COLUMN_POSITIONS = ("verbose_name", "name", "primary_key", "max_length", "unique", "blank", "null")


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """One field as declared. `kind` is None for a plain column; `module` is the scope of the names in
    `arguments`.

    `field_class` is the nearest class of Django, `own_class` the class as resolved where that is another one.
    `known` is false where the class could not be read, so that it may add more than one name to the model.
    """

    name: str
    module: str
    declared_in: str
    call: Expr
    field_class: str
    kind: RelationKind | None = None
    own_class: str | None = None
    arguments: Mapping[str, Expr] = field(default_factory=dict)
    known: bool = True

    def argument(self, name: str) -> Expr | None:
        """The expression of an argument of the field's constructor."""
        return self.arguments.get(name)


class FieldReader:
    """Reads fields."""

    def __init__(self, resolver: Resolver, constants: Constants, arguments: FieldArguments) -> None:
        self._resolver = resolver
        self._constants = constants
        self._arguments = arguments

    def read(self, owner: ClassFacts, name: str, module: str, value: Expr) -> FieldFacts | None:
        """The field that the attribute `name` of the class `owner` holds; None if it holds something else."""
        return self._read(owner, name, module, value, 0)

    def _read(self, owner: ClassFacts, name: str, module: str, value: Expr, depth: int) -> FieldFacts | None:
        if value.kind != "call" or not isinstance(value.value, str) or not value.value or depth > 4:
            return None
        # A class body sees the classes that it defines itself before those of the module.
        found = owner.classes.get(value.value) or self._resolver.resolve(module, value.value)
        if isinstance(found, External):
            return self._external(owner, name, module, value, found.name)
        if isinstance(found, ClassFacts):
            return self._custom(owner, name, module, value, found)
        if isinstance(found, FunctionFacts):
            returned = self._arguments.returned_call(found, value)
            return None if returned is None else self._read(owner, name, found.module, returned, depth + 1)
        return None

    def _external(self, owner: ClassFacts, name: str, module: str, value: Expr, dotted: str) -> FieldFacts | None:
        kind = RELATION_FIELDS.get(dotted)
        known = names.is_field(dotted)
        if not known:
            if not _may_be_field(dotted):
                return None
            kind = _kind_by_name(dotted)
        arguments = self._named(module, kind, value)
        return FieldFacts(name, module, owner.key, value, dotted, kind, None, arguments, known)

    def _custom(self, owner: ClassFacts, name: str, module: str, value: Expr, found: ClassFacts) -> FieldFacts | None:
        ancestors = self._resolver.ancestors(found.key)
        base = next((ancestor for ancestor in ancestors if names.is_field(ancestor)), None)
        unread = None if base is not None else self._unread_field(ancestors)
        if base is None and unread is None:
            return None
        kind = next((RELATION_FIELDS[a] for a in ancestors if a in RELATION_FIELDS), None)
        if unread is not None:
            kind = _kind_by_name(unread)
        if kind is None and _RELATED_FIELD in ancestors:
            kind = self._flagged_kind(found.key)
        arguments = self._named(module, kind, value)
        set_by_class = self._arguments.of_class(found.key)
        merged = {**set_by_class.defaults, **arguments, **set_by_class.forced}
        known = unread is None and self._resolver.find_method(found.key, "contribute_to_class") is None
        nearest = base or unread or ""
        return FieldFacts(name, module, owner.key, value, nearest, kind, found.key, merged, known)

    def _unread_field(self, ancestors: Sequence[str]) -> str | None:
        """A base outside of what could be read that is a field by its name."""
        outside = (name for name in ancestors if self._resolver.class_facts(name) is None)
        return next((name for name in outside if _may_be_field(name)), None)

    def _flagged_kind(self, key: str) -> RelationKind:
        """The kind of a field that builds on `RelatedField` itself and says what it is in class attributes."""
        for flag, kind in (
            ("many_to_many", RelationKind.MANY_TO_MANY),
            ("one_to_one", RelationKind.ONE_TO_ONE),
        ):
            found = self._resolver.find_class_attribute(key, flag)
            if found is not None and found[1].value.value is True:
                return kind
        return RelationKind.FOREIGN_KEY

    def _named(self, module: str, kind: RelationKind | None, value: Expr) -> dict[str, Expr]:
        """The call's arguments by name; those of `**OPTIONS` too where that is a dict of constants."""
        positions = _COLUMN_POSITIONS if kind is None else _POSITIONS[kind]
        arguments = {**dict(zip(positions, value.items, strict=False)), **value.keywords}
        spread = arguments.get("**")
        entries = self._constants.entries(module, spread) if spread is not None else None
        if entries is not None:
            del arguments["**"]
            arguments = {**entries, **arguments}
        return arguments


def _may_be_field(dotted: str) -> bool:
    """True for a class of a package that could not be read whose name says that it is a field."""
    if dotted.startswith(("django.", "builtins.")):
        return False
    return _kind_by_name(dotted) is not None or dotted.endswith("Field")


def _kind_by_name(dotted: str) -> RelationKind | None:
    if dotted in _KNOWN_ELSEWHERE:
        return _KNOWN_ELSEWHERE[dotted]
    return next((kind for ending, kind in _ENDINGS.items() if dotted.endswith(ending)), None)
