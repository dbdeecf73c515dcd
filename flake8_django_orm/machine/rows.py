"""Rows: their columns, relations, methods, properties and text; what is assigned to them and what save() writes.

In: a row and an operation. Out: values; events for relations read, columns deferred, rows saved.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine import histories, join_keys, key_uses, relations
from flake8_django_orm.machine.events import (
    ColumnChange,
    DeferredRead,
    Event,
    ExpressionRead,
    QueryMethodOnRow,
    QueryRun,
    RowSaved,
)
from flake8_django_orm.machine.loading import NOTHING
from flake8_django_orm.machine.store import RowState
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Alternatives,
    Argument,
    Arithmetic,
    Collection,
    Constant,
    Expression,
    Fetched,
    FunctionValue,
    Instance,
    Method,
    ModelClass,
    RowValue,
    Scalar,
    Unknown,
    Value,
    each,
    loops_of,
)
from flake8_django_orm.orm.databases import SAVE_REFRESHES_SINCE
from flake8_django_orm.orm.instances import INSTANCE_METHODS, display_field, neighbour_field
from flake8_django_orm.orm.querysets import queryset_method

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.syntax.units import Place


_SAVES = ("save", "asave", "save_base")


def read_attribute(machine: Machine, row: RowValue, name: str, place: Place) -> Value:
    """`row.name`: what was assigned, a relation, a column, a method, a property, an annotation; else unknown."""
    model = row.model
    # A key that is a relation itself gives the related row under its name.
    is_key = name == "pk" or (name == model.primary_key and name not in model.relations)
    key_uses.note_column(machine, row, place, is_key=is_key)
    assigned = machine.store.row(row.identity).assigned.get(name)
    if assigned is not None:
        if name in model.relations and name in machine.store.row(row.identity).maybe_assigned:
            machine.note_relation_read(row, name, place)  # on another way nothing was assigned: there it is read
        return assigned
    relation = model.relations.get(name)
    if relation is not None:
        if relation.kind.single_valued:
            return relations.read_single(machine, row, relation, place)
        return relations.read_manager(machine, row, relation, place)
    column = column_named(model, name)
    if column is not None:
        machine.note_column_use(row, column, place)
        state = machine.store.row(row.identity)
        expression = state.expressions.get(column)
        if expression is not None:
            saved = column not in state.written
            machine.emit(ExpressionRead, place, row=row, column=column, change=expression, saved=saved)
            if saved and not expression.kept and (machine.django_version or (0, 0)) >= SAVE_REFRESHES_SINCE:
                # The column was deferred: now that it was read, the row has its value.
                left = {name: change for name, change in state.expressions.items() if name != column}
                machine.store.set_row(row.identity, replace(state, expressions=left))
            return Unknown(loops=loops_of(row))
        written = state.written.get(column)
        if written is not None:
            return written.value
        _note_deferred(machine, row, column, place)
        return Scalar(row=row, column=column, place=place)
    to_attr = relations.read_to_attr(machine, row, name, place)
    if to_attr is not None:
        return to_attr
    if name in row.loading.annotations:
        # Django sets annotations on the instance: they hide a method or cached property of the same name.
        return Unknown(loops=loops_of(row))
    return _class_member(machine, row, name, place)


def column_named(model: Model, name: str) -> str | None:
    """The column that an attribute name reads: a field's own name, `author_id`, or `pk`; None where it is none."""
    if name == "pk":
        return model.primary_key
    if name in model.columns:
        return name
    if name == model.primary_key:
        return name
    for relation in model.relations.values():
        if relation.attname == name:
            return name
    return None


def _note_deferred(machine: Machine, row: RowValue, column: str, place: Place) -> None:
    loading = row.loading
    if (loading.only is None and not loading.deferred) or row.origin is None or relations.is_silent(machine, row):
        return
    if column == row.model.primary_key or loading.peers:
        return
    if not loading.leaves_out(column) or machine.store.row(row.identity).reads.get(column):
        return
    if join_keys.is_join_key(row, column):
        return  # one query for it there was, when the row was fetched
    loop = machine.active_loop(row.loop)
    machine.emit(
        DeferredRead,
        place,
        around=loop,
        row=row,
        column=column,
        path=row.path,
        origin=row.origin,
        loop=loop,
    )
    state = machine.store.row(row.identity)
    machine.store.set_row(row.identity, replace(state, reads={**state.reads, column: True}))


