"""Reading an attribute of a value: `value.name` for modules, classes, models, managers, querysets, rows and the rest.

In: a value and a name. Out: a value; reading a relation or a property of a row may emit events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flake8_django_orm.machine import definitions, querysets, rows
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Answer,
    ClassValue,
    Collection,
    Comparison,
    Constant,
    ExternalValue,
    FunctionValue,
    Instance,
    ManagerValue,
    Method,
    ModelClass,
    ModelOptions,
    ModuleValue,
    Moment,
    PlainData,
    QuerySetValue,
    Record,
    RowValue,
    Scalar,
    Step,
    SuperValue,
    TemplateValue,
    Unknown,
    UnknownKey,
    Value,
    loops_of,
)
from flake8_django_orm.orm.callables import USER_MODEL_GETTERS
from flake8_django_orm.orm.fields import Category, category
from flake8_django_orm.orm.managers import manager_method
from flake8_django_orm.orm.querysets import queryset_method

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.facts import FunctionFacts
    from flake8_django_orm.syntax.units import Place

#: The value of a parameter that is an HTTP request: its `user` is the row that the middleware fetched.
REQUEST = ExternalValue("django.http.HttpRequest()")


def read_attribute(machine: Machine, value: Value, name: str, place: Place) -> Value:
    """`value.name`; unknown where nothing is known of it."""
    read = _READING.get(type(value))
    return read(machine, value, name, place) if read is not None else Unknown(loops=loops_of(value))


def _row_attribute(machine: Machine, value: RowValue, name: str, place: Place) -> Value:
    if name == "_meta":
        return ModelOptions(model=value.model)
    return rows.read_attribute(machine, value, name, place)


def _function_attribute(machine: Machine, value: FunctionValue, name: str, place: Place) -> Value:
    return Method(value, name, place)  # `task.delay`, `function.cache_clear`


def _own_method(machine: Machine, value: Value, name: str, place: Place) -> Value:
    return Method(value, name, place, loops=value.loops)


def _collection_attribute(machine: Machine, value: Collection, name: str, place: Place) -> Value:
    if value.record is not None and value.items is not None:
        return _record_attribute(machine, value, value.record, value.items, name, place)
    return Method(value, name, place, loops=value.loops)


def _scalar_attribute(machine: Machine, value: Scalar, name: str, place: Place) -> Value:
    return Method(value, name, place, loops=value.loops) if _is_plain(value) else Unknown(loops=loops_of(value))


def _unknown_attribute(machine: Machine, value: Unknown, name: str, place: Place) -> Value:
    return UnknownKey(loops=loops_of(value)) if name == "pk" else Unknown(loops=loops_of(value))


def _is_plain(value: Scalar) -> bool:
    """True for a text, number or date: its methods reach no database. A file, or a field of the project's own, may."""
    column = value.row.model.columns.get(value.column)
    return column is not None and column.custom_class is None and category(column.field_class) in _PLAIN


_PLAIN = frozenset(Category) - {Category.FILE}


def _option(machine: Machine, value: ModelOptions, name: str, place: Place) -> Value:
    """`Book._meta.model_name` and its kin."""
    model = value.model
    match name:
        case "app_label":
            return Constant(model.app_label)
        case "model_name":
            return Constant(model.name.lower())
        case "object_name":
            return Constant(model.name)
        case "label":
            return Constant(model.label)
        case "model":
            return ModelClass(model=model)
    return UNKNOWN


def _manager_attribute(machine: Machine, value: QuerySetValue | ManagerValue, name: str, place: Place) -> Value:
    plain = isinstance(value, ManagerValue) and value.plain
    if not plain or name != "get_queryset":
        custom = querysets.custom_method(machine, value, name)
        if custom is not None:
            return custom
    if name == "model":
        return ModelClass(model=value.model)
    known = manager_method(name) if isinstance(value, ManagerValue) else queryset_method(name)
    if known is None and not isinstance(value, ManagerValue):
        return Unknown(loops=loops_of(value))
    return Method(value, name, place)


def _model_attribute(machine: Machine, value: ModelClass, name: str, place: Place) -> Value:
    model = value.model
    if name == "_meta":
        return ModelOptions(model=model)
    if name in ("_default_manager", "_base_manager"):
        default = model.managers.get(model.default_manager) if name == "_default_manager" else None
        return ManagerValue(model=model, manager=default, steps=(Step(name, place, machine.frame),))
    manager = model.managers.get(name)
    if manager is not None:
        return ManagerValue(model=model, manager=manager, steps=(Step(name, place, machine.frame),))
    return _class_attribute(machine, model.key, name, None, place)


