"""DJQ204: a filter over a relation chooses the rows, and the prefetch beside it loads all related rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import QueryRun
from flake8_django_orm.machine.loading import How
from flake8_django_orm.rules.base import Report, Rule, RuleContext

if TYPE_CHECKING:
    from flake8_django_orm.machine.values import Argument, Step
    from flake8_django_orm.project.models import Relation


class PrefetchDoesNotFilter(Rule):
    """## What it does
    Flags `prefetch_related("books")` beside `filter(books__published=True)`. Off by default.

    ## Why is this bad
    The two say different things. The filter joins the books and chooses *authors*:

    ```sql
    SELECT ... FROM author INNER JOIN book ON book.author_id = author.id WHERE book.published
    ```

    The prefetch loads *books*, all of each author, published or not:

    ```sql
    SELECT ... FROM book WHERE book.author_id IN (1, 2, 3)
    ```

    Code that then goes over `author.books.all()` gets books that the filter seemed to leave out. Often that is meant,
    and so the rule is off by default.

    ## Example
    ```python
    from app.models import Author


    def published():
        authors = Author.objects.filter(books__published=True).prefetch_related("books").distinct()
        return [book.title for author in authors for book in author.books.all()]
    ```

    ## Use instead
    ```python
    from django.db.models import Prefetch

    from app.models import Author, Book


    def published():
        books = Prefetch("books", queryset=Book.objects.filter(published=True))
        authors = Author.objects.filter(books__published=True).prefetch_related(books).distinct()
        return [book.title for author in authors for book in author.books.all()]
    ```

    ## Fix safety
    The fix writes a `Prefetch` object with the filter's own conditions. It is unsafe: the rows that the code sees
    change, which is what it is for.

    ## What it does not see
    Conditions inside of `Q` objects, and relations further away than one step.

    ## References
    - [Django documentation: Prefetch objects](https://docs.djangoproject.com/en/stable/ref/models/querysets/#prefetch-objects)
    """

    code = "DJQ204"
    name = "prefetch-does-not-filter"
    applicability = Applicability.UNSAFE
    default_on = False
    in_tests = False
    listens = QueryRun

    def check(self, event: QueryRun, context: RuleContext) -> Iterator[Report]:
        queryset = event.queryset
        if event.how not in ("iterate", "list"):
            return
        for name, loaded in queryset.loading.relations:
            relation = queryset.model.relations.get(name)
            if loaded.how is not How.PREFETCHED or loaded.queryset is not None or relation is None:
                continue
            conditions = _conditions(queryset.steps, relation)
            step = next((s for s in queryset.steps if s.method == "prefetch_related" and _names(s, name)), None)
            target = context.project.model(relation.target) if relation.target else None
            if relation.kind.single_valued or not conditions or step is None or target is None:
                continue
            # Fix builders import libcst, which a file without findings must not pay for.
            from flake8_django_orm.fixes.filtered_prefetches import filter_prefetch

            whole = step.frame is event.frame and len({s.place for s in queryset.steps if _filters(s, relation)}) == 1
            where = "" if step.place.path == context.path else f" on {context.line_of(step.place)}"
            yield Report(
                event=event,
                place=step.place,
                message=f'prefetch_related("{name}"){where} loads all, whatever filter({conditions[0].name}=...) says: '
                "use a Prefetch object with a queryset where only the matching ones are meant",
                fix=filter_prefetch(context.project, step, relation, target, conditions) if whole else None,
                model=queryset.model.label,
                relations=(name,),
            )


def _conditions(steps: tuple[Step, ...], relation: Relation) -> list[Argument]:
    return [a for step in steps if _filters(step, relation) for a in step.arguments if _is_on(a, relation)]


def _filters(step: Step, relation: Relation) -> bool:
    return step.method == "filter" and any(_is_on(argument, relation) for argument in step.arguments)


def _is_on(argument: Argument, relation: Relation) -> bool:
    """True for a condition on a column of the related rows; `books__isnull` and `books__in` choose authors only."""
    prefix = f"{relation.lookup}__"
    name = argument.name or ""
    return name.startswith(prefix) and name.removeprefix(prefix) not in ("isnull", "in", "exact", "pk", "id")


def _names(step: Step, name: str) -> bool:
    return any(getattr(argument.value, "value", None) == name for argument in step.arguments)
