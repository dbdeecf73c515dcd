"""Which fields a serializer of Django REST framework has, as its class bodies declare them.

In: a serializer's facts. Out: its fields in the order in which they are read, each with its class, its arguments and
the class body that declares it; None where code decides at run time. The library need not be installed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine import definitions
from flake8_django_orm.machine.values import ModelClass
from flake8_django_orm.project.definitions import External
from flake8_django_orm.project.facts import Assignment, ClassFacts, Expr, FunctionFacts
from flake8_django_orm.project.models import RelationKind
from flake8_django_orm.project.sequences import constant, strings

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.project.project import Project

FIELD = "rest_framework.fields.Field"
SERIALIZER = "rest_framework.serializers.Serializer"
BASE_SERIALIZER = "rest_framework.serializers.BaseSerializer"
MODEL_SERIALIZER = "rest_framework.serializers.ModelSerializer"
HIDDEN = "rest_framework.fields.HiddenField"
READ_ONLY = "rest_framework.fields.ReadOnlyField"
PRIMARY_KEY_RELATED = "rest_framework.relations.PrimaryKeyRelatedField"

#: Where a project may decide at run time which fields there are.
_DYNAMIC = ("get_fields", "get_field_names", "get_default_field_names", "build_field", "fields", "_readable_fields")
_STARTS_FROM_DECLARED = re.compile(r"\bsuper\([^)]*\)\.")
_FORWARD = frozenset({RelationKind.FOREIGN_KEY, RelationKind.ONE_TO_ONE, RelationKind.MANY_TO_MANY})


@dataclass(frozen=True, slots=True)
class SerializerField:
    """One field. `ancestors` are the names of its class and of that one's bases; `class_key` the class's own.

    `owner` is the class in whose body it stands: as an assignment, or as a string in `Meta.fields` (`listed`).
    `depth` is Meta.depth for a relation that a ModelSerializer follows by itself, 0 for any other field. A field is
    `conditional` that is taken out on some ways through the serializer's own code.
    """

    name: str
    class_key: str
    ancestors: frozenset[str]
    owner: ClassFacts
    module: str
    items: tuple[Expr, ...] = ()
    arguments: Mapping[str, Expr] = field(default_factory=dict)
    listed: bool = False
    depth: int = 0
    conditional: bool = False

    def text(self, project: Project, name: str) -> str | None:
        """A string argument."""
        value = constant(project, self.module, self.arguments.get(name))
        return value if isinstance(value, str) else None

    def is_true(self, project: Project, name: str) -> bool:
        return constant(project, self.module, self.arguments.get(name)) is True


def serializer_fields(machine: Machine, facts: ClassFacts) -> list[SerializerField] | None:
    """The fields that reading a serializer reads."""
    project = machine.project
    methods = [m for name in ("__init__", *_DYNAMIC) if (m := _own_method(project, facts, name)) is not None]
    if not all(_STARTS_FROM_DECLARED.search(machine.programs.text_of(method)) for method in methods):
        return None
    declared = _declared(project, facts)
    if MODEL_SERIALIZER in project.ancestors(facts.key):
        found = _of_model(machine, facts, declared)
    else:
        found = list(declared.values())
    found = [one for one in found if not _is_write_only(project, one)]
    removals = [removal for method in methods for removal in machine.programs.removals(method)]
    never = {name for name, conditional in removals if not conditional}
    maybe = {name for name, conditional in removals if conditional}
    return [replace(one, conditional=one.name in maybe) for one in found if one.name not in never]


def _own_method(project: Project, facts: ClassFacts, name: str) -> FunctionFacts | None:
    method = project.find_method(facts.key, name)
    return method if method is not None and project.is_own(method.path) else None


def _is_write_only(project: Project, one: SerializerField) -> bool:
    return HIDDEN in one.ancestors or one.is_true(project, "write_only")


# -- declared fields --------------------------------------------------------------------------------------------------


def _declared(project: Project, facts: ClassFacts) -> dict[str, SerializerField]:
    """The fields that class bodies assign, those of bases first; only the bodies of serializers count."""
    found: dict[str, SerializerField] = {}
    for key in reversed(project.mro(facts.key)):
        owner = project.class_facts(key)
        if owner is None or BASE_SERIALIZER not in project.ancestors(key):
            continue
        for name in owner.methods:
            found.pop(name, None)
        for name, assignment in owner.assignments.items():
            one = declared_field(project, owner, name, assignment.value)
            if one is not None:
                found.pop(name, None)
                found[name] = one
            else:
                found.pop(name, None)
    return found


def declared_field(project: Project, owner: ClassFacts, name: str, value: Expr) -> SerializerField | None:
    """The field that the call `value` makes; None for what is no field. A class that is not known makes one that is
    read by nobody."""
    if value.kind != "call" or not value.value:
        return None
    callee = owner.classes.get(str(value.value)) or project.resolve(owner.module, str(value.value))
    if isinstance(callee, External):
        return SerializerField(name, callee.name, frozenset(), owner, owner.module, value.items, value.keywords)
    if not isinstance(callee, ClassFacts):
        return None
    ancestors = frozenset(project.ancestors(callee.key))
    return SerializerField(name, callee.key, ancestors, owner, owner.module, value.items, value.keywords)


# -- fields that ModelSerializer makes --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Meta:
    project: Project
    facts: ClassFacts

    def attribute(self, name: str) -> Assignment | None:
        found = self.project.find_class_attribute(self.facts.key, name)
        return found[1] if found is not None else None

    def owner_of(self, name: str) -> ClassFacts:
        found = self.project.find_class_attribute(self.facts.key, name)
        return found[0] if found is not None else self.facts


def meta_of(project: Project, facts: ClassFacts) -> ClassFacts | None:
    """The serializer's inner class Meta, inherited where it has none of its own."""
    for key in project.mro(facts.key):
        owner = project.class_facts(key)
        if owner is not None and "Meta" in owner.classes:
            return owner.classes["Meta"]
    return None


