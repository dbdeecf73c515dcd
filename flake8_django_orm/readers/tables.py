"""The reader of django_tables2's tables: what is read of each row that a table is given.

In: a table as a value, and its rows. Out: events, as from a loop over the rows that shows each cell. The library stub
`django_tables2/tables.py` calls it where the real table would go over its columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.machine import iteration, querysets
from flake8_django_orm.machine.frames import Body, Frame
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Argument,
    Collection,
    Constant,
    FunctionValue,
    Instance,
    ManagerValue,
    QuerySetValue,
    RowValue,
    Shape,
    TemplateValue,
    Unknown,
    Value,
    each,
)
from flake8_django_orm.orm import tables
from flake8_django_orm.project.facts import ClassFacts, Expr, FunctionFacts
from flake8_django_orm.project.named_models import model_named
from flake8_django_orm.project.sequences import constant, strings
from flake8_django_orm.readers.class_bodies import string_place, value_place
from flake8_django_orm.readers.python import PythonReader
from flake8_django_orm.readers.serializers import visible
from flake8_django_orm.readers.template_values import called, member

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Loop
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.readers.execution import Execution
    from flake8_django_orm.syntax.units import Place


def show_table(execution: Execution, machine: Machine, table: Value, rows: Value, place: Place) -> Value:
    """Show the rows in the table; where both are lists, make a table of each class with the rows at its place."""
    if isinstance(table, Collection):
        data = rows.items if isinstance(rows, Collection) else None
        if table.items is None or data is None or len(table.items) != len(data):
            return UNKNOWN
        pairs = zip(table.items, data, strict=True)
        made = tuple(machine.call(kind, (Argument(given),), place) for kind, given in pairs)
        return Collection(shape=Shape.LIST, items=made)
    for one in each(table):
        facts = machine.project.class_facts(one.key) if isinstance(one, Instance) else None
        if isinstance(one, Instance) and facts is not None and not _chooses_columns(machine, facts):
            TableReader(execution, machine, one, facts, visible(machine, place)).show(rows)
    return UNKNOWN


def _chooses_columns(machine: Machine, facts: ClassFacts) -> bool:
    """Whether the code of the table, or of a base that super() may lead to, decides which columns it shows."""
    project = machine.project
    classes = [found for key in project.mro(facts.key) if (found := project.class_facts(key)) is not None]
    makers = [one.methods["__init__"] for one in classes if project.is_own(one.path) and "__init__" in one.methods]
    texts = [machine.programs.text_of(made) for made in makers]
    return any(word in text for text in texts for word in tables.CHOOSES_COLUMNS)


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column: its name, the class whose body brings it in, and the call that declares it.

    Without a call it is a name in the Meta of `owner`.
    """

    name: str
    owner: ClassFacts
    call: Expr | None = None


def columns_of(project: Project, table: ClassFacts) -> list[TableColumn]:
    """The columns that are shown: those of the bases first, then those that Meta names, then the declared ones."""
    found: dict[str, TableColumn] = {}
    for key in reversed(project.mro(table.key)):
        facts = project.class_facts(key)
        if facts is None or not project.is_own(facts.path):
            continue
        meta = facts.classes.get("Meta")
        for name in _listed(project, meta) if meta is not None else ():
            if name not in found or found[name].call is None:
                found[name] = TableColumn(name, facts)
        for name, assignment in facts.assignments.items():
            found.pop(name, None)
            if assignment.value.kind == "call" and tables.COLUMN in _kinds(project, facts, assignment.value):
                found[name] = TableColumn(name, facts, assignment.value)
        for name in _names(project, meta, "exclude") if meta is not None else ():
            found.pop(name, None)
    return [column for column in found.values() if not _is_hidden(column)]


def _listed(project: Project, meta: ClassFacts) -> Sequence[str]:
    """The columns that a table makes of its model: those in Meta.fields, or every field."""
    if project.find_class_attribute(meta.key, "fields") is not None:
        return _names(project, meta, "fields")
    found = project.find_class_attribute(meta.key, "model")
    model = model_named(project, found[0].module, found[1].value) if found is not None else None
    if model is None:
        return ()
    return [*model.columns, *(r.name for r in model.relations.values() if r.kind.forward_column)]


def _names(project: Project, meta: ClassFacts, attribute: str) -> Sequence[str]:
    found = project.find_class_attribute(meta.key, attribute)
    return strings(project, found[0].module, found[1].value) or () if found is not None else ()


def _kinds(project: Project, owner: ClassFacts, call: Expr) -> tuple[str, ...]:
    found = project.resolve(owner.module, str(call.value)) if call.value else None
    return project.ancestors(found.key) if isinstance(found, ClassFacts) else ()


