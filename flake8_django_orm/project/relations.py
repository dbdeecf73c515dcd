"""Relation fields turned into relations, on both of their sides.

In: the fields that models declare. Out: for a model its forward relations, and for all models together the
reverse ones with the accessors and lookup names that Django gives them (`related_name`, `related_query_name`,
`default_related_name`, `%(class)s`, hidden relations, links to parents of multi-table inheritance).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flake8_django_orm.project.constants import Constants, Unknown
from flake8_django_orm.project.definitions import External
from flake8_django_orm.project.django_names import GET_MODEL, GET_USER_MODEL, GIVING_MODELS, SWAPPED_MODELS
from flake8_django_orm.project.facts import Assignment, ClassFacts, Expr
from flake8_django_orm.project.models import Relation, RelationKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flake8_django_orm.project.fields import FieldFacts
    from flake8_django_orm.project.labels import Labels
    from flake8_django_orm.project.meta import MetaOptions
    from flake8_django_orm.project.model_graph import ModelGraph
    from flake8_django_orm.project.resolve import Resolver

_REVERSE: Mapping[RelationKind, RelationKind] = {
    RelationKind.FOREIGN_KEY: RelationKind.REVERSE_FOREIGN_KEY,
    RelationKind.ONE_TO_ONE: RelationKind.REVERSE_ONE_TO_ONE,
    RelationKind.MANY_TO_MANY: RelationKind.REVERSE_MANY_TO_MANY,
}


@dataclass(frozen=True, slots=True)
class BackNames:
    """How a relation is reached from its target: the accessor and the lookup name, None where there is none.

    `known` is false where the names are given by something that cannot be told.
    """

    accessor: str | None
    lookup: str | None
    known: bool = True


@dataclass(slots=True)
class ReverseRelations:
    """Reverse relations by the concrete model they lead from, and lookup names that have no accessor.

    `unsure` holds the models that have a reverse relation whose name cannot be told.
    """

    found: dict[str, list[Relation]] = field(default_factory=dict)
    hidden: dict[str, dict[str, str]] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)

    def add(self, relation: Relation) -> None:
        self.found.setdefault(relation.model, []).append(relation)

    def hide(self, model: str, lookup: str, target: str) -> None:
        self.hidden.setdefault(model, {})[lookup] = target

    def is_sure(self, model: str) -> bool:
        """False for a model that has a reverse relation whose name cannot be told."""
        return model not in self.unsure

    def of(self, model: str) -> Sequence[Relation]:
        """The reverse relations of a concrete model."""
        return self.found.get(model, ())

    def hidden_of(self, model: str) -> Mapping[str, str]:
        """Lookup name to target for relations that can be filtered by but have no attribute."""
        return self.hidden.get(model, {})


class RelationBuilder:
    """Builds relations from declared fields."""

    def __init__(
        self, resolver: Resolver, labels: Labels, constants: Constants, meta: MetaOptions, graph: ModelGraph
    ) -> None:
        self._resolver = resolver
        self._labels = labels
        self._constants = constants
        self._meta = meta
        self._graph = graph
        self._forward: dict[str, dict[str, Relation]] = {}

    def forward(self, key: str) -> Mapping[str, Relation]:
        """The relations that the model's local fields declare, links to parents among them, by name."""
        if key not in self._forward:
            self._forward[key] = {}
            self._forward[key] = self._read_forward(key)
        return self._forward[key]

    def parent_links(self, key: str) -> dict[str, Relation]:
        """Parent model to the one-to-one relation that links to it."""
        if self._meta.is_proxy(key) or self._meta.is_abstract(key):
            return {}
        parents = [self._graph.concrete_key(parent) for parent in self._graph.declared(key).parents]
        if not parents:
            return {}
        links: dict[str, Relation] = {}
        declared: dict[str | None, FieldFacts] = {}
        for found in self._graph.declared(key).fields.values():
            if found.kind is RelationKind.ONE_TO_ONE:
                declared.setdefault(self.target(found, key), found)
        for parent in dict.fromkeys(parents):
            own = declared.get(parent)
            if own is not None:
                links[parent] = self._relation(own, key, parent, parent_link=True)
            else:
                links[parent] = self._implicit_link(key, parent)
        return links

    def reverse(self, keys: Iterable[str]) -> ReverseRelations:
        """The reverse relations that the fields of these models make."""
        reverse = ReverseRelations()
        for key in keys:
            if self._graph.is_concrete(key) and not self._meta.is_proxy(key):
                self._add_reverse(key, reverse)
        return reverse

    # forward

    def _read_forward(self, key: str) -> dict[str, Relation]:
        links = {relation.name: relation for relation in self.parent_links(key).values()}
        relations: dict[str, Relation] = {}
        for name, found in self._graph.declared(key).fields.items():
            if name in links:
                relations[name] = links[name]
            elif found.kind is not None:
                relations[name] = self._relation(found, key, self.target(found, key))
        for name, link in links.items():
            relations.setdefault(name, link)
        return relations

    def _relation(self, found: FieldFacts, key: str, target: str | None, *, parent_link: bool = False) -> Relation:
        kind = found.kind
        if kind is RelationKind.GENERIC_FOREIGN_KEY or kind is RelationKind.GENERIC_RELATION:
            return self._generic(found, key, target)
        assert kind is not None
        has_column = kind.forward_column and found.field_class != "django.db.models.ForeignObject"
        link = parent_link or self._constants.truth(found.module, found.argument("parent_link"))
        return Relation(
            name=found.name,
            kind=kind,
            model=key,
            target=target,
            lookup=found.name,
            field=found.name,
            null=kind.forward_column and self._constants.truth(found.module, found.argument("null")),
            remote=self._back_names(found, key, target).accessor,
            attname=f"{found.name}_id" if has_column else None,
            to_field=self._constants.text(found.module, found.argument("to_field")),
            parent_link=link,
            through=self._through(found, key),
        )

    def _generic(self, found: FieldFacts, key: str, target: str | None) -> Relation:
        if found.kind is RelationKind.GENERIC_FOREIGN_KEY:
            content_type = self._text(found, "ct_field", "content_type")
            object_id = self._text(found, "fk_field", "object_id")
            remote = None
        else:
            content_type = self._text(found, "content_type_field", "content_type")
            object_id = self._text(found, "object_id_field", "object_id")
            remote = self._generic_key(target, content_type, object_id)
        assert found.kind is not None
        return Relation(
            name=found.name,
            kind=found.kind,
            model=key,
            target=target,
            lookup=found.name,
            field=found.name,
            null=found.kind is RelationKind.GENERIC_FOREIGN_KEY and self._nullable(key, content_type, object_id),
            remote=remote,
            content_type_field=content_type,
            object_id_field=object_id,
        )

    def _nullable(self, key: str, *fields: str) -> bool:
        declared = self._graph.all_fields(key)
        found = [declared[name] for name in fields if name in declared]
        return any(self._constants.truth(f.module, f.argument("null")) for f in found)

    def _generic_key(self, target: str | None, content_type: str, object_id: str) -> str | None:
        """The generic foreign key of `target` that stands on these two fields."""
        for found in self._graph.all_fields(target).values() if target is not None else ():
            if found.kind is not RelationKind.GENERIC_FOREIGN_KEY:
                continue
            own = (self._text(found, "ct_field", "content_type"), self._text(found, "fk_field", "object_id"))
            if own == (content_type, object_id):
                return found.name
        return None

    def _implicit_link(self, key: str, parent: str) -> Relation:
        name = f"{parent.rpartition('.')[2].lower()}_ptr"
        accessor = self._fill(key, self._meta.text(key, "default_related_name")) or _model_name(key)
        return Relation(
            name=name,
            kind=RelationKind.ONE_TO_ONE,
            model=key,
            target=parent,
            lookup=name,
            field=name,
            remote=accessor,
            attname=f"{name}_id",
            parent_link=True,
        )

    def _through(self, found: FieldFacts, key: str) -> str | None:
        through = found.argument("through")
        return None if through is None else self._model_named(found.module, through, key)

    def _text(self, found: FieldFacts, argument: str, default: str) -> str:
        return self._constants.text(found.module, found.argument(argument)) or default

    # targets

    def target(self, found: FieldFacts, key: str) -> str | None:
        """The key of the model that the field of the model `key` points to, None where it cannot be told."""
        to = found.argument("to")
        return None if to is None else self._model_named(found.module, to, key)

    def _model_named(self, module: str, to: Expr, key: str) -> str | None:
        if to.kind == "class":
            return str(to.value)
        text = self._constants.text(module, to)
        if text is not None:
            return self._model_by_text(text, key)
        if to.kind == "name":
            found = self._resolver.resolve(module, str(to.value))
            if isinstance(found, ClassFacts):
                return found.key
            if isinstance(found, Assignment) and found.value.kind in {"name", "call"}:
                return self._called_model(found.module, found.value)
            return None
        return self._called_model(module, to)

    def _called_model(self, module: str, call: Expr) -> str | None:
        found = self.dynamic_class(module, call)
        return None if found is None else found.key

    def _model_by_text(self, text: str, key: str) -> str | None:
        if text == "self":
            return key
        if "." not in text:
            facts = self._resolver.class_facts(key)
            if facts is None:
                return None
            found = self._labels.class_by_label(f"{self._labels.app_label(facts)}.{text}")
            if found is None:
                local = self._resolver.resolve(facts.module, text)
                found = local if isinstance(local, ClassFacts) and self._graph.is_model(local.key) else None
        else:
            found = self._labels.class_by_label(text)
        return None if found is None else found.key

    def dynamic_class(self, module: str, call: Expr) -> ClassFacts | None:
        """The class that `get_user_model()`, `apps.get_model(...)` and their kin return; None for any other call."""
        if call.kind != "call" or str(call.value or "").rpartition(".")[2] not in GIVING_MODELS:
            return None
        found = self._resolver.resolve(module, str(call.value))
        if not isinstance(found, External):
            return None
        if found.name in GET_USER_MODEL:
            return self.user_class()
        if found.name in GET_MODEL | SWAPPED_MODELS and call.items:
            parts = [self._constants.text(module, item) for item in call.items[:2]]
            named = self._constants.text(module, call.keywords.get("model_name"))
            label = ".".join(part for part in (*parts, named) if part)
            if label.count(".") != 1:
                return None
            swapped = found.name in SWAPPED_MODELS
            return self._labels.class_by_label(self._labels.swapped(label) if swapped else label)
        return None

    def user_class(self) -> ClassFacts | None:
        """The class that AUTH_USER_MODEL names, Django's own User by default: where all settings are in sight."""
        label = self._constants.setting_text("AUTH_USER_MODEL") or ("auth.User" if self._graph.is_whole else None)
        return None if label is None else self._labels.class_by_label(label)

    # reverse

    def _add_reverse(self, key: str, reverse: ReverseRelations) -> None:
        for relation in self.forward(key).values():
            if relation.target is None or not self._graph.is_model(relation.target):
                continue
            found = self._graph.declared(key).fields.get(relation.name)
            if relation.kind is RelationKind.GENERIC_RELATION:
                lookup = self._constants.text(found.module, found.argument("related_query_name")) if found else None
                if lookup is not None:
                    reverse.hide(self._graph.concrete_key(relation.target), self._fill(key, lookup) or lookup, key)
                continue
            kind = _REVERSE.get(relation.kind)
            if kind is None:
                continue
            self._add_back(key, relation, found, kind, reverse)

    def _add_back(
        self,
        key: str,
        relation: Relation,
        found: FieldFacts | None,
        kind: RelationKind,
        reverse: ReverseRelations,
    ) -> None:
        target = self._graph.concrete_key(relation.target or "")
        if found is not None:
            back = self._back_names(found, key, relation.target)
        else:
            back = BackNames(relation.remote, relation.remote)
        if not back.known:
            reverse.unsure.add(target)
        if back.accessor is None or back.lookup is None:
            if back.lookup is not None:
                reverse.hide(target, back.lookup, key)
            return
        reverse.add(
            Relation(
                name=back.accessor,
                kind=kind,
                model=target,
                target=key,
                lookup=back.lookup,
                field=relation.field,
                null=kind is RelationKind.REVERSE_ONE_TO_ONE,
                remote=relation.name,
                parent_link=relation.parent_link,
                through=relation.through,
                to_field=relation.to_field,
            )
        )

    def _back_names(self, found: FieldFacts, key: str, target: str | None) -> BackNames:
        """What Django calls the way back over this field from its target."""
        if self._is_unsure(found, "related_name") or self._is_unsure(found, "related_query_name"):
            return BackNames(None, None, known=False)
        related = self._constants.text(found.module, found.argument("related_name"))
        query = self._fill(key, self._constants.text(found.module, found.argument("related_query_name")))
        if found.kind is RelationKind.MANY_TO_MANY and self._is_symmetrical(found, key, target):
            return BackNames(None, query)
        if not related and not self._meta.is_abstract(key):
            related = self._meta.text(key, "default_related_name")
        related = self._fill(key, related)
        if related and related.endswith("+"):
            return BackNames(None, query)
        name = _model_name(key)
        suffix = "" if found.kind is RelationKind.ONE_TO_ONE else "_set"
        return BackNames(related or name + suffix, query or related or name)

    def _is_unsure(self, found: FieldFacts, argument: str) -> bool:
        """True for an argument that is given, or may be, by something that cannot be told."""
        expr = found.argument(argument)
        if expr is None:
            return found.argument("**") is not None
        return isinstance(self._constants.value(found.module, expr), Unknown)

    def _is_symmetrical(self, found: FieldFacts, key: str, target: str | None) -> bool:
        to = found.argument("to")
        to_self = to is not None and self._constants.text(found.module, to) == "self"
        return target == key and self._constants.truth(found.module, found.argument("symmetrical"), to_self)

    def _fill(self, key: str, name: str | None) -> str | None:
        """The name with `%(class)s` and its kin replaced, for the model that gets the field."""
        if name is None or "%(" not in name:
            return name
        facts = self._resolver.class_facts(key)
        label = self._labels.app_label(facts) if facts is not None else ""
        for word, value in (
            ("class", _model_name(key)),
            ("model_name", _model_name(key)),
            ("app_label", label),
        ):
            name = name.replace(f"%({word})s", value.lower())
        return name


def _model_name(key: str) -> str:
    return key.rpartition(".")[2].lower()
