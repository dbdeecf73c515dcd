"""Filters of both template languages that take rows apart: length, first, join, dictsort, map and their kin.

In: a filter's name, the value, its arguments. Out: a value, or None for a filter that is not one of these. Filters that
only make text are named apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from flake8_django_orm.machine import iteration
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Collection,
    Constant,
    Shape,
    Unknown,
    Value,
    alternatives,
    each,
    loops_of,
)
from flake8_django_orm.readers.template_values import attribute_of_each, grouped, member

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.syntax.units import Place

_TEXT = (  # noqa: SIM905
    "abs addslashes apnumber capfirst center cut date divisibleby escape escapejs escapeseq filesizeformat "
    "filesize_format fix_ampersands float floatformat force_escape force_str forceescape format get_digit indent "
    "int intcomma intword iriencode json json_script linebreaks linebreaksbr linenumbers ljust localize localtime "
    "lower make_list naturalday naturaltime ordinal phone2numeric pprint rjust round safe slugify string stringformat "
    "striptags time timesince timeuntil timezone title tojson trim truncate truncatechars truncatechars_html "
    "truncatewords truncatewords_html unlocalize upper urlencode urlize urlizetrunc utc wordcount wordwrap xmlattr "
    "yesno e pluralize add safeseq unordered_list"
).split()

#: Filters that turn a value into text or a number and leave its rows alone.
TEXT_FILTERS = frozenset(_TEXT)

Filter = Callable[["Machine", Value, Sequence[Value], dict[str, Value], "Place"], Value]


def apply_filter(
    machine: Machine,
    name: str,
    value: Value,
    arguments: Sequence[Value],
    keywords: dict[str, Value],
    place: Place,
) -> Value | None:
    """`value|name:argument`; None for a filter that is not known."""
    found = _FILTERS.get(name)
    if found is not None:
        return found(machine, value, arguments, keywords, place)
    if name not in TEXT_FILTERS:
        return None
    machine.text(value, place)
    for argument in arguments:
        machine.text(argument, place)
    return Unknown(loops=loops_of(value, *arguments))


def _length(machine: Machine, value: Value, _: Sequence[Value], __: dict[str, Value], place: Place) -> Value:
    return iteration.length(machine, value, place)


def _plural(machine: Machine, value: Value, arguments: Sequence[Value], _: dict[str, Value], place: Place) -> Value:
    return iteration.length(machine, value, place)


def _first(machine: Machine, value: Value, _: Sequence[Value], __: dict[str, Value], place: Place) -> Value:
    return machine.index(value, Constant(0), place)


def _some(machine: Machine, value: Value, _: Sequence[Value], __: dict[str, Value], place: Place) -> Value:
    """`last` and `random`: a queryset cannot be indexed from its end, and gives nothing."""
    return machine.index(value, UNKNOWN, place)


def _slice(machine: Machine, value: Value, arguments: Sequence[Value], _: dict[str, Value], place: Place) -> Value:
    text = arguments[0].value if arguments and isinstance(arguments[0], Constant) else None
    bounds = str(text).split(":") if text is not None else []
    if not bounds or len(bounds) > 2 or not all(part.strip().isdecimal() or not part.strip() for part in bounds):
        return Unknown(loops=loops_of(value))
    numbers: list[Value | None] = [Constant(int(part)) if part.strip() else None for part in bounds]
    return machine.slice(value, (numbers[0], numbers[1]) if len(numbers) > 1 else (None, numbers[0]), place)


def _join(machine: Machine, value: Value, _: Sequence[Value], keywords: dict[str, Value], place: Place) -> Value:
    path = keywords.get("attribute")
    if isinstance(path, Constant) and isinstance(path.value, str):
        items = attribute_of_each(machine, value, path.value, place, calls=False)[1]
        return Unknown(loops=loops_of(items))
    iteration.loop_over(machine, value, place, lambda item, loop: machine.text(item, place))
    return Unknown(loops=loops_of(value))


def _dictsort(machine: Machine, value: Value, arguments: Sequence[Value], _: dict[str, Value], place: Place) -> Value:
    path = arguments[0] if arguments else None
    if isinstance(path, Constant) and isinstance(path.value, str):
        pattern, _gave = attribute_of_each(machine, value, path.value, place, calls=True)
        return Collection(shape=Shape.LIST, element=pattern)
    return _list(machine, value, (), {}, place)


def _list(machine: Machine, value: Value, _: Sequence[Value], __: dict[str, Value], place: Place) -> Value:
    if all(isinstance(one, Collection) for one in each(value)):
        return value
    pattern = alternatives(iteration.pattern_of(machine, one, place, "list") for one in each(value))
    return Collection(shape=Shape.LIST, element=pattern)


def _default(machine: Machine, value: Value, arguments: Sequence[Value], _: dict[str, Value], place: Place) -> Value:
    machine.test(value, place)
    return alternatives([value, *arguments])


def _identity(_: Machine, value: Value, __: Sequence[Value], ___: dict[str, Value], ____: Place) -> Value:
    return value


# -- Jinja's own ------------------------------------------------------------------------------------------------------


def _sort(machine: Machine, value: Value, _: Sequence[Value], keywords: dict[str, Value], place: Place) -> Value:
    path = keywords.get("attribute")
    if isinstance(path, Constant) and isinstance(path.value, str):
        pattern, _gave = attribute_of_each(machine, value, path.value, place, calls=False)
        return Collection(shape=Shape.LIST, element=pattern)
    return _list(machine, value, (), {}, place)


def _map(machine: Machine, value: Value, _: Sequence[Value], keywords: dict[str, Value], place: Place) -> Value:
    path = keywords.get("attribute")
    if isinstance(path, Constant) and isinstance(path.value, str):
        gave = attribute_of_each(machine, value, path.value, place, calls=False)[1]
        return Collection(shape=Shape.ITERATOR, element=gave)
    iteration.evaluate_for(machine, value, "iterate", place)
    return Unknown(loops=loops_of(value))


def _select_by(machine: Machine, value: Value, arguments: Sequence[Value], _: dict[str, Value], place: Place) -> Value:
    path = arguments[0] if arguments else None
    if isinstance(path, Constant) and isinstance(path.value, str):
        pattern, _gave = attribute_of_each(machine, value, path.value, place, calls=False)
        return Collection(shape=Shape.ITERATOR, element=pattern)
    return Unknown(loops=loops_of(value))


def _group(
    machine: Machine, value: Value, arguments: Sequence[Value], keywords: dict[str, Value], place: Place
) -> Value:
    path = arguments[0] if arguments else keywords.get("attribute")
    if isinstance(path, Constant) and isinstance(path.value, str):
        return grouped(machine, value, path.value, place, calls=False)
    return Unknown(loops=loops_of(value))


def _batch(machine: Machine, value: Value, _: Sequence[Value], __: dict[str, Value], place: Place) -> Value:
    pattern = alternatives(iteration.pattern_of(machine, one, place, "list") for one in each(value))
    return Collection(shape=Shape.ITERATOR, element=Collection(shape=Shape.LIST, element=pattern))


def _sum(machine: Machine, value: Value, _: Sequence[Value], keywords: dict[str, Value], place: Place) -> Value:
    return _map(machine, value, (), keywords, place) if "attribute" in keywords else Unknown(loops=loops_of(value))


def _attr(machine: Machine, value: Value, arguments: Sequence[Value], _: dict[str, Value], place: Place) -> Value:
    name = arguments[0] if arguments else None
    if isinstance(name, Constant) and isinstance(name.value, str):
        return member(machine, value, name.value, place)
    return Unknown(loops=loops_of(value))


_FILTERS: dict[str, Filter] = {
    "length": _length,
    "count": _length,
    "length_is": _length,
    "pluralize": _plural,
    "first": _first,
    "last": _some,
    "random": _some,
    "slice": _slice,
    "join": _join,
    "dictsort": _dictsort,
    "dictsortreversed": _dictsort,
    "list": _list,
    "reverse": _list,
    "unique": _list,
    "default": _default,
    "default_if_none": _default,
    "d": _default,
    "safeseq": _identity,
    "sort": _sort,
    "map": _map,
    "selectattr": _select_by,
    "rejectattr": _select_by,
    "groupby": _group,
    "batch": _batch,
    "sum": _sum,
    "attr": _attr,
}