def _is_hidden(column: TableColumn) -> bool:
    visible = column.call.keywords.get("visible") if column.call is not None else None
    return visible is not None and visible.value is not True


class TableReader:
    """Shows rows in one table; `place` is where it was made."""

    def __init__(
        self, execution: Execution, machine: Machine, table: Instance, facts: ClassFacts, place: Place
    ) -> None:
        self.execution = execution
        self.machine = machine
        self.project = machine.project
        self.table = table
        self.facts = facts
        self.place = place

    def show(self, rows: Value) -> None:
        """Show every cell of every row."""
        columns = columns_of(self.project, self.facts)
        for one in each(rows):
            made = querysets.as_queryset(self.machine, one, self.place) if isinstance(one, ManagerValue) else one
            if isinstance(made, (QuerySetValue, Collection)):
                self._show_each(made, columns)

    def _show_each(self, rows: Value, columns: Sequence[TableColumn]) -> None:
        def show_row(row: Value, _: Loop) -> None:
            for one in each(row):
                if isinstance(one, RowValue):
                    for column in columns:
                        Cell(self, column, one).show()

        iteration.loop_over(self.machine, rows, self.place, show_row)

    @contextmanager
    def inside(self, owner: ClassFacts) -> Iterator[None]:
        """Run a block as the body of the table's class."""
        machine, outer = self.machine, self.machine.frame
        machine.frame = Frame(
            owner.qualname, owner.path, parent=outer, call=self.place, function=owner.key, body=Body.DECLARED
        )
        try:
            yield
        finally:
            machine.frame = outer


