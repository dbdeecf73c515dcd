"""The models of the project with their columns, relations and managers, joined into one graph.

In: class facts, resolved names, labels. Out: a `Model` for every model class that is asked for. Which classes
are models is decided by their resolved bases. Reverse relations need every model's forward fields: the first
question that has to do with relations reads all files that may define models, and no others.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_django_orm.project import django_names as names
from flake8_django_orm.project.facts import ClassFacts, Expr
from flake8_django_orm.project.labels import Labels, with_nested
from flake8_django_orm.project.managers import ManagerReader
from flake8_django_orm.project.models import Column, ManagerFacts, Model, Relation
from flake8_django_orm.project.relations import RelationBuilder, ReverseRelations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flake8_django_orm.project.constants import Constants
    from flake8_django_orm.project.fields import FieldFacts, FieldReader
    from flake8_django_orm.project.meta import MetaOptions
    from flake8_django_orm.project.overview import Overview
    from flake8_django_orm.project.resolve import Resolver
    from flake8_django_orm.project.settings_values import SettingsValues

_AUTO_FIELDS = frozenset({"AutoField", "BigAutoField", "SmallAutoField", "GeneratedField"})


@dataclass(frozen=True, slots=True)
class Declared:
    """What Django takes over from a class body and from abstract bases, by name.

    `fields` are local to the model; `managers` come with the distance of the class that declares them.
    `known` is false where an attribute may add names that cannot be told.
    """

    fields: Mapping[str, FieldFacts] = field(default_factory=dict)
    managers: tuple[tuple[int, ManagerFacts], ...] = ()
    parents: tuple[str, ...] = ()
    known: bool = True


class ModelGraph:
    """Builds models on demand and keeps them."""

    def __init__(
        self,
        resolver: Resolver,
        settings: SettingsValues,
        labels: Labels,
        constants: Constants,
        meta: MetaOptions,
        fields: FieldReader,
        default_auto_field: str,
        *,
        is_whole: bool,
        known: Overview | None,
    ) -> None:
        """`is_whole` as for `Project`: false where models, settings and relations may be elsewhere. `known` is what an
        earlier run found out of all models, if that still holds."""
        self._resolver = resolver
        self._settings = settings
        self._labels = labels
        self._constants = constants
        self._meta = meta
        self._fields = fields
        self._managers = ManagerReader(resolver)
        self._relations = RelationBuilder(resolver, labels, constants, meta, self)
        self._fallback_auto_field = default_auto_field
        self.is_whole = is_whole
        self._known = known
        self._is_model: dict[str, bool] = {}
        self._declared: dict[str, Declared] = {}
        self._models: dict[str, Model | None] = {}

    # which classes are models

    def is_model(self, key: str) -> bool:
        """True for a class that comes down to Django's Model, or has fields and a base that could not be
        read.
        """
        if key not in self._is_model:
            self._is_model[key] = False  # what a cycle of questions finds in the meantime
            self._is_model[key] = self._decide(key)
        return self._is_model[key]

    def _decide(self, key: str) -> bool:
        ancestors = self._resolver.ancestors(key)
        if names.MODEL in ancestors:
            return True
        if not any(self._is_unread(name) for name in ancestors):
            return False
        return any(self._has_own_field(facts) for facts in self._resolver.classes(key))

    def _is_unread(self, name: str) -> bool:
        """True for a base of which the index knows nothing."""
        if name == "?":
            return True
        top = name.partition(".")[0]
        if top in {"django", "builtins", "typing_extensions"} or top in sys.stdlib_module_names:
            return False
        return self._resolver.class_facts(name) is None

    def _has_own_field(self, facts: ClassFacts) -> bool:
        for name, assignment in facts.assignments.items():
            found = self._fields.read(facts, name, facts.module, assignment.value)
            if found is not None and names.is_field(found.field_class):
                return True
        return False

    def is_concrete(self, key: str) -> bool:
        """True for a model that Django can have rows of."""
        return self.is_model(key) and not self._meta.is_abstract(key)

    def concrete_key(self, key: str) -> str:
        """The model whose table a proxy uses; any other model itself."""
        seen: set[str] = set()
        while self._meta.is_proxy(key) and key not in seen:
            seen.add(key)
            parents = self.declared(key).parents
            if not parents:
                break
            key = parents[0]
        return key

    @cached_property
    def project_keys(self) -> tuple[str, ...]:
        """The keys of all model classes of the project, abstract ones included."""
        if self._known is not None:
            return self._known.project_keys
        return tuple(self._keys_of(with_nested(c for m in self._labels.candidates for c in m.classes.values())))

    @cached_property
    def all_keys(self) -> tuple[str, ...]:
        """The keys of the project's models and of those that installed apps of the environment bring."""
        if self._known is not None:
            return self._known.all_keys
        classes = with_nested(c for m in self._labels.installed_modules for c in m.classes.values())
        return tuple(dict.fromkeys([*self.project_keys, *self._keys_of(classes)]))

    def _keys_of(self, classes: Iterator[ClassFacts]) -> Iterator[str]:
        return (facts.key for facts in classes if self.is_model(facts.key))

    # what a class declares

    def declared(self, key: str) -> Declared:
        """The model's own fields and managers, those of its abstract bases included."""
        if key not in self._declared:
            self._declared[key] = Declared()
            self._declared[key] = self._read_declared(key)
        return self._declared[key]

    def _read_declared(self, key: str) -> Declared:
        order = self._resolver.mro(key)
        parents = self._parents(key, order)
        owned = {name for parent in parents for name in self._resolver.mro(parent)}
        seen: set[str] = set()
        fields: dict[str, FieldFacts] = {}
        managers: list[tuple[int, ManagerFacts]] = []
        known = True
        for depth, name in enumerate(order):
            facts = self._resolver.class_facts(name)
            if facts is None or name in owned:
                continue
            is_model = name == key or self.is_model(name)
            for attribute, value in _attributes(facts):
                if attribute in seen or not is_model:
                    continue
                found = self._fields.read(facts, attribute, facts.module, value)
                if found is not None:
                    fields[attribute] = found
                    known = known and found.known
                    continue
                manager = self._managers.read(attribute, facts.module, value)
                if manager is not None:
                    managers.append((depth, manager))
                elif self._contributes(facts.module, value):
                    known = False
            seen.update(_names_of(facts))
        return Declared(fields, tuple(managers), parents, known)

    def _parents(self, key: str, order: Sequence[str]) -> tuple[str, ...]:
        """The concrete models that the model inherits from directly, or through abstract ones."""
        concrete = [name for name in order[1:] if self.is_concrete(name)]
        above = {base for name in concrete for base in self._resolver.mro(name)[1:]}
        return tuple(name for name in concrete if name not in above)

    def _contributes(self, module: str, value: Expr) -> bool:
        """True for an attribute made by something that may add names of its own to the model."""
        if value.kind != "call" or not value.value:
            return False
        found = self._resolver.resolve(module, str(value.value))
        if isinstance(found, ClassFacts):
            return self._resolver.find_method(found.key, "contribute_to_class") is not None
        name = getattr(found, "name", "")
        outside = found is not None and not hasattr(found, "module")
        return outside and self._is_unread(name) and name.rpartition(".")[2][:1].isupper()

    # models

    def model(self, key: str) -> Model | None:
        """The model of the class `key`, None for a class that is not a model."""
        if key not in self._models:
            facts = self._resolver.class_facts(key)
            self._models[key] = self._build(facts) if facts is not None and self.is_model(facts.key) else None
        return self._models[key]

    def dynamic_class(self, module: str, call: Expr) -> ClassFacts | None:
        """The class that `get_user_model()` or `apps.get_model(...)` returns; None for any other call."""
        return self._relations.dynamic_class(module, call)

    def user_class(self) -> ClassFacts | None:
        """The class that AUTH_USER_MODEL names."""
        return self._relations.user_class()

    @cached_property
    def reverse(self) -> ReverseRelations:
        """The reverse relations that all known models' fields make, by the model they lead from."""
        if self._known is not None:
            return self._known.reverse
        return self._relations.reverse(self.all_keys)

    def _build(self, facts: ClassFacts) -> Model:
        key = facts.key
        abstract = self._meta.is_abstract(key)
        proxy = self._meta.is_proxy(key)
        primary_key = self.primary_key(key)
        managers = self._all_managers(key, abstract)
        return Model(
            key=key,
            name=facts.name,
            app_label=self._labels.app_label(facts),
            path=facts.path,
            line=facts.start,
            columns=self._columns(key),
            relations=self._all_relations(key, abstract),
            managers=managers,
            default_manager=self._default_manager(key, managers),
            base_manager=self._inherited_option(key, "base_manager_name"),
            primary_key=primary_key,
            mro=self._resolver.mro(key),
            ordering=self._ordering(key),
            unique_together=self._meta.unique_sets(self.concrete_key(key)),
            abstract=abstract,
            proxy=proxy,
            bases_seen=self._sees_bases(key),
            complete=self._is_complete(key),
            hidden_lookups=self._hidden_lookups(key),
        )

    def lineage(self, key: str) -> tuple[str, ...]:
        """The model and the concrete models it inherits from, nearest first."""
        found: dict[str, None] = {}
        stack = [key]
        while stack:
            current = stack.pop(0)
            if current not in found:
                found[current] = None
                stack.extend(self.declared(current).parents)
        return tuple(found)

    def all_fields(self, key: str) -> dict[str, FieldFacts]:
        """The fields of the model and of its concrete parents, without the links between them."""
        merged: dict[str, FieldFacts] = {}
        for name in self.lineage(key):
            for field_name, found in self.declared(name).fields.items():
                merged.setdefault(field_name, found)
        return merged

    def primary_key(self, key: str) -> str:
        """The name of the primary key's field."""
        key = self.concrete_key(key)
        declared = self.declared(key)
        for name, found in declared.fields.items():
            own = found.field_class == "django.db.models.CompositePrimaryKey"
            if own or self._constants.truth(found.module, found.argument("primary_key")):
                return name
        if declared.parents and not self._meta.is_abstract(key):
            links = self._relations.parent_links(key)
            return next(iter(links.values())).name if links else "id"
        return "id"

    def _columns(self, key: str) -> dict[str, Column]:
        columns: dict[str, Column] = {}
        for name in self.lineage(key):
            for found in self.declared(name).fields.values():
                if found.kind is None and found.field_class != "django.db.models.CompositePrimaryKey":
                    columns.setdefault(found.name, self._column(found))
            has_table = not self._meta.is_proxy(name) and not self._meta.is_abstract(name)
            if has_table and "id" not in columns and self.primary_key(name) == "id":
                columns["id"] = self._implicit_key(name)
        if self._meta.text(key, "order_with_respect_to") is not None:
            columns.setdefault("_order", Column("_order", "django.db.models.OrderWrt", auto=True, declared_in=key))
        return columns

    def _column(self, found: FieldFacts) -> Column:
        last = found.field_class.rpartition(".")[2]
        primary = self._truth(found, "primary_key")
        stamped = self._truth(found, "auto_now") or self._truth(found, "auto_now_add")
        return Column(
            name=found.name,
            field_class=found.field_class,
            null=self._truth(found, "null") or last == "NullBooleanField",
            primary_key=primary,
            unique=primary or self._truth(found, "unique"),
            has_default=found.argument("default") is not None or found.argument("db_default") is not None,
            auto=last in _AUTO_FIELDS or stamped,
            declared_in=found.declared_in,
            call=found.call,
            custom_class=found.own_class,
        )

    def _truth(self, found: FieldFacts, name: str) -> bool:
        return self._constants.truth(found.module, found.argument(name))

    def _implicit_key(self, key: str) -> Column:
        facts = self._resolver.class_facts(key)
        by_app = self._labels.auto_field(facts) if facts is not None else None
        chosen = by_app or self._settings.string("DEFAULT_AUTO_FIELD") or self._fallback_auto_field
        return Column("id", chosen, primary_key=True, unique=True, auto=True, declared_in=key)

    # relations

    def _all_relations(self, key: str, abstract: bool) -> dict[str, Relation]:
        """Forward relations first, then reverse ones; those of concrete parents count as the model's own."""
        relations: dict[str, Relation] = {}
        for name in self.lineage(key):
            for relation in self._relations.forward(name).values():
                relations.setdefault(relation.name, replace(relation, model=key))
        if abstract:
            return relations
        for name in self.lineage(key):
            for relation in self.reverse.of(self.concrete_key(name)):
                if relation.parent_link and self.concrete_key(name) != self.concrete_key(key):
                    continue
                relations.setdefault(relation.name, replace(relation, model=key))
        return relations

    def _hidden_lookups(self, key: str) -> dict[str, str]:
        if self._meta.is_abstract(key):
            return {}
        found: dict[str, str] = {}
        for name in self.lineage(key):
            found.update(self.reverse.hidden_of(self.concrete_key(name)))
        return found

    # managers

    def _all_managers(self, key: str, abstract: bool) -> dict[str, ManagerFacts]:
        found: list[tuple[int, ManagerFacts]] = []
        for depth, name in enumerate(self.lineage(key)):
            found += [(100 * depth + place, manager) for place, manager in self.declared(name).managers]
            if not self._meta.is_abstract(name) and not self._has_manager(name):
                found.append((100 * depth, ManagerFacts("objects")))
        managers: dict[str, ManagerFacts] = {}
        for _, manager in sorted(found, key=lambda entry: entry[0]):
            managers.setdefault(manager.name, manager)
        return managers

    def _has_manager(self, key: str) -> bool:
        """True where Django finds a manager on the model before it would add `objects`."""
        declared = self.declared(key)
        return bool(declared.managers) or bool(declared.parents)

    def _default_manager(self, key: str, managers: Mapping[str, ManagerFacts]) -> str:
        chosen = self._meta.text(key, "default_manager_name")
        if chosen is None and not any(depth == 0 for depth, _ in self.declared(key).managers):
            above = self._model_above(key)
            chosen = self._meta.text(above, "default_manager_name") if above is not None else None
        if chosen is not None and chosen in managers:
            return chosen
        return next(iter(managers), "objects")

    def _inherited_option(self, key: str, name: str) -> str | None:
        """The option of the model, else of the nearest model above it."""
        for owner in self._resolver.mro(key):
            if owner == key or self.is_model(owner):
                found = self._meta.text(owner, name)
                if found is not None:
                    return found
        return None

    def _ordering(self, key: str) -> tuple[str, ...]:
        own = self._meta.option(key, "ordering") or self._meta.option(key, "order_with_respect_to")
        if own is not None:
            return self._meta.ordering(key)
        above = self._model_above(key)
        if above is None or self._meta.is_abstract(above):
            return ()
        return self._ordering(above)

    def _model_above(self, key: str) -> str | None:
        """The nearest model class among the bases."""
        return next((name for name in self._resolver.mro(key)[1:] if self.is_model(name)), None)

    def _sees_bases(self, key: str) -> bool:
        ancestors = self._resolver.ancestors(key)
        return names.MODEL in ancestors and not any(self._is_unread(name) for name in ancestors)

    def _is_complete(self, key: str) -> bool:
        if not (self.is_whole and self._sees_bases(key)):
            return False
        if self._meta.is_abstract(key):
            return self.declared(key).known
        lineage = self.lineage(key)
        if any(self._is_decorated(name) for name in lineage):
            return False
        return all(self.declared(name).known and self.reverse.is_sure(self.concrete_key(name)) for name in lineage)

    def _is_decorated(self, key: str) -> bool:
        """Whether a decorator may add fields, or models that point here; functions do so as they run."""
        facts = self._resolver.class_facts(key)
        decorators = facts.decorators if facts is not None else ()
        return any(str(d.value).rsplit(".", 1)[-1] not in names.PLAIN_DECORATORS for d in decorators)


def _attributes(facts: ClassFacts) -> Iterator[tuple[str, Expr]]:
    for name, assignment in facts.assignments.items():
        if name not in facts.methods:
            yield name, assignment.value


def _names_of(facts: ClassFacts) -> Iterator[str]:
    """The names that the class body binds; a bare annotation binds none."""
    yield from facts.methods
    for name, assignment in facts.assignments.items():
        if assignment.annotation is None or assignment.value.line:
            yield name
