"""Managers and querysets: chaining, evaluation, and the methods that fetch, count and write.

In: a receiver, a method's name and arguments. Out: a new queryset, rows, or a scalar; events for the queries sent.
What each method does is read from the tables in `orm/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_django_orm.machine import (
    bulk_writes,
    fed_lookups,
    histories,
    join_keys,
    key_uses,
    loading_calls,
    outcomes,
    refetches,
    relations,
)
from flake8_django_orm.machine.events import Chained, ManagerRead, PrefetchBypassed, QueryRun, ResultReused, RowsUpdated
from flake8_django_orm.machine.loading import NOTHING, UNKNOWN_LOADING, How, Loaded
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Alternatives,
    Argument,
    Collection,
    Constant,
    Fetched,
    FunctionValue,
    ManagerValue,
    Method,
    Mode,
    ModelClass,
    QuerySetValue,
    RowValue,
    Shape,
    Step,
    Unknown,
    Value,
    each,
    loops_of,
)
from flake8_django_orm.orm.managers import manager_method, related_manager_method
from flake8_django_orm.orm.querysets import Aspect, QuerySetMethod, Returns, Served, queryset_method
from flake8_django_orm.project.django_names import QUERYSET
from flake8_django_orm.project.models import RelationKind

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Loop
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.syntax.units import Place

#: Kinds of use that fill the result cache of a queryset, or are answered from it.
FILLS_CACHE = frozenset({"iterate", "test", "len", "contains", "text", "index", "list"})

#: Writes of a related manager that throw its prefetched rows away.
_EMPTIES_CACHE = frozenset({"add", "remove", "clear", "set"})
_NARROWS = frozenset({"filter", "exclude", "complex_filter", "extra"})
_COMBINES = frozenset({"union", "intersection", "difference"})


# -- managers ---------------------------------------------------------------------------------------------------------


def from_manager(machine: Machine, manager: ManagerValue, place: Place) -> QuerySetValue | Unknown:
    """The queryset that a manager starts from: Django's own, or what the project's get_queryset() returns."""
    facts = manager.manager
    plain = QuerySetValue(
        model=manager.model,
        manager=facts,
        steps=manager.steps,
        result=machine.store.new_identity(),
        source_row=manager.source_row,
        relation=manager.relation,
        ordered=_may_be_ordered(manager.model),
        loops=manager.loops,
    )
    if facts is None or manager.plain:
        return plain
    if not facts.known:
        return replace(plain, loading=UNKNOWN_LOADING)
    method = machine.project.find_method(facts.manager_class, "get_queryset") if facts.manager_class else None
    if method is None:
        return plain
    if manager.source_row is not None and "self.instance" in machine.programs.text_of(method):
        # It makes another query for each row that it belongs to: no prefetch and no annotation is the same.
        return Unknown(loops=loops_of(manager))
    made = machine.call(FunctionValue(facts=method, bound=replace(manager, plain=True)), (), place)
    if not isinstance(made, QuerySetValue):
        return replace(plain, loading=UNKNOWN_LOADING)
    if manager.source_row is not None and made.source_row is None:
        # A related manager filters what get_queryset() gives by its row, however that is made.
        loops = made.loops | manager.loops
        made = replace(made, source_row=manager.source_row, relation=manager.relation, loops=loops)
    # What get_queryset() adds is part of the manager: a prefetch of `author.books` serves `author.books.all()` all the
    # same, so the derived queryset counts as not refined.
    return replace(made, steps=(*made.steps, *manager.steps), refined=False)


def from_class(machine: Machine, key: str, arguments: Sequence[Argument], place: Place) -> QuerySetValue | None:
    """`BookQuerySet(self.model, using=self._db)`, as get_queryset() of a manager writes it; None for any other
    class."""
    named = next((a.value for a in arguments if a.name == "model"), arguments[0].value if arguments else None)
    if not isinstance(named, ModelClass) or QUERYSET not in machine.project.ancestors(key):
        return None
    model = named.model
    default = model.managers.get(model.default_manager)
    facts = replace(default, queryset_class=key) if default is not None else None
    step = Step("objects", place, machine.frame)
    return QuerySetValue(
        model=model,
        manager=facts,
        steps=(step,),
        result=machine.store.new_identity(),
        ordered=_may_be_ordered(model),
    )


def _may_be_ordered(model: Model) -> bool:
    """Whether the model has an order of its own, or a base that is not seen and may have one."""
    return bool(model.ordering) or not model.bases_seen


def as_queryset(machine: Machine, value: Value, place: Place) -> QuerySetValue | None:
    """A model, manager or queryset as a queryset, as get_object_or_404() takes them; None for anything else."""
    match value:
        case QuerySetValue():
            return value
        case ManagerValue():
            made = from_manager(machine, value, place)
            return made if isinstance(made, QuerySetValue) else None
        case ModelClass(model=model):
            default = model.managers.get(model.default_manager)
            steps = (Step("model", place, machine.frame),)
            return as_queryset(machine, ManagerValue(model=model, manager=default, steps=steps), place)
    return None


# -- methods ----------------------------------------------------------------------------------------------------------


def call_method(machine: Machine, method: Method, arguments: tuple[Argument, ...], place: Place) -> Value:
    """`receiver.name(*arguments)` for a manager or queryset."""
    receiver, name = method.receiver, method.name
    if isinstance(receiver, ManagerValue):
        own = related_manager_method(receiver.relation.kind, name) if receiver.relation is not None else None
        if own is not None:
            return _related_write(machine, receiver, name, arguments, place)
        described = manager_method(name)
        if described is not None and described.returns is Returns.MANAGER:
            return receiver
        made = from_manager(machine, receiver, place)
        if not isinstance(made, QuerySetValue):
            return made
        if name == "get_queryset":
            return made
        receiver = made
    described = queryset_method(name)
    if described is None or not isinstance(receiver, QuerySetValue):
        return Unknown(loops=loops_of(receiver))
    if described.lazy:
        if name == "all" and isinstance(method.receiver, QuerySetValue):
            # The copy of a queryset has no results, prefetched ones neither.
            receiver = replace(receiver, refined=True)
        return chain(machine, receiver, described, arguments, place)
    return _run(machine, receiver, described, arguments, place)


def custom_method(machine: Machine, receiver: ManagerValue | QuerySetValue, name: str) -> Value | None:
    """A method that the project's manager or queryset class defines itself, bound to the receiver."""
    facts = receiver.manager
    if facts is None:
        return None
    classes = [facts.queryset_class]
    if isinstance(receiver, ManagerValue):
        classes = [facts.manager_class, facts.queryset_class]
    for key in classes:
        found = machine.project.find_method(key, name) if key else None
        if found is not None:
            bound: Value = receiver
            if key == facts.queryset_class and isinstance(receiver, ManagerValue):
                made = from_manager(machine, receiver, receiver.steps[-1].place) if receiver.steps else None
                bound = made if made is not None else receiver
            return FunctionValue(facts=found, bound=bound)
    return None