def shared_member(machine: Machine, value: Alternatives, name: str, place: Place) -> Value | None:
    """A method or property of the project, read of what may be several rows of one model: it runs once, for any of
    them, so that a condition in it may be the one under which one of them was loaded. None for anything else."""
    first, *others = value.values
    if not isinstance(first, RowValue) or not all(
        isinstance(one, RowValue) and one.model.key == first.model.key for one in others
    ):
        return None
    model, method = first.model, machine.project.find_method(first.model.key, name)
    if method is None or method.is_static or method.is_classmethod or name in model.relations:
        return None
    if method.is_cached_property or column_named(model, name) is not None or _is_given(machine, value, name):
        return None
    bound = FunctionValue(facts=method, bound=value)
    return machine.call(bound, (), place) if method.is_property else bound


def _is_given(machine: Machine, value: Alternatives, name: str) -> bool:
    """Whether any of the rows has the name from elsewhere: assigned, annotated, a list that a Prefetch fills."""
    return any(
        isinstance(row, RowValue)
        and (
            name in machine.store.row(row.identity).assigned
            or name in row.loading.annotations
            or relations.loaded_entry(machine, row, name) is not None
        )
        for row in value.values
    )


def _class_member(machine: Machine, row: RowValue, name: str, place: Place) -> Value:
    method = machine.project.find_method(row.model.key, name)
    if method is not None:
        if method.is_static:
            return FunctionValue(facts=method)
        if method.is_classmethod:
            return FunctionValue(facts=method, bound=ModelClass(model=row.model))
        bound = FunctionValue(facts=method, bound=row)
        if not method.is_property:
            return bound
        if not method.is_cached_property:
            return machine.call(bound, (), place)
        # Kept on the instance: a second read runs nothing, and loops that go over other things repeat nothing.
        others = [loop for loop in machine.loops if loop.number not in loops_of(row)]
        value = machine.once_for(others, lambda: machine.call(bound, (), place))
        state = machine.store.row(row.identity)
        machine.store.set_row(row.identity, replace(state, assigned={**state.assigned, name: value}))
        return value
    if name in INSTANCE_METHODS or display_field(name) or neighbour_field(name):
        return Method(row, name, place)
    _note_query_method(machine, row, name, place)
    return Unknown(loops=loops_of(row))


def _note_query_method(machine: Machine, row: RowValue, name: str, place: Place) -> None:
    """`book.select_related`: a row of a model that is wholly known and has nothing of that name."""
    described = queryset_method(name)
    if described is None or not described.lazy or not row.model.complete or machine.choices:
        return
    annotations = row.origin.loading.annotations if row.origin is not None else row.loading.annotations
    declared = machine.project.find_class_attribute(row.model.key, name)
    if declared is None and name not in annotations and row.fetched is not Fetched.GIVEN:
        machine.emit(QueryMethodOnRow, place, row=row, method=name)


def current_user(machine: Machine) -> Value:
    """`request.user`: fetched by the authentication middleware, alone and without its relations."""
    model = machine.project.user_model()
    if model is None:
        return UNKNOWN
    return RowValue(model=model, result=-1, fetched=Fetched.SINGLE, loading=NOTHING)


# -- methods ----------------------------------------------------------------------------------------------------------


def call_method(machine: Machine, method: Method, arguments: tuple[Argument, ...], place: Place) -> Value:
    """A method of Django's Model on a row: save(), delete(), refresh_from_db(), get_x_display()."""
    row = method.receiver
    assert isinstance(row, RowValue)
    described = INSTANCE_METHODS.get(method.name)
    if described is None:
        return Unknown(loops=loops_of(row))
    name = described.sync_twin or described.name
    if name == "save":
        save(machine, row, arguments, place)
    elif name == "delete":
        _emit_write(machine, row, name, arguments, place)
    elif described.refreshes:
        _refresh(machine, row, arguments)
    return Unknown(loops=loops_of(row))


