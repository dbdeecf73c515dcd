"""DJQ206: relations are loaded, all readers of the rows are in sight, and none reads them."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import LoadingUnused
from flake8_django_orm.rules.base import Report, Rule, RuleContext

_EAGER = frozenset({"select_related", "prefetch_related"})


class UnusedEagerLoading(Rule):
    """## What it does
    Flags relations that a queryset loads and that nobody reads, where every reader of its rows is seen. Off by default.

    ## Why is this bad
    A join makes each row wider, and a prefetch is a query and a list of rows in memory, for nothing.

    ## Example
    ```python
    from app.models import Book


    def titles():
        return [book.title for book in Book.objects.select_related("author").order_by("title")]
    ```

    ## Use instead
    ```python
    from app.models import Book


    def titles():
        return [book.title for book in Book.objects.order_by("title")]
    ```

    ## Fix safety
    The fix takes the calls out of the chain where none of their relations is read. It is unsafe: a reader may be there
    that cannot be seen, and a join over a foreign key leaves out no row, but one over a wrong key may.

    ## What it does not see
    The rule is silent where rows are returned, kept, rendered or handed to code that cannot be seen. It is off by
    default because a property or a signal receiver may read a relation in ways that do not show.

    ## References
    - [Django documentation: select_related()](https://docs.djangoproject.com/en/stable/ref/models/querysets/#select-related)
    - [Django documentation: prefetch_related()](https://docs.djangoproject.com/en/stable/ref/models/querysets/#prefetch-related)
    """

    code = "DJQ206"
    name = "unused-eager-loading"
    applicability = Applicability.UNSAFE
    default_on = False
    in_tests = False
    listens = LoadingUnused

    def check(self, event: LoadingUnused, context: RuleContext) -> Iterator[Report]:
        queryset = event.queryset
        eager = [step for step in queryset.steps if step.method in _EAGER and step.frame is event.frame]
        if not eager:
            return
        unused = [path for path in event.paths if path[:-1] not in event.paths]
        names = ", ".join(f'"{"__".join(path)}"' for path in unused)
        fix = None
        if {name for name, _ in queryset.loading.relations} <= {path[0] for path in unused if len(path) == 1}:
            # Fix builders import libcst, which a file without findings must not pay for.
            from flake8_django_orm.fixes.eager_calls import drop_calls

            fix = drop_calls(context.project, queryset, _EAGER, Applicability.UNSAFE, evaluated_by="iterate")
        yield Report(
            event=event,
            place=eager[0].place,
            message=f"{queryset.model.name} rows are loaded with {names}, which nobody reads: drop it",
            fix=fix,
            model=queryset.model.label,
            relations=tuple("__".join(path) for path in unused),
        )