def chain(
    machine: Machine,
    queryset: QuerySetValue,
    method: QuerySetMethod,
    arguments: tuple[Argument, ...],
    place: Place,
) -> QuerySetValue:
    """A lazy method: a new queryset without results, with one more step."""
    name = method.name
    step = Step(name, place, machine.frame, arguments, machine.is_conditional())
    machine.emit(Chained, place, before=queryset, step=step, one_of_several=machine.choices > 0)
    fed_lookups.note(machine, queryset, step)
    machine.note_queryset_use(queryset, "chained", place)
    made = replace(
        queryset,
        steps=(*queryset.steps, step),
        result=machine.store.new_identity(),
        refined=queryset.refined or name not in ("all",),
        filtered=queryset.filtered or name in _NARROWS,
        combined=queryset.combined or name in _COMBINES,
        shared=False,
        loops=queryset.loops | machine.loops_behind(*(a.value for a in arguments)),
    )
    key_uses.note_given(machine, queryset.model, method, arguments)
    made = replace(made, steps=(*queryset.steps, replace(step, result=made.result)))
    if name in _COMBINES:
        # The whole may be ordered and sliced anew, whatever was cut from its parts.
        made = replace(made, single=False, sliced=False)
    elif name == "filter" and any(_is_unique_key(queryset.model, a.name) for a in arguments):
        made = replace(made, single=True)
    if name == "order_by":
        made = replace(made, ordered=bool(arguments) and not _is_none(arguments[0].value))
    elif name == "select_for_update":
        made = replace(made, locked=True)
    elif name == "distinct":
        made = replace(made, distinct=True)
    elif name == "raw":
        made = replace(made, raw=True, loading=loading_calls.raw(made.loading, arguments))
    elif name == "none":
        made = replace(made, empty=True)
    elif name == "union" and made.empty:
        made = replace(made, empty=False, loading=UNKNOWN_LOADING)
    if method.returns is Returns.VALUES:
        made = replace(made, mode=_values_mode(name, arguments), columns=_literal_names(arguments))
    if Aspect.ANNOTATIONS in method.changes:
        names = frozenset(a.name for a in arguments if a.name and not a.name.startswith("*"))
        made = replace(made, loading=replace(made.loading, annotations=made.loading.annotations | names))
    return loading_calls.apply(machine, made, method, arguments)


