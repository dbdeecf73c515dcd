"""DJQ508: a method is called on a queryset, or evaluated, in a state in which Django refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import Chained, Event, QueryMethodOnRow, QueryRun
from flake8_django_orm.machine.named_paths import eager_walks
from flake8_django_orm.machine.raising import FETCHES_ROWS, deferred_join, lacks_chunk_size, refused_after
from flake8_django_orm.orm.querysets import After, Names
from flake8_django_orm.rules.base import Report, Rule, RuleContext

if TYPE_CHECKING:
    from flake8_django_orm.findings import Fix

_LOADS = frozenset({"select_related", "only", "defer"})
_REFUSED = {
    After.SLICE: "a slice raises TypeError: call it before the queryset is sliced",
    After.COMBINATION: "{}() raises NotSupportedError: call it on the querysets that are combined",
    After.VALUES: "{}() raises TypeError: take it out",
}
_WRONG = {
    "many": "a relation to many rows, which select_related() cannot join: use prefetch_related()",
    "generic": "a generic foreign key, which select_related() cannot join: use prefetch_related()",
    "column": "a column, not a relation: take it out",
}


class CallThatRaises(Rule):
    """## What it does
    Flags calls that raise as soon as they run, such as `filter()` after a slice or eager loading after `values()`.
    Others are `select_related()` of a relation to many rows or of a column, eager loading on a row, nearly everything
    after `union()`, `iterator()` without `chunk_size` on a queryset that prefetches (since Django 5.0), and an
    `only()` or `defer()` that leaves out the key of a joined relation.

    ## Why is this bad
    Nothing is wrong with the line until it runs. In a branch that no test visits it waits for a user.

    ## Example
    ```python
    from app.models import Book


    def books():
        return list(Book.objects.select_related("author", "tags"))
    ```

    ## Use instead
    ```python
    from app.models import Book


    def books():
        return list(Book.objects.select_related("author").prefetch_related("tags"))
    ```

    ## Fix safety
    A call that does nothing but raise is taken out; a relation to many rows that stands alone in `select_related()`
    moves to `prefetch_related()`; `iterator()` gets the chunk size that Django used before; the missing key joins the
    names of `only()`. All of that is safe, as the code before could only raise. The rest has no fix: what a filter
    behind a slice was meant to do, the code does not say.

    ## What it does not see
    Querysets that are one of several, and states that come from code which cannot be read.

    ## References
    - [Django documentation: QuerySet API](https://docs.djangoproject.com/en/stable/ref/models/querysets/)
    """

    code = "DJQ508"
    name = "call-that-raises"
    applicability = Applicability.SAFE
    in_tests = False
    listens = Event

    def check(self, event: Event, context: RuleContext) -> Iterator[Report]:
        match event:
            case Chained() if not event.one_of_several:
                yield from _state(event, context)
                yield from _eager_names(event, context)
                yield from _iterator(event, context)
            case QueryMethodOnRow(row=row, method=method):
                message = f"a {row.model.name} row has no {method}(): call it on the queryset that fetches the row"
                yield Report(event=event, place=event.place, message=message, model=row.model.label)
            case QueryRun():
                yield from _deferred(event, context)


def _report(event: Chained, message: str, fix: Fix | None = None) -> Report:
    return Report(event=event, place=event.place, message=message, fix=fix, model=event.before.model.label)


def _state(event: Chained, context: RuleContext) -> Iterator[Report]:
    """The call itself raises in the state that the queryset is in."""
    name, refused = event.step.method, refused_after(event.before, event.step)
    if refused is None:
        return
    state, made_by = refused
    from flake8_django_orm.fixes.refused_calls import without_call

    fix = without_call(context.project, event.step) if state is After.VALUES and name in _LOADS else None
    yield _report(event, f"{name}() after {_REFUSED[state].format(made_by)}", fix)


def _eager_names(event: Chained, context: RuleContext) -> Iterator[Report]:
    """Names in select_related() and prefetch_related() that are there, but cannot be loaded so."""
    for named, found in eager_walks(context.project, event.before, event.step):
        if found.reason not in _WRONG or found.model is None:
            continue
        why = _WRONG[found.reason]
        if named.names is Names.ATTRIBUTES:
            why = "a column, which cannot be prefetched: take it out"
        message = f'{event.step.method}("{named.path}") raises: {found.wrong} of {found.model.name} is {why}'
        from flake8_django_orm.fixes.refused_calls import without_name

        yield _report(event, message, without_name(context.project, event.step, named, found))


def _iterator(event: Chained, context: RuleContext) -> Iterator[Report]:
    if lacks_chunk_size(event.before, event.step, context.django_version):
        from flake8_django_orm.fixes.refused_calls import with_chunk_size

        message = "iterator() without chunk_size raises ValueError on a queryset that prefetches: give it a chunk_size"
        yield _report(event, message, with_chunk_size(event.step))


def _deferred(event: QueryRun, context: RuleContext) -> Iterator[Report]:
    """An evaluated queryset that joins a relation whose key it does not fetch."""
    queryset = event.queryset
    path = deferred_join(context.project, queryset) if event.how in FETCHES_ROWS else None
    step = next((s for s in reversed(queryset.steps) if s.method in ("only", "defer")), None)
    if path is None or step is None:
        return
    from flake8_django_orm.fixes.refused_calls import with_key

    name = "__".join(path)
    yield Report(
        event=event,
        place=step.place,
        message=f"{step.method}() leaves out {name}, which select_related() joins: Django raises FieldError; "
        f"fetch {name} too or do not join it",
        fix=with_key(context.project, step, name),
        model=queryset.model.label,
        relations=(name,),
    )
