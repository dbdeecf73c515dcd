"""The reader of django-import-export's resources: what is written of each row that a resource exports.

In: a resource as a value, and its rows. Out: events, as from a loop over the rows that writes each field. The library
stub `import_export/resources.py` calls it where the real resource would go over its fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.machine import iteration, querysets
from flake8_django_orm.machine.frames import Body, Frame
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Argument,
    Constant,
    FunctionValue,
    Instance,
    ManagerValue,
    RowValue,
    Step,
    Unknown,
    Value,
    each,
)
from flake8_django_orm.orm import resources
from flake8_django_orm.project.facts import Assignment, ClassFacts, Expr
from flake8_django_orm.project.models import RelationKind
from flake8_django_orm.project.named_models import model_named
from flake8_django_orm.project.sequences import constant, strings
from flake8_django_orm.readers.class_bodies import string_place, value_place
from flake8_django_orm.readers.serializers import visible

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Loop
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.readers.execution import Execution
    from flake8_django_orm.syntax.units import Place


def export_rows(execution: Execution, machine: Machine, how: str, resource: Value, rows: Value, place: Place) -> Value:
    """The rows of a resource's model, or nothing for writing the rows that are given."""
    for one in each(resource):
        facts = machine.project.class_facts(one.key) if isinstance(one, Instance) else None
        if not isinstance(one, Instance) or facts is None:
            continue
        if how == resources.ROWS_OF:
            model = model_of(machine.project, facts)
            if model is None:
                return UNKNOWN
            steps = (Step("objects", visible(machine, place), machine.frame),)
            return ManagerValue(model=model, manager=model.managers.get("objects"), steps=steps)
        methods = (machine.project.find_method(one.key, name) for name in resources.SHAPES_EXPORT)
        if not any(method is not None and machine.project.is_own(method.path) for method in methods):
            ResourceReader(execution, machine, one, facts, visible(machine, place)).write(rows)
    return UNKNOWN


@dataclass(frozen=True, slots=True)
class ResourceField:
    """One field: its name, the class whose body brings it in, the call that declares it, and the path that it reads."""

    name: str
    owner: ClassFacts
    call: Expr | None
    path: str


def option(project: Project, resource: ClassFacts, name: str) -> tuple[ClassFacts, Assignment] | None:
    """The nearest `Meta` that has the option: each base's Meta counts, whether or not it is inherited from."""
    for key in project.mro(resource.key):
        facts = project.class_facts(key)
        meta = facts.classes.get("Meta") if facts is not None else None
        if meta is not None and name in meta.assignments:
            return meta, meta.assignments[name]
    return None


def model_of(project: Project, resource: ClassFacts) -> Model | None:
    """The model that `Meta` names."""
    found = option(project, resource, "model")
    return model_named(project, found[0].module, found[1].value) if found is not None else None


def fields_of(project: Project, resource: ClassFacts) -> Iterator[ResourceField]:
    """The fields that a resource writes: those it declares, and those that it makes of its model.

    A foreign key that it makes is written by its column, so it is none of them.
    """
    named = option(project, resource, "fields")
    names = strings(project, named[0].module, named[1].value) if named is not None else None
    left_out = option(project, resource, "exclude")
    excluded = strings(project, left_out[0].module, left_out[1].value) if left_out is not None else ()
    if (named is not None and names is None) or excluded is None:
        return
    declared: dict[str, ResourceField] = {}
    for key in reversed(project.mro(resource.key)):
        facts = project.class_facts(key)
        for name, assignment in facts.assignments.items() if facts is not None and project.is_own(facts.path) else ():
            declared.pop(name, None)
            if facts is not None and _is_field(project, facts, assignment.value):
                path = _path(project, facts, assignment.value)
                declared[name] = ResourceField(name, facts, assignment.value, path)
    yield from (field for field in declared.values() if names is None or field.name in names)
    model = model_of(project, resource)
    if model is None:
        return
    for name in names if names is not None else model.relations:
        relation = model.relations.get(name)
        many = relation is not None and relation.kind is RelationKind.MANY_TO_MANY
        if name not in declared and name not in excluded and (many or "__" in name):
            yield ResourceField(name, resource, None, name)


def _is_field(project: Project, owner: ClassFacts, expression: Expr) -> bool:
    found = project.resolve(owner.module, str(expression.value)) if expression.kind == "call" else None
    return isinstance(found, ClassFacts) and resources.FIELD in project.ancestors(found.key)


