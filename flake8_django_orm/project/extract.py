"""The facts of one module, taken from its `ast`.

In: a parsed module with its name and path. Out: `ModuleFacts`. Statements under `if`, `try`, `with`, `for`
and `match` count as statements of the body they stand in. Of alternatives the first wins: what an `else` or
`except` branch binds does not replace what the branch before it bound, except after `if TYPE_CHECKING:`,
where the runtime branch wins.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flake8_django_orm.project.expressions import OTHER, dotted_name, read_base, read_expression
from flake8_django_orm.project.facts import (
    Assignment,
    ClassFacts,
    Expr,
    FunctionFacts,
    ImportFacts,
    ModuleFacts,
    Parameter,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAX_CLASS_DEPTH = 20
_MAX_ALTERNATIVES = 100
_MAX_ANNOTATION = 400
_MAX_JOINED = 500
_Definition = ast.FunctionDef | ast.AsyncFunctionDef


def extract_module(
    tree: ast.Module, *, name: str, path: str, is_package: bool = False, may_yield: bool = True
) -> ModuleFacts:
    """The facts of the module `name` at `path`; `is_package` is true for an `__init__.py`.

    `may_yield` false says that the text has no `yield` in it, which saves the search for generators.
    """
    scope = _Scope(name, path, is_package, may_yield)
    scope.read(tree.body)
    return ModuleFacts(
        name=name,
        path=path,
        is_package=is_package,
        imports=scope.imports,
        star_imports=tuple(dict.fromkeys(scope.star_imports)),
        classes=scope.classes,
        functions=scope.functions,
        assignments=scope.assignments,
        made_classes=scope.made_classes,
    )


@dataclass(slots=True)
class _Scope:
    """The body of a module or class while it is read; `prefix` is the qualified name of the class, "" for a
    module.
    """

    module: str
    path: str
    is_package: bool
    may_yield: bool
    prefix: str = ""
    depth: int = 0
    imports: dict[str, ImportFacts] = field(default_factory=dict)
    star_imports: list[str] = field(default_factory=list)
    classes: dict[str, ClassFacts] = field(default_factory=dict)
    functions: dict[str, FunctionFacts] = field(default_factory=dict)
    assignments: dict[str, Assignment] = field(default_factory=dict)
    made_classes: dict[str, ClassFacts] = field(default_factory=dict)

    def read(self, body: Sequence[ast.stmt]) -> None:
        for statement, protected, type_checking in _flatten(body):
            if isinstance(statement, ast.ClassDef):
                if statement.name not in protected and self.depth < _MAX_CLASS_DEPTH:
                    self.classes[statement.name] = self._class(statement)
            elif isinstance(statement, _Definition):
                if statement.name not in protected and not self._only_extends(statement):
                    self.functions[statement.name] = self._function(statement)
                    self._read_made_class(statement)
            elif isinstance(statement, ast.Import | ast.ImportFrom):
                self._import(statement, protected, type_checking)
            else:
                self._assign(statement, protected)

    def _only_extends(self, node: _Definition) -> bool:
        """True for `@title.setter def title(...)`: the property that stands already is the one to keep."""
        if node.name not in self.functions:
            return False
        for decorator in node.decorator_list:
            dotted = dotted_name(decorator)
            if dotted is not None and dotted.rpartition(".")[2] in {"setter", "deleter"}:
                return True
        return False

    def _read_made_class(self, function: _Definition) -> None:
        """The class that a function of the module defines and returns: what its calls stand for."""
        match function.body[-1]:
            case ast.Return(value=ast.Name(id=name)) if not self.prefix:
                for statement in function.body:
                    if isinstance(statement, ast.ClassDef) and statement.name == name:
                        made = f"{function.name}()"
                        self.made_classes[made] = self._class(statement, made)

    def _class(self, node: ast.ClassDef, qualname: str = "") -> ClassFacts:
        qualname = qualname or (f"{self.prefix}.{node.name}" if self.prefix else node.name)
        inner = _Scope(self.module, self.path, self.is_package, self.may_yield, qualname, self.depth + 1)
        inner.read(node.body)
        for name, imported in inner.imports.items():
            self.imports.setdefault(name, imported)  # what a class body imports is asked for in its module
        return ClassFacts(
            name=node.name,
            qualname=qualname,
            module=self.module,
            path=self.path,
            start=_first_line(node),
            end=node.end_lineno or node.lineno,
            bases=tuple(read_base(base) for base in node.bases if not isinstance(base, ast.Starred)),
            decorators=tuple(read_expression(decorator) for decorator in node.decorator_list),
            assignments=inner.assignments,
            methods=inner.functions,
            classes=inner.classes,
        )

    def _function(self, node: _Definition) -> FunctionFacts:
        return FunctionFacts(
            name=node.name,
            qualname=f"{self.prefix}.{node.name}" if self.prefix else node.name,
            module=self.module,
            path=self.path,
            start=_first_line(node),
            end=node.end_lineno or node.lineno,
            parameters=tuple(_parameters(node.args)),
            decorators=tuple(_decorator_names(node.decorator_list)),
            is_async=isinstance(node, ast.AsyncFunctionDef),
            is_generator=self.may_yield and _has_yield(node.body),
            returns=_source(node.returns),
            class_name=self.prefix or None,
        )

    def _import(self, node: ast.Import | ast.ImportFrom, protected: frozenset[str], type_checking: bool) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                target = alias.name if alias.asname else bound
                self._bind_import(bound, ImportFacts(target, None, type_checking), protected)
            return
        module = self._absolute(node)
        if module is None:
            return
        for alias in node.names:
            if alias.name == "*":
                self.star_imports.append(module)
            else:
                facts = ImportFacts(module, alias.name, type_checking)
                self._bind_import(alias.asname or alias.name, facts, protected)

    def _bind_import(self, name: str, facts: ImportFacts, protected: frozenset[str]) -> None:
        known = self.imports.get(name)
        if name in protected and known is not None:
            return
        if facts.type_checking and known is not None and not known.type_checking:
            return
        self.imports[name] = facts

    def _absolute(self, node: ast.ImportFrom) -> str | None:
        """The absolute name of the module that `from ... import` reads; None when it climbs out of the top
        package.
        """
        if not node.level:
            return node.module
        parts = self.module.split(".")
        drop = node.level - 1 if self.is_package else node.level
        if drop > len(parts) or (drop == len(parts) and not node.module):
            return None
        base = parts[: len(parts) - drop]
        return ".".join([*base, node.module] if node.module else base)

    def _assign(self, node: ast.stmt, protected: frozenset[str]) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for name, value in _targets(target, node.value):
                    self._bind(name, value, node, protected)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if node.value is None and node.target.id in self.assignments:
                return
            self._bind(node.target.id, node.value, node, protected, _source(node.annotation))
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            self._extend(node.target.id, node)

    def _bind(
        self,
        name: str,
        value: ast.expr | None,
        node: ast.stmt,
        protected: frozenset[str],
        annotation: str | None = None,
    ) -> None:
        if name in protected and name in self.assignments:
            return
        self.assignments[name] = Assignment(
            name=name,
            value=OTHER if value is None else self._with_earlier(name, read_expression(value)),
            start=node.lineno,
            end=node.end_lineno or node.lineno,
            annotation=annotation,
            module=self.module,
        )

    def _with_earlier(self, name: str, value: Expr) -> Expr:
        """`NAME = NAME + value`: the earlier value of the name stands in its place."""
        known = self.assignments.get(name)
        if known is None or value.kind != "concat" or len(value.items) > _MAX_JOINED:
            return value
        items = (_parts(known.value) if i.kind == "name" and i.value == name else (i,) for i in value.items)
        return replace(value, items=tuple(part for parts in items for part in parts))

    def _extend(self, name: str, node: ast.AugAssign) -> None:
        """`NAME += value`: the name then holds the concatenation, as far as the earlier value is known."""
        if not isinstance(node.op, ast.Add | ast.BitOr):
            return
        known = self.assignments.get(name)
        earlier = _parts(known.value) if known is not None else ()
        if len(earlier) > _MAX_JOINED:
            return
        self.assignments[name] = Assignment(
            name=name,
            value=Expr("concat", items=(*earlier, read_expression(node.value)), line=node.lineno),
            start=known.start if known is not None else node.lineno,
            end=node.end_lineno or node.lineno,
            annotation=known.annotation if known is not None else None,
            module=self.module,
        )


def _parts(value: Expr) -> tuple[Expr, ...]:
    return value.items if value.kind == "concat" else (value,)


_Entry = tuple[ast.stmt, frozenset[str], bool]
_NOTHING: frozenset[str] = frozenset()


def _flatten(body: Sequence[ast.stmt]) -> Iterator[_Entry]:
    """Every statement that binds names in this body, in order, with the names it must not rebind, and whether
    it stands under `if TYPE_CHECKING:`. Works on a stack of its own: `elif` chains can be thousands of
    branches deep.
    """
    stack: list[_Entry] = [(statement, _NOTHING, False) for statement in reversed(body)]
    while stack:
        statement, protected, checking = stack.pop()
        branches = _branches(statement)
        if not branches:
            yield statement, protected, checking
            continue
        guarded = isinstance(statement, ast.If) and _is_type_checking(statement.test)
        entries: list[_Entry] = []
        bound = protected
        for number, branch in enumerate(branches):
            under = checking or (guarded and number == 0)
            entries.extend((inner, bound, under) for inner in branch)
            if not guarded and number < min(len(branches) - 1, _MAX_ALTERNATIVES):
                bound = bound | _bound_names(branch)
        stack.extend(reversed(entries))


def _branches(statement: ast.stmt) -> list[list[ast.stmt]]:
    """The bodies of a compound statement, those that exclude each other as separate entries."""
    if isinstance(statement, ast.If):
        return _if_branches(statement)
    if isinstance(statement, ast.Try | ast.TryStar):
        body = [*statement.body, *statement.orelse]
        handlers = [handler.body for handler in statement.handlers]
        return [body, *handlers, statement.finalbody]
    if isinstance(statement, ast.With | ast.AsyncWith):
        return [statement.body]
    if isinstance(statement, ast.For | ast.AsyncFor | ast.While):
        return [[*statement.body, *statement.orelse]]
    if isinstance(statement, ast.Match):
        return [case.body for case in statement.cases]
    return []


def _if_branches(statement: ast.If) -> list[list[ast.stmt]]:
    branches: list[list[ast.stmt]] = []
    node = statement
    while not _is_type_checking(node.test):
        branches.append(node.body)
        rest = node.orelse
        if len(rest) == 1 and isinstance(rest[0], ast.If):
            if _is_type_checking(rest[0].test):
                branches.append(rest)
                return branches
            node = rest[0]
            continue
        branches.append(rest)
        return branches
    return [node.body, node.orelse]


def _is_type_checking(test: ast.expr) -> bool:
    dotted = dotted_name(test)
    return dotted is not None and dotted.rpartition(".")[2] == "TYPE_CHECKING"


def _bound_names(branch: Sequence[ast.stmt]) -> frozenset[str]:
    names: set[str] = set()
    stack = list(branch)
    while stack:
        node = stack.pop()
        inner = _branches(node)
        if inner:
            stack.extend(statement for part in inner for statement in part)
        elif isinstance(node, ast.ClassDef | _Definition):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Assign):
            names.update(name for target in node.targets for name, _ in _targets(target, node.value))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return frozenset(names)


def _targets(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr | None]]:
    """The names that an assignment binds, each with its value where that can be told."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List):
        plain = not any(isinstance(part, ast.Starred) for part in target.elts)
        paired = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts) and plain
        for number, part in enumerate(target.elts):
            inner = part.value if isinstance(part, ast.Starred) else part
            if isinstance(inner, ast.Name):
                known = value.elts[number] if paired and isinstance(value, ast.Tuple | ast.List) else None
                yield inner.id, known


