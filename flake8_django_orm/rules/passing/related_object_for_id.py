"""DJQ202: a related row is fetched for nothing but its key, which the row at hand has in a column of its own."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import RelationRead
from flake8_django_orm.machine.values import Fetched
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule, RuleContext

#: What a model class may define to make a row more than its key in a comparison or test.
_OWN_MEANING = {"equal": ("__eq__", "__ne__"), "member": ("__eq__",), "test": ("__bool__", "__len__")}


class RelatedObjectForId(Rule):
    """## What it does
    Flags a foreign key that is not loaded and is read for the key of the related row alone: `book.author.id`. Also
    `book.author.pk`, `book.author == author`, `book.author is None`, `if book.author` and `filter(author=book.author)`.

    ## Why is this bad
    The key stands in a column of the row itself, `author_id`. Django fetches the related row all the same, by a query
    of its own: one for each such row.

    ## Example
    ```python
    from app.models import Book


    def author_ids():
        return [book.author.id for book in Book.objects.all()]
    ```

    ## Use instead
    ```python
    from app.models import Book


    def author_ids():
        return [book.author_id for book in Book.objects.all()]
    ```

    ## Fix safety
    The fix writes the key's column at every place where the relation is read. It is unsafe where the key may be null
    and its value is taken: `book.editor.id` raises `AttributeError` where `book.editor_id` gives `None`. It is also
    unsafe in a function that is handed the row, because others may hand it a row whose related row was never saved.
    Where a key that may be null is compared with `request.user`, the fix is only shown: an anonymous user has the key
    `None` too. There is no fix for `in`, where the container would have to hold keys, and none for a comparison with
    something that is not surely a row of the same model.

    ## What it does not see
    Rows that come from outside of the function: their relation may be loaded. A relation is left alone if anything else
    is read of the related row in sight, if it is kept in a variable, or if the foreign key points at another column
    than the primary key.

    ## References
    - [Django documentation: use foreign key values directly](https://docs.djangoproject.com/en/stable/topics/db/optimization/#use-foreign-key-values-directly)
    """

    code = "DJQ202"
    name = "related-object-for-id"
    applicability = Applicability.SAFE
    in_tests = False
    cured_at_access = True
    listens = RelationRead

    def check(self, event: RelationRead, context: RuleContext) -> Iterator[Report]:
        relation = event.relation
        if event.row.fetched is Fetched.LOADED:
            yield from self._read_while_loading(event)
            return
        if not event.identity_only or not relation.kind.forward_column or event.deferred_key or relation.to_field:
            return
        if event.origin is None or relation.target is None or self._has_own_meaning(event, relation.target, context):
            return
        # Fix builders import libcst, which a file without findings must not pay for.
        from flake8_django_orm.fixes.related_keys import use_key_column

        path = ".".join(event.path)
        repeated = event.loop is not None and event.loop.counts
        row = f"every {event.origin.model.name} row fetches" if repeated else f"{event.origin.model.name} fetches"
        elsewhere = f" on {context.line_of(event.place)}" if event.frame.parent is not None else ""
        yield Report(
            event=event,
            place=event.place,
            message=f"{row} {path} by a query of its own, only for its key{elsewhere}: use {relation.attname}",
            fix=use_key_column(context.project, event),
            model=event.row.model.label,
            relations=("__".join(event.path),),
            related=tuple(
                RelatedPlace(use.row, "and read for its key here") for use in event.key_uses if use.row != event.place
            ),
        )

    def _read_while_loading(self, event: RelationRead) -> Iterator[Report]:
        """A read in from_db(): the row is not in any result set yet, so that nothing can have loaded it."""
        relation = event.relation
        if event.row.path or not relation.kind.forward_column or event.conditional:
            return
        yield Report(
            event=event,
            place=event.place,
            message=f"from_db() fetches {relation.name} of every {event.row.model.name} row that a queryset gives, by "
            f"a query of its own that no select_related() saves: use {relation.attname}",
            model=event.row.model.label,
            relations=(relation.name,),
        )

    def _has_own_meaning(self, event: RelationRead, target: str, context: RuleContext) -> bool:
        names = {name for use in event.key_uses for name in _OWN_MEANING.get(use.how, ())}
        return any(context.project.find_method(target, name) is not None for name in names)
