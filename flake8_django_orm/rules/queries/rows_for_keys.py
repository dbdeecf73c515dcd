"""DJQ506: whole rows are fetched for nothing but their keys."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability, Fix
from flake8_django_orm.machine.events import OnlyKeysUsed
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule, RuleContext


class RowsForKeys(Rule):
    """## What it does
    Flags rows that are fetched with all their columns, where everything that is ever asked of them is the primary key:
    `[book.id for book in books]`, or a list that serves only to look whether another row is in it.

    ## Why is this bad
    All columns of all rows travel from the database, and an object is made of each row, for one number. On a table with
    long texts that is most of the time and memory of the request. `values_list("id", flat=True)` fetches the keys
    alone; the database may answer it from an index.

    ## Example
    ```python
    from app.models import Book


    def published_ids():
        return [book.id for book in Book.objects.filter(published=True)]
    ```

    ## Use instead
    ```python
    from app.models import Book


    def published_ids():
        return list(Book.objects.filter(published=True).values_list("id", flat=True))
    ```

    ## What it does not see
    Rows that are handed to other code, kept, returned or captured by a nested function: more may be read of them there.
    A queryset that comes from outside of the function may hold its rows already. Where `only()` or `defer()` chooses
    the columns, nothing is said. There is a fix for a list or set comprehension that does nothing but take the key.

    ## References
    - [Django documentation: use values() and values_list()](https://docs.djangoproject.com/en/stable/topics/db/optimization/#use-queryset-values-and-values-list)
    """

    code = "DJQ506"
    name = "rows-for-keys"
    applicability = Applicability.SAFE
    in_tests = False
    listens = OnlyKeysUsed

    def check(self, event: OnlyKeysUsed, context: RuleContext) -> Iterator[Report]:
        from flake8_django_orm.fixes.key_lists import comprehension, list_keys

        model, row, relation = event.queryset.model, event.queryset.source_row, event.queryset.relation
        edits = list_keys(context.project, event)
        looked_up = any(use.how == "contains" for use in event.key_uses)
        advice = "fetch the keys and look for the key of the other row, " if looked_up else ""
        yield Report(
            event=event,
            place=comprehension(event) or event.place,
            message=f"these {model.name} rows are fetched with all their columns only for their keys: "
            f'{advice}values_list("pk", flat=True)',
            fix=Fix(Applicability.SAFE, "Fetch the keys alone", edits) if edits else None,
            model=model.label,
            relations=("__".join((*row.path, relation.name)),) if row is not None and relation is not None else (),
            related=tuple(RelatedPlace(use.place, "only the key is asked for here") for use in event.key_uses),
        )
