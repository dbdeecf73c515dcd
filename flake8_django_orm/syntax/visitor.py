"""The lean visitor: libcst's `visit_<Node>` method names, without libcst's `visit`.

`CSTNode.visit` rebuilds every node and enters all trivia; this visitor calls one method a node and leaves it to that
method which children it visits. `children` names a node's parts in source order, white space and punctuation left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

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
_is_part: dict[type[object], bool] = {}


def _counts(part: object) -> bool:
    """Whether a field's value is a node that is not trivia, remembered by class: libcst's isinstance is slow."""
    kind = type(part)
    answer = _is_part.get(kind)
    if answer is None:
        answer = _is_part[kind] = isinstance(part, cst.CSTNode) and not isinstance(part, _TRIVIA)
    return answer


def children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The parts of a node in source order, without trivia."""
    names = _part_names.get(type(node))
    if names is None:
        names = _part_names[type(node)] = tuple(
            f.name
            for f in fields(node)
            if not f.name.startswith(("whitespace", "leading_lines", "lines_after", "lpar", "rpar", "comma"))
        )
    for name in names:
        part = getattr(node, name)
        if type(part) is tuple or type(part) is list:
            for one in part:
                if _counts(one):
                    yield one
        elif _counts(part):
            yield part


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The node and everything below it, in source order, without trivia."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(list(children(current))))


class LeanVisitor:
    """Dispatches a node to `visit_<its class>`; what has no method goes to `visit_other`."""

    def __init__(self) -> None:
        self._methods: dict[type[cst.CSTNode], Callable[[Any], Any]] = {}

    def visit(self, node: cst.CSTNode) -> Any:
        """Call the method for this node's class and return its answer."""
        method = self._methods.get(type(node))
        if method is None:
            method = getattr(self, f"visit_{type(node).__name__}", None) or self.visit_other
            self._methods[type(node)] = method
        return method(node)

    def visit_other(self, node: cst.CSTNode) -> Any:
        """Visit the children of a node that needs no care of its own; the answers are dropped."""
        for child in children(node):
            self.visit(child)
        return None
