"""The fix for rows that a loop changes and saves one by one: the loop collects them, one bulk_update() writes them.

In: the save() of a loop's row, with the fields that it has to write. Out: a list in front of the loop, `append()` in
the place of save(), and bulk_update() behind the loop; None where save() does more than write these fields, or where
the loop looks at what it has written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import quoted
from flake8_django_orm.fixes.loops import WrittenLoop, free_name, lines_before, loop_statement
from flake8_django_orm.fixes.statements import only_statement
from flake8_django_orm.machine.values import RowValue
from flake8_django_orm.orm.fields import Category, category
from flake8_django_orm.syntax.names import bound_names, dotted_name
from flake8_django_orm.syntax.visitor import walk

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import QueryRun
    from flake8_django_orm.project.models import Column, Model
    from flake8_django_orm.project.project import Project

#: Statements that leave the loop before its end, or its function in the midst of it: what was collected would be lost.
_LEAVES = (cst.Return, cst.Raise, cst.Yield, cst.Await)


def collect_and_update(project: Project, event: QueryRun) -> Fix | None:
    """Collect the rows that the loop saves, and write all of them behind it."""
    call, text = event.place.node, project.text(event.place.path)
    row = event.arguments[0].value if event.arguments else None
    loop = loop_statement(event.place, event.loops[-1])
    if text is None or loop is None or not isinstance(row, RowValue) or not event.fields:
        return None
    if not isinstance(call, cst.Call) or dotted_name(call.func) != f"{loop.target}.save" or loop.rebinds_target:
        return None
    model = row.model
    if loop.around.nearest(cst.With, cst.For) is not loop.statement:
        return None  # a transaction or a lock of each iteration ends with it
    if any(isinstance(part, _LEAVES) for part in walk(loop.body)):
        return None
    if not _can_be_updated(model, event.fields) or (len(call.args) == 0 and _save_does_more(model)):
        return None
    manager, name = _manager(event, loop), free_name(loop, "changed", f"changed_{loop.target}s")
    before = lines_before(loop, text, [f"{name} = []"])
    fields = ", ".join(quoted(field, event.place) for field in event.fields)
    after = _line_behind(loop, text, f"{manager}.bulk_update({name}, [{fields}])")
    if manager is None or name is None or before is None or after is None:
        return None
    edits = (before, Edit(event.place.path, *event.place.span, f"{name}.append({loop.target})"), after)
    return Fix(Applicability.UNSAFE, "Use bulk_update()", edits)


def _can_be_updated(model: Model, fields: tuple[str, ...]) -> bool:
    """True for columns and foreign keys; bulk_update() takes no primary key and hands no file to its storage."""
    for name in fields:
        column, relation = model.columns.get(name), model.relations.get(name)
        if relation is not None and relation.kind.forward_column and not relation.parent_link:
            continue
        if column is None or column.primary_key or name == model.primary_key or _works_on_save(column):
            return False
    return bool(fields)


def _save_does_more(model: Model) -> bool:
    """True if a plain save() sets other columns by itself, as auto_now does."""
    return not model.complete or any(_works_on_save(column) for column in model.columns.values())


def _works_on_save(column: Column) -> bool:
    """True if the field has a say in what is saved: `auto_now`, files, and field classes that are not Django's."""
    if column.custom_class is not None or category(column.field_class) in (None, Category.FILE):
        return True
    return column.call is not None and "auto_now" in column.call.keywords


def _manager(event: QueryRun, loop: WrittenLoop) -> str | None:
    """`Book.objects`, as the loop's queryset begins, where the name means the same behind the loop."""
    first = event.queryset.steps[0].place if event.queryset.steps else None
    if first is None or first.unit is not event.place.unit or loop.around.function is None:
        return None
    written, model = dotted_name(first.node), event.queryset.model.name
    owner, _, manager = written.rpartition(".")
    own = manager in event.queryset.model.managers and owner.rpartition(".")[2] == model
    return written if own and owner.partition(".")[0] not in bound_names(loop.around.function.body) else None


def _line_behind(loop: WrittenLoop, text: str, line: str) -> Edit | None:
    """A statement on a line of its own behind the loop's last statement, with the loop's indentation."""
    unit, statement = loop.place.unit, loop.statement
    assert isinstance(statement, cst.For)
    last: cst.CSTNode = statement
    while isinstance(body := getattr(last, "body", None), cst.IndentedBlock) and getattr(last, "orelse", None) is None:
        last = body.body[-1]
    start, end = unit.span(statement)[0], unit.span(only_statement(last) or last)[1]
    row = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", start + len(text[start:end].rstrip()))
    if text[row:start].strip():
        return None
    return Edit(loop.place.path, *((stop, stop) if stop >= 0 else (len(text), len(text))), f"\n{text[row:start]}{line}")
