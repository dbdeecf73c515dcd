"""The fix for a related row that is fetched for its key alone: the key's own column, `book.author_id`.

In: the read of a relation with all uses of its row. Out: a fix that rewrites every one of them, or None where one
cannot be rewritten: then the query would run all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.machine.values import Fetched, RowValue
from flake8_django_orm.orm.fields import Category, category

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import KeyUse, RelationRead
    from flake8_django_orm.project.models import Relation
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

_REQUEST_USER = -1  # the result set of `request.user`, who may be anonymous


def use_key_column(project: Project, event: RelationRead) -> Fix | None:
    """`book.author.pk` as `book.author_id`, at every place where the relation is read."""
    attname = event.relation.attname
    text = project.text(event.place.path)
    if attname is None or text is None:
        return None
    edits: dict[Edit, None] = {}
    for use in event.key_uses:
        made = _rewritten(project, use, event.relation) if use.row.unit is event.place.unit else None
        if event.frame.parent is not None and _asks_parameter(use):
            return None
        if made is None or any("\n" in text[e.start : e.end] for e in made):
            return None
        edits.update(dict.fromkeys(made))
    # A function that is handed the row may be handed one whose related row has no key yet.
    safe = event.frame.parent is None and all(_is_safe(use, event.relation) for use in event.key_uses)
    applicability = Applicability.SAFE if safe else Applicability.UNSAFE
    if any(_lets_strangers_in(use, event.relation) for use in event.key_uses):
        applicability = Applicability.DISPLAY_ONLY
    ordered = tuple(sorted(edits, key=lambda edit: edit.start))
    return Fix(applicability, f"Use {attname}", ordered) if ordered else None


def _asks_parameter(use: KeyUse) -> bool:
    """Whether a helper compares with a name of its own: a row for this caller, for another one it may be None."""
    return use.how == "equal" and use.other_place is not None and isinstance(use.other_place.node, cst.Name)


def _rewritten(project: Project, use: KeyUse, relation: Relation) -> list[Edit] | None:
    """The edits for one use; None where its text is of another form."""
    assert relation.attname is not None
    match use.how:
        case "key":
            return _named(use.row, relation.name, relation.attname, end=use.place.span[1])
        case "none":
            return _named(use.row, relation.name, relation.attname)
        case "test":
            return _named(use.row, relation.name, relation.attname) if _is_never_false(project, relation) else None
        case "value" if use.direct:
            return _named(use.row, relation.name, relation.attname)
        case "equal":
            return _compared(project, use, relation)
    return None


def _named(row: Place, name: str, attname: str, end: int | None = None) -> list[Edit] | None:
    """`<row>.author` with `author_id` in the place of the name (and of what follows it up to `end`)."""
    node = row.node
    if not (isinstance(node, cst.Attribute) and node.attr.value == name) or node.lpar:
        return None
    start, stop = row.unit.span(node.attr)
    return [Edit(row.path, start, stop if end is None else end, attname)]


def _compared(project: Project, use: KeyUse, relation: Relation) -> list[Edit] | None:
    """`book.author == other` compares keys only where the other side is certain to be a row of the same model."""
    assert relation.attname is not None
    other, at = use.other, use.other_place
    if not isinstance(other, RowValue) or at is None or other.model.key != relation.target:
        return None
    edits = _named(use.row, relation.name, relation.attname)
    other_edits = _key_of(project, other, at)
    return [*edits, *other_edits] if edits is not None and other_edits is not None else None


def _key_of(project: Project, row: RowValue, at: Place) -> list[Edit] | None:
    """The other side's key: `other.pk`, or `page.author_id` for what is a relation itself."""
    node = at.node
    if row.path and isinstance(node, cst.Attribute) and node.attr.value == row.path[-1]:
        relation = _last_relation(project, row)
        if relation is None or relation.attname is None or relation.to_field is not None:
            return None
        return _named(at, relation.name, relation.attname)
    if row.maybe_none or row.fetched is Fetched.CREATED or not isinstance(node, (cst.Name, cst.Attribute, cst.Call)):
        return None
    end = at.span[1]
    return None if node.lpar else [Edit(at.path, end, end, ".pk")]


def _last_relation(project: Project, row: RowValue) -> Relation | None:
    """The relation by which a row was reached from the rows of its queryset."""
    model = row.origin.model if row.origin is not None else None
    relation: Relation | None = None
    for name in row.path:
        relation = model.relations.get(name) if model is not None else None
        model = project.model(relation.target) if relation is not None and relation.target else None
    return relation


def _is_never_false(project: Project, relation: Relation) -> bool:
    """True if no key of the related model is false in a test, as 0 and "" are."""
    target = project.model(relation.target) if relation.target else None
    column = target.columns.get(target.primary_key) if target is not None else None
    if target is None:
        return False
    if column is None:
        return target.primary_key == "id" and "id" not in target.relations
    return column.auto or category(column.field_class) in (Category.AUTO, Category.UUID)


def _lets_strangers_in(use: KeyUse, relation: Relation) -> bool:
    """True where the owner of a row without one would be every anonymous user: both keys are None."""
    return relation.null and isinstance(use.other, RowValue) and use.other.result == _REQUEST_USER


def _is_safe(use: KeyUse, relation: Relation) -> bool:
    """False where a null key gives None instead of an AttributeError."""
    return not relation.null or use.how != "key"