class Cell:
    """One column of one row."""

    def __init__(self, reader: TableReader, column: TableColumn, row: RowValue) -> None:
        self.reader = reader
        self.machine = reader.machine
        self.project = reader.project
        self.column = column
        self.row = row

    def show(self) -> None:
        """Read the value, render it by the table's own method or as the column does, and make its link."""
        with self.reader.inside(self.column.owner):
            value = self._value()
            method = self.project.find_method(self.reader.facts.key, f"render_{self.column.name}")
            if method is not None:
                bound = FunctionValue(facts=method, bound=self.reader.table)
                self.machine.text(self._call(bound, value), self.place)
            else:
                self._render(value)
            self._link(value)

    @cached_property
    def place(self) -> Place:
        """The column's declaration, or its name in Meta."""
        execution, owner = self.reader.execution, self.column.owner
        if self.column.call is not None:
            return value_place(execution, owner, self.column.name) or self.reader.place
        meta = owner.classes["Meta"]
        for name in ("fields", "model"):
            whole = value_place(execution, meta, name)
            if whole is not None:
                return string_place(whole, self.column.name) or whole
        return self.reader.place

    @property
    def kinds(self) -> tuple[str, ...]:
        """The classes of the column."""
        call = self.column.call
        return _kinds(self.project, self.column.owner, call) if call is not None else (tables.COLUMN,)

    # -- values ---------------------------------------------------------------------------------------------------

    def _value(self) -> Value:
        accessor = self._given("accessor")
        if accessor is None:
            return self._follow(self.column.name)
        if isinstance(accessor, FunctionValue):
            return self.machine.call(accessor, (Argument(self.row),), self.place)
        path = self._accessor(self.column.call.keywords.get("accessor") if self.column.call else None)
        return self._follow(path) if path is not None else UNKNOWN

    def _accessor(self, expression: Expr | None) -> str | None:
        """The path of an accessor: a string, or one in A()."""
        if expression is not None and expression.kind == "call" and expression.items:
            expression = expression.items[0]
        path = constant(self.project, self.column.owner.module, expression)
        return path if isinstance(path, str) else None

    def _follow(self, path: str) -> Value:
        """What an accessor finds: keys, attributes and indexes, each called if it can be."""
        value: Value = self.row
        for name in path.split("." if "." in path else "__") if path else ():
            if isinstance(value, (Unknown, Constant)):
                return UNKNOWN
            value = called(self.machine, member(self.machine, value, name, self.place), self.place)
        return value

    def _given(self, name: str) -> Value | None:
        """An argument of the declaration, as a value; None where it is not given."""
        place = self.argument_place(name)
        if place is None:
            return None
        return PythonReader(self.machine, place.unit, self.column.owner.module, {}).evaluate(place.node)

    def argument_place(self, name: str) -> Place | None:
        """Where an argument of the declaration stands."""
        node = self.place.node if self.column.call is not None else None
        for argument in node.args if isinstance(node, cst.Call) else ():
            if argument.keyword is not None and argument.keyword.value == name:
                return self.place.at(argument.value)
        return None

    def _call(self, function: Value, value: Value) -> Value:
        """Call a function with those of a cell's arguments that its parameters name."""
        names = _parameters(function)
        known = {"record": self.row, "value": value, "table": self.reader.table}
        wanted = [name for name in tables.CELL_ARGUMENTS if name in names]
        given = tuple(Argument(known.get(name, UNKNOWN), name) for name in wanted)
        return self.machine.call(function, given, self.place)

    # -- what is made of the value --------------------------------------------------------------------------------

    def _render(self, value: Value) -> None:
        kinds = self.kinds
        if any(self._is_own(kind) for kind in kinds):
            self._render_by_own_class(value)
        elif tables.VALUE_COLUMNS.isdisjoint(kinds) and tables.TEMPLATE_COLUMN in kinds:
            self._render_template(value)
        elif tables.MANY_TO_MANY_COLUMN in kinds:
            self._render_many(value)
        else:
            self.machine.text(value, self.place)

    def _is_own(self, kind: str) -> bool:
        facts = self.project.class_facts(kind)
        return facts is not None and self.project.is_own(facts.path)

    def _render_by_own_class(self, value: Value) -> None:
        """A column class of the project: its render() tells."""
        method = self.project.find_method(self.kinds[0], "render")
        if method is not None and self.project.is_own(method.path):
            instance = Instance(self.kinds[0], self.machine.store.new_identity())
            self.machine.text(self._call(FunctionValue(facts=method, bound=instance), value), self.place)

    def _render_template(self, value: Value) -> None:
        entries = (("record", self.row), ("value", value), ("table", self.reader.table))
        context = Collection(shape=Shape.DICT, entries=entries)
        name = self._given("template_name")
        if name is not None:
            self.machine.programs.render(self.machine, name, context, self.place)
            return
        place = self.argument_place("template_code") or self._first_argument()
        for code in each(self._given_at(place)) if place is not None else ():
            if isinstance(code, Constant) and isinstance(code.value, str):
                template = TemplateValue(names=code, written=place)
                self.machine.programs.render(self.machine, template, context, self.place)

    def _first_argument(self) -> Place | None:
        node = self.place.node
        first = node.args[0] if isinstance(node, cst.Call) and node.args else None
        return self.place.at(first.value) if first is not None and first.keyword is None and not first.star else None

    def _given_at(self, place: Place) -> Value:
        return PythonReader(self.machine, place.unit, self.column.owner.module, {}).evaluate(place.node)

    def _render_many(self, value: Value) -> None:
        machine, place = self.machine, self.place
        chooses, shows = self._given("filter"), self._given("transform")

        def show_item(item: Value, _: Loop) -> None:
            machine.text(machine.call(shows, (Argument(item),), place) if shows is not None else item, place)

        for one in each(value):
            if isinstance(one, ManagerValue):
                rows = machine.call(chooses, (Argument(one),), place) if chooses is not None else one
                made = querysets.as_queryset(machine, rows, place)
                if made is not None:
                    iteration.loop_over(machine, made, place, show_item)

    def _link(self, value: Value) -> None:
        """The address of the cell: that of the value or of the row, of a function, or of a view with accessors."""
        place = self.argument_place("linkify")
        given = self.column.call.keywords.get("linkify") if self.column.call is not None else None
        if place is None or given is None:
            return
        if given.value is True:
            for one in each(value):
                row = one if isinstance(one, RowValue) else self.row
                if self.project.find_method(row.model.key, "get_absolute_url") is not None:
                    url = self.machine.read_attribute(row, "get_absolute_url", self.place)
                    self.machine.call(url, (), self.place)
            return
        for path in _accessors(given):
            self._follow(path)
        function = self._given("linkify")
        if isinstance(function, FunctionValue):
            self._call(function, value)


def _accessors(expression: Expr) -> Iterator[str]:
    """The accessors inside of what reverse() is given: `("book", {"pk": A("author__pk")})`."""
    if expression.kind == "call" and str(expression.value).rpartition(".")[2] in ("A", "Accessor"):
        yield from (str(item.value) for item in expression.items[:1] if item.kind == "const")
    elif expression.kind in ("tuple", "list", "dict"):
        for item in expression.items:
            yield from _accessors(item)


def _parameters(function: Value) -> frozenset[str]:
    facts = function.facts if isinstance(function, FunctionValue) else None
    if isinstance(facts, FunctionFacts):
        return frozenset(parameter.name for parameter in facts.parameters)
    node = getattr(function.closure, "node", None) if isinstance(function, FunctionValue) else None
    return frozenset(p.name.value for p in node.params.params) if isinstance(node, cst.Lambda) else frozenset()
