"""`ast` expressions of class and module bodies as plain `Expr` data.

In: an `ast.expr`. Out: an `Expr`, "other" for everything that the index has no use for. Depth and size are
bounded, so that generated tables neither exhaust the stack nor fill the memory.
"""

from __future__ import annotations

import ast

from flake8_django_orm.project.facts import NO_KEYWORDS, Expr

_MAX_DEPTH = 24
_MAX_NODES = 4000
_SPREAD = "**"  # the keyword under which `**kwargs` of a call is kept
OTHER = Expr("other")


def dotted_name(node: ast.expr) -> str | None:
    """`a.b.c` for a chain of names, subscripts left out (`Manager["Book"]` is `Manager`); None for anything
    else.
    """
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Name):
            parts.append(node.id)
            return ".".join(reversed(parts))
        else:
            return None


def read_expression(node: ast.expr) -> Expr:
    """The `Expr` of one expression."""
    return _Reader().read(node, 0)


def read_base(node: ast.expr) -> Expr:
    """The `Expr` of a base class: like `read_expression`, but `Manager["Book"]` is the name `Manager`."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return read_expression(node)


class _Reader:
    """Reads one expression; `spent` counts the nodes of the whole of it."""

    def __init__(self) -> None:
        self.spent = 0

    def read(self, node: ast.expr, depth: int) -> Expr:
        self.spent += 1
        if depth > _MAX_DEPTH or self.spent > _MAX_NODES:
            return Expr("other", line=node.lineno)
        if isinstance(node, ast.Constant):
            return _constant(node.value, node.lineno)
        if isinstance(node, ast.Name | ast.Attribute):
            return self._name(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return self._display(node, depth)
        if isinstance(node, ast.Dict):
            return self._dict(node, depth)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.BitOr):
            return Expr("concat", items=self._all(_operands(node), depth), line=node.lineno)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return _negative(node)
        return Expr("other", line=node.lineno)

    def _all(self, nodes: list[ast.expr], depth: int) -> tuple[Expr, ...]:
        return tuple(self.read(node, depth + 1) for node in nodes)

    def _display(self, node: ast.List | ast.Tuple | ast.Set, depth: int) -> Expr:
        """A display; `[*a, b]` is the concatenation of `a` and `[b]`."""
        kind = type(node).__name__.lower()
        if not any(isinstance(element, ast.Starred) for element in node.elts):
            return Expr(kind, items=self._all(node.elts, depth), line=node.lineno)
        parts: list[Expr] = []
        for element in node.elts:
            if isinstance(element, ast.Starred):
                parts.append(self.read(element.value, depth + 1))
            else:
                parts.append(Expr(kind, items=(self.read(element, depth + 1),), line=element.lineno))
        return Expr("concat", items=tuple(parts), line=node.lineno)

    def _name(self, node: ast.expr, depth: int) -> Expr:
        if _has_subscript(node):
            return Expr("other", line=node.lineno)
        dotted = dotted_name(node)
        if dotted is None:
            return Expr("other", line=node.lineno)
        return Expr("name", dotted, line=node.lineno)

    def _call(self, node: ast.Call, depth: int) -> Expr:
        dotted = dotted_name(node.func)
        items = self._all(node.args, depth)
        if dotted is None:
            items = (self._callee(node.func, depth), *items)
        keywords = {k.arg or _SPREAD: self.read(k.value, depth + 1) for k in node.keywords}
        return Expr("call", dotted or "", items, keywords or NO_KEYWORDS, node.lineno)

    def _callee(self, node: ast.expr, depth: int) -> Expr:
        """The callee of a call that is not a dotted name; `a(1).b` is the call of "b" on `a(1)`: see `Expr`."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call):
            return Expr("attribute", node.attr, (self.read(node.value, depth + 1),), line=node.lineno)
        return self.read(node, depth + 1)

    def _dict(self, node: ast.Dict, depth: int) -> Expr:
        items: list[Expr] = []
        for key, value in zip(node.keys, node.values, strict=True):
            items.append(OTHER if key is None else self.read(key, depth + 1))
            items.append(self.read(value, depth + 1))
        return Expr("dict", items=tuple(items), line=node.lineno)


def _constant(value: object, line: int) -> Expr:
    if value is None or isinstance(value, str | int | float | bool):
        return Expr("const", value, line=line)
    return Expr("other", line=line)


def _negative(node: ast.UnaryOp) -> Expr:
    operand = node.operand
    if isinstance(operand, ast.Constant) and isinstance(operand.value, int | float):
        return Expr("const", -operand.value, line=node.lineno)
    return Expr("other", line=node.lineno)


def _operands(node: ast.BinOp) -> list[ast.expr]:
    """The operands of a chain such as `a + b + c`, left to right, without recursion."""
    operands: list[ast.expr] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add | ast.BitOr):
        operands.append(left.right)
        left = left.left
    operands.append(left)
    operands.reverse()
    return operands


def _has_subscript(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Subscript):
            return True
        node = node.value
    return False
