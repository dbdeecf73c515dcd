"""Names of the project as values: what the index answers, turned into what the machine works with.

In: definitions, module-level expressions, annotations. Out: values; unknown where a name leads nowhere.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine.values import (
    UNKNOWN,
    ClassValue,
    Collection,
    Constant,
    ExternalValue,
    FunctionValue,
    Instance,
    ManagerValue,
    ModelClass,
    ModuleValue,
    QuerySetValue,
    Record,
    RecordClass,
    RowValue,
    Shape,
    Unknown,
    Value,
    alternatives,
    each,
)
from flake8_django_orm.orm.callables import NAMED_TUPLES, USER_MODEL_GETTERS
from flake8_django_orm.project.django_names import SWAPPED_MODELS
from flake8_django_orm.project.facts import Assignment, ClassFacts, Expr, FunctionFacts
from flake8_django_orm.project.project import External, ModuleRef

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.project import Definition

_DEPTH = 8


def resolve(machine: Machine, module: str, name: str, depth: int = 0) -> Value:
    """A dotted name as the module sees it."""
    found = machine.project.resolve(module, name)
    return UNKNOWN if found is None else from_definition(machine, found, module, depth)


def from_definition(machine: Machine, found: Definition, module: str = "", depth: int = 0) -> Value:
    """A definition as a value."""
    match found:
        case External(name=name):
            return external(machine, name)
        case ClassFacts(key=key):
            return class_value(machine, key)
        case FunctionFacts():
            return FunctionValue(facts=found)
        case ModuleRef(name=name):
            return ModuleValue(name)
        case Assignment():
            owner = found.module or module
            return from_assignment(machine, found, owner, machine.project.module_path(owner), depth + 1)
    return UNKNOWN


def from_assignment(machine: Machine, assignment: Assignment, module: str, path: str, depth: int = 0) -> Value:
    """A name of a class or module body: what the index's facts tell of it, else what its expression evaluates to."""
    is_manager = _names_manager(machine, assignment.value)
    value = UNKNOWN if is_manager else from_expression(machine, assignment.module or module, assignment.value, depth)
    evaluated = is_manager or assignment.value.kind in ("call", "other", "concat", "dict")
    if not isinstance(value, Unknown) or not path or not evaluated:
        return value
    key = ("assignment", path, assignment.start, assignment.name)
    if key not in machine.remembered:
        machine.remembered[key] = UNKNOWN  # a name that is defined by itself
        made = machine.programs.assigned_value(machine, module, path, assignment)
        machine.remembered[key] = replace(made, shared=True) if isinstance(made, QuerySetValue) else made
    return machine.remembered[key]


def _names_manager(machine: Machine, expression: Expr) -> bool:
    """`queryset = Book.objects`: the manager of a model, not what the model's body assigns."""
    if expression.kind != "name":
        return False
    owner, _, name = str(expression.value).rpartition(".")
    return bool(owner) and name in machine.project.manager_names()


def class_value(machine: Machine, key: str) -> Value:
    """A class of the project, as a model where it is one."""
    model = machine.project.model(key)
    return ModelClass(model=model) if model is not None else ClassValue(key)


def external(machine: Machine, name: str) -> Value:
    """A name outside of the project."""
    return ExternalValue(name)


def from_expression(machine: Machine, module: str, expression: Expr, depth: int = 0) -> Value:
    """A module- or class-level value: literals, names, and the few calls whose result is known."""
    if depth > _DEPTH:
        return UNKNOWN
    match expression.kind:
        case "const":
            return Constant(expression.value)
        case "name":
            return resolve(machine, module, str(expression.value), depth)
        case "list" | "tuple" | "set":
            items = tuple(from_expression(machine, module, item, depth + 1) for item in expression.items)
            return Collection(shape=Shape(expression.kind), items=items, bounded=True)
        case "dict":
            return _dict(machine, module, expression, depth)
        case "call":
            return _call(machine, module, expression, depth)
    return UNKNOWN


