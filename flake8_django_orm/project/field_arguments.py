"""What a field class's own `__init__` does to its arguments, and what a function that makes a field returns.

In: a field class, or a function with the call of it. Out: the arguments that `__init__` sets whatever the
caller says (`kwargs["null"] = True`, `super().__init__(to="auth.User", ...)`) or where he says nothing
(`kwargs.setdefault(...)`), and the field's call with the function's parameters replaced by what was passed
for them.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flake8_django_orm.project.expressions import read_expression
from flake8_django_orm.project.facts import Expr, FunctionFacts
from flake8_django_orm.syntax.parsing import parse_python

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flake8_django_orm.project.resolve import Resolver
    from flake8_django_orm.project.store import ModuleStore

_MAX_LINES = 120


@dataclass(frozen=True, slots=True)
class SetArguments:
    """Arguments by name: the ones that are always set, and the ones set where the caller gives none."""

    forced: Mapping[str, Expr] = field(default_factory=dict)
    defaults: Mapping[str, Expr] = field(default_factory=dict)


class FieldArguments:
    """Reads the bodies of the few functions that make or configure fields, when they are asked for."""

    def __init__(self, store: ModuleStore, resolver: Resolver) -> None:
        self._store = store
        self._resolver = resolver
        self._classes: dict[str, SetArguments] = {}
        #: The files of the functions whose bodies were read.
        self.files: set[str] = set()

    def of_class(self, key: str) -> SetArguments:
        """What the `__init__` methods of the class and its bases set."""
        if key not in self._classes:
            forced: dict[str, Expr] = {}
            defaults: dict[str, Expr] = {}
            for owner in reversed(list(self._resolver.classes(key))):
                method = owner.methods.get("__init__")
                if method is not None:
                    self._read_init(method, forced, defaults)
            self._classes[key] = SetArguments(forced, defaults)
        return self._classes[key]

    def returned_call(self, function: FunctionFacts, call: Expr) -> Expr | None:
        """The call that a function of a single return statement returns, for this call of the function."""
        node = self._body(function)
        if node is None:
            return None
        returned = [n for n in ast.walk(node) if isinstance(n, ast.Return)]
        if len(returned) != 1 or not isinstance(returned[0].value, ast.Call):
            return None
        passed = _passed(function, call)
        return _substitute(read_expression(returned[0].value), passed, call)

    def _read_init(self, method: FunctionFacts, forced: dict[str, Expr], defaults: dict[str, Expr]) -> None:
        node = self._body(method)
        if node is None:
            return
        own = {p.name for p in method.parameters}
        spread = {p.name for p in method.parameters if p.kind == "kwargs"}
        for p in method.parameters:
            if p.kind in {"positional", "keyword"} and p.default is not None:
                defaults.setdefault(p.name, p.default)
        for name, value, is_default in _settings_of(node, spread):
            expr = read_expression(value)
            if expr.kind == "name" and str(expr.value).partition(".")[0] in own:
                continue
            located = self._absolute(method.module, expr)
            (defaults if is_default else forced)[name] = located

    def _absolute(self, module: str, expr: Expr) -> Expr:
        """A constant as it is; a name is of use only where the caller's module cannot give it another
        meaning.
        """
        if expr.kind != "name":
            return expr
        found = self._resolver.resolve(module, str(expr.value))
        key = getattr(found, "key", None)
        return Expr("class", key, line=expr.line) if isinstance(key, str) and ":" not in key else expr

    def _body(self, function: FunctionFacts) -> ast.Module | None:
        if function.end - function.start > _MAX_LINES:
            return None
        self.files.add(function.path)
        text = self._store.text(function.path)
        if text is None:
            return None
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return parse_python("if 1:\n" + "\n".join(lines[function.start - 1 : function.end]) + "\n") or parse_python(
            "\n".join(lines[function.start - 1 : function.end]) + "\n"
        )


def _settings_of(node: ast.Module, spread: set[str]) -> Iterator[tuple[str, ast.expr, bool]]:
    """Argument name, value and whether it is a default only, for every way in which `__init__` sets one."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assign) and len(inner.targets) == 1:
            target = inner.targets[0]
            if isinstance(target, ast.Subscript) and _is_spread(target.value, spread):
                name = _string(target.slice)
                if name is not None:
                    yield name, inner.value, False
        elif isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            yield from _call_settings(inner, inner.func, spread)


def _call_settings(call: ast.Call, callee: ast.Attribute, spread: set[str]) -> Iterator[tuple[str, ast.expr, bool]]:
    if callee.attr == "setdefault" and _is_spread(callee.value, spread) and len(call.args) == 2:
        name = _string(call.args[0])
        if name is not None:
            yield name, call.args[1], True
    elif callee.attr == "update" and _is_spread(callee.value, spread):
        yield from ((k.arg, k.value, False) for k in call.keywords if k.arg)
    elif callee.attr == "__init__" and isinstance(callee.value, ast.Call):
        if call.args and not isinstance(call.args[0], ast.Starred):
            yield "to", call.args[0], False
        yield from ((k.arg, k.value, False) for k in call.keywords if k.arg)


def _is_spread(node: ast.expr, spread: set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in spread


def _string(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _passed(function: FunctionFacts, call: Expr) -> dict[str, Expr]:
    """What the call passes for each parameter, its default where it passes nothing."""
    passed = {p.name: p.default for p in function.parameters if p.default is not None}
    positional = [p.name for p in function.parameters if p.kind == "positional"]
    passed.update(zip(positional, call.items, strict=False))
    named = {p.name for p in function.parameters if p.kind in {"positional", "keyword"}}
    passed.update({name: value for name, value in call.keywords.items() if name in named})
    return passed


def _substitute(returned: Expr, passed: Mapping[str, Expr], call: Expr) -> Expr:
    items = tuple(passed.get(str(i.value), i) if i.kind == "name" else i for i in returned.items)
    keywords = {n: passed.get(str(v.value), v) if v.kind == "name" else v for n, v in returned.keywords.items()}
    if "**" in keywords:
        keywords = {**{n: v for n, v in call.keywords.items() if n not in passed}, **keywords}
    return replace(returned, items=items, keywords=keywords, line=call.line)
