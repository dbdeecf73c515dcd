"""Comprehensions and generator expressions: loops that are expressions.

In: libcst comprehensions. Out: the collections that they make; what runs in them runs once for each item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine import (
    fed_lookups,
    filtered_rows,
    iteration,
)
from flake8_django_orm.machine.frames import Repeats
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Argument,
    Collection,
    QuerySetValue,
    Shape,
    Value,
)
from flake8_django_orm.readers import column_tests
from flake8_django_orm.readers.operators import OperatorReader

if TYPE_CHECKING:
    import libcst as cst

    from flake8_django_orm.readers.column_tests import ColumnTest
    from flake8_django_orm.syntax.units import Place


class ComprehensionReader(OperatorReader):
    """Evaluates comprehensions."""

    def visit_ListComp(self, node: cst.ListComp) -> Value:
        return self._gathering(node, Shape.LIST)

    def visit_SetComp(self, node: cst.SetComp) -> Value:
        return self._gathering(node, Shape.SET)

    def visit_GeneratorExp(self, node: cst.GeneratorExp) -> Value:
        return self._gathering(node, Shape.ITERATOR)

    def _gathering(self, node: cst.ListComp | cst.SetComp | cst.GeneratorExp, shape: Shape) -> Value:
        made = self._comprehension(node.for_in, [node.elt], shape)
        level = node.for_in
        if not isinstance(made, Collection) or level.ifs or level.inner_for_in is not None:
            return made
        gathered = fed_lookups.of_rows(self.machine, made.element, self.place(level.iter), self.place(node))
        return replace(made, gathered=gathered)

    def visit_DictComp(self, node: cst.DictComp) -> Value:
        return self._comprehension(node.for_in, [node.value, node.key], Shape.DICT)

    def _comprehension(
        self, for_in: cst.CompFor, parts: Sequence[cst.BaseExpression], shape: Shape, *, once: bool = False
    ) -> Value:
        outer = dict(self.env)
        values = self._comprehension_level(for_in, parts, once)
        self.env = outer
        made = [iteration.generalise(value) for value in values]
        identity = self.machine.store.new_identity()
        return Collection(shape=shape, element=made[0], key=made[1] if len(made) > 1 else UNKNOWN, identity=identity)

    def _comprehension_level(self, level: cst.CompFor, parts: Sequence[cst.BaseExpression], once: bool) -> list[Value]:
        machine = self.machine
        iterable = self.evaluate(level.iter)
        repeats, result = iteration.repeats(machine, iterable)
        place = self.place(level.iter)
        loop = machine.new_loop(
            place, Repeats.BOUNDED if once else repeats, result, is_async=level.asynchronous is not None
        )
        item = machine.element(iterable, loop, place)
        for test in column_tests.of_comprehension(level):
            self.note_filtered(iterable, test, place)
        with machine.looping(loop):
            self.assign(level.target, item, level.target)
            conditions = machine.conditions
            for condition in level.ifs:
                self.truth(condition.test)
                machine.conditions = conditions + 1
            if level.inner_for_in is not None:
                values = self._comprehension_level(level.inner_for_in, parts, once)
            else:
                values = [self.evaluate(part) for part in parts]
                for value in values:
                    machine.note_use(value)
            machine.conditions = conditions
        machine.store.leave_rows(loop.number, every_row=repeats is Repeats.ROWS and not once)
        return values

    def note_filtered(self, rows: Value, test: ColumnTest, looped: Place) -> None:
        """Note a loop over the rows of a queryset that goes on only with those of a certain value in a column."""
        if not isinstance(rows, QuerySetValue):
            return
        right = test.comparator
        compared = Argument(column_tests.literal(right), place=self.place(right)) if right is not None else None
        asked, place = (test.operator, compared), self.place(test.node)
        filtered_rows.note(self.machine, rows, test.attribute, asked, place, looped, holds=test.holds)
