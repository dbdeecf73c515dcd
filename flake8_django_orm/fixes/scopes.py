"""Which names are bound where in a module: what an edit must know before it writes a name at some offset.

In: a module's `ast` and an offset of its text. Out: the scopes around the offset, each with the names it binds.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_django_orm.source import SourceFile

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Scope:
    """A module, function, class or comprehension. `bindings` maps a name to the nodes that bind it."""

    node: ast.AST
    bindings: dict[str, list[ast.AST]] = field(default_factory=dict)


def span_of(source: SourceFile, node: ast.AST) -> tuple[int, int]:
    """The offsets of a node: `ast` counts columns in UTF-8 bytes."""
    start = _offset(source, getattr(node, "lineno", 1), getattr(node, "col_offset", 0))
    end = _offset(source, getattr(node, "end_lineno", 1), getattr(node, "end_col_offset", 0))
    return start, end


def _offset(source: SourceFile, row: int, column: int) -> int:
    start = source.line_start(row)
    line = source.text[start : source.line_start(row + 1) if row < source.row_count else len(source.text)]
    return start + len(line.encode()[:column].decode(errors="ignore"))


def module_scope(tree: ast.Module) -> Scope:
    """The names that a module binds itself, in its `if`, `try` and other blocks too."""
    return Scope(tree, _bindings(tree))


def scopes_at(tree: ast.Module, source: SourceFile, offset: int) -> list[Scope]:
    """The scopes inside of the module whose names are seen at `offset`, the outermost first."""
    found: list[ast.AST] = []
    node: ast.AST = tree
    while True:
        inner = next((child for child in ast.iter_child_nodes(node) if _holds(source, child, offset)), None)
        if inner is None:
            break
        node = inner
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef, *_COMPREHENSIONS)):
            found.append(node)
    # A class's names are seen in its body, not in its methods.
    seen = [n for i, n in enumerate(found) if not isinstance(n, ast.ClassDef) or i == len(found) - 1]
    return [Scope(node, _bindings(node)) for node in seen]


def _holds(source: SourceFile, node: ast.AST, offset: int) -> bool:
    if not hasattr(node, "lineno"):
        return any(_holds(source, child, offset) for child in ast.iter_child_nodes(node))
    start, end = span_of(source, node)
    return start <= offset <= end


def _bindings(scope: ast.AST) -> dict[str, list[ast.AST]]:
    found: dict[str, list[ast.AST]] = {}
    for name, node in _bound_in(scope):
        found.setdefault(name, []).append(node)
    return found


def _bound_in(scope: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(scope, _FUNCTIONS):
        for parameter in parameters(scope):
            yield parameter.arg, parameter
    pending: list[ast.AST] = list(_own_parts(scope))
    while pending:
        node = pending.pop()
        yield from _names_bound_by(node)
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            continue
        if isinstance(node, _COMPREHENSIONS):
            # Only `:=` reaches out of a comprehension.
            pending.extend(part for part in ast.walk(node) if isinstance(part, ast.NamedExpr))
            continue
        pending.extend(ast.iter_child_nodes(node))


def parameters(function: Function) -> list[ast.arg]:
    """Every parameter of a function, `*args` and `**kwargs` included."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [*named, *(one for one in (arguments.vararg, arguments.kwarg) if one is not None)]


def _own_parts(scope: ast.AST) -> Iterator[ast.AST]:
    if isinstance(scope, _COMPREHENSIONS):
        for generator in scope.generators:
            yield generator.target
    elif isinstance(scope, ast.Lambda):
        yield scope.body
    else:
        yield from getattr(scope, "body", ())
        yield from getattr(scope, "type_params", ())


def _names_bound_by(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name, node
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name, node
        case ast.Import(names=names):
            for alias in names:
                yield alias.asname or alias.name.partition(".")[0], node
        case ast.ImportFrom(names=names):
            for alias in names:
                yield alias.asname or alias.name, node
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name, node
        case ast.MatchMapping(rest=str(name)):
            yield name, node
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            for name in names:
                yield name, node
        case _ if type(node).__name__ in ("TypeVar", "ParamSpec", "TypeVarTuple"):
            yield node.name, node  # type: ignore[attr-defined]
