"""The lean visitor: libcst's `visit_<Node>` method names, without libcst's `visit`.

`CSTNode.visit` rebuilds every node and enters all trivia; this visitor calls one method a node and leaves it to that
method which children it visits. `children` names a node's parts in source order, white space and punctuation left out.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any, ClassVar

import libcst as cst

_TRIVIA = (
    cst.BaseParenthesizableWhitespace,
    cst.TrailingWhitespace,
    cst.EmptyLine,
    cst.LeftParen,
    cst.RightParen,
    cst.Comma,
    cst.Semicolon,
    cst.Dot,
    cst.AssignEqual,
    cst.Colon,
    cst.LeftSquareBracket,
    cst.RightSquareBracket,
    cst.LeftCurlyBrace,
    cst.RightCurlyBrace,
)

_part_names: dict[type[cst.CSTNode], tuple[str, ...]] = {}


class _Parts(dict[type[object], bool]):
    """Which classes of values are parts of a node: nodes that are not trivia. libcst's issubclass is slow."""

    def __missing__(self, kind: type[object]) -> bool:
        answer = self[kind] = issubclass(kind, cst.CSTNode) and not issubclass(kind, _TRIVIA)
        return answer


_is_part = _Parts()


@functools.cache
def _is_expression(kind: type[cst.CSTNode]) -> bool:
    return issubclass(kind, cst.BaseExpression)


def is_expression(node: cst.CSTNode) -> bool:
    """Whether the node is an expression."""
    return _is_expression(type(node))


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The parts of a node in source order, without trivia."""
    names = _part_names.get(type(node))
    if names is None:
        names = _part_names[type(node)] = tuple(
            f.name
            for f in fields(node)
            if f.type is not str
            and not f.name.startswith(("whitespace", "leading_lines", "lines_after", "lpar", "rpar", "comma"))
        )
    found: list[cst.CSTNode] = []
    for name in names:
        part = getattr(node, name)
        if type(part) is tuple or type(part) is list:
            found.extend([one for one in part if _is_part[type(one)]])
        elif _is_part[type(part)]:
            found.append(part)
    return found


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The node and everything below it, in source order, without trivia."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(children(current)))


class _Methods(dict[type[cst.CSTNode], Callable[[Any, Any], Any]]):
    """The methods of a visitor class by the class of node that they are for."""

    def __init__(self, visitor: type[LeanVisitor]) -> None:
        super().__init__()
        self._visitor = visitor

    def __missing__(self, kind: type[cst.CSTNode]) -> Callable[[Any, Any], Any]:
        method = getattr(self._visitor, f"visit_{kind.__name__}", self._visitor.visit_other)
        self[kind] = method
        return method


class LeanVisitor:
    """Dispatches a node to `visit_<its class>`; what has no method goes to `visit_other`."""

    #: The method for each class of node, filled on the way. A class keeps it, because its visitors live briefly: one
    #: is made for each call that is entered.
    methods: ClassVar[_Methods]

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls.methods = _Methods(cls)

    def visit(self, node: cst.CSTNode) -> Any:
        """Call the method for this node's class and return its answer."""
        return self.methods[type(node)](self, node)

    def visit_other(self, node: cst.CSTNode) -> Any:
        """Visit the children of a node that needs no care of its own; the answers are dropped."""
        for child in children(node):
            self.visit(child)
        return None