def _is_unique_key(model: Model, name: str | None) -> bool:
    """Whether `filter(name=value)` finds one row at most."""
    column = model.columns.get(name) if name else None
    relation = model.relations.get(name) if name else None
    if relation is not None and relation.kind is RelationKind.ONE_TO_ONE and not relation.null:
        return True
    return name in ("pk", model.primary_key) or (column is not None and (column.unique or column.primary_key))


def _values_mode(name: str, arguments: Sequence[Argument]) -> Mode:
    if name == "values":
        return Mode.DICTS
    flat = any(a.name == "flat" and a.value == Constant(True) for a in arguments)
    return Mode.FLAT if flat or name in ("dates", "datetimes") else Mode.TUPLES


def _literal_names(arguments: Sequence[Argument]) -> tuple[str, ...]:
    return tuple(
        a.value.value
        for a in arguments
        if a.name is None and isinstance(a.value, Constant) and isinstance(a.value.value, str)
    )


def _is_none(value: Value) -> bool:
    return isinstance(value, Constant) and value.value is None


# -- evaluation -------------------------------------------------------------------------------------------------------


def evaluate(
    machine: Machine,
    queryset: QuerySetValue,
    how: str,
    place: Place,
    arguments: tuple[Argument, ...] = (),
    *,
    writes: bool = False,
    result: Value | None = None,
) -> RowValue:
    """Use a queryset's rows; the pattern of one of them. Emits what the ORM does: a query, or none.

    `how` is "iterate", "test", "len", "index", "contains", "text", or the name of a method that runs a query.
    """
    # A queryset that is kept on an older object fetches its rows in the first iteration only.
    loops = machine.kept_results.get(queryset.result, ()) if how in FILLS_CACHE - {"index"} else ()
    with machine.leaving(loops):
        return _evaluate(machine, queryset, how, place, arguments, writes, result)


def _evaluate(
    machine: Machine,
    queryset: QuerySetValue,
    how: str,
    place: Place,
    arguments: tuple[Argument, ...],
    writes: bool,
    result: Value | None,
) -> RowValue:
    row = queryset.source_row
    machine.note_queryset_use(queryset, how, place)
    if queryset.empty and not writes:
        return replace(_rows_of(queryset), loading=UNKNOWN_LOADING)
    if writes:
        machine.note_write(queryset.model.key)
    if row is not None and queryset.relation is not None and not writes:
        served = _from_prefetch(machine, queryset, row, how, arguments, place)
        if served is not None:
            return served
    if how in FILLS_CACHE and machine.store.result(queryset.result).evaluated:
        machine.emit(ResultReused, place, queryset=queryset, how=how)
        return _rows_of(queryset)
    values = (queryset, *(a.value for a in arguments))
    machine.emit(
        QueryRun,
        place,
        queryset=queryset,
        how=how,
        arguments=arguments,
        varies=machine.varying_loops(*values),
        writes=writes,
        result=result,
        one_of_several=machine.choices > 0,
        of_ended_loop=bool(machine.loops_behind(*values) - machine.current_loops()),
    )
    histories.note_query(machine)
    join_keys.note(machine, queryset, how, place)
    if how in FILLS_CACHE - {"index"}:
        machine.store.mark_evaluated(queryset.result)
    return _rows_of(queryset)