def _refresh(machine: Machine, row: RowValue, arguments: tuple[Argument, ...]) -> None:
    """`row.refresh_from_db()`: what was loaded is forgotten, so no eager loading saves a query on this row any more."""
    if arguments:
        state = machine.store.row(row.identity)
        machine.store.set_row(row.identity, replace(state, written={}, expressions={}, changed=()))
    else:
        machine.store.set_row(row.identity, RowState(escaped=True))


def save(machine: Machine, row: RowValue, arguments: tuple[Argument, ...], place: Place) -> None:
    """`row.save(...)`: emits what was changed on the row before."""
    state = machine.store.row(row.identity)
    if _saves_a_copy(row, state, arguments):
        _emit_write(machine, row, "insert", arguments, place)
        machine.store.set_row(row.identity, replace(state, written={}, expressions={}, changed=()))
        return
    changes = tuple(state.written.values())
    update_fields = _update_fields(arguments)
    stale = tuple(
        change
        for column, change in state.expressions.items()
        if column not in state.written and (update_fields is None or column in update_fields)
    )
    machine.emit(
        RowSaved,
        place,
        row=row,
        changes=changes,
        update_fields=update_fields,
        stale=stale,
        locked=row.locked,
        loop=machine.active_loop(row.loop),
        now_and_then=machine.conditions > machine.frame.conditions,
    )
    _emit_write(machine, row, "save", arguments, place, _fields_of_save(state, arguments, update_fields))
    unsaved = {k: v for k, v in state.written.items() if update_fields is not None and k not in update_fields}
    changed = tuple(name for name in state.changed if update_fields is not None and name not in update_fields)
    # What save() has written it may read back; what a bulk method has written nobody reads back.
    expressions = {
        k: replace(v, kept=False) if update_fields is None or k in update_fields else v
        for k, v in state.expressions.items()
    }
    saved = replace(state, written=unsaved, changed=changed, expressions=expressions)
    machine.store.set_row(row.identity, saved)


def _saves_a_copy(row: RowValue, state: RowState, arguments: tuple[Argument, ...]) -> bool:
    """Whether a row from the database is stored as another one: its key was set anew, or an INSERT is asked for.

    Source: Django documentation, Copying model instances.
    """
    if row.fetched is Fetched.CREATED:
        return False
    return row.model.primary_key in state.written or any(a.name == "force_insert" for a in arguments)


def _emit_write(
    machine: Machine,
    row: RowValue,
    how: str,
    arguments: tuple[Argument, ...],
    place: Place,
    fields: tuple[str, ...] | None = None,
) -> None:
    machine.note_write(row.model.key)
    from flake8_django_orm.machine.values import QuerySetValue

    queryset = row.origin if row.origin is not None and not row.path else QuerySetValue(model=row.model)
    machine.emit(
        QueryRun,
        place,
        queryset=queryset,
        how=f"row.{how}",
        arguments=(Argument(row), *arguments),
        varies=machine.varying_loops(row),
        writes=True,
        fields=fields,
    )
    histories.note_query(machine)


def _update_fields(arguments: tuple[Argument, ...]) -> tuple[str, ...] | None:
    for argument in arguments:
        if argument.name == "update_fields" and isinstance(argument.value, Collection):
            items = argument.value.items or ()
            return tuple(str(i.value) for i in items if isinstance(i, Constant))
    return None


def as_text(machine: Machine, value: Value, place: Place) -> None:
    """`str(value)`: runs the `__str__` of the project's model or class; a queryset shows its rows."""
    match value:
        case RowValue(model=model):
            method = machine.project.find_method(model.key, "__str__")
            if method is not None:
                machine.call(FunctionValue(facts=method, bound=value), (), place)
        case Instance(key=key):
            method = machine.project.find_method(key, "__str__")
            if method is not None:
                machine.call(FunctionValue(facts=method, bound=value), (), place)
        case Scalar():
            return


# -- assignment -------------------------------------------------------------------------------------------------------


def assign_attribute(
    machine: Machine, target: Value, name: str, value: Value, place: Place, *, augmented: bool = False
) -> None:
    """`target.name = value`. A relation that is assigned is there afterwards; a column is remembered for save()."""
    machine.note_queryset_use(value, "kept", place)
    machine.lose(value)
    match target:
        case RowValue():
            _assign_to_row(machine, target, name, value, place, augmented)
        case Instance(identity=identity) if identity:
            machine.store.set_member(identity, name, value)


