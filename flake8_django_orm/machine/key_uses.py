"""Uses of a related row for its key alone: `book.author.pk`, `book.author == other`, `filter(author=book.author)`.

In: a row that a relation gave, and where it stands. Out: notes for the machine, which tells rules where all uses were
such ones: then the key's own column would have done, without a query.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flake8_django_orm.machine.events import KeyUse
from flake8_django_orm.machine.values import Constant, Value
from flake8_django_orm.orm.querysets import Names, QuerySetMethod
from flake8_django_orm.project.models import RelationKind

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.machine.values import Argument, RowValue
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.syntax.units import Place

_NONE = Constant(None)


def note_column(machine: Machine, row: RowValue, place: Place, *, is_key: bool) -> None:
    """`row.name` is read at `place`: the row's key, or something else of it."""
    base = place.base
    key = KeyUse("key", base, place) if is_key and base is not None else None
    machine.note_use(row, key)


def note_compared(
    machine: Machine,
    sides: tuple[tuple[Value, Place], tuple[Value, Place]],
    place: Place,
    *,
    by_identity: bool,
    negated: bool,
) -> None:
    """`left == right` (`is` if `by_identity`): both sides are asked for their keys only."""
    for (value, at), (other, other_at) in (sides, sides[::-1]):
        how = "none" if other == _NONE else "equal"
        if how == "equal" and by_identity:
            machine.note_use(value)
        else:
            machine.note_use(value, KeyUse(how, at, place, other, other_at, negated))


def note_member(machine: Machine, side: tuple[Value, Place], place: Place, *, negated: bool) -> None:
    """`value in container`."""
    value, at = side
    machine.note_use(value, KeyUse("member", at, place, negated=negated))


def note_given(machine: Machine, model: Model, method: QuerySetMethod, arguments: Iterable[Argument]) -> None:
    """The arguments of a queryset's method: a lookup takes a row's key as well as the row."""
    looks_up = method.names is Names.LOOKUPS and not method.writes
    for argument in arguments:
        key = None
        if looks_up and argument.place is not None and argument.name:
            direct = _takes_key(machine, model, argument.name)
            key = KeyUse("value", argument.place, argument.place, direct=direct)
        machine.note_use(argument.value, key)


def _takes_key(machine: Machine, model: Model, lookup: str) -> bool:
    """True if the lookup names a relation that compares primary keys."""
    names = lookup.removesuffix("__exact").split("__")
    found: Model | None = model
    for number, name in enumerate(names):
        relation = found.relation_by_lookup(name) if found is not None else None
        if relation is None or relation.kind is RelationKind.GENERIC_FOREIGN_KEY:
            return False
        if number == len(names) - 1:
            return relation.to_field is None
        found = machine.project.model(relation.target) if relation.target else None
    return False
