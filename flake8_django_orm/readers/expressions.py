"""Expressions for the Python reader: each `visit_<Node>` gives the value of its expression.

In: libcst expressions and the names bound so far. Out: the machine's values. Attributes, calls and nested functions are
here; the other kinds are in the rooms that this one builds on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.machine import (
    iteration,
    mappings,
)
from flake8_django_orm.machine.machine import unknown
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Argument,
    ClassValue,
    Collection,
    ExternalValue,
    FunctionValue,
    Method,
    ModelClass,
    QuerySetValue,
    Shape,
    SuperValue,
    Value,
    alternatives,
    each,
)
from flake8_django_orm.project.models import Model
from flake8_django_orm.readers.comprehensions import ComprehensionReader
from flake8_django_orm.syntax.names import mentioned_names

if TYPE_CHECKING:
    from flake8_django_orm.syntax.units import Place


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A nested function or lambda with the names that were bound around it."""

    reader: ExpressionReader
    node: cst.FunctionDef | cst.Lambda
    env: dict[str, Value]


class ExpressionReader(ComprehensionReader):
    """Evaluates all expressions."""

    # -- access -------------------------------------------------------------------------------------------------

    def visit_Attribute(self, node: cst.Attribute) -> Value:
        return self.machine.read_attribute(self.evaluate(node.value), node.attr.value, self.place(node))

    def visit_Subscript(self, node: cst.Subscript) -> Value:
        value = self.evaluate(node.value)
        if len(node.slice) != 1:
            return unknown(value)
        inner = node.slice[0].slice
        if type(inner) is cst.Slice:
            bounds = (
                self.evaluate(inner.lower) if inner.lower is not None else None,
                self.evaluate(inner.upper) if inner.upper is not None else None,
            )
            if inner.step is not None and isinstance(value, QuerySetValue):
                # A step evaluates the queryset and gives a list.
                pattern = iteration.pattern_of(self.machine, value, self.place(node), "list")
                return Collection(element=pattern)
            return self.machine.slice(value, bounds, self.place(node))
        assert isinstance(inner, cst.Index)
        return self.machine.index(value, self.evaluate(inner.value), self.place(node))

    def visit_Call(self, node: cst.Call) -> Value:
        if type(node.func) is cst.Name and node.func.value == "super" and not node.args:
            return self._super()
        if type(node.func) is cst.Name and node.func.value == "super" and len(node.args) == 2:
            return self._super_after(*(self.evaluate(arg.value) for arg in node.args))
        callee = self.evaluate(node.func)
        called = callee.name if isinstance(callee, ExternalValue) else ""
        if called == "builtins.locals":
            for value in tuple(self.env.values()):
                self.machine.escape(value)
        if called == "builtins.next" and node.args and type(node.args[0].value) is cst.GeneratorExp:
            generator = node.args[0].value
            made = self._comprehension(generator.for_in, [generator.elt], Shape.ITERATOR, once=True)
            return iteration.choose(self.machine, made.element, UNKNOWN) if isinstance(made, Collection) else UNKNOWN
        by_method = type(callee) is Method or all(isinstance(one, Method) for one in each(callee))
        return self.machine.call(callee, self.arguments(node.args, by_method=by_method), self.place(node))

    def arguments(self, args: Sequence[cst.Arg], *, by_method: bool = False) -> tuple[Argument, ...]:
        """The arguments of a call, evaluated in order.

        `**kwargs` of the function that is read may bring any name. To a function of the project it surely brings none
        that its signature has; to a method of the ORM each name says something (`by_method`).
        """
        found: list[Argument] = []
        for arg in args:
            value = self.evaluate(arg.value)
            name = arg.keyword.value if arg.keyword is not None else arg.star or None
            exact = name == "**" and isinstance(value, Collection) and (value.bounded or not by_method)
            entries = mappings.entries_of(self.machine, value) if exact and isinstance(value, Collection) else None
            if entries is not None:
                found.extend(Argument(v, k, self.place(arg.value)) for k, v in entries)
                continue
            if name == "**" and isinstance(value, Collection):
                known = mappings.literal_entries(self.machine, value)
                found.extend(Argument(v, k, self.place(arg.value)) for k, v in known.items())
            if name == "*":
                value = self._spread(value, self.place(arg.value))
            found.append(Argument(value, name, self.place(arg.value)))
        return tuple(found)

    def _spread(self, value: Value, place: Place) -> Value:
        """What `*value` hands over: the rows of a queryset, fetched here, not the queryset."""
        return alternatives(
            Collection(element=iteration.pattern_of(self.machine, one, place, "list"))
            if isinstance(one, QuerySetValue)
            else one
            for one in self.machine.ways(value)
        )

    def _super(self) -> Value:
        receiver = self.env.get(self.receiver) if self.receiver else None
        if receiver is None or self.class_key is None:
            return UNKNOWN
        return alternatives(SuperValue(one, str(self.class_key)) for one in each(receiver))

    def _super_after(self, after: Value, receiver: Value) -> Value:
        """`super(Book, self)`."""
        match after:
            case ClassValue(key=key) | ModelClass(model=Model(key=key)):
                return SuperValue(receiver, key)
        return UNKNOWN

    # -- functions and what they bind ---------------------------------------------------------------------------

    def visit_NamedExpr(self, node: cst.NamedExpr) -> Value:
        value = self.evaluate(node.value)
        self.assign(node.target, value, node)
        return value

    def visit_Yield(self, node: cst.Yield) -> Value:
        if node.value is None:
            return UNKNOWN
        if isinstance(node.value, cst.From):
            source = self.evaluate(node.value.item)
            place = self.place(node.value.item)
            value = alternatives(iteration.pattern_of(self.machine, one, place) for one in each(source))
        else:
            value = self.evaluate(node.value)
        self.machine.note_use(value)
        self.machine.lose(value)
        self.yielded.append(value)
        return UNKNOWN

    def visit_Lambda(self, node: cst.Lambda) -> Value:
        return FunctionValue(closure=self.closure(node), place=self.place(node))

    def closure(self, node: cst.FunctionDef | cst.Lambda) -> Closure:
        """A nested function with the names around it; it sees later bindings too, as Python's cells do."""
        for name in self.unit.ask(mentioned_names, node):
            if name in self.env:
                self.machine.note_queryset_use(self.env[name], "handed", self.place(node))
                self.machine.capture(self.env[name])
        return Closure(self, node, self.env)
