"""Expressions and conditions of Django templates: lookups, filters, tests, and bindings such as `a=b`.

In: parsed expressions and the scopes of a template. Out: the machine's values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flake8_django_orm.machine import key_uses
from flake8_django_orm.machine.attributes import REQUEST
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Constant,
    FunctionValue,
    Unknown,
    Value,
    loops_of,
)
from flake8_django_orm.readers.template_expressions import (
    Binary,
    Bit,
    Condition,
    Expression,
    Literal,
    Lookup,
    Not,
    Operand,
    TemplateError,
    expression_of,
    keyword_of,
)
from flake8_django_orm.readers.template_filters import apply_filter
from flake8_django_orm.readers.template_values import (
    arguments_of,
    called,
    handed_over,
    member,
)
from flake8_django_orm.syntax.units import Place, text_place

if TYPE_CHECKING:
    from flake8_django_orm.project.template_libraries import Registered
    from flake8_django_orm.project.templates import TemplateFile
    from flake8_django_orm.readers.rendering import Rendering
    from flake8_django_orm.readers.template_scopes import Scopes


class DjangoExpressionReader:
    """Evaluates the expressions of a template."""

    def __init__(self, rendering: Rendering, file: TemplateFile, scopes: Scopes, framework: bool) -> None:
        self.rendering = rendering
        self.machine = rendering.machine
        self.file = file
        self.scopes = scopes
        self.framework = framework
        self.libraries: dict[tuple[str, str], Registered] = {}

    # -- expressions --------------------------------------------------------------------------------------------

    def _place(self, start: int, end: int) -> Place:
        return text_place(self.file.path, *self.file.span(start, end))

    def evaluate(self, expression: Expression) -> Value:
        """The value of an expression, its filters applied."""
        value = self._operand(expression.operand)
        place = self._place(expression.start, expression.end)
        for call in expression.filters:
            arguments = [self._operand(call.argument)] if call.argument is not None else []
            applied = apply_filter(self.machine, call.name, value, arguments, {}, place)
            if applied is None:
                applied = self._own_filter(call.name, value, arguments, place)
            value = applied
        return value

    def _own_filter(self, name: str, value: Value, arguments: Sequence[Value], place: Place) -> Value:
        registered = self.libraries.get(("filter", name))
        if registered is not None:
            given = arguments_of([value, *arguments], {}, place)
            return self.machine.call(FunctionValue(facts=registered.function), given, place)
        if not isinstance(value, (Unknown, Constant)):
            handed_over(self.machine, [value, *arguments])
        return Unknown(loops=loops_of(value, *arguments))

    def _operand(self, operand: Operand) -> Value:
        if isinstance(operand, Literal):
            return Constant(operand.value)
        first = operand.parts[0]
        value = called(self.machine, self._name(first.name), self._place(operand.start, first.end))
        for part in operand.parts[1:]:
            place = self._place(operand.start, part.end)
            value = called(self.machine, member(self.machine, value, part.name, place), place)
        return value

    def _name(self, name: str) -> Value:
        found = self.scopes.get(name)
        if found is not None:
            return found
        if self.framework and name == "request":
            return REQUEST
        if self.framework and name == "user":
            return self.machine.read_attribute(REQUEST, "user", self._place(0, 0))
        return UNKNOWN

    def _value_of_bit(self, bit: Bit) -> Value:
        return self.evaluate(expression_of(bit))

    # -- conditions ---------------------------------------------------------------------------------------------

    def _truth(self, condition: Condition) -> bool | None:
        """Evaluate a condition; its outcome where the values given to the template tell."""
        match condition:
            case Not(operand=inner):
                outcome = self._truth(inner)
                return None if outcome is None else not outcome
            case Binary(operator="and" | "or" as operator, left=left, right=right):
                if operator == "and" and self._never_holds(left):
                    return None
                first = self._truth(left)
                if first is (operator == "or"):
                    return first
                with self.machine.conditionally():
                    second = self._truth(right)
                return second if first is not None else None
            case Binary():
                self._compare(condition)
                return None
        value = self.evaluate(condition)
        self.machine.test(value, self._place(condition.start, condition.end))
        return bool(value.value) if isinstance(value, Constant) and not value.loops else None

    def _never_holds(self, condition: Condition) -> bool:
        """Whether a name stands in the way that other views give to their templates and this one does not."""
        match condition:
            case Binary(operator="and", left=left, right=right):
                return self._never_holds(left) or self._never_holds(right)
            case Binary(operator="or", left=left, right=right):
                return self._never_holds(left) and self._never_holds(right)
            case Expression(operand=Lookup(parts=(first,)), filters=()):
                return self._name(first.name) == UNKNOWN and (
                    self.scopes.get(first.name) is None and self.machine.project.views_give(first.name)
                )
        return False

    def _compare(self, condition: Binary) -> None:
        sides = [self._side(side) for side in (condition.left, condition.right)]
        (left, left_place), (right, right_place) = sides
        place = self._place(condition.start, condition.end)
        operator = condition.operator
        negated = operator in ("!=", "is not", "not in")
        if operator in ("in", "not in"):
            key_uses.note_member(self.machine, (left, left_place), place, negated=negated)
            self.machine.contains(right, left, right_place)
        elif operator in ("==", "!=", "is", "is not"):
            pair = ((left, left_place), (right, right_place))
            by_identity = operator in ("is", "is not")
            key_uses.note_compared(self.machine, pair, place, by_identity=by_identity, negated=negated)
        else:
            self.machine.note_use(left)
            self.machine.note_use(right)

    def _side(self, side: Condition) -> tuple[Value, Place]:
        if isinstance(side, Expression):
            return self.evaluate(side), self._place(side.start, side.end)
        self._truth(side)
        return UNKNOWN, self._place(0, 0)

    # -- arguments of tags --------------------------------------------------------------------------------------

    def _texts(self, bits: Sequence[Bit]) -> None:
        """Arguments that become text; `as name` at the end binds text."""
        for bit in self._without_target(bits):
            try:
                keyword = keyword_of(bit)
                value = self.evaluate(keyword[1]) if keyword is not None else self._value_of_bit(bit)
            except TemplateError:
                continue
            self.machine.text(value, self._place(bit.start, bit.end))

    def _without_target(self, bits: Sequence[Bit]) -> Sequence[Bit]:
        if len(bits) > 1 and bits[-2].text == "as":
            self.scopes.set(bits[-1].text, UNKNOWN)
            return bits[:-2]
        return bits

    def _bindings(self, bits: Sequence[Bit]) -> dict[str, Value]:
        """`a=b c=d`, and the older `b as a and d as c`."""
        found: dict[str, Value] = {}
        for number, bit in enumerate(bits):
            keyword = keyword_of(bit)
            if keyword is not None:
                found[keyword[0]] = self.evaluate(keyword[1])
            elif bit.text == "as" and 0 < number < len(bits) - 1:
                found[bits[number + 1].text] = self._value_of_bit(bits[number - 1])
        return found
