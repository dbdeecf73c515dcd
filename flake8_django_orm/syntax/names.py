"""Which names a piece of syntax binds, and whether a block always leaves its loop: questions of pure syntax.

They ask for the type of a node itself: libcst's classes are abstract ones, for which isinstance() is slow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import libcst as cst

from flake8_django_orm.syntax.visitor import children, walk

_SCOPES = frozenset(
    {cst.FunctionDef, cst.ClassDef, cst.Lambda, cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp}
)


def dotted_name(node: cst.BaseExpression | cst.CSTNode | None) -> str:
    """`a.b.c` for a chain of plain names, "" for anything else."""
    parts: list[str] = []
    while type(node) is cst.Attribute:
        parts.append(node.attr.value)
        node = node.value
    if type(node) is not cst.Name:
        return ""
    parts.append(node.value)
    return ".".join(reversed(parts))


def target_names(target: cst.CSTNode) -> Iterator[str]:
    """The plain names that an assignment target binds; attributes and subscripts bind none."""
    if type(target) is cst.Name:
        yield target.value
    elif type(target) is cst.Tuple or type(target) is cst.List:
        for element in target.elements:
            yield from target_names(element.value)
    elif type(target) is cst.StarredElement:
        yield from target_names(target.value)


def bound_names(node: cst.CSTNode) -> frozenset[str]:
    """Every name that the statements below `node` bind in their own scope (inner functions and classes not entered)."""
    found: set[str] = set()
    pending: list[cst.CSTNode] = [node]
    while pending:
        current = pending.pop()
        binds = _BINDING.get(type(current))
        if binds is not None:
            found.update(binds(current))
        if current is node or type(current) not in _SCOPES:
            pending.extend(children(current))
    return frozenset(found)


def _of_target(node: Any) -> Iterator[str]:
    return target_names(node.target)


def _of_name(node: Any) -> Iterator[str]:
    return target_names(node.name) if node.name is not None else iter(())


def _of_import(node: Any) -> Iterator[str]:
    yield node.evaluated_alias or dotted_name(node.name).split(".", 1)[0]


#: What binds names, by class.
_BINDING: Mapping[type[cst.CSTNode], Callable[[Any], Iterator[str]]] = {
    **dict.fromkeys((cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.For, cst.NamedExpr), _of_target),
    **dict.fromkeys((cst.AsName, cst.FunctionDef, cst.ClassDef, cst.MatchAs, cst.MatchStar), _of_name),
    cst.ImportAlias: _of_import,
}


def mentioned_names(node: cst.CSTNode) -> frozenset[str]:
    """Every name that stands anywhere below the node, whatever for."""
    return frozenset(part.value for part in walk(node) if type(part) is cst.Name)


def count_names(node: cst.CSTNode) -> Mapping[str, int]:
    """How often each name stands anywhere below the node."""
    return Counter(part.value for part in walk(node) if type(part) is cst.Name)


def block_statements(body: cst.BaseSuite) -> Sequence[cst.CSTNode]:
    """The statements of a suite; those of one line separated by semicolons come one by one."""
    found: list[cst.CSTNode] = []
    for statement in body.body:
        if type(statement) is cst.SimpleStatementLine:
            found.extend(statement.body)
        else:
            found.append(statement)
    return found


def always_leaves(body: cst.BaseSuite) -> type[cst.CSTNode] | None:
    """`Return`, `Raise` or `Break` where every way through the suite ends in one that leaves the loop, else None.

    A block that leaves runs at most once in its loop, so nothing in it is repeated for each row.
    """
    statements = block_statements(body)
    for statement in statements:
        if type(statement) in (cst.Return, cst.Raise, cst.Break):
            return type(statement)
        if type(statement) is cst.If and (left := _if_leaves(statement)) is not None:
            return left
        if type(statement) is cst.With and (left := always_leaves(statement.body)) is not None:
            return left
    return None


def _if_leaves(statement: cst.If) -> type[cst.CSTNode] | None:
    first = always_leaves(statement.body)
    orelse = statement.orelse
    if first is None or orelse is None:
        return None
    second = always_leaves(orelse.body) if isinstance(orelse, cst.Else) else _if_leaves(orelse)
    if second is None:
        return None
    # The weaker of both: a break leaves one loop only.
    return cst.Break if cst.Break in (first, second) else first


def may_stop_early(body: cst.BaseSuite) -> bool:
    """True where a `break` or `return` somewhere in a loop's body may end it before its last row."""
    pending: list[cst.CSTNode] = list(block_statements(body))
    while pending:
        current = pending.pop()
        if type(current) in (cst.Return, cst.Break):
            return True
        if type(current) in (cst.For, cst.While) and not _has(current, cst.Return):
            continue
        if type(current) not in _SCOPES:
            pending.extend(children(current))
    return False


def _has(node: cst.CSTNode, kind: type[cst.CSTNode]) -> bool:
    pending = [node]
    while pending:
        current = pending.pop()
        if type(current) is kind:
            return True
        if type(current) not in _SCOPES:
            pending.extend(children(current))
    return False
