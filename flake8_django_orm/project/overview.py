"""What all models of a project tell together: their names, the relations that lead back to each of them, the words that
make a function worth reading.

In: the model graph. Out: an `Overview`, which also survives a trip through JSON, so that one run can take over what
another found out (`project/kept_overview.py`): to build the graph of all models takes longer than to lint a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_django_orm.cache.directory import key_of
from flake8_django_orm.project.digests import Digests
from flake8_django_orm.project.models import Model, Relation, RelationKind
from flake8_django_orm.project.relations import ReverseRelations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flake8_django_orm.project.labels import Labels
    from flake8_django_orm.project.model_graph import ModelGraph
    from flake8_django_orm.project.resolve import Resolver


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """A model of the project without its fields. `lineage` is its `mro`; `manager_classes` are those of its managers
    and querysets, with all of their bases.
    """

    key: str
    path: str
    lineage: tuple[str, ...]
    abstract: bool
    proxy: bool
    manager_classes: frozenset[str]


@dataclass(frozen=True)
class Overview:
    """`project_keys` are the keys of the project's models, `all_keys` those of its installed apps besides;
    `keys_by_name` the classes of the modules that may define models, by their names in lower case. The names of models
    and many-valued relations are the project's, those of relations and managers also the installed apps'. `read_bodies`
    are the project's files in which bodies of functions were read, for the arguments of fields. `models_digest` differs
    where anything is told of a model that was not told before.
    """

    project_keys: tuple[str, ...]
    all_keys: tuple[str, ...]
    keys_by_name: Mapping[str, Sequence[str]]
    reverse: ReverseRelations
    model_names: frozenset[str]
    many_valued_names: frozenset[str]
    relation_names: frozenset[str]
    manager_names: frozenset[str]
    summaries: tuple[ModelSummary, ...]
    read_bodies: frozenset[str]
    models_digest: str

    @cached_property
    def words_digest(self) -> str:
        """Differs where the names of models, relations or managers do."""
        names = (self.model_names, self.many_valued_names, self.relation_names, self.manager_names)
        return key_of(*(" ".join(sorted(one)) for one in names))


def overview_of(
    graph: ModelGraph, labels: Labels, resolver: Resolver, read_bodies: Callable[[], frozenset[str]]
) -> Overview:
    """The overview, from every model of the project and of its installed apps. `read_bodies` tells when these are built
    in which files bodies were read."""
    own = _models(graph, graph.project_keys)
    every = _models(graph, graph.all_keys)
    summaries = tuple(_summary(model, resolver) for model in own)
    relations = [relation for model in own for relation in model.relations.values()]
    return Overview(
        project_keys=graph.project_keys,
        all_keys=graph.all_keys,
        keys_by_name=labels.keys_by_name,
        reverse=graph.reverse,
        model_names=frozenset(model.name for model in own),
        many_valued_names=frozenset(relation.name for relation in relations if not relation.kind.single_valued),
        relation_names=frozenset(name for model in every for name in model.relations),
        manager_names=frozenset({"objects", *(name for model in every for name in model.managers)}),
        summaries=summaries,
        read_bodies=read_bodies(),
        models_digest=_digest_of(every, summaries, graph, labels),
    )


def _digest_of(models: Iterable[Model], summaries: Iterable[ModelSummary], graph: ModelGraph, labels: Labels) -> str:
    user = graph.user_class()
    told = [*models, *summaries, labels.keys_by_name, None if user is None else user.key]
    return key_of(*map(Digests().digest, told))


def _models(graph: ModelGraph, keys: Iterable[str]) -> list[Model]:
    return [model for key in keys if (model := graph.model(key)) is not None]


def _summary(model: Model, resolver: Resolver) -> ModelSummary:
    classes = {name for one in model.managers.values() for name in (one.manager_class, one.queryset_class) if name}
    above = {base for name in classes for base in resolver.ancestors(name)}
    return ModelSummary(model.key, model.path, model.mro, model.abstract, model.proxy, frozenset(classes | above))


def overview_to_json(overview: Overview) -> dict[str, Any]:
    """The overview as dicts, lists and plain values."""
    reverse = overview.reverse
    return {
        "project_keys": list(overview.project_keys),
        "all_keys": list(overview.all_keys),
        "keys_by_name": {name: list(keys) for name, keys in overview.keys_by_name.items()},
        "reverse": [_relation_out(relation) for found in reverse.found.values() for relation in found],
        "hidden": reverse.hidden,
        "unsure": sorted(reverse.unsure),
        "model_names": sorted(overview.model_names),
        "many_valued_names": sorted(overview.many_valued_names),
        "relation_names": sorted(overview.relation_names),
        "manager_names": sorted(overview.manager_names),
        "read_bodies": sorted(overview.read_bodies),
        "models_digest": overview.models_digest,
        "summaries": [
            [one.key, one.path, list(one.lineage), one.abstract, one.proxy, sorted(one.manager_classes)]
            for one in overview.summaries
        ],
    }


def overview_from_json(data: Any) -> Overview:
    """The overview that `overview_to_json` wrote. Raises ValueError for data of any other shape."""
    try:
        reverse = ReverseRelations(
            hidden={str(model): dict(names) for model, names in data["hidden"].items()}, unsure=set(data["unsure"])
        )
        for record in data["reverse"]:
            reverse.add(_relation_in(record))
        return Overview(
            project_keys=_texts(data["project_keys"]),
            all_keys=_texts(data["all_keys"]),
            keys_by_name={name: _texts(keys) for name, keys in data["keys_by_name"].items()},
            reverse=reverse,
            model_names=frozenset(_texts(data["model_names"])),
            many_valued_names=frozenset(_texts(data["many_valued_names"])),
            relation_names=frozenset(_texts(data["relation_names"])),
            manager_names=frozenset(_texts(data["manager_names"])),
            read_bodies=frozenset(_texts(data["read_bodies"])),
            models_digest=str(data["models_digest"]),
            summaries=tuple(
                ModelSummary(
                    str(key), str(path), _texts(lineage), bool(abstract), bool(proxy), frozenset(_texts(classes))
                )
                for key, path, lineage, abstract, proxy, classes in data["summaries"]
            ),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"damaged overview: {error}") from None


def _texts(values: Any) -> tuple[str, ...]:
    found = tuple(values)
    "".join(found)  # raises TypeError for anything that is not a text
    return found


_ABSENT = {field.name: field.default for field in fields(Relation)}


def _relation_out(relation: Relation) -> list[Any]:
    """The values of the fields, without the last ones that say nothing."""
    values = list(astuple(relation))
    for default in reversed(_ABSENT.values()):
        if values[-1] != default:
            break
        values.pop()
    return values


def _relation_in(record: list[Any]) -> Relation:
    name, kind, *rest = record
    return Relation(name, RelationKind(kind), *rest)