def _dict(machine: Machine, module: str, expression: Expr, depth: int) -> Value:
    """A dict literal whose keys are all literals; one that starts empty is there to be filled by others."""
    keys, values = expression.items[::2], expression.items[1::2]
    if not keys or any(key.kind != "const" for key in keys):
        return UNKNOWN
    entries = tuple(
        (key.value, from_expression(machine, module, value, depth + 1)) for key, value in zip(keys, values, strict=True)
    )
    if any(isinstance(value, Unknown) for _, value in entries):
        return UNKNOWN  # the reader knows more of it
    return Collection(shape=Shape.DICT, entries=entries, bounded=True)


def _call(machine: Machine, module: str, expression: Expr, depth: int) -> Value:
    if not expression.value:
        return UNKNOWN
    callee = resolve(machine, module, str(expression.value), depth)
    if isinstance(callee, ExternalValue):
        if callee.name in USER_MODEL_GETTERS:
            return user_model(machine)
        if callee.name.endswith(".get_model") or callee.name in SWAPPED_MODELS:
            names = [from_expression(machine, module, e, depth + 1) for e in expression.items[:2]]
            return model_by_label(machine, names, swapped=callee.name in SWAPPED_MODELS)
        if callee.name in NAMED_TUPLES and len(expression.items) > 1:
            return record_class(from_expression(machine, module, expression.items[1], depth + 1))
        if callee.name == "logging.getLogger":
            return ExternalValue("logging.Logger")
    if isinstance(callee, ClassValue):
        return Instance(callee.key)
    return UNKNOWN


def user_model(machine: Machine) -> Value:
    """What get_user_model() gives."""
    model = machine.project.user_model()
    return ModelClass(model=model) if model is not None else UNKNOWN


def model_by_label(machine: Machine, names: list[Value], *, swapped: bool = False) -> Value:
    """`apps.get_model("app.Model")` or `("app", "Model")`; what a name may be on one way only is one alternative."""
    by_label = machine.project.swapped_model if swapped else machine.project.model_by_label
    if not names or len(names) > 2:
        return UNKNOWN
    found: list[Value] = []
    for words in itertools.product(*(each(name) for name in names)):
        texts = [w.value for w in words if isinstance(w, Constant) and isinstance(w.value, str)]
        model = by_label(".".join(texts)) if len(texts) == len(words) else None
        found.append(ModelClass(model=model) if model is not None else UNKNOWN)
    return alternatives(found)


def record_class(names: Value) -> Value:
    """`namedtuple("Pair", "title books")`: the names of the fields may be one text or a list of texts."""
    match names:
        case Constant(value=str() as text):
            return RecordClass(record=Record(tuple(text.replace(",", " ").split())))
        case Collection(items=tuple() as items):
            # NamedTuple("Pair", [("title", str), ("books", list)]) names a type with each.
            firsts = [i.items[0] if isinstance(i, Collection) and i.items else i for i in items]
            texts = [one.value for one in firsts if isinstance(one, Constant) and isinstance(one.value, str)]
            if len(texts) == len(items):
                return RecordClass(record=Record(tuple(texts)))
    return UNKNOWN


def receiver_order(machine: Machine, receiver: Value) -> tuple[str, ...]:
    """The classes in which a method of the receiver is looked up, nearest first."""
    match receiver:
        case RowValue(model=model) | ModelClass(model=model):
            return model.mro
        case Instance(key=key) | ClassValue(key=key):
            return machine.project.mro(key)
        case ManagerValue(manager=facts) if facts is not None:
            keys = [key for key in (facts.manager_class, facts.queryset_class) if key]
            return tuple(name for key in keys for name in machine.project.mro(key))
        case QuerySetValue(manager=facts) if facts is not None and facts.queryset_class:
            return machine.project.mro(facts.queryset_class)
    return ()
