"""The forms of the admin: which relations they offer as choices, and the filters of the change list.

In: an admin class or an inline, and its model. Out: events, as from loops over the choices. Where the project's own
code decides on the form, nothing is known of it and nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from flake8_django_orm.orm import admin
from flake8_django_orm.orm.choices import SHAPES_ADMIN_FORM, WITH_CHOICES, Offered
from flake8_django_orm.owners.choices import has_choices, offer_all
from flake8_django_orm.project.facts import Expr
from flake8_django_orm.project.models import RelationKind
from flake8_django_orm.project.sequences import elements
from flake8_django_orm.readers.class_bodies import string_place

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.owners.classes import OwnedClass
    from flake8_django_orm.project.models import Model, Relation
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

_WITHOUT_CHOICES = ("autocomplete_fields", "raw_id_fields", "readonly_fields")
_RELATED_FILTERS = frozenset(
    {"django.contrib.admin.RelatedFieldListFilter", "django.contrib.admin.RelatedOnlyFieldListFilter"}
)


class AdminForm:
    """The form that an admin class makes for a row of `model`.

    `declared_in` are the attributes that may name its fields, `hidden` are fields that it fills in by itself.
    """

    def __init__(
        self,
        machine: Machine,
        owned: OwnedClass,
        model: Model,
        *,
        declared_in: Sequence[str] = ("fields", "fieldsets"),
        hidden: Sequence[str] = (),
    ) -> None:
        self.machine = machine
        self.project = machine.project
        self.owned = owned
        self.model = model
        self.declared_in = declared_in
        self.hidden = frozenset(hidden)

    def offer_choices(self) -> None:
        """Offer the choices of each relation."""
        for relation in self.relations():
            self.offer(relation)

    def offer(self, relation: Relation) -> None:
        """Offer the choices of one relation."""
        target = self.project.model(relation.target) if relation.target else None
        if target is not None:
            many = relation.kind is RelationKind.MANY_TO_MANY
            offered = Offered.ADMIN_FIELD_MANY if many else Offered.ADMIN_FIELD
            offer_all(self.machine, target, relation.name, self.place(relation.name), offered)

    def relations(self) -> list[Relation]:
        """The relations that are shown as a list of choices; none where that cannot be told."""
        names = self.names()
        without = [self._strings(attribute) for attribute in (*_WITHOUT_CHOICES, "exclude")]
        if names is None or self._is_shaped() or any(one is None for one in without):
            return []
        left_out = self.hidden.union(*(one or () for one in without))
        return [
            relation
            for relation in self.model.relations.values()
            if (not names or relation.name in names)
            and relation.name not in left_out
            and has_choices(self.project, self.model, relation)
        ]

    def place(self, name: str) -> Place:
        """Where the class names the field, else its own name."""
        for attribute in self.declared_in:
            declared = self.owned.declaration(attribute)
            found = string_place(declared, name) if declared is not None else None
            if found is not None and found.path == self.owned.facts.path:
                return found
        return self.owned.name_place

    def _is_shaped(self) -> bool:
        """Whether code of the project decides on the form."""
        key = self.owned.facts.key
        known = {*admin.THIRD_PARTY, *self.project.mro(key)}
        if any(self.project.find_method(key, name) is not None for name in SHAPES_ADMIN_FORM):
            return True
        if not known.issuperset(self.project.ancestors(key)):
            return True  # a base class that is not seen may do so
        if self.project.find_class_attribute(key, "form") is not None:
            return True
        overrides = self.project.find_class_attribute(key, "formfield_overrides")
        return overrides is not None and not self._spares_relations(overrides[0].module, overrides[1].value)

    def _spares_relations(self, module: str, overrides: Expr) -> bool:
        """Whether `formfield_overrides` names other kinds of field only."""
        if overrides.kind != "dict":
            return False
        kinds = [self.project.resolve(module, str(key.value)) for key in overrides.items[::2]]
        return not any(kind is None or getattr(kind, "name", "") in WITH_CHOICES for kind in kinds)

    def names(self) -> list[str] | None:
        """The fields that the class names; empty where it leaves them to the model, None where they are not known."""
        for attribute in self.declared_in:
            found = self.project.find_class_attribute(self.owned.facts.key, attribute)
            if found is not None and found[1].value != Expr("const", None, line=found[1].value.line):
                named = list(_nested_strings(self.project, found[0].module, found[1].value))
                return None if None in named else [name for name in named if name is not None]
        return []

    def _strings(self, attribute: str) -> list[str] | None:
        """The names in an attribute of the class; functions among them are left out, None where it is not known."""
        found = self.project.find_class_attribute(self.owned.facts.key, attribute)
        if found is None or found[1].value.kind == "const":
            return []
        listed = elements(self.project, found[0].module, found[1].value)
        if listed is None:
            return None
        return [str(item.value) for _, item in listed if item.kind == "const"]


def _nested_strings(project: Project, module: str, expression: Expr) -> Iterator[str | None]:
    """The field names in `fields` or `fieldsets`, however deep; None for a part that cannot be told."""
    if expression.kind == "const":
        yield expression.value if isinstance(expression.value, str) else None
    elif expression.kind == "dict":
        for key, value in zip(expression.items[::2], expression.items[1::2], strict=True):
            if key.value == "fields":
                yield from _nested_strings(project, module, value)
    else:
        listed = elements(project, module, expression)
        for number, (inner, item) in enumerate(listed if listed is not None else ()):
            is_title = number == 0 and listed is not None and len(listed) == 2 and listed[1][1].kind == "dict"
            if not is_title:
                yield from _nested_strings(project, inner, item)
        if listed is None:
            yield None


def offer_filters(machine: Machine, owned: OwnedClass, model: Model) -> None:
    """The filters beside a change list: one of a relation offers all rows at its other end."""
    found = machine.project.find_class_attribute(owned.facts.key, "list_filter")
    if found is None or owned.defines("get_list_filter"):
        return
    for module, item in elements(machine.project, found[0].module, found[1].value) or ():
        name = _filtered(machine.project, module, item)
        target = _at_end_of(machine.project, model, name) if name else None
        declared = owned.declaration("list_filter")
        if name and target is not None and declared is not None:
            offer_all(machine, target, name, string_place(declared, name) or declared, Offered.FILTER)


def _filtered(project: Project, module: str, item: Expr) -> str | None:
    """The field path of an entry of list_filter that makes a list of all related rows."""
    if item.kind == "const":
        return str(item.value)
    if item.kind != "tuple" or len(item.items) != 2 or item.items[0].kind != "const":
        return None
    kind = project.resolve(module, str(item.items[1].value)) if item.items[1].kind == "name" else None
    return str(item.items[0].value) if getattr(kind, "name", "") in _RELATED_FILTERS else None


def _at_end_of(project: Project, model: Model, path: str) -> Model | None:
    """The model at the end of a path of relations; None where the path ends with a column, or elsewhere."""
    current: Model | None = model
    for name in path.split("__"):
        relation = current.relation_by_lookup(name) if current is not None else None
        current = project.model(relation.target) if relation is not None and relation.target else None
    return current