def _assign_to_row(machine: Machine, row: RowValue, name: str, value: Value, place: Place, augmented: bool) -> None:
    relation = row.model.relations.get(name)
    if relation is None:
        relation = next((r for r in row.model.relations.values() if r.attname == name), None)
    state = _with_change(machine.store.row(row.identity), relation.name if relation else column_named(row.model, name))
    assigned = dict(state.assigned)
    reads = dict(state.reads)
    if relation is not None:
        # Assigning `author_id` throws away a cached author; assigning `author` fills it.
        if relation.attname == name:
            reads.pop(relation.name, None)
            assigned.pop(relation.name, None)
        elif relation.kind.single_valued:
            assigned[name] = value if isinstance(value, RowValue) else Unknown(loops=loops_of(value))
    else:
        column = column_named(row.model, name)
        if column is not None:
            change = ColumnChange(column, place, value, augmented, frame=machine.frame)
            expressions = {k: v for k, v in state.expressions.items() if k != column}
            if isinstance(value, Expression):
                expressions[column] = change
            written = {**state.written, column: change}
            machine.store.set_row(row.identity, replace(state, written=written, expressions=expressions))
            return
        assigned[name] = value
    maybe = state.maybe_assigned - {name}
    machine.store.set_row(row.identity, replace(state, assigned=assigned, reads=reads, maybe_assigned=maybe))


def _with_change(state: RowState, field: str | None) -> RowState:
    """The state of a row with one more field that save() has to write."""
    return state if field is None or field in state.changed else replace(state, changed=(*state.changed, field))


def _fields_of_save(
    state: RowState, arguments: tuple[Argument, ...], update_fields: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    """The fields that a save() of a fetched row has to write; None where that is not known."""
    if state.escaped or any(a.name != "update_fields" for a in arguments):
        return None
    return update_fields if arguments else state.changed


def finish_save(machine: Machine, event: Event) -> Event:
    """Complete a RowSaved with what was seen of the columns before and after: other reads of the old or new value.
    What a called function both changes and saves belongs to that function."""
    if not isinstance(event, RowSaved) or not event.changes:
        return event
    changes = tuple(
        _finish_change(machine, event.row, change)
        for change in event.changes
        if change.frame is None or machine.belongs_to_root((event.frame, change.frame))
    )
    return replace(event, changes=changes, by_save=_is_by_save(machine, event.row))


def _is_by_save(machine: Machine, row: RowValue) -> bool:
    """Whether the root is a save() of the row's own model, or a method that such a save() calls."""
    root = machine.calls[0].function if machine.calls else None
    if root is None or root.class_name is None or row.fetched is not Fetched.GIVEN:
        return False
    if root.name in _SAVES:
        return True
    methods = (machine.project.find_method(row.model.key, name) for name in _SAVES)
    return any(f"self.{root.name}(" in machine.programs.text_of(found) for found in methods if found is not None)


def _finish_change(machine: Machine, row: RowValue, change: ColumnChange) -> ColumnChange:
    uses = machine.column_uses.get((row.identity, change.column), [])
    arithmetic = change.from_itself
    own = arithmetic.column_place if arithmetic is not None else None
    written = next((u for u in uses if own is not None and u.place == own), None)
    if written is None:
        return change
    others = [u for u in uses if u.place != own]
    return replace(
        change,
        old_read=any(u.order < written.order for u in others),
        new_read=any(u.order > written.order for u in others),
    )


def arithmetic(
    left: Value, operator: str, right: Value, place: Place, left_place: Place, right_place: Place
) -> Value | None:
    """`row.n + 1` and `1 + row.n`: a value worked out from a column; None where neither side is one."""
    for side, other, other_place, swapped in (
        (left, right, right_place, False),
        (right, left, left_place, True),
    ):
        for one in each(side):
            if isinstance(one, Scalar) and not isinstance(other, (Scalar, Arithmetic)):
                return Arithmetic(
                    row=one.row,
                    column=one.column,
                    operator=operator,
                    operand=other_place,
                    operand_value=other,
                    column_place=one.place,
                    place=place,
                    reversed=swapped,
                    certain=len(each(side)) == 1,
                )
    return None