def _rows_of(queryset: QuerySetValue) -> RowValue:
    """The pattern of the rows of a queryset that runs as a query of its own."""
    loading = queryset.loading
    relation = queryset.relation
    if relation is not None and relation.kind is RelationKind.REVERSE_FOREIGN_KEY and relation.remote:
        # Django sets the parent on the rows of every queryset derived from a reverse foreign-key manager.
        loading = loading.with_relation(relation.remote, Loaded(How.KNOWN, NOTHING))
    return RowValue(
        model=queryset.model,
        result=queryset.result,
        fetched=Fetched.ITERATED,
        origin=queryset,
        loading=loading,
        parent=queryset.source_row,
        locked=queryset.locked,
        loops=queryset.loops,
    )


def _from_prefetch(
    machine: Machine,
    queryset: QuerySetValue,
    row: RowValue,
    how: str,
    arguments: tuple[Argument, ...],
    place: Place,
) -> RowValue | None:
    """What a related manager answers without a query of its own kind; None where it queries like any queryset."""
    relation = queryset.relation
    assert relation is not None
    if relation.name in machine.store.row(row.identity).emptied:
        return None
    entry = relations.loaded_entry(machine, row, relation.name)
    prefetched = entry is not None and entry.how is How.PREFETCHED
    plain = not queryset.refined and not queryset.streamed and not queryset.sliced
    # The rows of a Prefetch are in the order of its queryset.
    inner = entry.queryset if entry is not None and prefetched else None
    plain = plain and is_served(how, inner or queryset)
    if relations.may_be_prefetched(machine, row):
        # A row from outside may have anything prefetched; only a query that no cache can answer is certain.
        if plain:
            return replace(_pattern(machine, queryset, row, entry), loading=UNKNOWN_LOADING)
        return None
    loop = machine.active_loop(row.loop)
    # This very queryset, kept somewhere since it was evaluated, has its rows.
    reused = how in FILLS_CACHE and machine.store.result(queryset.result).evaluated
    if prefetched:
        machine.note_manager_read(row, relation.name, place)
        if plain:
            return _pattern(machine, queryset, row, entry)
        if reused:
            return None
        if row.origin is not None:
            machine.emit(
                PrefetchBypassed,
                place,
                around=loop,
                row=row,
                relation=relation,
                path=(*row.path, relation.name),
                origin=row.origin,
                loop=loop,
                queryset=queryset,
                how=how,
                arguments=arguments,
            )
        return None
    if not plain or how not in FILLS_CACHE:
        return None
    if not reused:
        _emit_manager_read(machine, queryset, row, loop, how, place)
    if loop is None:
        return None
    return _pattern(machine, queryset, row, None)


def is_cached(machine: Machine, queryset: QuerySetValue) -> bool:
    """Whether the queryset holds its rows already: it was evaluated, or a prefetch (one that may be, too) filled it."""
    if machine.store.result(queryset.result).evaluated:
        return True
    row, relation = queryset.source_row, queryset.relation
    if row is None or relation is None or queryset.refined or queryset.streamed or queryset.sliced:
        return False
    if relation.name in machine.store.row(row.identity).emptied:
        return False
    entry = relations.loaded_entry(machine, row, relation.name)
    return relations.is_silent(machine, row) or (entry is not None and entry.how is How.PREFETCHED)


