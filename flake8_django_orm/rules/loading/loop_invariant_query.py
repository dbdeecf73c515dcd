"""DJQ104: the same query is sent in each iteration of a loop."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import QueryRun
from flake8_django_orm.machine.invariant_queries import repeating_loop
from flake8_django_orm.machine.loop_bodies import calls_from_body
from flake8_django_orm.rules.base import Report, Rule, RuleContext
from flake8_django_orm.rules.loading.choices import choices_of


class LoopInvariantQuery(Rule):
    """## What it does
    Flags a query in a loop that depends on nothing which the loop changes: it asks the same in each iteration. That
    includes the loops of the admin: the form of each row of an inline, or of a change list with `list_editable`,
    fetches all choices of a foreign key again.

    ## Why is this bad
    The answer is the same each time, and each time it is a round trip to the database.

    ## Example
    ```python
    from app.models import Book, Tag


    def tag_names():
        found = []
        for book in Book.objects.all():
            tag = Tag.objects.get(name="new")
            found.append((book.title, tag.pk))
        return found
    ```

    ## Use instead
    ```python
    from app.models import Book, Tag


    def tag_names():
        found = []
        tag = Tag.objects.get(name="new")
        for book in Book.objects.all():
            found.append((book.title, tag.pk))
        return found
    ```

    ## Fix safety
    The fix moves an assignment in front of the loop. It is unsafe: the query then runs once even where the loop has
    nothing to go over, all iterations share one object, and what other processes write meanwhile is not seen.

    ## What it does not see
    The rule is silent where the loop writes the model or calls code that cannot be seen, behind a condition, and for
    rows that are locked or drawn at random.

    ## References
    - [Django documentation: understand queryset evaluation](https://docs.djangoproject.com/en/stable/topics/db/optimization/#understand-queryset-evaluation)
    """

    code = "DJQ104"
    name = "loop-invariant-query"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = QueryRun

    def check(self, event: QueryRun, context: RuleContext) -> Iterator[Report]:
        loop = repeating_loop(event)
        if loop is None or calls_from_body(context.project, loop, event.frame) > 1:
            return
        model = event.queryset.model
        choices = choices_of(event.queryset, event.frame)
        if choices is not None:
            yield Report(
                event=event,
                place=event.place,
                message=f"each row of {choices.owner} fetches the choices of {choices.name} again, "
                f"all {model.name} rows: {choices.instead}",
                model=model.label,
                relations=(choices.name,),
            )
            return
        # Fix builders import libcst, which a file without findings must not pay for.
        from flake8_django_orm.fixes.hoisting import hoist

        relation = event.queryset.relation
        asked = model.name if relation is None else f"{model.name} ({relation.name})"
        yield Report(
            event=event,
            place=event.place,
            message=f"{context.name_of(loop)} sends the same query to {asked} in each "
            f"iteration: send it once{', before the loop' if context.is_written(loop) else ' for all rows'}",
            fix=hoist(context.project, event),
            model=model.label,
            relations=(relation.name,) if relation is not None else (),
        )
