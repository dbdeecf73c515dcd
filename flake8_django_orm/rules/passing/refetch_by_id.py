"""DJQ201: a function is handed the key of a row that its caller has, and fetches the row again."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_django_orm.findings import Applicability
from flake8_django_orm.machine.events import Refetched
from flake8_django_orm.rules.base import RelatedPlace, Report, Rule, RuleContext


class RefetchById(Rule):
    """## What it does
    Flags a call that hands over `member.id` to a function which fetches that member again by its key.

    ## Why is this bad
    The caller has the row already: the second fetch is a query for nothing, and one for each row in a loop. The two
    objects are also different ones: what is changed on one is not seen on the other.

    ## Example
    ```python
    from app.models import Member


    def get_member_address(member_id):
        member = Member.objects.get(id=member_id)
        return member.address


    def addresses():
        return [get_member_address(member.id) for member in Member.objects.all()]
    ```

    ## Use instead
    ```python
    from app.models import Member


    def get_member_address(member):
        return member.address


    def addresses():
        return [get_member_address(member) for member in Member.objects.all()]
    ```

    ## Fix safety
    The fix changes the function and all of its call sites, and is offered only where every one of them has the row at
    hand. It is unsafe: the function then sees the caller's object, with what was changed on it and not saved yet.

    ## What it does not see
    A fetch that adds a condition, a lock, eager loading or another manager is left alone, and so are tasks that are
    handed to a queue, functions that remember their results, rows with changes that are not saved, and tables that were
    written since the row was fetched. A row that comes into the calling function through a parameter without
    annotation is not known to be one. A key that is handed on through several functions is reported without a fix.

    ## References
    - [Django documentation: database access optimization](https://docs.djangoproject.com/en/stable/topics/db/optimization/)
    """

    code = "DJQ201"
    name = "refetch-by-id"
    applicability = Applicability.UNSAFE
    in_tests = False
    listens = Refetched

    def check(self, event: Refetched, context: RuleContext) -> Iterator[Report]:
        if event.unsaved_changes or event.extra_conditions or event.key_only:
            return
        model = event.row.model
        name = event.function.name
        from flake8_django_orm.fixes.refetch import pass_object

        yield Report(
            event=event,
            place=event.place,
            message=f"{name}() is handed the key of a {model.name} that is at hand here and "
            f"{'has it fetched' if event.hops else 'fetches it'} again on {context.line_of(event.fetch_place)}: "
            "pass the object",
            fix=pass_object(context.project, event),
            model=model.label,
            related=(RelatedPlace(event.fetch_place, "the row is fetched again here"),),
            own_frame=True,
        )
