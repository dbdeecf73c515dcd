"""Rows that are fetched and then sorted out in Python: the column by whose value a loop throws rows away.

In: the target and the tests of a loop. Out: the place of the test and the attribute that it asks, where the test asks
nothing else of the row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from flake8_django_orm.syntax.names import mentioned_names

_COMPARES = (
    cst.Equal,
    cst.NotEqual,
    cst.GreaterThan,
    cst.GreaterThanEqual,
    cst.LessThan,
    cst.LessThanEqual,
    cst.Is,
    cst.IsNot,
    cst.In,
    cst.NotIn,
)


def of_comprehension(level: cst.CompFor) -> Iterator[tuple[cst.BaseExpression, str]]:
    """The tests behind `if` in `[... for x in rows if x.published]`, each with the attribute."""
    if isinstance(level.target, cst.Name):
        for condition in level.ifs:
            name = _asked(condition.test, level.target.value)
            if name is not None:
                yield condition.test, name


def of_loop(
    target: cst.BaseAssignTargetExpression, body: Sequence[cst.CSTNode]
) -> tuple[cst.BaseExpression, str] | None:
    """The test that guards the whole body of a `for`, or that ends the iteration at its start."""
    if not isinstance(target, cst.Name) or not body:
        return None
    first = body[0]
    if not isinstance(first, cst.If) or first.orelse is not None:
        return None
    if len(body) > 1 and not _only_continues(first.body):
        return None
    name = _asked(first.test, target.value)
    return None if name is None else (first.test, name)


def _only_continues(body: cst.BaseSuite) -> bool:
    lines = body.body
    if len(lines) != 1:
        return False
    line = lines[0]
    small = line.body if isinstance(line, cst.SimpleStatementLine) else lines
    return len(small) == 1 and isinstance(small[0], cst.Continue)


def _asked(test: cst.BaseExpression, name: str) -> str | None:
    """`x.published`, `not x.published`, `x.pages > 100`: the attribute; None for any other test."""
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        return _attribute(test.expression, name)
    if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
        target = test.comparisons[0]
        if isinstance(target.operator, _COMPARES) and name not in mentioned_names(target.comparator):
            return _attribute(test.left, name)
        return None
    return _attribute(test, name)


def _attribute(node: cst.BaseExpression, name: str) -> str | None:
    if isinstance(node, cst.Attribute) and isinstance(node.value, cst.Name) and node.value.value == name:
        return node.attr.value
    return None