def ask_cache(machine: Machine, queryset: QuerySetValue, place: Place) -> bool | None:
    """`queryset._result_cache is not None`; None where that is not known. Code that asks it of a related manager's rows
    has a way without a query for those that are prefetched: where they are not, they are missing."""
    row = queryset.source_row
    unknown_row = row is not None and relations.may_be_prefetched(machine, row)
    if not queryset.steps or unknown_row or machine.store.result(queryset.result).escaped:
        return None
    held = is_cached(machine, queryset)
    loop = machine.active_loop(row.loop) if row is not None else None
    if not held and row is not None and queryset.relation is not None and not queryset.refined and loop is not None:
        _emit_manager_read(machine, queryset, row, loop, "iterate", place)
        machine.unfilled.add((row.result, (*row.path, queryset.relation.name)))
    return held


def is_served(how: str, queryset: QuerySetValue) -> bool:
    """Whether the prefetched rows of a related manager answer this use of its queryset."""
    if how in FILLS_CACHE:
        return True
    described = queryset_method(how)
    if described is None:
        return False
    if described.served_from_prefetch is Served.WHEN_ORDERED:
        return queryset.ordered
    return described.served_from_prefetch is Served.ALWAYS


def _emit_manager_read(
    machine: Machine, queryset: QuerySetValue, row: RowValue, loop: Loop | None, how: str, place: Place
) -> None:
    relation = queryset.relation
    assert relation is not None
    if machine.is_exceptional(row.result):
        return
    machine.emit(
        ManagerRead,
        place,
        around=loop,
        row=row,
        relation=relation,
        path=(*row.path, relation.name),
        origin=row.origin,
        loop=loop,
        queryset=queryset,
        how=how,
    )


def _pattern(machine: Machine, queryset: QuerySetValue, row: RowValue, entry: Loaded | None) -> RowValue:
    """Rows that belong to the parent's result set: prefetched, or cured by prefetching them there."""
    assert queryset.relation is not None
    pattern = relations.prefetched_rows(row, queryset.relation, queryset.model, entry)
    # The default manager's own eager loading reaches the rows of a plain prefetch too.
    return replace(pattern, loading=queryset.loading.merged(pattern.loading))


# -- methods that send a query ----------------------------------------------------------------------------------------


def _run(
    machine: Machine,
    queryset: QuerySetValue,
    method: QuerySetMethod,
    arguments: tuple[Argument, ...],
    place: Place,
) -> Value:
    name = method.sync_twin or method.name
    key_uses.note_given(machine, queryset.model, method, arguments)
    step = Step(name, place, machine.frame, arguments)
    machine.emit(Chained, place, before=queryset, step=step, one_of_several=machine.choices > 0)
    fed_lookups.note(machine, queryset, step)
    if name == "iterator":
        machine.note_queryset_use(queryset, "chained", place)
        return replace(
            queryset,
            streamed=True,
            steps=(*queryset.steps, step),
            result=machine.store.new_identity(),
            loading=loading_calls.streamed(queryset.loading, arguments),
        )
    looked_up = queryset
    if name in ("get", "earliest", "latest", "get_or_create", "update_or_create"):
        machine.note_queryset_use(queryset, "chained", place)
        looked_up = replace(
            queryset,
            refined=True,
            steps=(*queryset.steps, step),
            result=machine.store.new_identity(),
            loops=queryset.loops | loops_of(*(a.value for a in arguments)),
        )
    elif name in ("first", "last"):
        looked_up = replace(queryset, steps=(*queryset.steps, step))
    if name == "update":
        machine.emit(RowsUpdated, place, queryset=queryset, values=arguments)
    if name in bulk_writes.BULK_WRITES:
        bulk_writes.note(machine, name, arguments)
    machine.last_query = 0
    pattern = evaluate(machine, looked_up, name, place, arguments, writes=method.writes)
    if name in ("get", "first"):
        refetches.note_fetch(machine, looked_up, name, place)
    return outcomes.of_answer(machine, name, _answer(machine, looked_up, method, pattern, arguments))


