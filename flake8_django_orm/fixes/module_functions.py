"""The fix for values made once: an expression of a class body moves into a function of the module, passed instead.

In: the place of the expression and the name that the function shall have. Out: edits that write the function right
before the class and its name in the place of the expression; None where the expression would mean something else there.
A migration must be able to name the function, so it is no lambda and stands on module level.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_django_orm.findings import Edit
from flake8_django_orm.fixes.call_text import whole_span
from flake8_django_orm.fixes.scopes import Scope, module_scope, scopes_at, span_of
from flake8_django_orm.source import SourceFile
from flake8_django_orm.syntax.parsing import parse_python

if TYPE_CHECKING:
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BRACKETED = (ast.Call, ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
#: Expressions that mean something only where they stand.
_BOUND_TO_PLACE = (ast.Await, ast.NamedExpr, ast.Yield, ast.YieldFrom)


def function_name(what: str, owner: str, field: str) -> str:
    """`default`, `LoanItem`, `due` -> `default_loan_item_due`: no other field of the module is called so."""
    return "_".join([what, *(_WORD.sub("_", part).lower() for part in owner.split(".")), field])


def as_function(project: Project, place: Place, name: str) -> tuple[Edit, ...] | None:
    """Edits that turn the expression at `place` into a function called `name`, and pass the function."""
    text = project.text(place.path)
    tree = parse_python(text) if text is not None else None
    if text is None or tree is None:
        return None
    source = SourceFile(Path(place.path), place.path, text)
    start, end = whole_span(place)
    owner = next((s for s in tree.body if isinstance(s, ast.ClassDef) and _holds(source, s, start)), None)
    outer = module_scope(tree)
    if owner is None or not _is_free(tree, outer, name):
        return None
    written = _moved(source, start, end)
    if written is None or not _means_the_same(written, scopes_at(tree, source, start)):
        return None
    at = _line_before(source, owner)
    function = f"def {name}():\n    return {written}\n\n\n"
    return Edit(place.path, at, at, function), Edit(place.path, start, end, name)


def _holds(source: SourceFile, node: ast.AST, offset: int) -> bool:
    start, end = span_of(source, node)
    return start <= offset < end


def _is_free(tree: ast.Module, outer: Scope, name: str) -> bool:
    return name not in outer.bindings and not any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(tree))


def _moved(source: SourceFile, start: int, end: int) -> str | None:
    """The expression as it stands behind `return`: its further lines keep their distance to the line it starts on."""
    text = source.text[start:end]
    if "\n" not in text:
        return text
    parsed = parse_python(text)
    statement = parsed.body[0] if parsed is not None and len(parsed.body) == 1 else None
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, _BRACKETED):
        return None
    if any(_spans_lines(node) for node in ast.walk(statement)):
        return None
    line = source.text[source.text.rfind("\n", 0, start) + 1 : start]
    surplus = len(line) - len(line.lstrip()) - 4
    first, *rest = text.split("\n")
    if any(one[: max(surplus, 0)].strip() for one in rest):
        return None
    return "\n".join([first, *(one[surplus:] if surplus > 0 else one for one in rest)])


def _spans_lines(node: ast.AST) -> bool:
    """A string over several lines: other spaces in front of a line would change it."""
    if not isinstance(node, (ast.Constant, ast.JoinedStr)):
        return False
    return (node.end_lineno or node.lineno) > node.lineno


def _means_the_same(written: str, inner: list[Scope]) -> bool:
    """True if no name of the expression is bound by the class body: a function of the module does not see those."""
    parsed = parse_python(written)
    if parsed is None:
        return False
    names = {node.id for node in ast.walk(parsed) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    classes = [scope for scope in inner if isinstance(scope.node, ast.ClassDef)]
    if any(names & scope.bindings.keys() for scope in classes):
        return False
    return not any(isinstance(node, _BOUND_TO_PLACE) for node in ast.walk(parsed))


def _line_before(source: SourceFile, owner: ast.ClassDef) -> int:
    """The start of the line before which the function goes: above decorators and the comments that belong to them."""
    row = min([owner.lineno, *(decorator.lineno for decorator in owner.decorator_list)])
    while row > 1 and source.text[source.line_start(row - 1) :].startswith("#"):
        row -= 1
    return source.line_start(row)
