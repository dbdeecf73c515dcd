"""DJQ303: an attribute is read as a value while it still holds the expression that was saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import ExpressionRead
from flake8_django_orm.orm.databases import SAVE_REFRESHES_SINCE, WITHOUT_RETURNING
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule, RuleContext


class ExpressionReadBack(Rule):
    """## What it does
    Flags a read of an attribute that still holds a saved expression such as `F("likes") + 1`. After a `save()` this
    holds for projects that run on a Django before 6.0, or on a database without `RETURNING`; after `bulk_update()` and
    `bulk_create()` it holds for all.

    ## Why is this bad
    Before Django 6.0 the attribute holds the expression, not the number. It is shown as `F(likes) + Value(1)`, a
    comparison with a number raises `TypeError`, and as a condition it is always true. `bulk_update()` and
    `bulk_create()` leave the expression in every version.

    Since Django 6.0 `save()` puts the number in the expression's place, where the database returns it from the
    `UPDATE`. MySQL and MariaDB do not: there the column is deferred, and the read sends a query that the line does not
    show.

    ## Example
    ```python
    from django.db.models import F

    from app.models import Post


    def like(pk):
        post = Post.objects.get(pk=pk)
        post.likes = F("likes") + 1
        post.save(update_fields=["likes"])
        return post.likes
    ```

    ## Use instead
    ```python
    from django.db.models import F

    from app.models import Post


    def like(pk):
        post = Post.objects.get(pk=pk)
        post.likes = F("likes") + 1
        post.save(update_fields=["likes"])
        post.refresh_from_db(fields=["likes"])
        return post.likes
    ```

    ## Fix safety
    The fix reads the column again before the read. It is unsafe: it is one query more, and what reads the attribute
    gets a number instead of an expression. For MySQL since Django 6.0 it is shown only and never applied: it sends the
    same query, one that can be seen.

    ## What it does not see
    Reads by code that the row is handed to: templates, serializers, other modules. The database is known where the
    settings name its `ENGINE`; where they do not, or where one of several databases has `RETURNING`, nothing is said
    since Django 6.0. The version comes from `--djq-django-version`, else from the project's lock file or requirements,
    else it is the oldest that is supported. That MySQL defers the column was asked of Django 6.1 with a database that
    was told not to return rows; there is no proof on MySQL itself.

    ## References
    - [Django documentation: F() expressions](https://docs.djangoproject.com/en/5.2/ref/models/expressions/#f-expressions)
    """

    code = "DJQ303"
    name = "expression-read-back"
    applicability = Applicability.UNSAFE
    listens = ExpressionRead
    of_expressions = True

    def check(self, event: ExpressionRead, context: RuleContext) -> Iterator[Report]:
        version, kept = context.django_version, event.change.kept
        if not event.saved or (version is None and not kept):
            return
        deferred = not kept and version is not None and version >= SAVE_REFRESHES_SINCE
        if deferred and not _is_without_returning(context):
            return
        from flake8_django_orm.fixes.refresh import refresh_before

        model = event.row.model
        column = f"{model.name}.{event.column}"
        fix = refresh_before(context.project, event.place, [event.column], is_async=event.frame.is_async)
        yield Report(
            event=event,
            place=event.place,
            message=f"{column} is read by a query of its own, because the database did not return what save() wrote: "
            "call refresh_from_db() before, where it can be seen"
            if deferred
            else f"{column} still holds the expression that was saved, not its value: call refresh_from_db() before",
            fix=replace(fix, applicability=Applicability.DISPLAY_ONLY) if fix is not None and deferred else fix,
            model=model.label,
            related=(RelatedPlace(event.change.place, "the expression is assigned here"),),
            own_frame=event.frame.parent is None,
        )


def _is_without_returning(context: RuleContext) -> bool:
    """True if all databases of the project are known to return nothing from UPDATE."""
    engines = context.project.database_engines()
    return bool(engines) and engines <= WITHOUT_RETURNING