def meta_model(machine: Machine, facts: ClassFacts) -> Model | None:
    """The model that Meta names."""
    meta = meta_of(machine.project, facts)
    found = machine.project.find_class_attribute(meta.key, "model") if meta is not None else None
    if found is None:
        return None
    value = definitions.from_assignment(machine, found[1], found[0].module, found[0].path)
    return value.model if isinstance(value, ModelClass) else None


def _of_model(machine: Machine, facts: ClassFacts, declared: dict[str, SerializerField]) -> list[SerializerField]:
    project = machine.project
    found = meta_of(project, facts)
    own = [one for one in declared.values() if one.owner.key == facts.key]
    if found is None:
        return own
    meta = _Meta(project, found)
    model = meta_model(machine, facts)
    names = _names(meta, declared, model)
    if names is None:
        # What the class itself declares must be among its fields.
        return own
    owner = meta.owner_of("fields")
    depth = _depth(meta)
    extra = _extra_arguments(meta)
    fields: list[SerializerField] = []
    for name in names:
        if name in declared:
            fields.append(declared[name])
        elif model is not None:
            made = _made_field(project, model, name, owner, depth)
            if made is not None:
                fields.append(replace(made, arguments={**extra.get(name, {}), **made.arguments}))
    return fields


def _names(meta: _Meta, declared: Mapping[str, SerializerField], model: Model | None) -> list[str] | None:
    fields, exclude = meta.attribute("fields"), meta.attribute("exclude")
    if fields is not None:
        if constant(meta.project, fields.module, fields.value) == "__all__":
            return list(dict.fromkeys([*declared, *_forward_names(model)]))
        return strings(meta.project, fields.module, fields.value)
    if exclude is None:
        return None
    left_out = strings(meta.project, exclude.module, exclude.value)
    if left_out is None:
        return None
    return [name for name in dict.fromkeys([*declared, *_forward_names(model)]) if name not in left_out]


def _forward_names(model: Model | None) -> list[str]:
    """The relations among the fields that "__all__" stands for; columns cost nothing."""
    relations = model.relations.values() if model is not None else ()
    return [one.name for one in relations if one.kind in _FORWARD and not one.parent_link]


def _depth(meta: _Meta) -> int:
    found = meta.attribute("depth")
    value = constant(meta.project, found.module, found.value) if found is not None else 0
    return value if isinstance(value, int) else 0


def _extra_arguments(meta: _Meta) -> dict[str, Mapping[str, Expr]]:
    """Meta.extra_kwargs, as far as it is written out."""
    found = meta.attribute("extra_kwargs")
    if found is None:
        return {}
    return {name: _dict_of(value) for name, value in _dict_of(found.value).items()}


def _dict_of(expression: Expr) -> dict[str, Expr]:
    if expression.kind == "call" and expression.value == "dict":
        return dict(expression.keywords)
    if expression.kind != "dict":
        return {}
    pairs = zip(expression.items[::2], expression.items[1::2], strict=True)
    return {str(key.value): value for key, value in pairs if key.kind == "const"}


def _made_field(project: Project, model: Model, name: str, owner: ClassFacts, depth: int) -> SerializerField | None:
    """The field that a ModelSerializer makes for a name; None where reading it costs nothing."""
    relation = model.relations.get(name)
    if relation is not None:
        if relation.kind in (RelationKind.GENERIC_FOREIGN_KEY, RelationKind.GENERIC_RELATION):
            return None
        kind = SERIALIZER if depth else PRIMARY_KEY_RELATED
        ancestors = frozenset({kind, BASE_SERIALIZER}) if depth else frozenset({kind})
        many = {} if relation.kind.single_valued else {"many": Expr("const", True)}
        made = SerializerField(name, kind, ancestors, owner, owner.module, arguments=many, listed=True)
        return replace(made, depth=depth)
    if name in model.columns or project.find_method(model.key, name) is None:
        return None
    return SerializerField(name, READ_ONLY, frozenset({READ_ONLY, FIELD}), owner, owner.module, listed=True)


def model_fields(model: Model, owner: ClassFacts, project: Project, depth: int) -> list[SerializerField]:
    """The fields of the serializer that `Meta.depth` nests: all of the model's own."""
    made = (_made_field(project, model, name, owner, depth) for name in _forward_names(model))
    return [one for one in made if one is not None]
