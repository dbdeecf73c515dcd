"""Operators: arithmetic, comparison, truth, and the expressions that choose by it.

In: libcst operations. Out: the machine's values, and what a test tells of the queries before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.machine import (
    existence,
    iteration,
    key_uses,
    mappings,
    outcomes,
    querysets,
    rows,
)
from flake8_django_orm.machine.machine import unknown
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Argument,
    Collection,
    Comparison,
    Constant,
    Expression,
    QuerySetValue,
    RowValue,
    Shape,
    Value,
    alternatives,
    each,
    loops_of,
)
from flake8_django_orm.readers.decisions import decided
from flake8_django_orm.readers.displays import DisplayReader

if TYPE_CHECKING:
    from flake8_django_orm.machine.outcomes import Learned
    from flake8_django_orm.syntax.units import Place


#: Binary and augmented operators as text; others do nothing to rows.
OPERATORS: dict[type[cst.CSTNode], str] = {
    cst.Add: "+",
    cst.AddAssign: "+",
    cst.Subtract: "-",
    cst.SubtractAssign: "-",
    cst.Multiply: "*",
    cst.MultiplyAssign: "*",
    cst.Divide: "/",
    cst.DivideAssign: "/",
    cst.FloorDivide: "//",
    cst.FloorDivideAssign: "//",
    cst.Modulo: "%",
    cst.ModuloAssign: "%",
    cst.Power: "**",
    cst.PowerAssign: "**",
    cst.BitOr: "|",
    cst.BitOrAssign: "|",
    cst.BitAnd: "&",
    cst.BitAndAssign: "&",
}

#: Comparison operators as text, where one lookup says the same.
COMPARISONS: dict[type[cst.CSTNode], str] = {
    cst.Equal: "==",
    cst.NotEqual: "!=",
    cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=",
    cst.LessThan: "<",
    cst.LessThanEqual: "<=",
    cst.In: "in",
    cst.Is: "is",
    cst.IsNot: "is not",
}


class OperatorReader(DisplayReader):
    """Evaluates operations."""

    # -- truth --------------------------------------------------------------------------------------------------

    def truth(self, node: cst.BaseExpression) -> Learned:
        """Evaluate an expression for its truth; what either outcome tells of the queries before."""
        if type(node) is cst.BooleanOperation:
            stops = decided(self, node.left) is (type(node.operator) is cst.Or)
            left = self.truth(node.left)
            if stops:
                return left
            joined = outcomes.either if type(node.operator) is cst.Or else outcomes.both
            with self.machine.conditionally():
                return joined(left, self.truth(node.right))
        if type(node) is cst.UnaryOperation and type(node.operator) is cst.Not:
            return self.truth(node.expression).negated()
        value = self.evaluate(node)
        learned = self._tested(value, node)
        existence.note_tested(self.machine, self.place(node))
        return learned

    def _tested(self, value: Value, node: cst.BaseExpression) -> Learned:
        self.machine.last_query = 0
        self.machine.test(value, self.place(node))
        return outcomes.of_truth(self.machine, value, self.machine.last_query)

    # -- operators ----------------------------------------------------------------------------------------------

    def visit_Await(self, node: cst.Await) -> Value:
        return self.evaluate(node.expression)

    def visit_UnaryOperation(self, node: cst.UnaryOperation) -> Value:
        if type(node.operator) is cst.Not:
            learned = self.truth(node.expression)
            return outcomes.as_value(learned.negated())
        value = self.evaluate(node.expression)
        if type(node.operator) is cst.Minus and isinstance(value, Constant) and isinstance(value.value, (int, float)):
            return Constant(-value.value)
        if isinstance(value, Expression) and type(node.operator) is cst.BitInvert:
            return replace(value, function="~", arguments=(Argument(value, place=self.place(node.expression)),))
        return value if isinstance(value, Expression) else unknown(value)

    def visit_BooleanOperation(self, node: cst.BooleanOperation) -> Value:
        stops = decided(self, node.left) is (type(node.operator) is cst.Or)
        left = self.evaluate(node.left)
        learned = self._tested(left, node.left)
        if stops:
            return left
        for one in each(left):
            if isinstance(one, RowValue):
                self.machine.note_use(one)  # it may be what the whole expression gives
        known = learned.when_false if type(node.operator) is cst.Or else learned.when_true
        with self.machine.conditionally(), self.machine.knowing(known):
            right = self.evaluate(node.right)
        return alternatives([left, right], self.machine.conditions)

    def visit_IfExp(self, node: cst.IfExp) -> Value:
        outcome = decided(self, node.test)
        if outcome is not None:
            return self.evaluate(node.body if outcome else node.orelse)
        learned = self.truth(node.test)
        with self.machine.conditionally():
            store = self.machine.store.fork()
            with self.machine.knowing(learned.when_true):
                body = self.evaluate(node.body)
            after = self.machine.store.fork()
            self.machine.store.restore(store)
            with self.machine.knowing(learned.when_false):
                orelse = self.evaluate(node.orelse)
            self.machine.store.join([after, self.machine.store.fork()])
        return alternatives([body, orelse], self.machine.conditions)

    def visit_Comparison(self, node: cst.Comparison) -> Value:
        left, left_node = self.evaluate(node.left), node.left
        values = [left]
        for target in node.comparisons:
            right = self.evaluate(target.comparator)
            values.append(right)
            self._compared((left, self.place(left_node)), target.operator, (right, self.place(target.comparator)), node)
            left, left_node = right, target.comparator
        if len(node.comparisons) == 1:
            operator = COMPARISONS.get(type(node.comparisons[0].operator), "")
            compared = Comparison(left=values[0], operator=operator, right=values[1], loops=loops_of(*values))
            existence.note_compared(self.machine, compared, self.place(node.left), self.place(node))
            return compared
        return unknown(*values)

    def _compared(
        self, left: tuple[Value, Place], operator: cst.BaseCompOp, right: tuple[Value, Place], node: cst.Comparison
    ) -> None:
        negated = type(operator) in (cst.NotEqual, cst.IsNot, cst.NotIn)
        if type(operator) in (cst.In, cst.NotIn):
            key_uses.note_member(self.machine, left, self.place(node), negated=negated)
            self.machine.contains(right[0], left[0], right[1])
        elif type(operator) in (cst.Equal, cst.NotEqual, cst.Is, cst.IsNot):
            by_identity = type(operator) in (cst.Is, cst.IsNot)
            place = self.place(node)
            key_uses.note_compared(self.machine, (left, right), place, by_identity=by_identity, negated=negated)
        else:
            self.machine.note_use(left[0])
            self.machine.note_use(right[0])

    def visit_BinaryOperation(self, node: cst.BinaryOperation) -> Value:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        operator = OPERATORS.get(type(node.operator), "")
        return self.operate(left, operator, right, node, node.left, node.right)

    def operate(
        self,
        left: Value,
        operator: str,
        right: Value,
        node: cst.CSTNode,
        left_node: cst.CSTNode,
        right_node: cst.CSTNode,
    ) -> Value:
        """`left <operator> right`."""
        if operator == "%" and isinstance(left, Constant) and isinstance(left.value, str):
            parts = right.items if isinstance(right, Collection) and right.items is not None else (right,)
            for part in parts:
                self.machine.text(part, self.place(right_node))
            return constant_text(left.value, parts) or unknown(right)
        if operator in ("|", "&") and isinstance(left, QuerySetValue):
            return querysets.combine(self.machine, left, right, self.place(node))
        if isinstance(left, Collection) and isinstance(right, QuerySetValue) and operator == "+":
            # `rows += queryset` takes its rows into the list.
            pattern = iteration.pattern_of(self.machine, right, self.place(right_node), "list")
            right = Collection(element=pattern)
        if isinstance(left, Collection) and isinstance(right, Collection) and operator in ("+", "|"):
            return self._joined(left, right, node)
        if isinstance(left, Expression) or isinstance(right, Expression):
            return _expression(left, operator, right)
        for side in (left, right):
            self.machine.note_use(side)
            if any(isinstance(one, Collection) for one in each(side)):
                self.machine.lose(side)  # the sum of both is not followed
        worked_out = rows.arithmetic(
            left, operator, right, self.place(node), self.place(left_node), self.place(right_node)
        )
        return worked_out if worked_out is not None else unknown(left, right)

    def _joined(self, left: Collection, right: Collection, node: cst.CSTNode) -> Value:
        if left.items is not None and right.items is not None and not self._is_filled(left, right):
            return Collection(shape=left.shape, items=left.items + right.items, bounded=True)
        if left.shape is Shape.DICT:
            return mappings.united(self.machine, (left, right))
        place = self.place(node)
        held = [one for one in (left, right) if one.items != () or self._is_filled(one)]
        parts = [iteration.pattern_of(self.machine, one, place) for one in held]
        pattern = alternatives(parts) if parts else UNKNOWN
        return Collection(shape=left.shape, element=pattern, identity=self.machine.store.new_identity())

    def _is_filled(self, *containers: Collection) -> bool:
        return any(c.identity and self.machine.store.members(c.identity) for c in containers)


def constant_text(template: str, parts: Sequence[Value]) -> Constant | None:
    """`"%s/list.html" % label` where all parts are literals; None where one is not, or the text does not take them."""
    values = [part.value for part in parts if isinstance(part, Constant) and isinstance(part.value, (str, int))]
    if len(values) != len(parts) or template.count("%") != len(values):
        return None
    try:
        return Constant(template % tuple(values))
    except (TypeError, ValueError):
        return None


def _expression(left: Value, operator: str, right: Value) -> Expression:
    """`F("n") + 1`, `Q(...) | Q(...)`: still a database expression, naming the columns of both sides."""
    return Expression(
        function=operator,
        columns=tuple(name for part in (left, right) if isinstance(part, Expression) for name in part.columns),
        arguments=(Argument(left), Argument(right)),
        loops=loops_of(left, right),
    )
