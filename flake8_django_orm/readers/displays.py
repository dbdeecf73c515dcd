"""Names, literals and displays: what stands in the code as it is.

In: libcst names, strings, numbers, lists, tuples, sets and dicts. Out: the machine's values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import libcst as cst

from flake8_django_orm.machine import (
    definitions,
    iteration,
    mappings,
)
from flake8_django_orm.machine.machine import unknown
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Collection,
    Constant,
    PlainData,
    Shape,
    Value,
    alternatives,
    each,
    loops_of,
)
from flake8_django_orm.readers.bindings import BindingReader

_CONSTANT_NAMES = {"None": Constant(None), "True": Constant(True), "False": Constant(False)}


class DisplayReader(BindingReader):
    """Evaluates names, literals and displays."""

    # -- names and literals -------------------------------------------------------------------------------------

    def visit_Name(self, node: cst.Name) -> Value:
        name = node.value
        if name in _CONSTANT_NAMES:
            return _CONSTANT_NAMES[name]
        found = self.env.get(name)
        if found is not None:
            return found
        if name in self.local_names:
            return UNKNOWN
        return definitions.resolve(self.machine, self.module, name)

    def visit_SimpleString(self, node: cst.SimpleString) -> Value:
        return self.unit.ask(_literal, node)

    def visit_ConcatenatedString(self, node: cst.ConcatenatedString) -> Value:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        if isinstance(left, Constant) and isinstance(right, Constant) and type(left.value) is type(right.value):
            return Constant(left.value + right.value)
        return unknown(left, right)

    def visit_Integer(self, node: cst.Integer) -> Value:
        return self.unit.ask(_literal, node)

    def visit_Float(self, node: cst.Float) -> Value:
        return self.unit.ask(_literal, node)

    def visit_FormattedString(self, node: cst.FormattedString) -> Value:
        values = []
        texts: list[str | None] = []
        for part in node.parts:
            if isinstance(part, cst.FormattedStringExpression):
                value = self.evaluate(part.expression)
                self.machine.text(value, self.place(part.expression))
                values.append(value)
                plain = isinstance(value, Constant) and isinstance(value.value, str) and part.format_spec is None
                texts.append(value.value if plain and isinstance(value, Constant) and not part.conversion else None)
            elif isinstance(part, cst.FormattedStringText):
                texts.append(part.value if "\\" not in part.value and "{" not in part.value else None)
        known = [text for text in texts if text is not None]
        return Constant("".join(known)) if len(known) == len(texts) else PlainData(loops=loops_of(*values))

    def visit_TemplatedString(self, node: cst.TemplatedString) -> Value:
        """A t-string keeps its values as they are: whoever gets it may read them."""
        for part in node.parts:
            if isinstance(part, cst.TemplatedStringExpression):
                self.machine.escape(self.evaluate(part.expression))
        return UNKNOWN

    # -- containers ---------------------------------------------------------------------------------------------

    def _elements(self, elements: Sequence[cst.BaseElement]) -> tuple[Value, ...] | None:
        """The values of a display's elements; None where one is unpacked from something unknown."""
        values: list[Value] = []
        known = True
        for element in elements:
            value = self.evaluate(element.value)
            if isinstance(element, cst.StarredElement):
                if isinstance(value, Collection) and value.items is not None:
                    values.extend(value.items)
                    continue
                known = False
                value = alternatives(
                    iteration.pattern_of(self.machine, one, self.place(element.value)) for one in each(value)
                )
            self.machine.note_use(value)
            values.append(value)
        return tuple(values) if known else None

    def _display(self, shape: Shape, elements: Sequence[cst.BaseElement]) -> Value:
        identity = self.machine.store.new_identity() if shape is not Shape.TUPLE else 0
        items = self._elements(elements)
        if items is None:
            values = [self.evaluate(e.value) for e in elements]
            pattern = alternatives(
                iteration.pattern_of(self.machine, value, self.place(element.value))
                if isinstance(element, cst.StarredElement)
                else value
                for element, value in zip(elements, values, strict=True)
            )
            return Collection(shape=shape, element=iteration.generalise(pattern), identity=identity)
        return Collection(shape=shape, items=items, identity=identity, bounded=True)

    def visit_List(self, node: cst.List) -> Value:
        return self._display(Shape.LIST, node.elements)

    def visit_Tuple(self, node: cst.Tuple) -> Value:
        return self._display(Shape.TUPLE, node.elements)

    def visit_Set(self, node: cst.Set) -> Value:
        return self._display(Shape.SET, node.elements)

    def visit_Dict(self, node: cst.Dict) -> Value:
        entries: list[tuple[Any, Value]] = []
        known = True
        values: list[Value] = []
        spread: list[Collection] = []
        for element in node.elements:
            value = self.evaluate(element.value)
            self.machine.note_use(value)
            if isinstance(element, cst.DictElement):
                key = self.evaluate(element.key)
                values.append(value)
                if isinstance(key, Constant):
                    entries.append((key.value, value))
                    continue
            elif isinstance(value, Collection) and value.shape is Shape.DICT:
                written = mappings.entries_of(self.machine, value)
                if written is not None:
                    entries.extend(written)
                    continue
                spread.append(value)
            known = False
        identity = self.machine.store.new_identity()
        if known:
            return Collection(shape=Shape.DICT, entries=tuple(entries), identity=identity, bounded=True)
        values.extend(mappings.values_of(self.machine, one) for one in spread)
        pattern = alternatives([*values, *(v for _, v in entries)]) if values or entries else UNKNOWN
        return Collection(shape=Shape.DICT, element=iteration.generalise(pattern), identity=identity)


def _literal(node: cst.SimpleString | cst.Integer | cst.Float) -> Constant:
    text = node.value
    if text[0] in "\"'" and "\\" not in text and text[:3] not in ('"""', "'''"):
        return Constant(text[1:-1])  # most strings: Python's parser need not be asked what they say
    return Constant(node.evaluated_value)
