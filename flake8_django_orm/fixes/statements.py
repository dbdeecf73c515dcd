"""Statements of a parsed definition: what surrounds a node, what follows it, how a name is used around it.

In: a unit and its nodes. Out: blocks, siblings and uses; positions come from the unit's spans.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.syntax.names import bound_names, dotted_name, mentioned_names
from flake8_django_orm.syntax.visitor import children, walk

if TYPE_CHECKING:
    from flake8_django_orm.syntax.units import Unit


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a node stands: its ancestors, the outermost first, and the line of a block that holds it."""

    ancestors: tuple[cst.CSTNode, ...]

    def nearest(self, *kinds: type[cst.CSTNode]) -> cst.CSTNode | None:
        """The innermost ancestor of one of these kinds."""
        return next((node for node in reversed(self.ancestors) if isinstance(node, kinds)), None)

    @property
    def function(self) -> cst.FunctionDef | None:
        """The function in whose body the node stands."""
        found = self.nearest(cst.FunctionDef, cst.Lambda)
        return found if isinstance(found, cst.FunctionDef) else None

    @property
    def owner(self) -> cst.ClassDef | None:
        """The innermost class around the node."""
        found = self.nearest(cst.ClassDef)
        return found if isinstance(found, cst.ClassDef) else None

    @property
    def repeated(self) -> bool:
        """True if a loop or comprehension of the function repeats the node."""
        for node in reversed(self.ancestors):
            if isinstance(node, (cst.For, cst.While, cst.CompFor, cst.BaseComp)):
                return True
            if isinstance(node, (cst.FunctionDef, cst.Lambda)):
                return False
        return False


def surroundings(unit: Unit, node: cst.CSTNode) -> Surroundings | None:
    """The ancestors of a node of the unit; None for a node of another tree."""
    path: list[cst.CSTNode] = []
    if _find(unit.tree, node, path):
        return Surroundings(tuple(path))
    return None


def _find(root: cst.CSTNode, node: cst.CSTNode, path: list[cst.CSTNode]) -> bool:
    pending: list[tuple[cst.CSTNode, int]] = [(root, 0)]
    while pending:
        current, depth = pending.pop()
        del path[depth:]
        if current is node:
            return True
        path.append(current)
        pending.extend((child, depth + 1) for child in reversed(list(children(current))))
    return False


def following_lines(around: Surroundings) -> Sequence[cst.BaseStatement]:
    """The statements behind the one that holds the node, in the same block."""
    for index in reversed(range(len(around.ancestors))):
        body = getattr(around.ancestors[index], "body", None)
        holder = around.ancestors[index + 1] if index + 1 < len(around.ancestors) else None
        if isinstance(holder, (cst.SimpleStatementLine, cst.BaseCompoundStatement)) and isinstance(body, (list, tuple)):
            lines = list(body)
            position = next((n for n, line in enumerate(lines) if line is holder), None)
            if position is not None:
                return lines[position + 1 :]
    return ()


def only_statement(line: cst.CSTNode) -> cst.BaseSmallStatement | None:
    """The statement of a line that holds no other."""
    if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1:
        return line.body[0]
    return None


def uses_of(root: cst.CSTNode, dotted: str) -> Iterator[tuple[cst.CSTNode, cst.CSTNode | None]]:
    """Each place where `a` or `a.b` is read or written below `root`, with the node right around it."""
    pending: list[tuple[cst.CSTNode, cst.CSTNode | None]] = [(root, None)]
    while pending:
        node, parent = pending.pop()
        if isinstance(node, (cst.Name, cst.Attribute)) and dotted_name(node) == dotted:
            yield node, parent
            continue
        inner = [(child, node) for child in children(node) if not _is_label(child, node)]
        pending.extend(reversed(inner))


def _is_label(child: cst.CSTNode, parent: cst.CSTNode) -> bool:
    """True for names that name no variable: the `b` of `a.b`, the `n` of `f(n=1)`."""
    match parent:
        case cst.Attribute(attr=attr):
            return child is attr
        case cst.Arg(keyword=keyword):
            return child is keyword
    return False


def is_steady(node: cst.CSTNode, function: cst.FunctionDef) -> bool:
    """True for literals and for names that the function does not bind: parameters, constants of the module."""
    if isinstance(node, (cst.SimpleString, cst.Integer, cst.Float)):
        return True
    levels = [part for part in walk(function.body) if isinstance(part, cst.CompFor)]
    bound = bound_names(function.body).union(*(mentioned_names(level.target) for level in levels))
    first = dotted_name(node).partition(".")[0]
    return bool(first) and first not in bound
