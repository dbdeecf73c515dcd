"""The admin: a change list shows columns of each row, of which some are relations, methods and texts.

In: a ModelAdmin class and the models that it is registered for. Out: events, as from a loop over the rows of the change
list. What Django joins by itself, by version, stands in `orm/admin.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine import definitions, iteration
from flake8_django_orm.machine.attributes import REQUEST
from flake8_django_orm.machine.loading import UNKNOWN_LOADING, How, Loaded, Loading, join_path
from flake8_django_orm.machine.querysets import as_queryset
from flake8_django_orm.machine.values import (
    Argument,
    Collection,
    Constant,
    FunctionValue,
    Instance,
    ManagerValue,
    ModelClass,
    QuerySetValue,
    RowValue,
    Step,
    Value,
    each,
)
from flake8_django_orm.orm import admin
from flake8_django_orm.orm.resources import EXPORTING_ADMINS
from flake8_django_orm.owners.admin_columns import Column, column_of
from flake8_django_orm.owners.admin_columns import show as show_column
from flake8_django_orm.owners.admin_forms import AdminForm, offer_filters
from flake8_django_orm.owners.admin_registry import registered
from flake8_django_orm.owners.base import Owner
from flake8_django_orm.project.facts import ClassFacts, Expr, FunctionFacts
from flake8_django_orm.project.sequences import elements, strings

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
        return not _ADMINS.isdisjoint(project.ancestors(facts.key)) and any(registered(project, facts))

    def has_pieces(self, facts: ClassFacts) -> bool:
        """Every registered admin has a change list, of `__str__` at least; a class with no such base is none."""
        return any("Admin" in str(base.value) for base in facts.bases)

    def run(self, machine: Machine, owned: OwnedClass) -> None:
        """Show the change list of each model."""
        for module, dotted in dict.fromkeys(registered(machine.project, owned.facts)):
            value = definitions.resolve(machine, module, dotted)
            if isinstance(value, ModelClass):
                machine.store.set_member(owned.instance.identity, "model", value)
                ChangeList(machine, owned, value.model).show()
                AdminForm(machine, owned, value.model).offer_choices()
                offer_filters(machine, owned, value.model)


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
        results = self._read(joined, columns)
        served = {path for result, path in machine.loaded_reads if result in results}
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

    def _joined(self, queryset: QuerySetValue, columns: list[Column]) -> QuerySetValue:
        """The queryset with what the change list joins: nothing where it joins something by itself already."""
        loading = queryset.loading
        if loading.all_non_null or any(entry.how is How.JOINED for _, entry in loading.relations):
            return queryset
        return replace(queryset, loading=self._joins(loading, columns))

    def _joins(self, loading: Loading, columns: list[Column]) -> Loading:
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

    def _joined_keys(self, loading: Loading, columns: list[Column]) -> Loading:
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

    def _columns(self) -> list[Column] | None:
        """The columns, the checkbox included; None where they are not known."""
        if self.owned.defines("get_list_display"):
            return self._chosen_columns()
        found = self.project.find_class_attribute(self.owned.facts.key, "list_display")
        listed = elements(self.project, found[0].module, found[1].value) if found is not None else []
        if listed is None:
            return None
        otherwise = self._change_list_place()
        named = (column_of(self.owned, "list_display", module, item, otherwise) for module, item in listed)
        columns = [column for column in named if column is not None]
        if not listed:
            columns.append(Column("__str__", otherwise))
        return [*columns, *self._checkbox()]

    def _chosen_columns(self) -> list[Column] | None:
        """What get_list_display() gives on each of its ways."""
        place = self._change_list_place()
        ways: list[list[str]] = []
        for made in each(self.owned.call("get_list_display", (REQUEST,))):
            items = made.items if isinstance(made, Collection) else None
            if items is None:
                return None
            ways.append([item.value for item in items if isinstance(item, Constant) and isinstance(item.value, str)])
        return [*(Column(n, place) for n in ways[0] if all(n in way for way in ways)), *self._checkbox()]

    def _checkbox(self) -> list[Column]:
        """The checkbox in front of each row, as a column."""
        return [Column("__str__", self._change_list_place())] if self._has_checkboxes() else []

    def _has_checkboxes(self) -> bool:
        """Whether each row has a checkbox that names the row."""
        if self.version < admin.CHECKBOX_TEXT_SINCE or self.owned.defines("get_actions"):
            return False
        found = self.project.find_class_attribute(self.owned.facts.key, "actions")
        return found is None or found[1].value.kind != "const"

    def _read(self, queryset: QuerySetValue, columns: list[Column]) -> set[int]:
        """Show the columns and run the actions; the result sets whose rows Django joins for them."""
        machine = self.machine
        place = self._change_list_place()

        def show(row: Value, _: Loop) -> None:
            for one in each(row):
                if isinstance(one, RowValue):
                    for column in columns:
                        show_column(machine, self.owned, column, one)

        iteration.loop_over(machine, queryset, place, show)
        self._edit(queryset, [column.name for column in columns])
        return {queryset.result, *self._act(queryset), *self._export(queryset)}

    def _edit(self, queryset: QuerySetValue, columns: list[str]) -> None:
        """Show the form fields of each row, by which it can be edited in the list."""
        if self.project.find_class_attribute(self.owned.facts.key, "list_editable") is None:
            return
        form = AdminForm(self.machine, self.owned, self.model, declared_in=("list_editable",))
        relations = [relation for relation in form.relations() if relation.name in columns]

        def edit(*_: object) -> None:
            for relation in relations:
                form.offer(relation)

        if relations:
            iteration.loop_over(self.machine, queryset, self._change_list_place(), edit)

    def _act(self, queryset: QuerySetValue) -> Iterator[int]:
        """Run the actions of the change list, each with the rows that were chosen there."""
        machine = self.machine
        found = self.project.find_class_attribute(self.owned.facts.key, "actions")
        listed = elements(self.project, found[0].module, found[1].value) if found is not None else None
        for module, item in listed or ():
            chosen = replace(queryset, filtered=True, refined=True, result=machine.store.new_identity())
            self._run_action(module, item, (Argument(REQUEST), Argument(chosen)))
            yield chosen.result

    def _export(self, queryset: QuerySetValue) -> Iterator[int]:
        """Write the rows of the change list to a file, by each resource of an admin that exports them."""
        machine, key = self.machine, self.owned.facts.key
        exports = not EXPORTING_ADMINS.isdisjoint(self.project.ancestors(key))
        for name in ("resource_classes", "resource_class") if exports else ():
            found = self.project.find_class_attribute(key, name)
            if found is None:
                continue
            owner, value = found[0], found[1].value
            listed = [value] if value.kind == "name" else value.items if value.kind in ("list", "tuple") else ()
            for item in listed:
                resource = self.project.resolve(owner.module, str(item.value))
                if not isinstance(resource, ClassFacts):
                    continue
                method = self.project.find_method(resource.key, "export")
                if method is not None:
                    written = replace(queryset, filtered=True, refined=True, result=machine.store.new_identity())
                    bound = Instance(resource.key, machine.store.new_identity())
                    place = self._change_list_place()
                    machine.call(FunctionValue(facts=method, bound=bound), (Argument(written),), place)
                    yield written.result

    def _run_action(self, module: str, item: Expr, given: tuple[Argument, ...]) -> None:
        machine, place = self.machine, self._change_list_place()
        name = str(item.value) if item.kind in ("const", "name") else ""
        method = self.project.find_method(self.owned.facts.key, name)
        function = self.project.resolve(module, name) if item.kind == "name" else None
        if method is not None:
            machine.call(FunctionValue(facts=method, bound=self.owned.instance), given, place)
        elif isinstance(function, FunctionFacts):
            machine.call(FunctionValue(facts=function), (Argument(self.owned.instance), *given), place)


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
