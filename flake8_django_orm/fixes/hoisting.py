"""The fix for a query that is the same in each iteration: its statement moves in front of the loop.

In: the query. Out: a fix for an assignment that stands in the loop's body itself, None for anything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.statements import only_statement, surroundings
from flake8_django_orm.syntax.names import bound_names
from flake8_django_orm.syntax.visitor import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_django_orm.machine.events import QueryRun
    from flake8_django_orm.project.project import Project


def hoist(project: Project, event: QueryRun) -> Fix | None:
    """Move `name = <query>` out of the loop."""
    unit, text = event.place.unit, project.text(event.place.path)
    around = surroundings(unit, event.place.node)
    if around is None or text is None:
        return None
    loop = around.nearest(cst.For, cst.FunctionDef, cst.While)
    if not isinstance(loop, cst.For) or loop.iter is not event.loops[-1].place.node:
        return None
    line = _line_of(loop, around.ancestors)
    if line is None or not _is_movable(loop, line):
        return None
    start, end = unit.span(line)
    loop_start, _ = unit.span(loop)
    line_start, outer_start = _row_start(text, start), _row_start(text, loop_start)
    line_end = text.find("\n", end) + 1
    indentation, inner = text[outer_start:loop_start], text[line_start:start]
    statement = text[start:end].rstrip()
    if not line_end or "\n" in statement or text[end:line_end].strip() or indentation.strip() or inner.strip():
        return None
    edits = (
        Edit(event.place.path, outer_start, outer_start, f"{indentation}{statement}\n"),
        Edit(event.place.path, line_start, line_end, ""),
    )
    return Fix(Applicability.UNSAFE, "Move the query out of the loop", edits)


def _line_of(loop: cst.For, ancestors: Sequence[cst.CSTNode]) -> cst.SimpleStatementLine | None:
    """The line of the loop's own body in which the query stands, if it is not the only one."""
    body = loop.body.body if isinstance(loop.body, cst.IndentedBlock) else ()
    found = [line for line in body if any(line is node for node in ancestors)]
    line = found[0] if found else None
    return line if isinstance(line, cst.SimpleStatementLine) and len(body) > 1 and not line.leading_lines else None


def _is_movable(loop: cst.For, line: cst.SimpleStatementLine) -> bool:
    """True for the only binding of a name to something that reads no name which the loop binds."""
    statement = only_statement(line)
    if not isinstance(statement, cst.Assign) or len(statement.targets) != 1:
        return False
    target = statement.targets[0].target
    if not isinstance(target, cst.Name) or isinstance(statement.value, cst.Await):
        return False
    bound = bound_names(loop)
    reads = {node.value for node in walk(statement.value) if isinstance(node, cst.Name)}
    others = [one for one in loop.body.body if one is not line]
    rebound = any(target.value in bound_names(one) for one in others) or target.value in bound_names(loop.target)
    return not rebound and not reads & bound and not _reads_before(loop, line, target.value)


def _reads_before(loop: cst.For, line: cst.CSTNode, name: str) -> bool:
    """True if the body reads the name before the line: it then means the value of the iteration before."""
    for one in loop.body.body:
        if one is line:
            return False
        if any(isinstance(node, cst.Name) and node.value == name for node in walk(one)):
            return True
    return False


def _row_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1
