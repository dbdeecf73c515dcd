"""DJQ302: a database expression is still on the row when it is saved again, so the database works it out twice."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import ColumnChange, RowSaved
from flake8_django_orm.machine.values import Expression
from flake8_django_orm.orm.databases import SAVE_REFRESHES_SINCE
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule, RuleContext

_ARITHMETIC = frozenset("+-*/%^|&")


class ExpressionSavedTwice(Rule):
    """## What it does
    Flags a second `save()` of a row on which a saved expression such as `F("likes") + 1` is left. After a `save()` this
    holds for projects that run on a Django before 6.0, after a `bulk_update()` for all.

    ## Why is this bad
    Before Django 6.0 the expression stays on the instance after `save()`, and in every version after `bulk_update()`.
    The next `save()` sends it once more, and the database adds once more, although nothing but another column was
    changed in between.

    ## Example
    ```python
    from django.db.models import F

    from app.models import Post


    def like(pk, title):
        post = Post.objects.get(pk=pk)
        post.likes = F("likes") + 1
        post.save()
        post.title = title
        post.save()
    ```

    ## Use instead
    ```python
    from django.db.models import F

    from app.models import Post


    def like(pk, title):
        post = Post.objects.get(pk=pk)
        post.likes = F("likes") + 1
        post.save(update_fields=["likes"])
        post.title = title
        post.save(update_fields=["title"])
    ```

    ## Fix safety
    The fix reads the column again before the second save. It is unsafe: it is one query more, and the row in the
    database changes less than before.

    ## What it does not see
    Saves in another function, and a second `bulk_update()`. The version comes from `--djq-django-version`, else from
    the project's lock file or requirements, else it is the oldest that is supported.

    ## References
    - [Django documentation: F() assignments persist after Model.save()](https://docs.djangoproject.com/en/5.2/ref/models/expressions/#f-assignments-persist-after-model-save)
    """

    code = "DJQ302"
    name = "expression-saved-twice"
    applicability = Applicability.UNSAFE
    listens = RowSaved
    of_expressions = True

    def check(self, event: RowSaved, context: RuleContext) -> Iterator[Report]:
        stays = context.django_version is not None and context.django_version < SAVE_REFRESHES_SINCE
        changes = [change for change in event.stale if changes_itself(change) and (change.kept or stays)]
        if not changes:
            return
        from flake8_django_orm.fixes.refresh import refresh_before

        columns = [change.column for change in changes]
        model = event.row.model
        yield Report(
            event=event,
            place=event.place,
            message=f"this save() works out the expression on {model.name}.{', '.join(columns)} once more, as it was "
            f"{_written(changes)} before: call refresh_from_db() in between, or name update_fields",
            fix=refresh_before(context.project, event.place, columns, is_async=event.frame.is_async),
            model=model.label,
            related=tuple(RelatedPlace(change.place, "the expression is assigned here") for change in changes),
            own_frame=event.frame.parent is None,
        )


def _written(changes: list[ColumnChange]) -> str:
    return "written by a bulk method, which leaves it on the row," if all(c.kept for c in changes) else "saved"


def changes_itself(change: ColumnChange) -> bool:
    """True for `row.n = F("n") + 1`: worked out twice, it gives something else than once."""
    value = change.value
    return isinstance(value, Expression) and value.function in _ARITHMETIC and change.column in value.columns
