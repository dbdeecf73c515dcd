"""A loop as it is written: the `for` statement or comprehension around a place, and what can stand in front of it.

In: a place and the loop that the machine ran there. Out: the loop's parts, the rows under a name that may be gone
through twice, and edits that put statements on lines of their own before the loop. None where the text is of another
shape, or a comment would be lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Edit
from flake8_django_orm.fixes.call_text import whole_span
from flake8_django_orm.fixes.statements import Surroundings, surroundings
from flake8_django_orm.syntax.names import bound_names, dotted_name, may_stop_early, mentioned_names, target_names
from flake8_django_orm.syntax.visitor import walk

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Loop
    from flake8_django_orm.machine.values import QuerySetValue
    from flake8_django_orm.syntax.units import Place

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_COMPREHENSIONS: tuple[type[cst.CSTNode], ...] = (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)
#: Functions that go through a generator there and then, to its end.
_CONSUMERS = frozenset({"dict", "frozenset", "list", "max", "min", "set", "sorted", "sum", "tuple"})
#: Calls that give the same rows again each time their result is gone through.
_LISTS = frozenset({"list", "sorted", "tuple"})


@dataclass(frozen=True, slots=True)
class WrittenLoop:
    """`for target in iter`, with the statement that holds it: what stands before that runs once, before the loop."""

    place: Place
    iter: cst.BaseExpression
    target: str
    body: cst.CSTNode
    statement: cst.CSTNode
    around: Surroundings

    def binds(self, node: cst.CSTNode) -> bool:
        """Whether an expression reads a name that the loop binds."""
        bound = {self.target, *bound_names(self.body)}
        return bool(mentioned_names(node) & bound)

    @property
    def rebinds_target(self) -> bool:
        return self.target in bound_names(self.body)


def written_loop(place: Place, loop: Loop) -> WrittenLoop | None:
    """The loop around a place, if it is the machine's, runs to its end, and may have statements put before it."""
    around = surroundings(place.unit, place.node)
    if around is None or loop.place.unit is not place.unit:
        return None
    holder = around.nearest(cst.For, cst.While, cst.FunctionDef, cst.Lambda, *_COMPREHENSIONS)
    if isinstance(holder, cst.For):
        if holder.asynchronous is not None or holder.iter is not loop.place.node or may_stop_early(holder.body):
            return None
        return _loop(place, holder.iter, holder.target, holder.body, holder, around)
    if isinstance(holder, (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)):
        level = holder.for_in
        if level.iter is not loop.place.node or level.ifs or level.inner_for_in or level.asynchronous:
            return None
        statement = _statement_of(holder, around)
        return None if statement is None else _loop(place, level.iter, level.target, holder, statement, around)
    return None


def loop_statement(place: Place, loop: Loop) -> WrittenLoop | None:
    """The `for` statement around a place, if it is the machine's and has no `else`; it may end early."""
    around = surroundings(place.unit, place.node)
    holder = around.nearest(cst.For, cst.While, cst.FunctionDef, cst.Lambda, *_COMPREHENSIONS) if around else None
    if around is None or not isinstance(holder, cst.For) or holder.iter is not loop.place.node:
        return None
    if holder.asynchronous is not None or holder.orelse is not None or not isinstance(holder.body, cst.IndentedBlock):
        return None
    return _loop(place, holder.iter, holder.target, holder.body, holder, around)


def _loop(
    place: Place,
    rows: cst.BaseExpression,
    target: cst.BaseExpression,
    body: cst.CSTNode,
    statement: cst.CSTNode,
    around: Surroundings,
) -> WrittenLoop | None:
    names = list(target_names(target))
    if not isinstance(target, cst.Name) or len(names) != 1:
        return None
    return WrittenLoop(place, rows, names[0], body, statement, around)


def _statement_of(comprehension: cst.CSTNode, around: Surroundings) -> cst.CSTNode | None:
    """The statement whose value is the comprehension, there and then: nothing else in it runs before."""
    position = next(n for n, node in enumerate(around.ancestors) if node is comprehension)
    lazy = isinstance(comprehension, cst.GeneratorExp)
    for node in reversed(around.ancestors[:position]):
        match node:
            case cst.Arg():
                continue
            case cst.Call(func=cst.Name(value=name)) if name in _CONSUMERS and lazy and len(node.args) == 1:
                lazy = False
            case cst.Return() | cst.Expr() | cst.Assign():
                return None if lazy else node
            case _:
                return None
    return None


def lines_before(loop: WrittenLoop, text: str, lines: list[str]) -> Edit | None:
    """Put statements on lines of their own in front of the loop."""
    start = loop.place.unit.span(loop.statement)[0]
    row = text.rfind("\n", 0, start) + 1
    indentation = text[row:start]
    if indentation.strip():
        return None
    return Edit(loop.place.path, row, row, "".join(f"{indentation}{line}\n" for line in lines))


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a loop under a name: the statement that binds it, "" where it is bound, and the edit of the loop."""

    name: str
    statement: str
    edits: tuple[Edit, ...]


def rows_by_name(loop: WrittenLoop, text: str, origin: QuerySetValue) -> Rows | None:
    """A name under which the loop's rows can be gone through twice with one query."""
    if origin.streamed or "\n" in (written := text[slice(*whole_span(loop.place.at(loop.iter)))]):
        return None
    if isinstance(loop.iter, cst.Name) and _keeps_rows(loop, loop.iter.value, origin):
        return Rows(loop.iter.value, "", ())
    name = free_name(loop, "rows", f"{loop.target}_rows")
    if name is None:
        return None
    statement = written if _gives_rows_again(loop.iter, origin) else f"list({written})"
    return Rows(name, f"{name} = {statement}", (Edit(loop.place.path, *whole_span(loop.place.at(loop.iter)), name),))


def _keeps_rows(loop: WrittenLoop, name: str, origin: QuerySetValue) -> bool:
    """True for a name that is bound once, to the queryset itself or a list of its rows."""
    function = loop.around.function
    if function is None or name in {p.name.value for p in walk(function.params) if isinstance(p, cst.Param)}:
        return False
    bindings = [part for part in walk(function.body) if name in bound_names_of(part)]
    if len(bindings) != 1 or not isinstance(bindings[0], cst.Assign) or len(bindings[0].targets) != 1:
        return False
    return _gives_rows_again(bindings[0].value, origin)


def bound_names_of(node: cst.CSTNode) -> frozenset[str]:
    """The names that a node binds by itself, not by what stands in it."""
    match node:
        case cst.Assign(targets=targets):
            return frozenset(name for one in targets for name in target_names(one.target))
        case cst.AnnAssign(target=target) | cst.AugAssign(target=target) | cst.For(target=target):
            return frozenset(target_names(target))
        case cst.NamedExpr(target=target) | cst.AsName(name=target):
            return frozenset(target_names(target))
    return frozenset()


def _gives_rows_again(node: cst.BaseExpression, origin: QuerySetValue) -> bool:
    if origin.steps and node is origin.steps[-1].place.node:
        return True
    return isinstance(node, (cst.List, cst.ListComp)) or (
        isinstance(node, cst.Call) and dotted_name(node.func) in _LISTS
    )


def free_name(loop: WrittenLoop, *candidates: str) -> str | None:
    """The first name that the loop's function does not use for anything."""
    used = mentioned_names(loop.place.unit.tree)
    return next((name for name in candidates if name not in used), None)


def snake_case(name: str) -> str:
    """`LoanItem` as `loan_item`."""
    return _WORD.sub("_", name).lower()