def _path(project: Project, owner: ClassFacts, call: Expr) -> str:
    given = call.keywords.get("attribute", call.items[0] if call.items else None)
    path = constant(project, owner.module, given)
    return path if isinstance(path, str) else ""


class ResourceReader:
    """Writes rows by one resource; `place` is where it was asked to."""

    def __init__(
        self, execution: Execution, machine: Machine, resource: Instance, facts: ClassFacts, place: Place
    ) -> None:
        self.execution = execution
        self.machine = machine
        self.project = machine.project
        self.resource = resource
        self.facts = facts
        self.place = place

    def write(self, rows: Value) -> None:
        """Write every field of every row."""
        fields = list(fields_of(self.project, self.facts))
        if isinstance(rows, ManagerValue):
            rows = querysets.as_queryset(self.machine, rows, self.place) or UNKNOWN

        def write_row(row: Value, _: Loop) -> None:
            for one in each(row):
                for field in fields if isinstance(one, RowValue) else ():
                    self._write_field(field, one)

        iteration.loop_over(self.machine, rows, self.place, write_row)

    def _write_field(self, field: ResourceField, row: Value) -> None:
        machine, outer, place = self.machine, self.machine.frame, self._place_of(field)
        owner = field.owner
        machine.frame = Frame(
            owner.qualname, owner.path, parent=outer, call=self.place, function=owner.key, body=Body.DECLARED
        )
        try:
            method = self.project.find_method(self.facts.key, self._dehydrating(field))
            if method is not None:
                bound = FunctionValue(facts=method, bound=self.resource)
                machine.text(machine.call(bound, (Argument(row),), place), place)
            else:
                self._render(field, self._follow(field.path, row, place), place)
        finally:
            machine.frame = outer

    def _dehydrating(self, field: ResourceField) -> str:
        named = field.call.keywords.get("dehydrate_method") if field.call is not None else None
        given = constant(self.project, field.owner.module, named)
        return given if isinstance(given, str) else f"dehydrate_{field.name}"

    def _follow(self, path: str, row: Value, place: Place) -> Value:
        """What the path finds: attributes one behind the other, the last one called where it is a method."""
        value = row
        for name in path.split("__") if path else ():
            if isinstance(value, (Unknown, Constant)):
                return UNKNOWN
            value = self.machine.read_attribute(value, name, place)
        return self.machine.call(value, (), place) if isinstance(value, FunctionValue) else value

    def _render(self, field: ResourceField, value: Value, place: Place) -> None:
        """What the widget writes of the value."""
        widget = field.call.keywords.get("widget") if field.call is not None else None
        found = self.project.resolve(field.owner.module, str(widget.value)) if widget is not None else None
        kind = "" if widget is None else found.key if isinstance(found, ClassFacts) else "other"
        shown = self._shown(field.owner.module, widget, kind)
        for one in each(value):
            if isinstance(one, ManagerValue) and kind in ("", resources.MANY_TO_MANY_WIDGET):
                rows = querysets.as_queryset(self.machine, one, place) if widget or field.call is None else None
                if rows is not None:
                    iteration.loop_over(self.machine, rows, place, lambda row, _: self._show(row, shown, place))
            elif kind == resources.FOREIGN_KEY_WIDGET:
                self._show(one, shown, place)
            elif kind == "" and field.call is not None:
                self.machine.text(one, place)

    def _show(self, row: Value, path: str, place: Place) -> None:
        self._follow(path, row, place)

    def _shown(self, module: str, widget: Expr | None, kind: str) -> str:
        """The path that a widget of relations writes of a related row: `ForeignKeyWidget(Author, "name")`."""
        if widget is None:
            return "pk"
        second = widget.items[1] if len(widget.items) > 1 and kind == resources.FOREIGN_KEY_WIDGET else None
        given = widget.keywords.get("field", second)
        path = constant(self.project, module, given)
        return path if isinstance(path, str) else "pk"

    def _place_of(self, field: ResourceField) -> Place:
        """The field's declaration, or its name in Meta."""
        if field.call is not None:
            return value_place(self.execution, field.owner, field.name) or self.place
        for name in ("fields", "model"):
            found = option(self.project, self.facts, name)
            whole = value_place(self.execution, found[0], name) if found is not None else None
            if whole is not None and isinstance(whole.node, cst.BaseExpression):
                return string_place(whole, field.name) or whole
        return self.place
