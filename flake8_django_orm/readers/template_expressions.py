"""Expressions of Django's template language: variables, literals, filters, the conditions of `{% if %}`.

In: a piece of a tag and its offset in the file. Out: small trees with offsets. Raises TemplateError for what Django's
own grammar does not allow.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.template.base import filter_re

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBER = re.compile(r"[-+.]?\d[\d.e]*")
_KEYWORD = re.compile(r"(?P<name>\w+)=(?P<value>.+)", re.DOTALL)
_CONSTANTS = {"True": True, "False": False, "None": None}


class TemplateError(ValueError):
    """A template that Django would not compile, or that is too deep: nothing is said of it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One name of a dotted lookup. `end` is its end in the file."""

    name: str
    end: int


@dataclass(frozen=True, slots=True)
class Lookup:
    """`book.author.name`; `start` is the offset of its first name."""

    start: int
    parts: tuple[Part, ...]

    @property
    def dotted(self) -> str:
        return ".".join(part.name for part in self.parts)


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, a number, True, False or None."""

    value: str | int | float | bool | None


Operand = Lookup | Literal


@dataclass(frozen=True, slots=True)
class FilterCall:
    """`|name:argument`."""

    name: str
    argument: Operand | None = None


@dataclass(frozen=True, slots=True)
class Expression:
    """A variable or literal with its filters, at `[start, end)` of the file."""

    operand: Operand
    filters: tuple[FilterCall, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Bit:
    """One word of a tag, at `[start, end)` of the file."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Not:
    operand: Condition


@dataclass(frozen=True, slots=True)
class Binary:
    """`left <operator> right`: "and", "or", a comparison, "in", "not in", "is", "is not"."""

    operator: str
    left: Condition
    right: Condition
    start: int
    end: int


Condition = Expression | Not | Binary


@functools.lru_cache(maxsize=8192)
def parse_expression(text: str, start: int) -> Expression:
    """A variable with filters that stands at offset `start`.

    Kept, because a base template is read again for every view that renders a page of it.
    """
    operand: Operand | None = None
    filters: list[FilterCall] = []
    at = 0
    for match in filter_re.finditer(text):
        if match.start() != at:
            break
        if operand is None:
            constant, variable = match["constant"], match["var"]
            if constant is None and variable is None:
                break
            operand = _string(constant) if constant is not None else _operand(variable, start + match.start("var"))
        else:
            filters.append(_filter(match, start))
        at = match.end()
    if operand is None or at != len(text):
        raise TemplateError(text)
    return Expression(operand, tuple(filters), start, start + len(text))


def _filter(match: re.Match[str], start: int) -> FilterCall:
    constant, variable = match["constant_arg"], match["var_arg"]
    if constant is not None:
        return FilterCall(match["filter_name"], _string(constant))
    if variable is not None:
        return FilterCall(match["filter_name"], _operand(variable, start + match.start("var_arg")))
    return FilterCall(match["filter_name"])


def _string(text: str) -> Literal:
    plain = text[2:-1] if text.startswith("_(") else text
    quote = plain[0]
    return Literal(plain[1:-1].replace(f"\\{quote}", quote).replace("\\\\", "\\"))


def _operand(text: str, start: int) -> Operand:
    if text in _CONSTANTS:
        return Literal(_CONSTANTS[text])
    if _NUMBER.fullmatch(text):
        try:
            return Literal(float(text) if "." in text or "e" in text.lower() else int(text))
        except ValueError as error:
            raise TemplateError(text) from error
    parts: list[Part] = []
    at = start
    for name in text.split("."):
        if not name or name.startswith("_"):
            raise TemplateError(text)
        at += len(name)
        parts.append(Part(name, at))
        at += 1
    return Lookup(start, tuple(parts))


def expression_of(bit: Bit) -> Expression:
    """The expression that a bit of a tag is."""
    return parse_expression(bit.text, bit.start)


def keyword_of(bit: Bit) -> tuple[str, Expression] | None:
    """`name=expression`; None for a bit that is none."""
    match = _KEYWORD.fullmatch(bit.text)
    if match is None:
        return None
    return match["name"], parse_expression(match["value"], bit.start + match.start("value"))


# -- conditions -------------------------------------------------------------------------------------------------------

_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">=", "in", "is"})
_OPERATORS = frozenset({"and", "or", "not", *_COMPARISONS})


def parse_condition(bits: Sequence[Bit]) -> Condition:
    """The condition of an `{% if %}`."""
    parser = _ConditionParser(bits)
    condition = parser.either()
    if parser.at != len(bits):
        raise TemplateError("if")
    return condition


class _ConditionParser:
    """Django's precedence: `or`, `and`, `not`, then the comparisons."""

    def __init__(self, bits: Sequence[Bit]) -> None:
        self.bits = bits
        self.at = 0

    def _next(self, *words: str) -> bool:
        texts = [bit.text for bit in self.bits[self.at : self.at + len(words)]]
        if texts != list(words):
            return False
        self.at += len(words)
        return True

    def either(self) -> Condition:
        return self._chain("or", self._both)

    def _both(self) -> Condition:
        return self._chain("and", self._negation)

    def _chain(self, word: str, operand: object) -> Condition:
        assert callable(operand)
        left: Condition = operand()
        while self._next(word):
            right: Condition = operand()
            left = Binary(word, left, right, _start(left), _end(right))
        return left

    def _negation(self) -> Condition:
        if self._next("not"):
            return Not(self._negation())
        return self._comparison()

    def _comparison(self) -> Condition:
        left: Condition = self._operand()
        while True:
            operator = self._operator()
            if operator is None:
                return left
            right = self._operand()
            left = Binary(operator, left, right, _start(left), _end(right))

    def _operator(self) -> str | None:
        for words in (("not", "in"), ("is", "not")):
            if self._next(*words):
                return " ".join(words)
        if self.at < len(self.bits) and self.bits[self.at].text in _COMPARISONS:
            self.at += 1
            return self.bits[self.at - 1].text
        return None

    def _operand(self) -> Expression:
        if self.at >= len(self.bits) or self.bits[self.at].text in _OPERATORS:
            raise TemplateError("if")
        self.at += 1
        return expression_of(self.bits[self.at - 1])


def _start(condition: Condition) -> int:
    return _start(condition.operand) if isinstance(condition, Not) else condition.start


def _end(condition: Condition) -> int:
    return _end(condition.operand) if isinstance(condition, Not) else condition.end
