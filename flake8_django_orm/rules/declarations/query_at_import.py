"""DJQ404: a query runs when a module is imported, or rows are kept on a class for every later request."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import Chained, QueryRun
from flake8_django_orm.machine.frames import Body
from flake8_django_orm.machine.values import Moment
from flake8_django_orm.rules.base import Report, Rule, RuleContext

#: Kinds of use that keep the rows in the queryset.
_KEEPS_ROWS = frozenset({"iterate", "list", "test", "len", "contains", "text"})
#: A module that sets Django up by itself is a program.
_SCRIPT = "django.setup("


class QueryAtImport(Rule):
    """## What it does
    Flags what a class or module does once, although every request should. Three things: a query that runs when the
    module is imported; a queryset of a class body that is filtered by the clock; and `self.queryset` (or another
    queryset of a class or module) that is iterated as it is, so that its rows stay for all later requests.

    ## Why is this bad
    A query on import runs before migrations, so `manage.py migrate` fails on a new database, and on whatever database
    is the default when tests are collected. What it gives, like a moment of the clock in a class body, stays as it was
    until the next restart. A queryset keeps its rows once it was iterated, and a queryset of a class is one object for
    all requests.

    ## Example
    ```python
    from app.models import Category

    NAMES = list(Category.objects.values_list("name", flat=True))
    ```

    ## Use instead
    ```python
    from app.models import Category


    def names():
        return list(Category.objects.values_list("name", flat=True))
    ```

    ## Fix safety
    Only the third form has a fix: `.all()` behind the queryset makes a fresh one, which sends its own query. It is
    unsafe because it sends one more query for each request, which is the point.

    ## What it does not see
    Queries of a function that is called on import, those behind a condition of the module (`if __name__ == "__main__"`)
    and those of scripts: files that call `django.setup()`, or that stand in no package and are imported nowhere, as
    those that are fed to `manage.py shell`.

    ## References
    - [Django documentation: Caching and QuerySets](https://docs.djangoproject.com/en/stable/topics/db/queries/#caching-and-querysets)
    """

    code = "DJQ404"
    name = "query-at-import"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = (QueryRun, Chained)

    def check(self, event: QueryRun | Chained, context: RuleContext) -> Iterator[Report]:
        body = event.frame.ancestors()[-1].body
        if isinstance(event, Chained):
            yield from _by_clock(event, body)
        elif body in (Body.MODULE, Body.CLASS):
            if not event.conditional and not _is_program(context):
                yield _on_import(event, body)
        elif event.queryset.shared and event.how in _KEEPS_ROWS and event.frame.parent is None:
            yield _kept(event)


def _is_program(context: RuleContext) -> bool:
    """A module that nobody imports, or that sets Django up by itself: its body is what it is run for."""
    return _SCRIPT in (context.project.text(context.path) or "") or not context.project.is_imported(context.path)


def _on_import(event: QueryRun, body: Body) -> Report:
    where = "module is imported" if body is Body.MODULE else "class body runs, on import"
    return Report(
        event=event,
        place=event.place,
        message=f"this query for {event.queryset.model.name} rows runs when the {where}: move it into a function",
        model=event.queryset.model.label,
    )


def _by_clock(event: Chained, body: Body) -> Iterator[Report]:
    clock = next((a.value for a in event.step.arguments if isinstance(a.value, Moment)), None)
    if clock is None or body is not Body.CLASS or event.frame.parent is not None:
        return
    short = ".".join(clock.function.rsplit(".", 2)[-2:])
    yield Report(
        event=event,
        place=event.place,
        message=f"{short}() in this queryset is asked once, on import, and stands still until the next restart: "
        "filter in a method",
        model=event.before.model.label,
    )


def _kept(event: QueryRun) -> Report:
    from flake8_django_orm.fixes.fresh_queryset import iterate_fresh

    return Report(
        event=event,
        place=event.place,
        message=f"the {event.queryset.model.name} rows stay in this queryset, which all requests share: "
        "iterate a fresh one, .all()",
        fix=iterate_fresh(event.place),
        model=event.queryset.model.label,
    )
