"""Functions of Python and Django whose calls have an answer of their own: len(), getattr(), get_user_model(), F().

In: a dotted name. Out: what answers a call of it, None where a call is no more than a use of its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine import definitions, existence, iteration, loading_calls, objects
from flake8_django_orm.machine.events import QueryRun
from flake8_django_orm.machine.loading import NOTHING, How, Loaded
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Argument,
    Collection,
    Constant,
    Expression,
    ExternalValue,
    Fetched,
    Partial,
    QuerySetValue,
    RowValue,
    Shape,
    Unknown,
    Value,
    each,
    loops_of,
)
from flake8_django_orm.orm import callables
from flake8_django_orm.orm.expressions import is_expression
from flake8_django_orm.orm.resources import RESOURCE_READING
from flake8_django_orm.orm.tables import TABLE_READING
from flake8_django_orm.project.django_names import SWAPPED_MODELS

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.syntax.units import Place

#: `attrgetter("author.name")`: a function that reads attributes of what it is given.
ATTRGETTER = "operator.attrgetter"
#: What our stub of rest_framework.serializers calls where the real one goes over a serializer's fields.
SERIALIZER_READING = "rest_framework._reading."
#: Gives what the call gives, None where it is a call like any other.
Answering = Callable[["Machine", str, tuple[Argument, ...], "Place"], Value | None]


def answering(name: str) -> Answering | None:
    """What answers a call of that name, where it is more than a use of its arguments."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    if name in callables.USER_MODEL_GETTERS:
        return lambda machine, name, arguments, place: definitions.user_model(machine)
    if name.endswith(("apps.get_model", "apps.get_registered_model")):
        return _model_by_label
    if name in SWAPPED_MODELS:
        return _swapped_model
    if name in callables.PREFETCH_NAMES:
        return lambda machine, name, arguments, place: loading_calls.prefetch_object(arguments)
    if name in callables.PREFETCHES_OBJECTS:
        return _prefetch_objects
    if is_expression(name):
        return _expression
    if name in callables.NAMED_TUPLES:
        return _named_tuple
    if name in callables.PARTIALS:
        return _partial
    if name.startswith(SERIALIZER_READING):
        return _serialize
    if name.startswith(TABLE_READING):
        return _tabulate
    if name.startswith(RESOURCE_READING):
        return _export
    return None


def _len(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value | None:
    return iteration.length(machine, arguments[0].value, place) if arguments else None


def _bool(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value | None:
    if not arguments:
        return None
    machine.test(arguments[0].value, place)
    existence.note_tested(machine, place)
    return Unknown(loops=loops_of(*(a.value for a in arguments)))


def _range(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value:
    values = [a.value for a in arguments]
    bounded = all(isinstance(v, Constant) for v in values)
    return Collection(shape=Shape.LIST, element=Unknown(), bounded=bounded, loops=loops_of(*values))


def _setattr(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value | None:
    if len(arguments) < 3:
        return None
    target, attribute, value = (a.value for a in arguments[:3])
    if isinstance(attribute, Constant) and isinstance(attribute.value, str):
        machine.assign_attribute(target, attribute.value, value, place)
    else:
        machine.escape(target)
    return UNKNOWN


def _defaultdict(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value:
    factory = arguments[0].value if arguments else None
    return Collection(shape=Shape.DICT, entries=(), factory=factory, identity=machine.store.new_identity())


def _named_tuple(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value | None:
    return definitions.record_class(arguments[1].value) if len(arguments) > 1 else None


def _partial(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value | None:
    if not arguments:
        return None
    for argument in arguments[1:]:
        machine.note_use(argument.value)
    return Partial(function=arguments[0].value, arguments=arguments[1:])


def _model_by_label(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value:
    return definitions.model_by_label(machine, [a.value for a in arguments])


def _swapped_model(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value:
    return definitions.model_by_label(machine, [a.value for a in arguments[:2]], swapped=True)


def _expression(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value:
    for argument in arguments:
        machine.note_use(argument.value)
    return loading_calls.expression(name, arguments)


def _serialize(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value | None:
    if len(arguments) < 2:
        return None
    serializer, read = arguments[0].value, arguments[1].value
    return machine.programs.serialize(machine, name.rpartition(".")[2], serializer, read, place)


def _tabulate(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value | None:
    if len(arguments) < 2:
        return None
    return machine.programs.tabulate(machine, arguments[0].value, arguments[1].value, place)


def _export(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value | None:
    if len(arguments) < 2:
        return None
    return machine.programs.export(machine, name, arguments[0].value, arguments[1].value, place)


def _getattr(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value | None:
    """`getattr(row, "x")` and `hasattr(row, "x")` read the attribute."""
    if len(arguments) < 2:
        return None
    values = [a.value for a in arguments]
    attribute = values[1]
    if not (isinstance(attribute, Constant) and isinstance(attribute.value, str)):
        machine.lose(values[0])  # it may read any of the row's relations
        return Unknown(loops=loops_of(*values))
    found = machine.read_attribute(values[0], attribute.value, place)
    return found if name == "builtins.getattr" else Unknown(loops=loops_of(*values))


def _prefetch_objects(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value:
    """`prefetch_related_objects(rows, *lookups)`: the result sets of these rows have the relations from now on."""
    rows = _rows_in(machine, arguments[0].value) if arguments else []
    if rows:
        machine.emit(
            QueryRun,
            place,
            queryset=rows[0].origin or QuerySetValue(model=rows[0].model),
            how="prefetch_related_objects",
            arguments=arguments,
            varies=machine.varying_loops(*(a.value for a in arguments)),
        )
    for row in rows:
        queryset = row.origin or QuerySetValue(model=row.model)
        state = machine.store.result(row.result)
        extra = state.extra
        base = replace(queryset, model=row.model)
        added = NOTHING
        for argument in arguments[1:]:
            added = loading_calls.with_prefetch(machine, base, added, argument.value)
        for step in reversed(row.path):
            added = NOTHING.with_relation(step, Loaded(How.PREFETCHED, added))
        if added.unknown:
            machine.store.escape_result(row.result)
        else:
            machine.store.set_result(row.result, replace(state, extra=extra.merged(added)))
    return UNKNOWN


def _rows_in(machine: Machine, value: Value) -> list[RowValue]:
    found: list[RowValue] = []
    for one in each(value):
        match one:
            case RowValue():
                found.append(one)
            case QuerySetValue(result=result, model=model):
                found.append(RowValue(model=model, result=result, origin=one, fetched=Fetched.ITERATED))
            case Collection(items=tuple() as items):
                for item in items:
                    found.extend(_rows_in(machine, item))
            case Collection(element=element, identity=identity):
                found.extend(_rows_in(machine, element))
                stored = machine.store.members(identity).get("[]") if identity else None
                if stored is not None:
                    found.extend(_rows_in(machine, stored))
    return found


_BY_NAME: Mapping[str, Answering] = {
    "builtins.len": _len,
    "builtins.bool": _bool,
    "builtins.range": _range,
    "builtins.getattr": _getattr,
    "builtins.hasattr": _getattr,
    "builtins.setattr": _setattr,
    "collections.defaultdict": _defaultdict,
    "logging.getLogger": lambda machine, name, arguments, place: ExternalValue("logging.Logger"),
    callables.NAMESPACE: lambda machine, name, arguments, place: objects.make_namespace(machine, arguments, place),
    ATTRGETTER: lambda machine, name, arguments, place: Expression(function=name, arguments=arguments),
}
