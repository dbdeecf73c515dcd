"""The fix for a loop that does nothing but write one row at a time: one statement in the place of the loop.

In: the write. Out: `queryset.delete()`, `bulk_create([...])` or `add(*rows)`, None for a loop that does anything else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import laid_out
from flake8_django_orm.fixes.statements import only_statement, surroundings
from flake8_django_orm.machine.row_writes import BulkWrite
from flake8_django_orm.syntax.names import dotted_name
from flake8_django_orm.syntax.visitor import walk

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import QueryRun
    from flake8_django_orm.project.project import Project


def write_at_once(project: Project, event: QueryRun, kind: BulkWrite) -> Fix | None:
    """One statement for the whole loop."""
    text = project.text(event.place.path)
    call, unit = event.place.node, event.place.unit
    loop = _loop_around(event)
    if text is None or loop is None or not isinstance(call, cst.Call):
        return None
    start, end = unit.span(loop)
    if "#" in text[start:end]:
        return None

    def source(node: cst.CSTNode) -> str:
        first, last = unit.span(node)
        return text[first:last]

    if kind is BulkWrite.ADD and _reads_relation(event, call):
        return None
    made = _statement(kind, loop, call, source)
    if made is None or "\n" in made[0] + "".join(made[1]):
        return None
    statement = laid_out(*made, event.place.at(loop), text)
    stop = start + len(text[start:end].rstrip())
    return Fix(Applicability.UNSAFE, f"Use {kind.value}", (Edit(event.place.path, start, stop, statement),))


def _loop_around(event: QueryRun) -> cst.For | None:
    """The `for` statement whose body is the write and nothing else."""
    around = surroundings(event.place.unit, event.place.node)
    loop = around.nearest(cst.For, cst.FunctionDef) if around is not None else None
    if not isinstance(loop, cst.For) or loop.orelse is not None or loop.asynchronous is not None:
        return None
    if event.loops[-1].place.node is not loop.iter or not isinstance(loop.body, cst.IndentedBlock):
        return None
    lines = loop.body.body
    statement = only_statement(lines[0]) if len(lines) == 1 else None
    return loop if isinstance(statement, cst.Expr) and statement.value is event.place.node else None


def _statement(
    kind: BulkWrite, loop: cst.For, call: cst.Call, source: Callable[[cst.CSTNode], str]
) -> tuple[str, list[str]] | None:
    """What is called instead, and with what."""
    rows, target, function = source(loop.iter), loop.target, call.func
    if not isinstance(function, cst.Attribute) or loop.iter.lpar:
        return None
    if kind is BulkWrite.DELETE:
        plain = isinstance(loop.iter, cst.Name | cst.Attribute | cst.Call) and not call.args
        return (f"{rows}.delete", []) if plain and _is_name(function.value, target) else None
    if kind is BulkWrite.CREATE and isinstance(function.value, cst.Attribute):
        if any(arg.keyword is None and arg.star != "**" for arg in call.args):
            return None
        model = dotted_name(function.value.value)
        arguments = ", ".join(source(arg).rstrip(", \n") for arg in call.args)
        made = f"{model}({arguments}) for {source(target)} in {rows}"
        return (f"{source(function.value)}.bulk_create", [f"[{made}]"]) if model else None
    if kind is BulkWrite.ADD and len(call.args) == 1 and _is_name(call.args[0].value, target):
        plain = isinstance(loop.iter, cst.Name | cst.Attribute | cst.Call)
        return (source(function), [f"*{rows}"]) if plain and not _reads(function, target) else None
    return None


def _reads_relation(event: QueryRun, call: cst.Call) -> bool:
    """`book.author.friends.add(friend)`: where there is nobody to add, the loop does not ask for the author, who may be
    None."""
    row, function = event.queryset.source_row, call.func
    manager = function.value if isinstance(function, cst.Attribute) else None
    written = manager.value if isinstance(manager, cst.Attribute) else None
    return row is not None and bool(row.path) and not isinstance(written, cst.Name)


def _is_name(node: cst.BaseExpression, target: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and isinstance(target, cst.Name) and node.value == target.value


def _reads(node: cst.CSTNode, target: cst.BaseExpression) -> bool:
    return any(isinstance(part, cst.Name) and _is_name(part, target) for part in walk(node))
