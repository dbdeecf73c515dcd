"""DJQ303: an attribute is read as a value while it still holds the expression that was saved."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import ExpressionRead
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule, RuleContext

#: Since then save() replaces an expression by the value that the database worked out.
_SAVE_REFRESHES = (6, 0)


class ExpressionReadBack(Rule):
    """## What it does
    Flags a read of an attribute to which an expression such as `F("likes") + 1` was assigned, after the row was saved
    and before it is read again from the database. Holds for projects that run on a Django before 6.0.

    ## Why is this bad
    Before Django 6.0 the attribute holds the expression, not the number. It is shown as `F(likes) + Value(1)`, a
    comparison with a number raises `TypeError`, and as a condition it is always true.

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
    gets a number instead of an expression.

    ## What it does not see
    Reads by code that the row is handed to: templates, serializers, other modules. Since Django 6.0 `save()` fetches
    the value itself, so there is nothing to report; on a database without `RETURNING` the read is a query of its own.
    The version comes from `--djq-django-version`, else from the project's lock file or requirements, else it is the
    oldest that is supported.

    ## References
    - [Django documentation: F() expressions](https://docs.djangoproject.com/en/5.2/ref/models/expressions/#f-expressions)
    """

    code = "DJQ303"
    name = "expression-read-back"
    applicability = Applicability.UNSAFE
    listens = ExpressionRead

    def check(self, event: ExpressionRead, context: RuleContext) -> Iterator[Report]:
        if not event.saved or context.django_version is None or context.django_version >= _SAVE_REFRESHES:
            return
        from flake8_django_orm.fixes.refresh import refresh_before

        model = event.row.model
        yield Report(
            event=event,
            place=event.place,
            message=f"{model.name}.{event.column} still holds the expression that was saved, not its value: "
            "call refresh_from_db() before",
            fix=refresh_before(context.project, event.place, [event.column], is_async=event.frame.is_async),
            model=model.label,
            related=(RelatedPlace(event.change.place, "the expression is assigned here"),),
            own_frame=event.frame.parent is None,
        )
