"""DJQ205: eager loading on a queryset whose only use makes no rows."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import QueryRun
from flake8_django_orm.machine.uses import told_where_called
from flake8_django_orm.machine.values import Mode, Step
from flake8_django_orm.orm.querysets import queryset_method
from flake8_django_orm.rules.base import Report, Rule, RuleContext

_EAGER = frozenset({"select_related", "prefetch_related"})


class EagerLoadingIgnored(Rule):
    """## What it does
    Flags eager loading on a queryset whose only use makes no rows, such as `values()` or `count()`. The others are
    `values_list()`, `dates()`, `exists()` and `aggregate()`.

    ## Why is this bad
    None of these makes rows that could hold the related ones: Django leaves the join and the prefetch out. The call
    does nothing, and tells the reader that it does. What `values("author__name")` needs, it joins by itself.

    ## Example
    ```python
    from app.models import Book


    def names():
        return list(Book.objects.select_related("author").values_list("title", "author__name"))
    ```

    ## Use instead
    ```python
    from app.models import Book


    def names():
        return list(Book.objects.values_list("title", "author__name"))
    ```

    ## Fix safety
    The fix takes the call out of the chain. It is safe: the SQL is the same with and without it.

    ## What it does not see
    The rule is silent where the same queryset has another reader, and where it was built in another function.

    ## References
    - [Django documentation: select_related()](https://docs.djangoproject.com/en/stable/ref/models/querysets/#select-related)
    - [Django documentation: prefetch_related()](https://docs.djangoproject.com/en/stable/ref/models/querysets/#prefetch-related)
    """

    code = "DJQ205"
    name = "eager-loading-ignored"
    applicability = Applicability.SAFE
    in_tests = False
    listens = QueryRun

    def check(self, event: QueryRun, context: RuleContext) -> Iterator[Report]:
        queryset = event.queryset
        reason = _reason(event)
        eager = [step for step in queryset.steps if step.method in _EAGER]
        if reason is None or not eager or not event.sole_use or event.one_of_several or queryset.sliced:
            return
        if any(step.frame is not event.frame or _is_reset(step) for step in eager) or told_where_called(event):
            return
        # Fix builders import libcst, which a file without findings must not pay for.
        from flake8_django_orm.fixes.eager_calls import drop_calls

        words = " and ".join(dict.fromkeys(f"{step.method}()" for step in eager))
        yield Report(
            event=event,
            place=eager[0].place,
            message=f"{words} does nothing here, because {reason}() makes no {queryset.model.name} rows: drop it",
            fix=drop_calls(context.project, queryset, _EAGER, Applicability.SAFE, evaluated_by=event.how),
            model=queryset.model.label,
        )


def _reason(event: QueryRun) -> str | None:
    """The method for which Django leaves eager loading out."""
    if event.queryset.mode is not Mode.ROWS:
        names = [s.method for s in event.queryset.steps if s.method in ("values", "values_list", "dates", "datetimes")]
        return names[-1] if names else None
    described = queryset_method(event.how)
    return event.how if described is not None and described.breaks_eager_loading and not described.writes else None


def _is_reset(step: Step) -> bool:
    """`select_related(None)` takes away what a manager loads."""
    return not step.arguments or any(getattr(a.value, "value", "") is None for a in step.arguments)
