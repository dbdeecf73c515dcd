"""The reader of Django REST framework's serializers: what is read of each row that a serializer is given.

In: a serializer as a value, and the rows it was given. Out: events, as from a loop over the rows that reads each field.
The library stub `rest_framework/serializers.py` calls it where the real serializer would go over its fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine import iteration, querysets, relations
from flake8_django_orm.machine.frames import Body, Frame, Repeats
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Argument,
    ClassValue,
    Collection,
    Constant,
    ExternalValue,
    Fetched,
    FunctionValue,
    Instance,
    ManagerValue,
    Method,
    QuerySetValue,
    RowValue,
    Shape,
    Unknown,
    Value,
    each,
    loops_of,
)
from flake8_django_orm.project.facts import ClassFacts
from flake8_django_orm.readers.class_bodies import string_place, value_place
from flake8_django_orm.readers.serializer_fields import (
    BASE_SERIALIZER,
    PRIMARY_KEY_RELATED,
    SerializerField,
    declared_field,
    meta_of,
    model_fields,
    serializer_fields,
)

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.facts import Expr
    from flake8_django_orm.readers.execution import Execution
    from flake8_django_orm.syntax.units import Place

_METHOD_FIELD = "rest_framework.fields.SerializerMethodField"
_TEXT_FIELDS = frozenset({"rest_framework.fields.CharField", "rest_framework.relations.StringRelatedField"})
_RELATED = "rest_framework.relations.RelatedField"
_MANY_RELATED = "rest_framework.relations.ManyRelatedField"
_HYPERLINKED = "rest_framework.relations.HyperlinkedRelatedField"
_IDENTITY = "rest_framework.relations.HyperlinkedIdentityField"
_SLUG = "rest_framework.relations.SlugRelatedField"
_LIST_SERIALIZER = "rest_framework.serializers.ListSerializer"
_FIELD = "rest_framework.fields.Field"
#: How often one serializer may stand inside of itself.
_NESTED_IN_ITSELF = 2


def represent(
    execution: Execution, machine: Machine, serializer: Value, rows: Value, place: Place, *, each_row: bool = False
) -> Value:
    """What `serializer(rows).data` does: read each row, or the one. `each_row`: a ListSerializer asks for it."""
    reader = SerializerReader(execution, machine, visible(machine, place))
    for one in each(serializer):
        if isinstance(one, Instance):
            reader.represent(one, rows, through_list=not each_row)
    return Unknown(loops=loops_of(rows))


def read_fields(execution: Execution, machine: Machine, serializer: Value, row: Value, place: Place) -> Value:
    """What the serializer's own to_representation() does with one row."""
    reader = SerializerReader(execution, machine, visible(machine, place))
    for one in each(serializer):
        if isinstance(one, Instance):
            reader.read_fields(one, row)
    return Unknown(loops=loops_of(row))


def visible(machine: Machine, place: Place) -> Place:
    """The place itself, or the nearest call that leads to it, in code of the project."""
    frame: Frame | None = machine.frame
    while frame is not None and not machine.project.is_own(place.path):
        if frame.call is None:
            break
        place, frame = frame.call, frame.parent
    return place


