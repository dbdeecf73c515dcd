"""Lookup paths walked along the model graph: `author__books__title__icontains` from one model to the next.

In: a model, a path, and what kind of path it is. Out: the first name that cannot be what the code takes it for, or the
relations on the way. Where a model is not wholly known, every name may exist.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flake8_django_orm.orm.fields import Category, category
from flake8_django_orm.orm.lookups import COLUMN_LOOKUPS, RELATION_LOOKUPS
from flake8_django_orm.orm.querysets import Names
from flake8_django_orm.project.models import RelationKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flake8_django_orm.project.models import Column, Model, Relation
    from flake8_django_orm.project.project import Project

#: Columns of which any further name is a key or an index.
_OPEN = frozenset({Category.JSON, Category.HSTORE, Category.ARRAY, Category.RANGE, Category.GEOMETRY})
_STARTS = {Names.FIELDS, Names.ORDER, Names.LOOKUPS}


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a path leads.

    `wrong` is the name that does not fit, `model` the model at which it stands, `nearest` the names it may have been
    meant for. `reason` is "unknown" or "lookup", and for eager loading "column", "many" (a multi-valued relation) and
    "generic" (a generic foreign key). `relations` are those on the way; `sure` is false where the path left what is
    known.
    """

    relations: tuple[Relation, ...] = ()
    model: Model | None = None
    prefix: str = ""
    wrong: str = ""
    reason: str = ""
    nearest: tuple[str, ...] = field(default=())
    sure: bool = True

    @property
    def many(self) -> tuple[tuple[str, ...], ...]:
        """The path up to each multi-valued relation on the way."""
        names = [relation.lookup for relation in self.relations]
        return tuple(tuple(names[: n + 1]) for n, r in enumerate(self.relations) if not r.kind.single_valued)


_UNSURE = Walk(sure=False)


def walk(project: Project, model: Model, path: str, names: Names, added: frozenset[str] = frozenset()) -> Walk:
    """Follow `path` from `model`. `added` are the names that the queryset has besides those of the model."""
    parts = path.split("__")
    if any(path == name or path.startswith(f"{name}__") for name in added if name):
        return _UNSURE
    if names is Names.ATTRIBUTES and not added.isdisjoint(parts):
        return _UNSURE
    passed: list[Relation] = []
    here: Model | None = model
    for number, name in enumerate(parts):
        if here is None:
            return Walk(tuple(passed), sure=False)
        relation = _relation(here, name, names)
        if relation is None:
            return _end(project, here, parts, number, names, tuple(passed))
        passed.append(relation)
        if names is Names.RELATIONS and not _joins(relation):
            reason = "generic" if relation.kind.single_valued else "many"
            return _wrong(project, here, parts, number, names, tuple(passed), reason)
        here = project.model(relation.target) if relation.target else None
    return Walk(tuple(passed), here)


def _relation(model: Model, name: str, names: Names) -> Relation | None:
    if names is Names.ATTRIBUTES:
        return model.relations.get(name)
    return model.relation_by_lookup(name)


def _joins(relation: Relation) -> bool:
    return relation.kind.single_valued and relation.kind is not RelationKind.GENERIC_FOREIGN_KEY


def _end(
    project: Project, model: Model, parts: list[str], number: int, names: Names, passed: tuple[Relation, ...]
) -> Walk:
    """What the first name means that is no relation."""
    name, rest = parts[number], parts[number + 1 :]
    known = Walk(passed, model)
    column = _column(model, name)
    if column is not None and not column.field_class.startswith("django."):
        return Walk(passed, sure=False)  # a field of a package that is not at hand may be a relation
    if names in (Names.RELATIONS, Names.ATTRIBUTES):
        if column is not None or _is_key(model, name):
            return _wrong(project, model, parts, number, names, passed, "column")
    elif column is not None or _is_key(model, name):
        bad = _bad_lookup(column, rest) if names is Names.LOOKUPS else ""
        if not bad:
            return known
        nearest = tuple(difflib.get_close_matches(bad, COLUMN_LOOKUPS, 1, 0.8))
        prefix = "__".join(parts[: number + 1])
        return Walk(passed, model, prefix, bad, "lookup", nearest) if nearest else known
    if name in model.hidden_lookups:
        return Walk(passed, sure=False)
    if passed and names in _STARTS and name in RELATION_LOOKUPS and not rest:
        return known
    if not _is_wholly_known(project, model) or not name:
        return Walk(passed, sure=False)
    if names is Names.ATTRIBUTES and _has_attribute(project, model, name):
        return Walk(passed, sure=False)
    return _wrong(project, model, parts, number, names, passed, "unknown")


