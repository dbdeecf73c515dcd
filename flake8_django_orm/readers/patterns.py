"""The patterns of a `match` statement: what a case takes out of its subject, and what it reads of it on the way.

In: a libcst pattern and the value that it is held against. Out: nothing; the names that it captures are bound, and the
attributes that a class pattern asks for are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.machine import iteration
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Collection,
    Constant,
    ModelClass,
    RowValue,
    Shape,
    Unknown,
    Value,
    alternatives,
    each,
    loops_of,
)
from flake8_django_orm.readers.expressions import ExpressionReader

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Classes whose one positional pattern is held against the subject itself.
_WHOLE = frozenset({"bool", "bytearray", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"})


class PatternReader(ExpressionReader):
    """Holds values against patterns."""

    def match(self, pattern: cst.MatchPattern, value: Value) -> None:
        """Bind what the pattern captures, if it fits."""
        self.machine.tick()
        match pattern:
            case cst.MatchAs(pattern=inner, name=name):
                if inner is not None:
                    self.match(inner, value)
                if name is not None:
                    self.env[name.value] = value
            case cst.MatchOr(patterns=choices):
                self._match_any([choice.pattern for choice in choices], value)
            case cst.MatchTuple(patterns=parts) | cst.MatchList(patterns=parts):
                self._match_sequence(parts, value, pattern)
            case cst.MatchMapping():
                self._match_mapping(pattern, value)
            case cst.MatchClass():
                self._match_class(pattern, value)

    def _match_any(self, patterns: Sequence[cst.MatchPattern], value: Value) -> None:
        """`A(x=row) | B(y=row)`: all of them bind the same names."""
        before = dict(self.env)
        ends = []
        for pattern in patterns:
            self.env = dict(before)
            self.match(pattern, value)
            ends.append(self.env)
        for name in self.env:
            if any(one.get(name) is not before.get(name) for one in ends):
                self.env[name] = alternatives(one.get(name, UNKNOWN) for one in ends)

    def _match_sequence(
        self,
        parts: Sequence[cst.MatchSequenceElement | cst.MatchStar],
        value: Value,
        pattern: cst.MatchPattern,
    ) -> None:
        for number, part in enumerate(parts):
            item = alternatives(self._member(one, number, parts, pattern) for one in each(value))
            if isinstance(part, cst.MatchSequenceElement):
                self.match(part.value, item)
            elif part.name is not None:
                self.env[part.name.value] = Collection(element=iteration.generalise(item))

    def _member(self, value: Value, number: int, parts: Sequence[cst.CSTNode], pattern: cst.CSTNode) -> Value:
        """The item at a position of the sequence; of a queryset none, for it is no sequence to `match`."""
        if not isinstance(value, Collection):
            return Unknown(loops=loops_of(value))
        if value.items is not None and len(value.items) == len(parts):
            return value.items[number]
        members = iteration.pattern_of(self.machine, value, self.place(pattern))
        return members if isinstance(parts[number], cst.MatchStar) else iteration.choose(self.machine, members, UNKNOWN)

    def _match_mapping(self, pattern: cst.MatchMapping, value: Value) -> None:
        for element in pattern.elements:
            key = self.evaluate(element.key)
            is_dict = isinstance(value, Collection) and value.shape is Shape.DICT
            item = self.machine.index(value, key, self.place(pattern)) if is_dict else Unknown(loops=loops_of(value))
            self.match(element.pattern, item)
        if pattern.rest is not None:
            self.env[pattern.rest.value] = Unknown(loops=loops_of(value))

    def _match_class(self, pattern: cst.MatchClass, value: Value) -> None:
        fits = alternatives(one for one in each(value) if self._may_be(one, pattern.cls)) if value != UNKNOWN else value
        for number, positional in enumerate(pattern.patterns):
            self.match(positional.value, self._positional(pattern.cls, number, fits))
        for keyword in pattern.kwds:
            read = self.machine.read_attribute(fits, keyword.key.value, self.place(keyword.key))
            self.match(keyword.pattern, read)

    def _positional(self, kind: cst.BaseExpression, number: int, value: Value) -> Value:
        if isinstance(kind, cst.Name) and kind.value in _WHOLE:
            return value
        if isinstance(value, Collection) and value.record is not None and value.items is not None:
            return self.machine.index(value, Constant(number), self.place(kind))
        return Unknown(loops=loops_of(value))

    def _may_be(self, value: Value, kind: cst.BaseExpression) -> bool:
        """Whether a value may be of the pattern's class: a row of another model is not."""
        wanted = self.evaluate(kind)
        if not isinstance(value, RowValue) or not isinstance(wanted, ModelClass):
            return True
        mro = self.machine.project.mro
        return wanted.model.key in mro(value.model.key) or value.model.key in mro(wanted.model.key)
