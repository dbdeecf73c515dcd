"""DJQ508: a method is called on a queryset, or evaluated, in a state in which Django refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.machine.events import Chained, Event, QueryMethodOnRow, QueryRun
from flake8_django_orm.machine.named_paths import added_names, named_paths
from flake8_django_orm.machine.raising import FETCHES_ROWS, deferred_join
from flake8_django_orm.machine.values import Constant, Mode
from flake8_django_orm.orm.lookup_paths import walk
from flake8_django_orm.orm.querysets import After, Names, queryset_method
from flake8_django_orm.rules.base import Report, Rule, RuleContext

if TYPE_CHECKING:
    from flake8_django_orm.machine.named_paths import NamedPath
    from flake8_django_orm.machine.values import Step
    from flake8_django_orm.orm.lookup_paths import Walk

_NEEDS_ARGUMENTS = frozenset({"filter", "exclude", "get"})
_CHUNKED_SINCE = (5, 0)
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
            case QueryMethodOnRow():
                yield Report(
                    event=event,
                    place=event.place,
                    message=f"a {event.row.model.name} row has no {event.method}(): "
                    "call it on the queryset that fetches the row",
                    model=event.row.model.label,
                )
            case QueryRun():
                yield from _deferred(event, context)


def _report(event: Chained, message: str, fix: Fix | None = None) -> Report:
    return Report(event=event, place=event.place, message=message, fix=fix, model=event.before.model.label)


def _state(event: Chained, context: RuleContext) -> Iterator[Report]:
    """The call itself raises in the state that the queryset is in."""
    described = queryset_method(event.step.method)
    queryset, name = event.before, event.step.method
    if described is None or (name in _NEEDS_ARGUMENTS and not event.step.arguments):
        return
    if After.SLICE in described.raises_after and queryset.sliced:
        yield _report(event, f"{name}() after a slice raises TypeError: call it before the queryset is sliced")
    elif After.COMBINATION in described.raises_after and queryset.combined:
        combined = next(s.method for s in queryset.steps if s.method in ("union", "intersection", "difference"))
        yield _report(
            event, f"{name}() after {combined}() raises NotSupportedError: call it on the querysets that are combined"
        )
    elif After.VALUES in described.raises_after and queryset.mode is not Mode.ROWS and described.lazy:
        fix = _drop(event, context) if name in ("select_related", "only", "defer") else None
        yield _report(event, f"{name}() after {_values_step(event)}() raises TypeError: take it out", fix)


def _values_step(event: Chained) -> str:
    names = ("values", "values_list", "dates", "datetimes")
    return next((s.method for s in reversed(event.before.steps) if s.method in names), "values")


def _drop(event: Chained, context: RuleContext) -> Fix | None:
    from flake8_django_orm.fixes.calls import drop_call

    edits = drop_call(context.project, event.place)
    return Fix(Applicability.SAFE, f"Take {event.step.method}() out", edits) if edits else None


def _eager_names(event: Chained, context: RuleContext) -> Iterator[Report]:
    """Names in select_related() and prefetch_related() that are there, but cannot be loaded so."""
    queryset = event.before
    if event.step.method not in ("select_related", "prefetch_related") or queryset.combined:
        return
    if queryset.mode is not Mode.ROWS or (added := added_names(queryset, event.step)) is None:
        return
    for named in named_paths(event.step):
        found = walk(context.project, queryset.model, named.path, named.names, added)
        if found.reason not in _WRONG or found.model is None:
            continue
        why = _WRONG[found.reason]
        if named.names is Names.ATTRIBUTES:
            why = "a column, which cannot be prefetched: take it out"
        message = f'{event.step.method}("{named.path}") raises: {found.wrong} of {found.model.name} is {why}'
        yield _report(event, message, _without_name(event, named, found, context))


def _without_name(event: Chained, named: NamedPath, found: Walk, context: RuleContext) -> Fix | None:
    from flake8_django_orm.fixes.calls import drop_argument, rename_method

    arguments = event.step.arguments
    if named.place is None or any(a.name is not None for a in arguments):
        return None
    if found.reason == "column" and not found.prefix:
        edits = drop_argument(context.project, event.place, named.place)
        return Fix(Applicability.SAFE, f"Take {named.path} out", edits) if edits else None
    same_names = (
        all(r.name == r.lookup for r in found.relations) and "__".join(r.lookup for r in found.relations) == named.path
    )
    if found.reason in ("many", "generic") and len(arguments) == 1 and same_names:
        return Fix(Applicability.SAFE, "Prefetch it", rename_method(event.place, "prefetch_related"))
    return None


def _iterator(event: Chained, context: RuleContext) -> Iterator[Report]:
    version = context.django_version
    if event.step.method != "iterator" or event.step.arguments or version is None or version < _CHUNKED_SINCE:
        return
    last = next((s for s in reversed(event.before.steps) if s.method == "prefetch_related"), None)
    if last is None or not any(a.value != Constant(None) and a.name is None for a in last.arguments):
        return
    end = event.place.span[1] - 1
    edit = Edit(event.place.path, end, end, "chunk_size=2000")
    yield _report(
        event,
        "iterator() without chunk_size raises ValueError on a queryset that prefetches: give it a chunk_size",
        Fix(Applicability.SAFE, "Give the chunk size that was the default", (edit,)),
    )


def _deferred(event: QueryRun, context: RuleContext) -> Iterator[Report]:
    """An evaluated queryset that joins a relation whose key it does not fetch."""
    queryset = event.queryset
    path = deferred_join(context.project, queryset) if event.how in FETCHES_ROWS else None
    step = next((s for s in reversed(queryset.steps) if s.method in ("only", "defer")), None)
    if path is None or step is None:
        return
    name = "__".join(path)
    yield Report(
        event=event,
        place=step.place,
        message=f"{step.method}() leaves out {name}, which select_related() joins: Django raises FieldError; "
        f"fetch {name} too or do not join it",
        fix=_with_name(step, name, context),
        model=queryset.model.label,
        relations=(name,),
    )


def _with_name(step: Step, name: str, context: RuleContext) -> Fix | None:
    text = context.project.text(step.place.path)
    if step.method != "only" or not step.arguments or any(a.name is not None for a in step.arguments) or text is None:
        return None
    from flake8_django_orm.fixes.call_text import add_arguments, quoted

    edits = add_arguments(step.place, text, [quoted(name, step.place)])
    return Fix(Applicability.SAFE, f"Fetch {name} too", edits)