def _answer(
    machine: Machine,
    queryset: QuerySetValue,
    method: QuerySetMethod,
    pattern: RowValue,
    arguments: tuple[Argument, ...],
) -> Value:
    around = queryset.loops | loops_of(*(a.value for a in arguments))
    match method.returns:
        case Returns.ROW | Returns.OPTIONAL_ROW:
            if queryset.mode is not Mode.ROWS and method.name not in ("create", "acreate"):
                return Unknown(loops=around)
            return single_row(machine, queryset, pattern, method)
        case Returns.ROW_AND_BOOL:
            row = single_row(machine, queryset, pattern, method)
            return Collection(shape=Shape.TUPLE, items=(row, Unknown(loops=around)))
        case Returns.LIST_OF_ROWS:
            made = replace(pattern, fetched=Fetched.CREATED, loading=UNKNOWN_LOADING)
            return Collection(shape=Shape.LIST, element=made)
        case Returns.ROWS_BY_KEY:
            return Collection(shape=Shape.DICT, element=pattern, key=Unknown(loops=around))
        case _:
            return Unknown(loops=around)


def single_row(machine: Machine, queryset: QuerySetValue, pattern: RowValue, method: QuerySetMethod) -> RowValue:
    """One row out of a queryset. Where it comes from a prefetched manager it stays a row of that prefetch."""
    name = method.sync_twin or method.name
    if name == "create":
        return replace(
            pattern,
            result=machine.store.new_identity(),
            path=(),
            fetched=Fetched.CREATED,
            loading=UNKNOWN_LOADING,
        )
    if pattern.path:
        # A row of a prefetch cache: bound by whatever binds its parent.
        loop = pattern.parent.loop if pattern.parent is not None else None
        return replace(pattern, loop=loop, fetched=Fetched.SINGLE)
    return replace(
        pattern,
        result=machine.store.new_identity(),
        fetched=Fetched.SINGLE,
        maybe_none=method.returns is Returns.OPTIONAL_ROW,
    )


def _related_write(
    machine: Machine, manager: ManagerValue, name: str, arguments: tuple[Argument, ...], place: Place
) -> Value:
    """`book.tags.add(...)`, set, remove, clear, create: a write through a related manager."""
    relation = manager.relation
    assert relation is not None
    described = related_manager_method(relation.kind, name)
    assert described is not None
    made = from_manager(machine, manager, place)
    queryset = made if isinstance(made, QuerySetValue) else None
    if queryset is None:
        return UNKNOWN
    for argument in arguments:
        machine.note_use(argument.value)
        for one in each(argument.value):
            if isinstance(one, QuerySetValue):
                evaluate(machine, one, "iterate", place)
    pattern = evaluate(machine, queryset, described.sync_twin or name, place, arguments, writes=True)
    if manager.source_row is not None and (described.sync_twin or name) in _EMPTIES_CACHE:
        state = machine.store.row(manager.source_row.identity)
        emptied = state.emptied | {relation.name}
        machine.store.set_row(manager.source_row.identity, replace(state, emptied=emptied))
    match described.returns:
        case Returns.ROW:
            return replace(
                pattern, result=machine.store.new_identity(), fetched=Fetched.CREATED, loading=UNKNOWN_LOADING
            )
        case Returns.ROW_AND_BOOL:
            row = replace(pattern, result=machine.store.new_identity(), fetched=Fetched.SINGLE)
            return Collection(shape=Shape.TUPLE, items=(row, UNKNOWN))
    return UNKNOWN


def combine(machine: Machine, left: QuerySetValue, right: Value, place: Place) -> Value:
    """`qs | qs` and `qs & qs`: a new queryset with the left one's loading."""
    if isinstance(right, Alternatives) or not isinstance(right, QuerySetValue):
        return Unknown(loops=loops_of(left, right))
    if left.empty or right.empty:
        return right if left.empty else left
    step = Step("|", place, machine.frame, (Argument(right),))
    for one in (left, right):
        machine.note_queryset_use(one, "chained", place)
    return replace(
        left,
        steps=(*left.steps, step),
        result=machine.store.new_identity(),
        refined=True,
        single=False,
        loops=left.loops | loops_of(right),
    )