def _class_attribute(machine: Machine, key: str, name: str, receiver: Value | None, place: Place) -> Value:
    method = machine.project.find_method(key, name)
    if method is not None:
        return _bind(machine, method, key, receiver, place)
    found = machine.project.find_class_attribute(key, name)
    if found is not None:
        owner, assignment = found
        return definitions.from_assignment(machine, assignment, owner.module, owner.path)
    facts = machine.project.class_facts(key)
    if facts is not None and name in facts.classes:
        return definitions.from_definition(machine, facts.classes[name])
    return UNKNOWN


def _bind(machine: Machine, method: FunctionFacts, key: str, receiver: Value | None, place: Place) -> Value:
    if method.is_static:
        return FunctionValue(facts=method)
    if method.is_classmethod:
        return FunctionValue(facts=method, bound=definitions.class_value(machine, key))
    if receiver is None:
        return FunctionValue(facts=method)
    bound = FunctionValue(facts=method, bound=receiver)
    if method.is_property:
        return machine.call(replace(bound), (), place)
    return bound


def _instance_attribute(machine: Machine, value: Instance, name: str, place: Place) -> Value:
    member = machine.store.members(value.identity).get(name) if value.identity else None
    if member is not None:
        return member
    method = machine.project.find_method(value.key, name)
    if method is not None and method.is_cached_property and value.identity:
        # It runs once for each object, however often a loop asks an object that is older than the loop.
        older = [loop for loop in machine.loops if value.identity <= loop.built_before]
        found = machine.once_for(older, lambda: _class_attribute(machine, value.key, name, value, place))
        machine.store.set_member(value.identity, name, found)
    else:
        found = _class_attribute(machine, value.key, name, value, place)
    if isinstance(found, Unknown) and name == "request":
        # Django's class-based views keep the request there.
        return REQUEST
    return found


def _record_attribute(
    machine: Machine, value: Collection, record: Record, items: tuple[Value, ...], name: str, place: Place
) -> Value:
    if name in record.names and len(items) == len(record.names):
        return items[record.names.index(name)]
    found = _class_attribute(machine, record.key, name, value, place) if record.key else UNKNOWN
    return Method(value, name, place, loops=value.loops) if isinstance(found, Unknown) else found


#: Packages whose classes answer super() as our stubs say, and Python's own, which do not know of rows.
_DESCRIBED = frozenset({"abc", "builtins", "collections", "django", "enum", "object", "rest_framework", "typing"})


def _super_attribute(machine: Machine, value: SuperValue, name: str, place: Place) -> Value:
    receiver = value.receiver
    order = definitions.receiver_order(machine, receiver)
    if isinstance(receiver, Instance):
        order = machine.project.ancestors(receiver.key)
    after = order[order.index(value.after) + 1 :] if value.after in order else ()
    for key in after:
        facts = machine.project.class_facts(key)
        if facts is None and key.partition(".")[0] not in _DESCRIBED:
            break  # a class that cannot be seen comes first: it may answer
        method = facts.methods.get(name) if facts is not None else None
        if method is not None:
            return FunctionValue(facts=method, bound=receiver)
    if isinstance(receiver, (ManagerValue, QuerySetValue)):
        plain = replace(receiver, plain=True) if isinstance(receiver, ManagerValue) else receiver
        return Method(plain, name, place)
    if isinstance(receiver, RowValue) or (isinstance(receiver, ModelClass) and name == "from_db"):
        return Method(receiver, name, place)
    return UNKNOWN


def _external_attribute(machine: Machine, value: ExternalValue, name: str, place: Place) -> Value:
    external = value.name
    if external == REQUEST.name:
        if name == "user":
            return rows.current_user(machine)
        return UNKNOWN
    if external.endswith("()"):
        return Method(value, name)
    dotted = f"{external}.{name}"
    if dotted in USER_MODEL_GETTERS:
        return ExternalValue(dotted)
    return definitions.external(machine, dotted)


#: What reads an attribute, by the kind of value; of the others nothing is known. A table, because attributes are read
#: more often than anything else is done, and a `match` asks one kind after the other.
_READING: Mapping[type[Value], Callable[[Machine, Any, str, Place], Value]] = {
    RowValue: _row_attribute,
    ModelOptions: _option,
    QuerySetValue: _manager_attribute,
    ManagerValue: _manager_attribute,
    ModelClass: _model_attribute,
    ModuleValue: lambda machine, value, name, place: definitions.resolve(machine, value.name, name),
    ClassValue: lambda machine, value, name, place: _class_attribute(machine, value.key, name, None, place),
    Instance: _instance_attribute,
    SuperValue: _super_attribute,
    ExternalValue: _external_attribute,
    FunctionValue: _function_attribute,
    Collection: _collection_attribute,
    Constant: _own_method,
    TemplateValue: _own_method,
    Scalar: _scalar_attribute,
    PlainData: lambda machine, value, name, place: value,
    Unknown: _unknown_attribute,
    UnknownKey: _unknown_attribute,
    Answer: _unknown_attribute,
    Moment: _unknown_attribute,
    Comparison: _unknown_attribute,
}