class SerializerReader:
    """Reads rows as a serializer does; `place` is where it was asked to."""

    def __init__(self, execution: Execution, machine: Machine, place: Place) -> None:
        self.execution = execution
        self.machine = machine
        self.project = machine.project
        self.place = place

    # -- rows -----------------------------------------------------------------------------------------------------

    def represent(self, serializer: Instance, value: Value, *, through_list: bool = True) -> None:
        """Read a row, or all rows of a queryset or list."""
        for one in each(value):
            match one:
                case RowValue() | Collection(shape=Shape.DICT) | Instance():
                    self._represent_row(serializer, one)
                case ManagerValue() | QuerySetValue() | Collection():
                    if not (through_list and self._has_own_list(serializer, one)):
                        self._represent_each(serializer, one)

    def _has_own_list(self, serializer: Instance, rows: Value) -> bool:
        """Hand the rows to the ListSerializer that Meta names, if it goes over them in its own way."""
        meta = meta_of(self.project, _facts(self.machine, serializer))
        found = self.project.find_class_attribute(meta.key, "list_serializer_class") if meta is not None else None
        if found is None:
            return False
        owner = self.project.resolve(found[0].module, str(found[1].value.value))
        if not isinstance(owner, ClassFacts) or not self._defines(owner.key, "to_representation"):
            return False
        instance = Instance(owner.key, self.machine.store.new_identity())
        self.machine.store.set_member(instance.identity, "child", serializer)
        self._call(instance, "to_representation", rows)
        return True

    def _represent_each(self, serializer: Instance, rows: Value) -> None:
        machine = self.machine
        if isinstance(rows, ManagerValue):
            made = querysets.as_queryset(machine, rows, self.place)
            if made is None:
                return
            rows = made
        repeats, result = iteration.repeats(machine, rows)
        loop = machine.new_loop(self.place, repeats, result)
        pattern = iteration.pattern_of(machine, rows, self.place)
        if isinstance(rows, QuerySetValue) and isinstance(pattern, RowValue):
            pattern = _of_outer_queryset(machine, rows, pattern)
        row = iteration.bind(machine, pattern, loop)
        with machine.looping(loop):
            for one in each(row):
                self._represent_row(serializer, one)
        for (number, path, _), state in machine.store.rows_of_loop(loop.number):
            for name, on_every_way in state.reads.items():
                every_row = on_every_way and repeats is Repeats.ROWS
                machine.store.note_result_read(number, (*path, name), every_row=every_row)

    def _represent_row(self, serializer: Instance, row: Value) -> None:
        if self._defines(serializer.key, "to_representation"):
            self._call(serializer, "to_representation", row)
        else:
            self.read_fields(serializer, row)

    def read_fields(self, serializer: Instance, row: Value) -> None:
        """Read every field of the serializer of one row."""
        facts = self.project.class_facts(serializer.key)
        if facts is None or isinstance(row, (Unknown, Constant)):
            return
        same = [f for f in self.machine.frame.ancestors() if f.function == facts.key]
        fields = serializer_fields(self.machine, facts) if len(same) < _NESTED_IN_ITSELF else None
        if fields is None:
            return
        with self._inside(facts):
            for one in fields:
                if one.conditional:
                    self._read_if_there(FieldReader(self, serializer, one), row)
                else:
                    FieldReader(self, serializer, one).read(row)

    def _read_if_there(self, one: FieldReader, row: Value) -> None:
        """Read a field that is there on some ways only; the others go on with the rows as they were before."""
        before = self.machine.store.fork()
        with self.machine.conditionally():
            one.read(row)
        self.machine.store.restore(before)

    # -- frames and calls -----------------------------------------------------------------------------------------

    @contextmanager
    def _inside(self, facts: ClassFacts) -> Iterator[None]:
        """Run a block as the body of the serializer."""
        machine = self.machine
        outer = machine.frame
        machine.frame = Frame(
            facts.qualname, facts.path, parent=outer, call=self.place, function=facts.key, body=Body.DECLARED
        )
        try:
            yield
        finally:
            machine.frame = outer

    def _defines(self, key: str, name: str) -> bool:
        method = self.project.find_method(key, name)
        return method is not None and not self.project.is_stub(method.path)

    def _call(self, instance: Instance, name: str, value: Value) -> Value:
        method = self.project.find_method(instance.key, name)
        assert method is not None
        return self.machine.call(FunctionValue(facts=method, bound=instance), (Argument(value),), self.place)


def _facts(machine: Machine, instance: Instance) -> ClassFacts:
    facts = machine.project.class_facts(instance.key)
    if facts is None:
        raise LookupError(instance.key)
    return facts


def _of_outer_queryset(machine: Machine, queryset: QuerySetValue, pattern: RowValue) -> RowValue:
    """The rows behind a manager of a row that was fetched alone, as rows of the queryset that fetched this one.

    Nothing can be added to a manager that a declaration names: a prefetch where the row comes from is the cure.
    """
    row, relation = queryset.source_row, queryset.relation
    if row is None or relation is None or row.origin is None or pattern.path or queryset.refined:
        return pattern
    if relations.is_silent(machine, row) or row.fetched is not Fetched.SINGLE:
        return pattern
    entry = relations.loaded_entry(machine, row, relation.name)
    made = relations.prefetched_rows(row, relation, queryset.model, entry)
    return replace(made, loading=queryset.loading.merged(made.loading))


