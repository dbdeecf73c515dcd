"""Evaluating Python expressions: the door that all of them go through, and the names that are bound so far.

In: libcst expressions. Out: the machine's values. The `visit_<Node>` methods stand in the rooms next to this one:
displays, operators, comprehensions and expressions; each builds on the one before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine.machine import WORK_BOUND, Machine, WorkBoundError, unknown
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Value,
)
from flake8_django_orm.syntax.visitor import LeanVisitor, children, is_expression

if TYPE_CHECKING:
    import libcst as cst

    from flake8_django_orm.syntax.units import Unit


class Evaluator(LeanVisitor):
    """Evaluates expressions in an environment of local names."""

    def __init__(
        self,
        machine: Machine,
        unit: Unit,
        module: str,
        env: dict[str, Value],
        *,
        class_key: str | None = None,
        receiver: str | None = None,
        local_names: frozenset[str] = frozenset(),
    ) -> None:
        self.machine = machine
        self.unit = unit
        self.place = unit.place
        self.module = module
        self.env = env
        self.class_key = class_key
        self.receiver = receiver
        self.local_names = local_names
        self.yielded: list[Value] = []

    def evaluate(self, node: cst.CSTNode) -> Value:
        """The value of an expression."""
        # This runs for every expression of every call: what `tick` and `visit` do stands here itself.
        machine = self.machine
        machine.work += 1
        if machine.work > WORK_BOUND:
            raise WorkBoundError
        value = self.methods[type(node)](self, node)
        if not isinstance(value, Value):
            return UNKNOWN
        if machine.watch is not None:
            machine.watch(self.place(node), value)
        return value

    def visit_other(self, node: cst.CSTNode) -> Value:
        """An expression of no interest in itself: its parts are evaluated, the whole is unknown."""
        values = [self.evaluate(child) for child in children(node) if is_expression(child)]
        return unknown(*values)
