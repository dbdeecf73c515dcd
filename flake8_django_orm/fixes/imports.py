"""The import planner: how a fix may write a name such as `F`, and which import it must add for that.

In: a project, a file, a module and a name in it, the offset of the use. Out: the text to write, with the edits that
make it mean what it should; None where that cannot be had.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from flake8_django_orm.findings import Edit
from flake8_django_orm.fixes.call_text import add_items
from flake8_django_orm.fixes.scopes import Scope, module_scope, scopes_at, span_of
from flake8_django_orm.source import SourceFile
from flake8_django_orm.syntax.parsing import parse_python

if TYPE_CHECKING:
    from flake8_django_orm.project.project import Project

_COMMA = re.compile(r"\s*,")


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What to write for the name, `F` or `models.F`, and the edits that import it (none where it is imported)."""

    name: str
    edits: tuple[Edit, ...] = ()


def plan_import(project: Project, path: str, module: str, name: str, at: int) -> ImportPlan | None:
    """How to write `module`'s `name` at the offset `at` of the file; None where no plan is sure to be right."""
    text = project.text(path)
    tree = parse_python(text) if text is not None else None
    if text is None or tree is None:
        return None
    planner = _Planner(project, SourceFile(Path(path), path, text), tree, at)
    return planner.plan(module, name)


def plan_imports(
    project: Project, path: str, module: str, names: Sequence[str], at: int
) -> tuple[dict[str, str], tuple[Edit, ...]] | None:
    """Several names of one module: how to write each of them, and the edits that import them all; None where one has
    no plan."""
    written: dict[str, str] = {}
    edits: dict[tuple[int, int], Edit] = {}
    for name in names:
        plan = plan_import(project, path, module, name, at)
        if plan is None:
            return None
        written[name] = plan.name
        for edit in plan.edits:
            before = edits.get((edit.start, edit.end))
            edits[edit.start, edit.end] = edit if before is None else _both(before, edit, [*written][:-1], name)
    return written, tuple(edits.values())


def _both(before: Edit, edit: Edit, earlier: Sequence[str], name: str) -> Edit:
    """Two insertions at one place as one: two lines become one line that imports both."""
    if edit == before:
        return edit
    line = ", ".join(earlier)
    if f"import {line}" in before.content and edit.content == before.content.replace(
        f"import {line}", f"import {name}"
    ):
        return Edit(edit.path, edit.start, edit.end, before.content.replace(line, f"{line}, {name}"))
    return Edit(edit.path, edit.start, edit.end, before.content + edit.content)


