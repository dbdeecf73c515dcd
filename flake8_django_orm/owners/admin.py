"""The admin: a change list shows columns of each row, of which some are relations, methods and texts.

In: a ModelAdmin class and the models that it is registered for. Out: events, as from a loop over the rows of the change
list. What Django joins by itself, by version, stands in `orm/admin.py`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from flake8_django_orm.machine import definitions, iteration
from flake8_django_orm.machine.attributes import REQUEST
from flake8_django_orm.machine.loading import UNKNOWN_LOADING, How, Loaded, Loading, join_path
from flake8_django_orm.machine.querysets import as_queryset
from flake8_django_orm.machine.values import (
    Argument,
    Constant,
    FunctionValue,
    ManagerValue,
    ModelClass,
    QuerySetValue,
    RowValue,
    Step,
    Value,
    each,
)
from flake8_django_orm.orm import admin
from flake8_django_orm.owners.base import Owner
from flake8_django_orm.project.expressions import dotted_name
from flake8_django_orm.project.facts import ClassFacts, Expr, FunctionFacts
from flake8_django_orm.project.sequences import elements, strings
from flake8_django_orm.readers.class_bodies import string_place

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Loop
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.owners.classes import OwnedClass
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

_ADMINS = frozenset({admin.MODEL_ADMIN}) | admin.THIRD_PARTY


class ModelAdminOwner(Owner):
    """A ModelAdmin, for each model that it is registered for."""

    pieces = frozenset(
        {
            "list_display",
            "list_select_related",
            "get_queryset",
            "get_list_display",
            "get_list_select_related",
            "actions",
        }
    )

    def owns(self, project: Project, facts: ClassFacts) -> bool:
        """Whether the class is an admin of some model."""
        return not _ADMINS.isdisjoint(project.ancestors(facts.key)) and any(_registered(project, facts))

    def has_pieces(self, facts: ClassFacts) -> bool:
        """Every registered admin has a change list, of `__str__` at least; a class with no such base is none."""
        return any("Admin" in str(base.value) for base in facts.bases)

    def run(self, machine: Machine, owned: OwnedClass) -> None:
        """Show the change list of each model."""
        for module, dotted in dict.fromkeys(_registered(machine.project, owned.facts)):
            value = definitions.resolve(machine, module, dotted)
            if isinstance(value, ModelClass):
                machine.store.set_member(owned.instance.identity, "model", value)
                ChangeList(machine, owned, value.model).show()


def _registered(project: Project, facts: ClassFacts) -> Iterator[tuple[str, str]]:
    """The models that a class is registered for, by its decorator or by a call, each with the module that names it."""
    for decorator in facts.decorators:
        if decorator.kind == "call" and str(decorator.value).rpartition(".")[2] == "register":
            yield from ((facts.module, str(item.value)) for item in decorator.items if item.kind == "name")
    for module in project.modules_mentioning(facts.name):
        for models, by in _register_calls(project.text(module.path) or ""):
            found = project.resolve(module.name, by) if by.rpartition(".")[2] == facts.name else None
            if isinstance(found, ClassFacts) and found.key == facts.key:
                yield from ((module.name, model) for model in models)


@lru_cache(maxsize=32)
def _register_calls(text: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """The calls `site.register(Model, Admin)` and `site.register([Model, ...], Admin)` in a module, by name."""
    if ".register(" not in text:
        return ()
    found = []
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Attribute(attr="register"), args=[models, by]) if name := dotted_name(by):
                listed = models.elts if isinstance(models, ast.List | ast.Tuple) else [models]
                names = tuple(dotted for model in listed if (dotted := dotted_name(model)) is not None)
                found.append((names, name))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Column:
    """One entry of list_display; `name` is "" for a callable."""

    name: str
    place: Place
    function: FunctionFacts | None = None


class ChangeList:
    """The change list of one model."""

    def __init__(self, machine: Machine, owned: OwnedClass, model: Model) -> None:
        self.machine = machine
        self.project = machine.project
        self.owned = owned
        self.model = model
        self.version = machine.django_version or (0, 0)

    def show(self) -> None:
        """Read every column of every row."""
        columns = self._columns()
        queryset = self._queryset()
        if columns is None or queryset is None:
            return
        joined = self._joined(queryset, columns)
        if self.owned.defines("get_queryset"):
            self._read(joined, columns)
            return
        # What the joins of today serve is known once the columns are read; a fix has to name it.
        machine = self.machine
        first, before = len(machine.events), machine.store.fork()
        self._read(joined, columns)
        served = [path for result, path in machine.loaded_reads if result == joined.result]
        del machine.events[first:]
        machine.store.restore(before)
        names = ["__".join(path) for path in served if _is_served(joined.loading, self.model, path, self.project)]
        arguments = tuple(Argument(Constant(name)) for name in sorted(names))
        step = Step(admin.CHANGE_LIST, self._change_list_place(), machine.frame, arguments)
        self._read(replace(joined, steps=(*joined.steps, step), result=machine.store.new_identity()), columns)

    def _change_list_place(self) -> Place:
        for name in ("list_select_related", "list_display"):
            declared = self.owned.declaration(name)
            if declared is not None and declared.path == self.owned.facts.path:
                return declared
        return self.owned.name_place

    # -- rows -----------------------------------------------------------------------------------------------------

    def _queryset(self) -> QuerySetValue | None:
        if self.owned.defines("get_queryset"):
            made = self.owned.call("get_queryset", (REQUEST,))
        else:
            manager = self.model.managers.get(self.model.default_manager)
            made = ManagerValue(model=self.model, manager=manager)
        return made if isinstance(made, QuerySetValue) else as_queryset(self.machine, made, self.owned.place)

    def _joined(self, queryset: QuerySetValue, columns: list[_Column]) -> QuerySetValue:
        """The queryset with what the change list joins: nothing where it joins something by itself already."""
        loading = queryset.loading
        if loading.all_non_null or any(entry.how is How.JOINED for _, entry in loading.relations):
            return queryset
        return replace(queryset, loading=self._joins(loading, columns))

    def _joins(self, loading: Loading, columns: list[_Column]) -> Loading:
        if self.owned.defines("get_list_select_related"):
            return UNKNOWN_LOADING
        found = self.project.find_class_attribute(self.owned.facts.key, "list_select_related")
        value = found[1].value if found is not None else Expr("const", False)
        if value.kind == "const" and value.value is True:
            return replace(loading, all_non_null=True)
        if value.kind == "const" and value.value is False:
            return self._joined_keys(loading, columns)
        names = strings(self.project, found[0].module, value) if found is not None else None
        if names is None:
            return UNKNOWN_LOADING
        for name in names:
            loading = join_path(loading, self.model, name, self.project.model)
        return loading

    def _joined_keys(self, loading: Loading, columns: list[_Column]) -> Loading:
        """What a foreign key among the columns makes Django join."""
        keys = [c.name for c in columns if (r := self.model.relations.get(c.name)) and r.kind.forward_column]
        if not keys:
            return loading
        if self.version < admin.NAMED_KEYS_SINCE:
            return replace(loading, all_non_null=True)
        for key in keys:
            loading = loading.with_relation(key, Loaded(How.JOINED, Loading()))
        return loading

    # -- columns --------------------------------------------------------------------------------------------------

    def _columns(self) -> list[_Column] | None:
        """The columns, the checkbox included; None where they are not known."""
        if self.owned.defines("get_list_display"):
            return None
        found = self.project.find_class_attribute(self.owned.facts.key, "list_display")
        listed = elements(self.project, found[0].module, found[1].value) if found is not None else []
        if listed is None:
            return None
        columns = [column for module, item in listed if (column := self._column(module, item)) is not None]
        if not listed or self._has_checkboxes():
            columns.append(_Column("__str__", self._change_list_place()))
        return columns

    def _has_checkboxes(self) -> bool:
        """Whether each row has a checkbox that names the row."""
        if self.version < admin.CHECKBOX_TEXT_SINCE or self.owned.defines("get_actions"):
            return False
        found = self.project.find_class_attribute(self.owned.facts.key, "actions")
        return found is None or found[1].value.kind != "const"

    def _column(self, module: str, item: Expr) -> _Column | None:
        declared = self.owned.declaration("list_display")
        place = declared if declared is not None else self._change_list_place()
        if item.kind == "const" and isinstance(item.value, str):
            return _Column(item.value, string_place(place, item.value) or place)
        if item.kind == "name":
            found = self.project.resolve(module, str(item.value))
            return _Column("", place, found) if isinstance(found, FunctionFacts) else None
        return None

    def _read(self, queryset: QuerySetValue, columns: list[_Column]) -> None:
        machine = self.machine
        place = self._change_list_place()

        def show(row: Value, _: Loop) -> None:
            for one in each(row):
                if isinstance(one, RowValue):
                    for column in columns:
                        self._show(column, one)

        iteration.loop_over(machine, queryset, place, show)

    def _show(self, column: _Column, row: RowValue) -> None:
        """Show one column of a row, in the order in which Django looks for it: field, admin, model."""
        machine, name, place = self.machine, column.name, column.place
        if column.function is not None:
            machine.call(FunctionValue(facts=column.function), (Argument(row),), place)
        elif name == "__str__":
            machine.text(row, place)
        elif name in row.model.relations or name in row.model.columns:
            machine.text(machine.read_attribute(row, name, place), place)
        elif (method := self.project.find_method(self.owned.facts.key, name)) is not None:
            bound = FunctionValue(facts=method, bound=self.owned.instance)
            self._text(machine.call(bound, (Argument(row),), place), place)
        else:
            self._show_attribute(row, name, place)

    def _show_attribute(self, row: RowValue, name: str, place: Place) -> None:
        value: Value = row
        for part in name.split("__") if self.version >= admin.RELATED_COLUMNS_SINCE else [name]:
            value = self.machine.read_attribute(value, part, place)
        if any(isinstance(one, FunctionValue) for one in each(value)):
            value = self.machine.call(value, (), place)
        self._text(value, place)

    def _text(self, value: Value, place: Place) -> None:
        self.machine.text(value, place)


def _is_served(loading: Loading, model: Model, path: tuple[str, ...], project: Project) -> bool:
    """Whether the loading holds the whole path by joins."""
    current: Model | None = model
    for name in path:
        relation = current.relations.get(name) if current is not None else None
        if relation is None:
            return False
        entry = loading.get(name)
        if entry is not None and entry.how is How.JOINED:
            loading = entry.loading
        elif loading.all_non_null and relation.kind.forward_column and not relation.null:
            loading = Loading(all_non_null=True)
        else:
            return False
        current = project.model(relation.target) if relation.target else None
    return True
