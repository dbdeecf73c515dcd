"""Inlines of the admin: the change form of one row shows a form for each row that refers to it.

In: an inline class and the models whose admin lists it. Out: events, as from a loop over the rows of the inline: each
is named, its read-only fields are shown, and the choices of its relations are fetched again for each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine import iteration, querysets
from flake8_django_orm.machine.attributes import REQUEST
from flake8_django_orm.machine.values import ManagerValue, RowValue, Value, each
from flake8_django_orm.orm import admin
from flake8_django_orm.orm.choices import SHAPES_FORMSET
from flake8_django_orm.owners.admin_columns import Column, column_of, show
from flake8_django_orm.owners.admin_forms import AdminForm
from flake8_django_orm.owners.admin_registry import shown_by
from flake8_django_orm.owners.base import Owner
from flake8_django_orm.project.facts import ClassFacts
from flake8_django_orm.project.models import RelationKind
from flake8_django_orm.project.named_models import model_named
from flake8_django_orm.project.sequences import elements

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Loop
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.owners.classes import OwnedClass
    from flake8_django_orm.project.models import Model, Relation
    from flake8_django_orm.project.project import Project


class InlineOwner(Owner):
    """An inline that the admin of some model lists."""

    def owns(self, project: Project, facts: ClassFacts) -> bool:
        """Whether the class is an inline that is shown, by a template of Django's."""
        if admin.INLINE not in project.ancestors(facts.key) or not any(shown_by(project, facts)):
            return False
        template = project.find_class_attribute(facts.key, "template")
        return (template is None or project.is_stub(template[0].path)) and not _has_own_rows(project, facts)

    def has_pieces(self, facts: ClassFacts) -> bool:
        """Every inline names its rows, whatever it declares."""
        return any("Inline" in str(base.value) for base in facts.bases)

    def run(self, machine: Machine, owned: OwnedClass) -> None:
        """Show the inline for one row of a model whose admin lists it."""
        parent = next(shown_by(machine.project, owned.facts))
        model = _model_of(machine.project, owned.facts)
        is_generic = admin.GENERIC_INLINE in machine.project.ancestors(owned.facts.key)
        find = _generic_link if is_generic else _link
        link = find(machine.project, owned.facts, model, parent) if model is not None else None
        if model is not None and link is not None:
            Inline(machine, owned, model, link).show()


class Inline:
    """One inline: the rows of `model` whose `link` leads to the row of the change form."""

    def __init__(self, machine: Machine, owned: OwnedClass, model: Model, link: Relation) -> None:
        self.machine = machine
        self.project = machine.project
        self.owned = owned
        self.model = model
        self.link = link
        self.hidden = link.content_type_field or link.name  # the field that Django fills in by itself

    def show(self) -> None:
        """Show each row, then the choices of each row's form."""
        machine, place = self.machine, self.owned.name_place
        made = self.owned.call("get_queryset", (REQUEST,))
        rows = querysets.as_queryset(machine, made, place)
        if rows is None:
            return
        form = AdminForm(machine, self.owned, self.model, hidden=(self.hidden,))
        relations = form.relations()
        columns = [Column("__str__", place), *self._columns(form.names())]
        once = self.link.kind is RelationKind.ONE_TO_ONE

        def show_row(row: Value, _: Loop) -> None:
            for one in each(row):
                if isinstance(one, RowValue):
                    for column in columns:
                        show(machine, self.owned, column, one)
                    for relation in relations:
                        self._mark_chosen(form, relation, one)

        def show_choices(*_: object) -> None:
            for relation in relations:
                form.offer(relation)

        iteration.loop_over(machine, rows, place, show_row, once=once)
        iteration.loop_over(machine, rows, place, show_choices, once=once)

    def _mark_chosen(self, form: AdminForm, relation: Relation, row: RowValue) -> None:
        """Which choices of a many-to-many relation are taken is read from the row's manager."""
        if relation.kind.single_valued:
            return
        manager = self.machine.read_attribute(row, relation.name, form.place(relation.name))
        taken = querysets.as_queryset(self.machine, manager, form.place(relation.name))
        if isinstance(manager, ManagerValue) and taken is not None:
            iteration.loop_over(self.machine, taken, form.place(relation.name), lambda *_: None)

    def _columns(self, shown: list[str] | None) -> list[Column]:
        """The read-only fields; where the class names its fields, those among them. Django leaves out the link."""
        found = self.project.find_class_attribute(self.owned.facts.key, "readonly_fields")
        if found is None or shown is None or self.owned.defines("get_readonly_fields"):
            return []
        listed = elements(self.project, found[0].module, found[1].value) or ()
        place = self.owned.name_place
        named = (column_of(self.owned, "readonly_fields", module, item, place) for module, item in listed)
        columns = [column for column in named if column is not None and column.name != self.hidden]
        return [column for column in columns if not shown or column.name in shown]


def _has_own_rows(project: Project, facts: ClassFacts) -> bool:
    """Whether a formset class of the project may choose the rows."""
    found = project.find_class_attribute(facts.key, "formset")
    formset = project.resolve(found[0].module, str(found[1].value.value)) if found is not None else None
    if found is None:
        return False
    if not isinstance(formset, ClassFacts):
        return True
    methods = (project.find_method(formset.key, name) for name in SHAPES_FORMSET)
    return any(method is not None and project.is_own(method.path) for method in methods)


def _model_of(project: Project, facts: ClassFacts) -> Model | None:
    found = project.find_class_attribute(facts.key, "model")
    return model_named(project, found[0].module, found[1].value) if found is not None else None


def _link(project: Project, facts: ClassFacts, model: Model, parent: Model) -> Relation | None:
    """The foreign key by which the rows refer to the row of the form: `fk_name`, or the only one there is."""
    named = project.find_class_attribute(facts.key, "fk_name")
    if named is not None and named[1].value.kind == "const" and named[1].value.value is not None:
        return model.relations.get(str(named[1].value.value))
    keys = [r for r in model.relations.values() if r.kind.forward_column and r.target in parent.mro]
    return keys[0] if len(keys) == 1 else None


def _generic_link(project: Project, facts: ClassFacts, model: Model, _: Model) -> Relation | None:
    """The generic foreign key whose two columns `ct_field` and `ct_fk_field` name."""
    wanted = {}
    for name in ("ct_field", "ct_fk_field"):
        found = project.find_class_attribute(facts.key, name)
        wanted[name] = found[1].value.value if found is not None and found[1].value.kind == "const" else None
    return next(
        (
            relation
            for relation in model.relations.values()
            if relation.kind is RelationKind.GENERIC_FOREIGN_KEY
            and relation.content_type_field == wanted["ct_field"]
            and relation.object_id_field == wanted["ct_fk_field"]
        ),
        None,
    )