def _wrong(
    project: Project,
    model: Model,
    parts: list[str],
    number: int,
    names: Names,
    passed: tuple[Relation, ...],
    reason: str,
) -> Walk:
    prefix = "__".join(parts[:number])
    name = parts[number]
    return Walk(passed, model, prefix, name, reason, nearest_names(project, model, name, names))


def _column(model: Model, name: str) -> Column | None:
    return model.columns.get(model.primary_key if name == "pk" else name)


def _is_key(model: Model, name: str) -> bool:
    """`pk`, a key of which no field was written, `author_id`."""
    return name in ("pk", model.primary_key) or any(r.attname == name for r in model.relations.values())


def _bad_lookup(column: Column | None, rest: list[str]) -> str:
    """The last name behind a column, where no lookup of Django's is called so."""
    if column is None or column.custom_class is not None or len(rest) != 1 or rest[0] in COLUMN_LOOKUPS:
        return ""
    kind = category(column.field_class)
    return "" if kind is None or kind in _OPEN else rest[0]


def _is_wholly_known(project: Project, model: Model) -> bool:
    if not model.complete or model.abstract or model.path.startswith("/"):
        return False
    user = project.user_model()
    # Packages that are not at hand may point at the user model, by AUTH_USER_MODEL.
    return (user is None or user.key != model.key) and not project.once(_adds_names, lambda: _adds_names(project))


def _adds_names(project: Project) -> bool:
    """Whether code of the project puts further names on models: by hand, or one column a language."""
    return any(True for word in ("add_to_class", "modeltranslation") for _ in project.modules_mentioning(word))


def _has_attribute(project: Project, model: Model, name: str) -> bool:
    """A method, property or class attribute, which a prefetch may go through."""
    return project.find_method(model.key, name) is not None or (
        project.find_class_attribute(model.key, name) is not None
    )


# -- what may have been meant ------------------------------------------------------------------------------------------


def nearest_names(project: Project, model: Model, name: str, names: Names) -> tuple[str, ...]:
    """The names of the model that look most like `name`; two where it is those two written without a comma."""
    usable = list(dict.fromkeys(_usable(model, names)))
    for one in usable:
        rest = name.removeprefix(one)
        if rest != name and rest in usable:
            return (one, rest)
    for relation in model.relations.values():  # the accessor in the place of the lookup's name, or the other way round
        if name in (relation.name, relation.lookup):
            right = relation.name if names is Names.ATTRIBUTES else relation.lookup
            if right != name and right in usable:
                return (right,)
    return tuple(difflib.get_close_matches(name, usable, 1, 0.7))


def _usable(model: Model, names: Names) -> Iterable[str]:
    for relation in model.relations.values():
        if names is Names.ATTRIBUTES:
            yield relation.name
        elif names is not Names.RELATIONS or _joins(relation):
            yield relation.lookup
    if names not in (Names.ATTRIBUTES, Names.RELATIONS):
        yield from model.columns
        yield from (r.attname for r in model.relations.values() if r.attname)


def glued_paths(project: Project, model: Model, path: str, names: Names) -> tuple[str, str] | None:
    """The two paths of which `path` is made by a missing comma: "author" "tags" is "authortags"."""
    for cut in range(1, len(path)):
        left, right = path[:cut], path[cut:]
        if not right.startswith("_") and all(_leads(project, model, one, names) for one in (left, right)):
            return left, right
    return None


def _leads(project: Project, model: Model, path: str, names: Names) -> bool:
    found = walk(project, model, path, names)
    return found.sure and not found.reason
