"""Tests whose outcome is known where a function is called: a flag that this call leaves at its default, `isinstance()`
of a row whose model is known, `hasattr()` of what the queryset annotates.

In: the test of an `if` and the reader that stands before it. Out: True or False where only one way can be taken by this
call, None where both can. A root is read for every caller, so nothing is decided on its own parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import libcst as cst

from flake8_django_orm.machine import querysets, relations
from flake8_django_orm.machine.attributes import REQUEST
from flake8_django_orm.machine.loading import How
from flake8_django_orm.machine.values import (
    Alternatives,
    Collection,
    Constant,
    ExternalValue,
    Fetched,
    Instance,
    ManagerValue,
    ModelClass,
    QuerySetValue,
    RowValue,
    Unknown,
    Value,
    alternatives,
    each,
)
from flake8_django_orm.orm.managers import manager_method
from flake8_django_orm.orm.querysets import queryset_method
from flake8_django_orm.project.django_names import QUERYSET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_django_orm.readers.evaluation import Evaluator


def decided(reader: Evaluator, test: cst.BaseExpression) -> bool | None:
    """The outcome of a test; None where this call may go either way."""
    decide = _DECIDING.get(type(test))
    return decide(reader, test) if decide is not None else None


def _name(reader: Evaluator, test: cst.Name) -> bool | None:
    given = _given(reader, test)
    return bool(given.value) if given is not None else None


def _negation(reader: Evaluator, test: cst.UnaryOperation) -> bool | None:
    outcome = decided(reader, test.expression) if type(test.operator) is cst.Not else None
    return None if outcome is None else not outcome


def _operation(reader: Evaluator, test: cst.BooleanOperation) -> bool | None:
    stops = type(test.operator) is cst.Or
    outcomes = (decided(reader, test.left), decided(reader, test.right))
    if stops in outcomes:
        return stops
    return None if None in outcomes else not stops


def _attribute(reader: Evaluator, test: cst.Attribute | cst.Call) -> bool | None:
    settled = _settled(reader, test)
    return bool(settled.value) if settled is not None else _is_stored(reader, test)


def _comparison(reader: Evaluator, test: cst.Comparison) -> bool | None:
    left = test.left
    if len(test.comparisons) != 1 or type(left) not in (cst.Name, cst.Attribute, cst.Call):
        return None
    (comparison,) = test.comparisons
    if isinstance(left, cst.Name):
        given = _given(reader, left)
        return _is_there(reader, left, comparison) if given is None else _compared(reader, given, comparison)
    settled = _settled(reader, left)
    if settled is not None:
        return _compared(reader, settled, comparison)
    evaluated = _is_evaluated(reader, left)
    return _as_compared(evaluated, comparison) if evaluated is not None else None


def _call(reader: Evaluator, test: cst.Call) -> bool | None:
    called = test.func.value if isinstance(test.func, cst.Name) else ""
    if called == "getattr":
        return _attribute(reader, test)
    if called not in ("isinstance", "hasattr") or len(test.args) != 2:
        return None
    asked, what = test.args[0].value, test.args[1].value
    if not isinstance(asked, cst.Name):
        return None
    return _is_instance(reader, asked, what) if called == "isinstance" else _has_attribute(reader, asked, what)


#: What decides on a test, by its class: `match` would ask isinstance() of each, which libcst's classes answer slowly.
_DECIDING: Mapping[type[cst.BaseExpression], Callable[[Evaluator, Any], bool | None]] = {
    cst.Name: _name,
    cst.UnaryOperation: _negation,
    cst.BooleanOperation: _operation,
    cst.Attribute: _attribute,
    cst.Comparison: _comparison,
    cst.Call: _call,
}


def _given(reader: Evaluator, name: cst.Name) -> Constant | None:
    """The constant that this call gives a parameter, as long as nothing else was assigned to it."""
    calls = reader.machine.calls
    given = calls[-1].parameters.get(name.value) if calls else None
    if given is None or not isinstance(given[0], Constant) or reader.env.get(name.value) != given[0]:
        return None
    return given[0]


def _is_there(reader: Evaluator, name: cst.Name, comparison: cst.ComparisonTarget) -> bool | None:
    """`queryset is None` where this call gives a queryset, or a row that was fetched."""
    calls = reader.machine.calls
    value = calls[-1].parameters.get(name.value, (None, None))[0] if calls else None
    fetched = isinstance(value, RowValue) and value.origin is not None and not value.maybe_none
    if not (fetched or isinstance(value, (QuerySetValue, Collection))) or reader.env.get(name.value) != value:
        return None
    return _as_compared(True, comparison)


def _as_compared(is_there: bool, comparison: cst.ComparisonTarget) -> bool | None:
    """`x is None` and `x is not None`, where it is known whether x is something."""
    match comparison:
        case cst.ComparisonTarget(operator=cst.Is(), comparator=cst.Name(value="None")):
            return not is_there
        case cst.ComparisonTarget(operator=cst.IsNot(), comparator=cst.Name(value="None")):
            return is_there
    return None


def _is_evaluated(reader: Evaluator, read: cst.BaseExpression) -> bool | None:
    """Whether `queryset._result_cache` holds rows, of a queryset that the code has built."""
    match read:
        case cst.Attribute(value=cst.Name(value=owner), attr=cst.Name(value="_result_cache")):
            pass
        case cst.Call(
            func=cst.Name(value="getattr"),
            args=[cst.Arg(value=cst.Name(value=owner)), cst.Arg(value=cst.SimpleString() as text), *_],
        ) if text.evaluated_value == "_result_cache":
            pass
        case _:
            return None
    queryset = reader.env.get(owner)
    if not isinstance(queryset, QuerySetValue) or not queryset.steps:
        return None
    if queryset.relation is not None:
        # The queryset of a prefetched manager has its rows from the start.
        return querysets.ask_cache(reader.machine, queryset, reader.place(read))
    state = reader.machine.store.result(queryset.result)
    return state.evaluated if state.evaluated or not (state.maybe_evaluated or state.escaped) else None


def _is_stored(reader: Evaluator, read: cst.BaseExpression) -> bool | None:
    """`row.pk` and `row._state.adding` of a row that was fetched: it has a key, it is not being added."""
    if type(read) is not cst.Attribute or type(read.value) not in (cst.Name, cst.Attribute):
        return None
    match read:
        case cst.Attribute(value=cst.Attribute(value=cst.Name(value=owner), attr=cst.Name(value="_state")), attr=name):
            outcome = False
        case cst.Attribute(value=cst.Name(value=owner), attr=name):
            outcome = True
        case _:
            return None
    row = reader.env.get(owner)
    if not isinstance(row, RowValue) or row.origin is None or row.fetched is Fetched.CREATED:
        return None
    if row.maybe_none and owner != reader.receiver:
        return None  # first() may have found nothing; but then nobody calls a method of it
    key = row.model.primary_key
    state = reader.machine.store.row(row.identity)
    if key in state.written or state.escaped:
        return None  # `row.pk = None; row.save()` makes a copy of the row
    return outcome if name.value in (("pk", key) if outcome else ("adding",)) else None


def _settled(reader: Evaluator, read: cst.BaseExpression) -> Constant | None:
    """The value that an attribute has all through this root: `self.action` of a viewset whose list() is run."""
    machine = reader.machine
    if not machine.settled:
        return None
    match read:
        case cst.Attribute(value=owner, attr=cst.Name(value=name)):
            pass
        case cst.Call(
            func=cst.Name(value="getattr"), args=[cst.Arg(value=owner), cst.Arg(value=cst.SimpleString() as text), *_]
        ):
            name = str(text.evaluated_value)
        case _:
            return None
    base = reader.evaluate(owner)
    identity = base.identity if isinstance(base, Instance) else 0 if base == REQUEST else None
    return machine.settled.get((identity, name)) if identity is not None else None


def _compared(reader: Evaluator, given: Constant, comparison: cst.ComparisonTarget) -> bool | None:
    other = reader.evaluate(comparison.comparator)
    if isinstance(comparison.operator, (cst.In, cst.NotIn)):
        return _is_member(given, other, negated=isinstance(comparison.operator, cst.NotIn))
    if not isinstance(other, Constant):
        return None
    same = given.value is other.value if other.value is None else given.value == other.value
    match comparison.operator:
        case cst.Is() | cst.Equal():
            return same
        case cst.IsNot() | cst.NotEqual():
            return not same
    return None


def _is_member(given: Constant, container: Value, *, negated: bool) -> bool | None:
    items = container.items if isinstance(container, Collection) else None
    if items is None or not all(isinstance(item, Constant) for item in items):
        return None
    return (given in items) is not negated


def narrowed(reader: Evaluator, test: cst.BaseExpression) -> tuple[str, Value, Value] | None:
    """The name of which `isinstance()` asks, and what it may hold where the test is met and where it is not; None where
    the test tells nothing of the values that the name may hold."""
    if type(test) is not cst.UnaryOperation and type(test) is not cst.Call:
        return None
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            found = narrowed(reader, inner)
            return (found[0], found[2], found[1]) if found is not None else None
        case cst.Call(
            func=cst.Name(value="isinstance"), args=[cst.Arg(value=cst.Name(value=name)), cst.Arg(value=kinds)]
        ):
            pass
        case _:
            return None
    value = reader.env.get(name)
    if not isinstance(value, Alternatives):
        return None
    wanted = reader.evaluate(kinds)
    outcomes = [(one, _is_one_of(reader, one, wanted)) for one in value.values]
    met = [one for one, outcome in outcomes if outcome is not False]
    missed = [one for one, outcome in outcomes if outcome is not True]
    if len(met) == len(missed) == len(outcomes) or not met or not missed:
        return None
    return name, alternatives(met, value.conditions), alternatives(missed, value.conditions)


def _is_instance(reader: Evaluator, name: cst.Name, kinds: cst.BaseExpression) -> bool | None:
    value = reader.env.get(name.value)
    if value is None or isinstance(value, Unknown):
        return None
    wanted = reader.evaluate(kinds)
    outcomes = {_is_one_of(reader, one, wanted) for one in each(value)}
    return outcomes.pop() if len(outcomes) == 1 else None


def _is_one_of(reader: Evaluator, value: Value, wanted: Value) -> bool | None:
    """Whether one value is an instance of a class, or of one of several."""
    classes: tuple[Value, ...] | None = wanted.items if isinstance(wanted, Collection) else (wanted,)
    if isinstance(value, (QuerySetValue, ManagerValue)) and value.steps:
        if isinstance(value, QuerySetValue):
            return _is_queryset(classes or ())
        names = [one.name for one in classes or () if isinstance(one, ExternalValue)]
        return False if names == [QUERYSET] and len(classes or ()) == 1 else None
    keys = [kind.model.key for kind in classes or () if isinstance(kind, ModelClass)]
    if not keys or len(keys) != len(classes or ()):
        return None
    if value == Constant(None):
        return False
    if not isinstance(value, RowValue) or value.origin is None:
        return None
    project = reader.machine.project
    if any(key in project.mro(value.model.key) for key in keys):
        return True
    # A polymorphic queryset gives rows of subclasses.
    return None if any(value.model.key in project.mro(key) for key in keys) else False


def _is_queryset(classes: Sequence[Value]) -> bool | None:
    """Whether a queryset is an instance of any of the classes, as far as these are Django's and Python's own."""
    names = [one.name for one in classes if isinstance(one, ExternalValue)]
    if any(name.endswith(".QuerySet") for name in names):
        return True
    is_plain = bool(names) and all(name.startswith("builtins.") for name in names) and len(names) == len(classes)
    return False if is_plain else None


def missing_relation(reader: Evaluator, test: cst.BaseExpression) -> tuple[RowValue, str, bool] | None:
    """The row that lacks a relation on one way behind `hasattr(row, "profile")`, the relation's name, and whether it is
    the way on which the test holds; None for any other test."""
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            found = missing_relation(reader, inner)
            return None if found is None else (found[0], found[1], not found[2])
        case cst.Call(
            func=cst.Name(value="hasattr"), args=[cst.Arg(value=cst.Name(value=owner)), cst.Arg(value=attribute)]
        ):
            row, name = reader.env.get(owner), reader.evaluate(attribute)
            if isinstance(row, RowValue) and isinstance(name, Constant) and name.value in row.model.relations:
                return row, str(name.value), False
    return None


def _has_attribute(reader: Evaluator, name: cst.Name, attribute: cst.BaseExpression) -> bool | None:
    """True for what the row's queryset adds to it; without that, the row may have got it in other ways."""
    row, wanted = reader.env.get(name.value), reader.evaluate(attribute)
    if isinstance(row, (QuerySetValue, ManagerValue)) and row.steps and isinstance(wanted, Constant):
        methods = (queryset_method(str(wanted.value)), manager_method(str(wanted.value)))
        known = methods[1] if isinstance(row, ManagerValue) else methods[0]
        return True if known is not None else None
    if not isinstance(row, RowValue) or not isinstance(wanted, Constant):
        return None
    if reader.machine.store.row(row.identity).assigned.get(str(wanted.value)) is relations.ABSENT:
        return False
    if row.loading.unknown:
        return None
    entry = row.loading.get(wanted.value) if isinstance(wanted.value, str) else None
    added = wanted.value in row.loading.annotations or (entry is not None and entry.how is How.TO_ATTR)
    return True if added else None