def _first_line(node: ast.ClassDef | _Definition) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _decorator_names(decorators: Sequence[ast.expr]) -> Iterator[str]:
    for decorator in decorators:
        dotted = dotted_name(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if dotted is not None:
            yield dotted


def _parameters(arguments: ast.arguments) -> Iterator[Parameter]:
    positional = [*arguments.posonlyargs, *arguments.args]
    missing = len(positional) - len(arguments.defaults)
    for number, argument in enumerate(positional):
        default = arguments.defaults[number - missing] if number >= missing else None
        yield _parameter(argument, "positional", default)
    if arguments.vararg is not None:
        yield _parameter(arguments.vararg, "varargs", None)
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _parameter(argument, "keyword", default)
    if arguments.kwarg is not None:
        yield _parameter(arguments.kwarg, "kwargs", None)


def _parameter(argument: ast.arg, kind: str, default: ast.expr | None) -> Parameter:
    value = None if default is None else read_expression(default)
    return Parameter(argument.arg, kind, _source(argument.annotation), default is not None, value)


def _source(node: ast.expr | None) -> str | None:
    """The source of an annotation; a string annotation gives its content. None for what is absurdly long or
    deep.
    """
    if node is None:
        return None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if len(node.value) <= _MAX_ANNOTATION else None
    if (node.end_lineno or node.lineno) - node.lineno > 20:
        return None
    try:
        source = ast.unparse(node)
    except (RecursionError, ValueError):
        return None
    return source if len(source) <= _MAX_ANNOTATION else None


def _has_yield(body: Sequence[ast.stmt]) -> bool:
    """True when the body itself yields; functions, classes and lambdas inside it do not count."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, _Definition | ast.ClassDef | ast.Lambda):
            stack.extend(ast.iter_child_nodes(node))
    return False
