"""Rows that are fetched and then sorted out in Python: the column by whose value a loop throws rows away.

In: the target and the tests of a loop. Out: the test and the attribute that it asks, where it asks nothing else of the
row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from flake8_django_orm.machine.values import UNKNOWN, Constant, Value
from flake8_django_orm.readers.operators import COMPARISONS
from flake8_django_orm.syntax.names import mentioned_names


@dataclass(frozen=True, slots=True)
class ColumnTest:
    """A test of one attribute of a loop's row. `comparator` is None where its truth is asked, else the right side of
    `operator`. `holds` tells whether the loop goes on with the rows that meet it or with the others."""

    node: cst.BaseExpression
    attribute: str
    operator: str = ""
    comparator: cst.BaseExpression | None = None
    holds: bool = True


def of_comprehension(level: cst.CompFor) -> Iterator[ColumnTest]:
    """The tests behind `if` in `[... for x in rows if x.published]`."""
    if type(level.target) is cst.Name:
        for condition in level.ifs:
            test = _asked(condition.test, level.target.value)
            if test is not None:
                yield test


def of_loop(target: cst.BaseAssignTargetExpression, body: Sequence[cst.CSTNode]) -> ColumnTest | None:
    """The test that guards the whole body of a `for`, or that ends the iteration at its start."""
    if type(target) is not cst.Name or not body:
        return None
    first = body[0]
    if type(first) is not cst.If or first.orelse is not None:
        return None
    skips = _only_continues(first.body)
    if len(body) > 1 and not skips:
        return None
    test = _asked(first.test, target.value)
    return replace(test, holds=not test.holds) if test is not None and skips else test


def _only_continues(body: cst.BaseSuite) -> bool:
    lines = body.body
    if len(lines) != 1:
        return False
    line = lines[0]
    small = line.body if type(line) is cst.SimpleStatementLine else lines
    return len(small) == 1 and type(small[0]) is cst.Continue


def _asked(test: cst.BaseExpression, name: str) -> ColumnTest | None:
    """`x.published`, `not x.published`, `x.pages > 100`; None for any other test."""
    if type(test) is cst.UnaryOperation and type(test.operator) is cst.Not:
        attribute = _attribute(test.expression, name)
        return ColumnTest(test, attribute, holds=False) if attribute is not None else None
    if type(test) is cst.Comparison:
        target, attribute = test.comparisons[0], _attribute(test.left, name)
        operator = "not in" if type(target.operator) is cst.NotIn else COMPARISONS.get(type(target.operator))
        if len(test.comparisons) > 1 or operator is None or name in mentioned_names(target.comparator):
            return None
        return ColumnTest(test, attribute, operator, target.comparator) if attribute is not None else None
    attribute = _attribute(test, name)
    return ColumnTest(test, attribute) if attribute is not None else None


def literal(node: cst.BaseExpression) -> Value:
    """The value of a literal; unknown for anything else."""
    if isinstance(node, (cst.SimpleString, cst.Integer, cst.Float)):
        return Constant(node.evaluated_value)
    if type(node) is cst.Name and node.value in _NAMED:
        return Constant(_NAMED[node.value])
    return UNKNOWN


_NAMED = {"True": True, "False": False, "None": None}


def _attribute(node: cst.BaseExpression, name: str) -> str | None:
    if type(node) is cst.Attribute and type(node.value) is cst.Name and node.value.value == name:
        return node.attr.value
    return None