class _Planner:
    """Plans for one use in one file."""

    def __init__(self, project: Project, source: SourceFile, tree: ast.Module, at: int) -> None:
        self.project = project
        self.source = source
        self.tree = tree
        self.at = at
        self.outer: Scope = module_scope(tree)
        self.inner = scopes_at(tree, source, at)

    def plan(self, module: str, name: str) -> ImportPlan | None:
        for bound, written in self._imported(module, name):
            if self._is_usable(bound):
                return ImportPlan(written)
        if self._is_free(name, module, name):
            return ImportPlan(name, (*self._new_import(module, name),))
        package, _, last = module.rpartition(".")
        if package and self._is_free(last, package, last):
            return ImportPlan(f"{last}.{name}", (*self._new_import(package, last),))
        return None

    # -- what is imported already -----------------------------------------------------------------------------

    def _imported(self, module: str, name: str) -> Iterator[tuple[str, str]]:
        """Names that imports bind to the thing or to its module, each with what to write; the shortest first."""
        statements = [*self._top_imports(), *self._local_imports()]
        package, _, last = module.rpartition(".")
        for statement in statements:
            if isinstance(statement, ast.ImportFrom) and statement.module == module and not statement.level:
                for alias in statement.names:
                    if alias.name == name:
                        bound = alias.asname or name
                        yield bound, bound
        for statement in statements:
            if isinstance(statement, ast.ImportFrom):
                if statement.module != package or statement.level:
                    continue
                for alias in statement.names:
                    if alias.name == last:
                        bound = alias.asname or last
                        yield bound, f"{bound}.{name}"
                continue
            for alias in statement.names:
                if alias.name == module:
                    yield alias.asname or module.partition(".")[0], f"{alias.asname or module}.{name}"

    def _top_imports(self) -> list[ast.Import | ast.ImportFrom]:
        return [
            statement
            for statement in self.tree.body
            if isinstance(statement, (ast.Import, ast.ImportFrom)) and (self.inner or self._is_before(statement))
        ]

    def _local_imports(self) -> list[ast.Import | ast.ImportFrom]:
        return [
            statement
            for scope in self.inner
            for statement in getattr(scope.node, "body", None) or ()
            if isinstance(statement, (ast.Import, ast.ImportFrom)) and self._is_before(statement)
        ]

    def _is_before(self, node: ast.AST) -> bool:
        return span_of(self.source, node)[1] <= self.at

    def _is_usable(self, bound: str) -> bool:
        """True if `bound` means at the offset what one import says: nothing else binds it in the nearest scope."""
        for scope in [self.outer, *self.inner][::-1]:
            nodes = scope.bindings.get(bound)
            if nodes:
                return all(self._is_certain(node, scope) for node in nodes) and len(self._meanings(bound, nodes)) == 1
        return False

    def _is_certain(self, node: ast.AST, scope: Scope) -> bool:
        """An import straight in the scope's body; what a block imports may not be there at run time."""
        body = getattr(scope.node, "body", None)
        return isinstance(node, (ast.Import, ast.ImportFrom)) and isinstance(body, list) and node in body

    def _meanings(self, bound: str, nodes: Sequence[ast.AST]) -> set[str]:
        """What the imports among the nodes bind the name to; `import a.b` and `import a.c` both bind `a`."""
        found: set[str] = set()
        for node in nodes:
            if isinstance(node, ast.ImportFrom):
                origin = "." * node.level + (node.module or "")
                found.update(f"{origin}.{a.name}" for a in node.names if (a.asname or a.name) == bound)
            elif isinstance(node, ast.Import):
                found.update(
                    a.name if a.asname else bound for a in node.names if (a.asname or a.name.partition(".")[0]) == bound
                )
            else:
                found.add("")
        return found

    # -- a new import -----------------------------------------------------------------------------------------

    def _is_free(self, bound: str, module: str, name: str) -> bool:
        """True if a new import may bind the name: no scope around the use does, and the module does not use it."""
        if any(bound in scope.bindings for scope in self.inner):
            return False
        nodes = self.outer.bindings.get(bound, [])
        if any(not self._is_same(node, bound, module, name) for node in nodes):
            return False
        # A name that is used but bound nowhere comes from `import *`.
        return bool(nodes) or not any(_mentions(node, bound) for node in ast.walk(self.tree))

    def _is_same(self, node: ast.AST, bound: str, module: str, name: str) -> bool:
        """`if TYPE_CHECKING: from django.db.models import F`: the same thing, but not there at run time."""
        return (
            isinstance(node, ast.ImportFrom)
            and node.module == module
            and not node.level
            and node not in self.tree.body
            and any(alias.name == name and (alias.asname or alias.name) == bound for alias in node.names)
            and any(_is_type_checking(s) and node in ast.walk(s) for s in self.tree.body)
        )

    def _new_import(self, module: str, name: str) -> tuple[Edit, ...]:
        for statement in self._top_imports():
            if (
                isinstance(statement, ast.ImportFrom)
                and statement.module == module
                and not statement.level
                and statement.names[0].name != "*"
            ):
                return self._merged(statement, name)
        return (self._new_line(module, f"from {module} import {name}"),)

    def _merged(self, statement: ast.ImportFrom, name: str) -> tuple[Edit, ...]:
        """One more name in an import: in its order if the names are in order, else behind the last one."""
        text = self.source.text
        spans = [span_of(self.source, alias) for alias in statement.names]
        names = [alias.name for alias in statement.names]
        whole = text[slice(*span_of(self.source, statement))]
        ordered = sorted(names, key=_order) == names and "#" not in whole
        following = next((s for s, other in zip(spans, names, strict=True) if _order(other) > _order(name)), None)
        if ordered and following is not None:
            start = following[0]
            line = text.rfind("\n", 0, start) + 1
            indentation = text[line:start]
            gap = " " if indentation.strip() or line == 0 else f"\n{indentation}"
            return (Edit(self.source.relative, start, start, f"{name},{gap}"),)
        comma = _COMMA.match(text, spans[-1][1])
        return add_items(self.source.relative, text, spans[-1], comma.end() if comma else None, [name])

    def _new_line(self, module: str, line: str) -> Edit:
        imports = self._leading_imports()
        related = [s for s in imports if _top_level(s) == module.partition(".")[0]]
        if related:
            earlier = [s for s in related if isinstance(s, ast.Import) or (s.module or "") <= module]
            return self._behind(earlier[-1], line) if earlier else self._before(related[0], f"{line}\n")
        own = [s for s in imports if self._is_first_party(s)]
        if own:
            return self._before(own[0], f"{line}\n\n")
        if imports:
            gap = "\n" if _top_level(imports[-1]) in sys.stdlib_module_names else ""
            return self._behind(imports[-1], f"{gap}{line}")
        return self._first_line(line)

    def _leading_imports(self) -> list[ast.Import | ast.ImportFrom]:
        """The imports before the module's own code; those in `if` and `try` blocks are passed over."""
        found: list[ast.Import | ast.ImportFrom] = []
        for statement in self.tree.body:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                found.append(statement)
            elif not isinstance(statement, (ast.If, ast.Try)) and not _is_docstring(statement):
                break
        return [s for s in found if not (isinstance(s, ast.ImportFrom) and s.module == "__future__")] or found

    def _is_first_party(self, statement: ast.Import | ast.ImportFrom) -> bool:
        if isinstance(statement, ast.ImportFrom) and statement.level:
            return True
        name = statement.module if isinstance(statement, ast.ImportFrom) else statement.names[0].name
        path = self.project.module_path(name or "")
        return bool(path) and not PurePosixPath(path).is_absolute()

    def _behind(self, statement: ast.stmt, content: str) -> Edit:
        """A line behind the one on which the statement ends."""
        row = statement.end_lineno or statement.lineno
        if row < self.source.row_count:
            at = self.source.line_start(row + 1)
            if self.source.text[:at].endswith(("\n", "\r")):
                return Edit(self.source.relative, at, at, f"{content}\n")
        at = len(self.source.text)
        return Edit(self.source.relative, at, at, f"\n{content}")

    def _before(self, statement: ast.stmt, content: str) -> Edit:
        """A line before the statement and the comments that stand right above it."""
        row = statement.lineno
        while row > 1 and self._line(row - 1).lstrip().startswith("#"):
            row -= 1
        at = self.source.line_start(row if row > 1 else statement.lineno)  # comments at the top belong to the file
        return Edit(self.source.relative, at, at, content)

    def _line(self, row: int) -> str:
        return self.source.text[self.source.line_start(row) : self.source.line_start(row + 1)]

    def _first_line(self, line: str) -> Edit:
        """The file's first import: behind its docstring, else before its first statement."""
        first = self.tree.body[0]
        if _is_docstring(first):
            return self._behind(first, f"\n{line}")
        return self._before(first, f"{line}\n\n\n" if isinstance(first, _DEFINITIONS) else f"{line}\n\n")


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _mentions(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Name(id=found):
            return found == name
        case ast.Global(names=found):
            return name in found
    return False


def _order(name: str) -> tuple[int, str]:
    """isort's order of imported names: constants, classes, functions."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name


def _top_level(statement: ast.Import | ast.ImportFrom) -> str:
    if isinstance(statement, ast.ImportFrom):
        return "" if statement.level else (statement.module or "").partition(".")[0]
    return statement.names[0].name.partition(".")[0]


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _is_type_checking(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and ast.unparse(statement.test).rpartition(".")[2] == "TYPE_CHECKING"