class FieldReader:
    """Reads one field of rows."""

    def __init__(self, reader: SerializerReader, serializer: Instance, one: SerializerField) -> None:
        self.reader = reader
        self.machine = reader.machine
        self.project = reader.project
        self.serializer = serializer
        self.field = one

    @property
    def place(self) -> Place:
        """The field's declaration: its call, or its name in Meta.fields."""
        execution = self.reader.execution
        if not self.field.listed:
            return value_place(execution, self.field.owner, self.field.name) or self.reader.place
        for name in ("fields", "exclude", "model"):
            whole = value_place(execution, self.field.owner, name)
            if whole is not None:
                return string_place(whole, self.field.name) or whole
        return self.reader.place

    def read(self, row: Value) -> None:
        """Read the field as `to_representation` does."""
        kinds = self.field.ancestors
        if _METHOD_FIELD in kinds:
            self._read_method(row)
        elif BASE_SERIALIZER in kinds:
            self._read_nested(row)
        elif _RELATED in kinds or PRIMARY_KEY_RELATED in kinds or _MANY_RELATED in kinds:
            self._read_related(row)
        elif _FIELD in kinds:
            self._read_value(row)

    # -- kinds of field -------------------------------------------------------------------------------------------

    def _read_method(self, row: Value) -> None:
        given = self.field.text(self.project, "method_name")
        if given is None and self.field.items and self.field.items[0].kind == "const":
            given = str(self.field.items[0].value)
        method = self.project.find_method(self.serializer.key, given or f"get_{self.field.name}")
        if method is not None:
            bound = FunctionValue(facts=method, bound=self.serializer)
            self.machine.call(bound, (Argument(row),), self.place)

    def _read_nested(self, row: Value) -> None:
        if self.field.depth:
            self._read_by_depth(row)
            return
        inner = self._inner("child") if _LIST_SERIALIZER in self.field.ancestors else self.field
        if inner is None:
            return
        value = self._source(row)
        nested = SerializerReader(self.reader.execution, self.machine, self.place)
        nested.represent(Instance(inner.class_key, self.machine.store.new_identity()), value)

    def _read_by_depth(self, row: Value) -> None:
        """A serializer that ModelSerializer makes for `Meta.depth`: every field of the other model."""
        value = self._source(row)
        nested = _DepthReader(self.reader.execution, self.machine, self.place, self.field)
        nested.represent(self.serializer, value, through_list=False)

    def _read_related(self, row: Value) -> None:
        inner = self._inner("child_relation") if _MANY_RELATED in self.field.ancestors else self.field
        if inner is None:
            return
        kinds = inner.ancestors
        many = inner is not self.field or self.field.is_true(self.project, "many")
        if _IDENTITY in kinds:
            self._text_of(self._attributes(row, (self._argument(inner, "lookup_field") or "pk",)), frozenset())
            return
        custom = self._own_method(inner, "to_representation")
        by_key = PRIMARY_KEY_RELATED in kinds or (
            _HYPERLINKED in kinds and self._argument(inner, "lookup_field") in (None, "pk")
        )
        if self._own_method(inner, "use_pk_only_optimization") is not None:
            by_key = False
        if by_key and not many:
            # The key is read from the row itself; what lies before the last dot is fetched.
            path = self._path()
            before = self._attributes(row, path[:-1])
            for one in each(before):
                if isinstance(one, RowValue) and path and not _has_key(one, path[-1]):
                    self._attributes(one, path[-1:])
            return
        value = self._source(row)
        if not many:
            self._show(inner, value, custom)
            return
        for one in each(value):
            self._show_each(inner, one, custom)

    def _show_each(self, inner: SerializerField, rows: Value, custom: str | None) -> None:
        machine, place = self.machine, self.place
        if isinstance(rows, QuerySetValue):
            # ManyRelatedField calls all(), and a second all() is not served by a prefetch.
            rows = replace(rows, refined=True, result=machine.store.new_identity())
        made = querysets.as_queryset(machine, rows, place) if isinstance(rows, ManagerValue) else rows
        if not isinstance(made, (QuerySetValue, Collection)):
            return
        repeats, result = iteration.repeats(machine, made)
        loop = machine.new_loop(place, repeats, result)
        pattern = iteration.pattern_of(machine, made, place)
        if isinstance(made, QuerySetValue) and isinstance(pattern, RowValue):
            pattern = _of_outer_queryset(machine, made, pattern)
        row = iteration.bind(machine, pattern, loop)
        with machine.looping(loop):
            self._show(inner, row, custom)

    def _show(self, inner: SerializerField, value: Value, custom: str | None) -> None:
        """Turn one related row into what the field shows of it."""
        if custom is not None:
            self._call_own(inner, custom, value)
        elif _SLUG in inner.ancestors:
            slug = self._argument(inner, "slug_field")
            if slug is None and inner.items and inner.items[0].kind == "const":
                slug = str(inner.items[0].value)
            if slug is not None:
                self._attributes(value, tuple(slug.replace("__", ".").split(".")))
        elif _HYPERLINKED in inner.ancestors:
            self._attributes(value, (self._argument(inner, "lookup_field") or "pk",))
        else:
            self._text_of(value, inner.ancestors)

    def _read_value(self, row: Value) -> None:
        getter = self._own_method(self.field, "get_attribute")
        value = self._call_own(self.field, getter, row) if getter is not None else self._source(row)
        shown = self._own_method(self.field, "to_representation")
        if shown is not None:
            self._call_own(self.field, shown, value)
        else:
            self._text_of(value, self.field.ancestors)

    def _text_of(self, value: Value, kinds: frozenset[str]) -> None:
        if not _TEXT_FIELDS.isdisjoint(kinds):
            self.machine.text(value, self.place)

    # -- a project's own field classes ----------------------------------------------------------------------------

    def _own_method(self, one: SerializerField, name: str) -> str | None:
        method = self.project.find_method(one.class_key, name)
        return name if method is not None and self.project.is_own(method.path) else None

    def _call_own(self, one: SerializerField, name: str, value: Value) -> Value:
        method = self.project.find_method(one.class_key, name)
        assert method is not None
        instance = Instance(one.class_key, self.machine.store.new_identity())
        return self.machine.call(FunctionValue(facts=method, bound=instance), (Argument(value),), self.place)

    def _inner(self, argument: str) -> SerializerField | None:
        """The field that `ListSerializer(child=...)` or `ManyRelatedField(child_relation=...)` holds."""
        value: Expr | None = self.field.arguments.get(argument)
        return declared_field(self.project, self.field.owner, self.field.name, value) if value is not None else None

    def _argument(self, one: SerializerField, name: str) -> str | None:
        """A string given to the field, or set by its class."""
        given = one.text(self.project, name)
        if given is not None:
            return given
        found = self.project.find_class_attribute(one.class_key, name)
        value = found[1].value if found is not None else None
        return str(value.value) if value is not None and value.kind == "const" else None

    # -- attributes -----------------------------------------------------------------------------------------------

    def _path(self) -> tuple[str, ...]:
        source = self.field.text(self.project, "source") or self.field.name
        return () if source == "*" else tuple(source.split("."))

    def _source(self, row: Value) -> Value:
        if "source" in self.field.arguments and self.field.text(self.project, "source") is None:
            return UNKNOWN
        return self._attributes(row, self._path())

    def _attributes(self, value: Value, path: tuple[str, ...]) -> Value:
        """Follow dotted names as get_attribute() does: what can be called without arguments is called."""
        for name in path:
            if isinstance(value, (Unknown, Constant, ExternalValue, ClassValue)):
                return UNKNOWN
            if isinstance(value, Collection) and value.shape is Shape.DICT:
                value = self.machine.index(value, Constant(name), self.place)
                continue
            value = self.machine.read_attribute(value, name, self.place)
            if any(_is_simple(one) for one in each(value)):
                value = self.machine.call(value, (), self.place)
        return value


def _has_key(row: RowValue, name: str) -> bool:
    """Whether the row holds the other one's key in a column of its own."""
    relation = row.model.relations.get(name)
    return relation is None or relation.kind.forward_column


def _is_simple(value: Value) -> bool:
    """A method that needs no arguments."""
    match value:
        case Method():
            return True
        case FunctionValue(facts=facts, bound=bound) if facts is not None:
            positional = [p for p in facts.parameters if p.kind in ("positional", "keyword")]
            needed = [p for p in positional[bound is not None :] if not p.has_default]
            return not needed
    return False


class _DepthReader(SerializerReader):
    """Reads the rows at the other end of a relation that Meta.depth follows."""

    def __init__(self, execution: Execution, machine: Machine, place: Place, one: SerializerField) -> None:
        super().__init__(execution, machine, place)
        self.field = one

    def _represent_row(self, serializer: Instance, row: Value) -> None:
        if not isinstance(row, RowValue):
            return
        for one in model_fields(row.model, self.field.owner, self.project, self.field.depth - 1):
            reader = FieldReader(self, serializer, one)
            reader.read(row)
