"""Calls: which module answers a call, and how a function of the project is entered.

In: a callee, arguments, the place of the call. Out: what it returns; unknown, with the arguments escaped, where the
callee cannot be seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flake8_django_orm.machine import (
    annotated,
    containers,
    definitions,
    externals,
    iteration,
    known_functions,
    objects,
    querysets,
    renders,
    rows,
)
from flake8_django_orm.machine.events import TaskQueued
from flake8_django_orm.machine.frames import Frame
from flake8_django_orm.machine.loading import UNKNOWN_LOADING
from flake8_django_orm.machine.store import RowState
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Alternatives,
    Argument,
    ClassValue,
    Collection,
    Constant,
    Expression,
    ExternalValue,
    Fetched,
    FunctionValue,
    Instance,
    ManagerValue,
    Method,
    ModelClass,
    Partial,
    PlainData,
    QuerySetValue,
    RecordClass,
    RowValue,
    Scalar,
    Shape,
    TemplateValue,
    Unknown,
    Value,
    alternatives,
    each,
    loops_of,
    runs_code,
)
from flake8_django_orm.orm.callables import TASK_DECORATORS
from flake8_django_orm.project.definitions import External
from flake8_django_orm.project.facts import ClassFacts, FunctionFacts, Parameter

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.syntax.units import Place

#: Decorators under which a call still runs the function with its arguments and gives what it returns.
KEEPS_FUNCTION = frozenset(
    {
        "staticmethod",
        "classmethod",
        "property",
        "cached_property",
        "override",
        "atomic",
        "non_atomic_requests",
        "wraps",
        "lru_cache",
        "cache",
        "abstractmethod",
        "overload",
        "final",
        "display",
        "action",
        "register",
        "simple_tag",
        "inclusion_tag",
        "filter",
        "login_required",
        "permission_required",
        "user_passes_test",
        "require_POST",
        "require_GET",
        "require_safe",
        "require_http_methods",
        "csrf_exempt",
        "csrf_protect",
        "never_cache",
        "cache_control",
        "method_decorator",
        "receiver",
        "shared_task",
        "task",
        "api_view",
        "permission_classes",
        "sensitive_post_parameters",
        "sensitive_variables",
        "deprecated",
        "typing_override",
        "singledispatch",
        "extend_schema",
        "extend_schema_field",
        "swagger_auto_schema",
        "swagger_serializer_method",
        "mark_safe",
    }
)
#: These speak to the browser, or (cached_property) keep the answer on the object only.
_CACHES_NOTHING = frozenset({"never_cache", "cache_control", "cached_property"})


def call(machine: Machine, callee: Value, arguments: tuple[Argument, ...], place: Place) -> Value:
    """`callee(*arguments)`."""
    answer = _CALLING.get(type(callee))
    made = answer(machine, callee, arguments, place) if answer is not None else None
    return made if made is not None else _call_unseen(machine, callee, arguments)


def _call_method(machine: Machine, callee: Method, arguments: tuple[Argument, ...], place: Place) -> Value | None:
    """A method of the ORM's or Python's own; None where nothing is known of it."""
    match callee.receiver:
        case QuerySetValue() | ManagerValue():
            return querysets.call_method(machine, callee, arguments, place)
        case RowValue():
            return rows.call_method(machine, callee, arguments, place)
        case Collection():
            return containers.call_method(machine, callee, arguments, place)
        case TemplateValue() as template if callee.name == "render":
            return renders.render(machine, template, arguments, 0, place)
        case Constant(value=str()):
            return externals.call(machine, f"builtins.str.{callee.name}", arguments, place)
        case ExternalValue(name=name):
            return externals.call(machine, f"{name.removesuffix('()')}.{callee.name}", arguments, place)
        case ModelClass(model=model) if callee.name == "from_db":
            return RowValue(model=model, result=machine.store.new_identity(), fetched=Fetched.LOADED)
        case Scalar():
            for argument in arguments:
                machine.note_use(argument.value)
            return Unknown(loops=loops_of(callee, *(a.value for a in arguments)))
        case FunctionValue(facts=FunctionFacts() as facts):
            return _task_method(machine, facts, callee.name, arguments, place)
    return None


def _call_plain_data(
    machine: Machine, callee: PlainData, arguments: tuple[Argument, ...], place: Place
) -> Value | None:
    if any(runs_code(a.value) for a in arguments):
        return None
    for argument in arguments:
        machine.escape(argument.value)
    return PlainData(loops=loops_of(callee, *(a.value for a in arguments)))


def _call_expression(
    machine: Machine, callee: Expression, arguments: tuple[Argument, ...], place: Place
) -> Value | None:
    return (
        externals.read_attributes(machine, callee, arguments, place)
        if callee.function == known_functions.ATTRGETTER
        else None
    )


#: What answers a call, by the kind of callee. It gives None for what it does not know.
_CALLING: Mapping[type[Value], Callable[[Machine, Any, tuple[Argument, ...], Place], Value | None]] = {
    FunctionValue: lambda machine, callee, arguments, place: enter(machine, callee, arguments, place),
    Method: _call_method,
    PlainData: _call_plain_data,
    ExternalValue: lambda machine, callee, arguments, place: externals.call(machine, callee.name, arguments, place),
    Expression: _call_expression,
    ModelClass: lambda machine, callee, arguments, place: _make_row(machine, callee, arguments),
    ClassValue: lambda machine, callee, arguments, place: objects.make(machine, callee, arguments, place),
    RecordClass: lambda machine, callee, arguments, place: objects.make_record(machine, callee.record, arguments),
    Partial: lambda machine, callee, arguments, place: machine.call(
        callee.function, (*callee.arguments, *arguments), place
    ),
}


def _call_unseen(machine: Machine, callee: Value, arguments: tuple[Argument, ...]) -> Value:
    machine.note_opaque_call()
    for argument in arguments:
        machine.escape(argument.value)
    return Unknown(loops=loops_of(callee, *(a.value for a in arguments)))


def _task_method(
    machine: Machine, task: FunctionFacts, name: str, arguments: tuple[Argument, ...], place: Place
) -> Value:
    """`task.delay(...)`: another process will do it; anything else on a function is not seen."""
    machine.note_opaque_call()  # the other process may read what is written here, and write what is read
    if name in ("delay", "apply_async", "enqueue", "send"):
        written, own = frozenset(machine.transaction_writes), _is_queue_of_project(machine, task)
        machine.emit(
            TaskQueued, place, task=task.name, method=name, arguments=arguments, written=written, own_queue=own
        )
    for argument in arguments:
        machine.note_use(argument.value)
    return UNKNOWN


def _is_queue_of_project(machine: Machine, task: FunctionFacts) -> bool:
    """Whether a decorator of the project's own, not one of a known queue, makes the task; or may, where the project is
    not whole."""
    found = [machine.project.resolve(task.module, decorator) for decorator in task.decorators]
    if not machine.project.is_whole and any(
        not (isinstance(one, External) and one.name in TASK_DECORATORS) for one in found
    ):
        return True
    return any(
        isinstance(one, (FunctionFacts, ClassFacts))
        and f"{one.module}.{one.qualname}" not in TASK_DECORATORS
        and machine.project.is_own(one.path)
        for one in found
    )


def _make_row(machine: Machine, callee: ModelClass, arguments: Sequence[Argument]) -> Value:
    row = RowValue(
        model=callee.model,
        result=machine.store.new_identity(),
        fetched=Fetched.CREATED,
        loading=UNKNOWN_LOADING,
        loops=loops_of(*(a.value for a in arguments)) | machine.current_loops(),
    )
    given = {a.name: a.value for a in arguments if a.name in callee.model.relations and isinstance(a.value, RowValue)}
    for argument in arguments:
        machine.note_use(argument.value)
    machine.store.set_row(row.identity, RowState(assigned={k: v for k, v in given.items() if k}))
    machine.made_with[row.result] = tuple(arguments)
    return row


# -- entering a function ----------------------------------------------------------------------------------------------


def enter(machine: Machine, function: FunctionValue, arguments: tuple[Argument, ...], place: Place) -> Value:
    """Run a function of the project with these arguments; what it returns, as its caller sees it."""
    facts = function.facts
    if facts is None:
        return machine.programs.run(machine, function, _closure_parameters(machine, arguments))
    if not _can_enter(machine, facts):
        machine.note_opaque_call()
        for argument in arguments:
            machine.escape(argument.value)
        return Unknown(loops=loops_of(*(a.value for a in arguments)))
    parameters = bind_parameters(machine, facts, function.bound, arguments)
    tracked = any(_is_tracked(machine, value) for value, _ in parameters.values())
    if not tracked and not machine.programs.may_query(facts):
        return _believed(machine, facts, Unknown(loops=loops_of(*(v for v, _ in parameters.values()))))
    key = _memory_key(machine, facts, parameters) if not tracked else None
    if key is not None and key in machine.remembered:
        return machine.remembered[key]
    frame = Frame(
        qualname=facts.qualname,
        path=facts.path,
        parent=machine.frame,
        call=place,
        is_async=facts.is_async,
        function=facts.key,
        conditions=machine.conditions,
    )
    from flake8_django_orm.machine.machine import Entered

    values = {name: value for name, (value, _) in parameters.items()}
    atomic = bool(facts.decorators) and any(d.rsplit(".", 1)[-1] == "atomic" for d in facts.decorators)
    first = len(machine.events)
    with machine.entered(frame, Entered(facts, parameters)), machine.transaction(atomic):
        returned = _believed(machine, facts, machine.programs.run(machine, function, values))
    if _is_cached(machine, facts):
        # Which of the calls sends the queries is not known, and it is one of many.
        machine.drop_events(first)
    if key is not None:
        machine.remembered[key] = returned
    return returned


def _believed(machine: Machine, facts: FunctionFacts, returned: Value) -> Value:
    """What a function returns; where that is unknown, what its annotation promises."""
    if isinstance(returned, Unknown) and facts.returns:
        believed = annotated.value_of(machine, facts.module, facts.returns)
        if believed is not None:
            return believed
    return returned


def _is_tracked(machine: Machine, value: Value) -> bool:
    """Whether a value carries rows, or may: then what a function does with it matters."""
    for one in value.values if isinstance(value, Alternatives) else (value,):
        if type(one) in _TRACKED:
            return True
        if type(one) not in _MAY_HOLD_TRACKED:
            continue
        match one:
            case Collection(items=items, entries=entries, element=element, identity=identity):
                parts = [*(items or ()), *(v for _, v in entries or ()), element]
                parts.extend(machine.store.members(identity).values() if identity else ())
                if any(_is_tracked(machine, part) for part in parts):
                    return True
            case Instance(identity=identity) if identity:
                if any(_is_tracked(machine, v) for v in machine.store.members(identity).values() if v is not one):
                    return True
            case FunctionValue(bound=bound, closure=closure):
                if closure is not None or (bound is not None and _is_tracked(machine, bound)):
                    return True
    return False


_TRACKED = frozenset({RowValue, QuerySetValue, ManagerValue, ModelClass, Scalar, Method, Partial})
_MAY_HOLD_TRACKED = frozenset({Collection, Instance, FunctionValue})


def _memory_key(
    machine: Machine, facts: FunctionFacts, parameters: dict[str, tuple[Value, Place | None]]
) -> object | None:
    """What a call without rows depends on: its values and the loops around it. An instance may change in between."""
    values = tuple((name, value) for name, (value, _) in parameters.items())
    if any(isinstance(one, (Instance, Collection)) for _, value in values for one in each(value)):
        return None
    key = (facts.key, values, machine.current_loops())
    try:
        hash(key)
    except TypeError:
        return None
    return key


def _can_enter(machine: Machine, facts: FunctionFacts) -> bool:
    from flake8_django_orm.machine.machine import DEPTH_BOUND

    for entered in machine.calls:
        running = entered.function
        if running is facts or (running.name == facts.name and running.key == facts.key):
            return False
    if not machine.project.is_readable(facts):
        return False
    if len(machine.calls) >= DEPTH_BOUND:
        machine.depth_cuts += 1
        return False
    return not facts.decorators or all(_keeps_function(machine, facts.module, d) for d in facts.decorators)


def _keeps_function(machine: Machine, module: str, decorator: str) -> bool:
    """Whether a call still runs the decorated function: the decorator is known for it, or is one of the project's that
    wraps the function in the way of functools, or hands all arguments on to it."""
    if decorator.rsplit(".", 1)[-1] in KEEPS_FUNCTION:
        return True
    found = machine.project.resolve(module, decorator)
    if not isinstance(found, FunctionFacts) or not machine.project.is_own(found.path):
        return False
    text = machine.programs.text_of(found)
    if "wraps(" in text:
        return True
    decorated = re.escape(found.parameters[0].name) if len(found.parameters) == 1 else ""
    return bool(decorated) and re.search(rf"\breturn {decorated}\(\*\w+, \*\*\w+\)\s*(#.*)?$", text, re.M) is not None


def _is_cached(machine: Machine, facts: FunctionFacts) -> bool:
    """Whether a decorator keeps what the function returns: functools', Django's, or one of the project that says so."""
    if not facts.decorators:
        return False
    return any("cache" in name and name not in _CACHES_NOTHING for name in _decorator_names(facts))


def _decorator_names(facts: FunctionFacts) -> list[str]:
    return [decorator.rsplit(".", 1)[-1].lower() for decorator in facts.decorators]


def bind_parameters(
    machine: Machine, facts: FunctionFacts, bound: Value | None, arguments: Sequence[Argument]
) -> dict[str, tuple[Value, Place | None]]:
    """What each parameter receives, with the place of the argument (None for a default or the receiver)."""
    found: dict[str, tuple[Value, Place | None]] = {}
    queue = [p for p in facts.parameters if p.kind == "positional"]
    names = [p.name for p in facts.parameters if p.kind == "positional" or p.kind == "keyword"]
    if bound is not None and queue:
        found[queue.pop(0).name] = (bound, None)
    spread = False
    extra: list[Value] = []
    members: list[Value] = []  # of what is spread over the parameters without its length being known
    named: dict[str, Value] = {}
    for argument in arguments:
        if argument.name is None:
            if spread:
                members.append(argument.value)
            elif queue:
                found[queue.pop(0).name] = (argument.value, argument.place)
            else:
                extra.append(argument.value)
        elif argument.name == "*":
            if isinstance(argument.value, Collection) and argument.value.items is not None:
                for item in argument.value.items:
                    if queue:
                        found[queue.pop(0).name] = (item, None)
                    else:
                        extra.append(item)
            else:
                spread = True
                members.extend(_members_of(machine, argument))
        elif argument.name == "**":
            spread = True
        elif argument.name in names:
            found[argument.name] = (argument.value, argument.place)
        else:
            named[argument.name] = argument.value
    for parameter in facts.parameters:
        if parameter.name not in found:
            given = [*extra, *members]
            found[parameter.name] = (_default(machine, facts, parameter, given, named, spread), None)
    return found


def _members_of(machine: Machine, spread: Argument) -> list[Value]:
    """What each member of `*rows` is: they end in the parameter that takes any number of arguments."""
    if spread.place is None:
        return [UNKNOWN]
    patterns = (iteration.pattern_of(machine, one, spread.place) for one in each(spread.value))
    return [iteration.generalise(pattern) for pattern in patterns]


def _default(
    machine: Machine,
    facts: FunctionFacts,
    parameter: Parameter,
    extra: list[Value],
    named: dict[str, Value],
    spread: bool,
) -> Value:
    if parameter.kind == "varargs":
        if spread:
            return Collection(shape=Shape.TUPLE, element=alternatives(extra)) if extra else UNKNOWN
        return Collection(shape=Shape.TUPLE, items=tuple(extra))
    if parameter.kind == "kwargs":
        # What an unknown mapping brings besides is not known; what is known by name, is.
        return Collection(
            shape=Shape.DICT, entries=tuple(named.items()), identity=machine.store.new_identity(), bounded=not spread
        )
    if spread:
        return UNKNOWN
    if parameter.default is not None:
        return definitions.from_expression(machine, facts.module, parameter.default)
    return given_parameter(machine, facts, parameter.name)


def given_parameter(machine: Machine, facts: FunctionFacts, name: str) -> Value:
    """The value of a parameter that no seen call gives: what its annotation says, else unknown."""
    parameter = next((p for p in facts.parameters if p.name == name), None)
    if parameter is not None and parameter.annotation:
        believed = annotated.value_of(machine, facts.module, parameter.annotation)
        if believed is not None:
            return believed
    if parameter is not None and parameter.kind == "kwargs":
        # Which keywords come is not known; that nothing else is meant by a name in the signature, is.
        return Collection(shape=Shape.DICT, entries=(), identity=machine.store.new_identity())
    if parameter is not None and parameter.default is not None:
        default = definitions.from_expression(machine, facts.module, parameter.default)
        if isinstance(default, FunctionValue):
            # Whoever does not choose another function runs this one.
            return default
    if name == "request":
        from flake8_django_orm.machine.attributes import REQUEST

        return REQUEST
    return UNKNOWN


def _closure_parameters(machine: Machine, arguments: Sequence[Argument]) -> dict[str, Value]:
    """Arguments by position for a lambda or nested function: the reader knows its parameters' names. Under "*" stands
    what is spread over the parameters without its length being known."""
    values: dict[str, Value] = {}
    members: list[Value] = []
    position = 0
    for argument in arguments:
        given = [argument.value]
        if argument.name == "*":
            items = argument.value.items if isinstance(argument.value, Collection) else None
            if items is None:
                members.extend(_members_of(machine, argument))
                continue
            given = list(items)
        elif argument.name is not None:
            values[argument.name] = argument.value  # under "**" too: then any parameter may be given
            continue
        for value in given:
            if members:
                members.append(value)
            else:
                values[str(position)] = value
                position += 1
    if members:
        values["*"] = Collection(shape=Shape.TUPLE, element=alternatives(members))
    return values
