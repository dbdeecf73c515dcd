"""What the rules say of choices that Django offers by itself: all rows of a model, shown by their text.

In: a queryset that ends with the step for choices. Out: words for a message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_django_orm.machine.values import Constant
from flake8_django_orm.orm.choices import CHOICES, WITHOUT_LIST, Offered

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Frame
    from flake8_django_orm.machine.values import QuerySetValue


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of the field or filter `name` of the class `owner`."""

    name: str
    offered: Offered
    owner: str
    model: str

    @property
    def where(self) -> str:
        """Where a queryset may be given to them."""
        words = self.offered.value.format(owner=self.owner, model=self.model)
        return f"{words}, or {WITHOUT_LIST}" if self.offered.is_in_admin else words

    @property
    def kind(self) -> str:
        """ "the filter" or "the field"."""
        return "filter" if self.offered is Offered.FILTER else "field"

    @property
    def instead(self) -> str:
        """What to do where they are fetched for each row of a form."""
        words = self.offered.value.format(owner=self.owner, model=self.model)
        return f"{WITHOUT_LIST}, which fetch what is chosen only, or give the field a list of choices {words}"


def choices_of(queryset: QuerySetValue, frame: Frame) -> Choices | None:
    """The choices whose rows the queryset fetches; None where code of the project makes the queryset."""
    last = queryset.steps[-1] if queryset.steps else None
    if last is None or last.method != CHOICES:
        return None
    name, offered = (str(a.value.value) if isinstance(a.value, Constant) else "" for a in last.arguments)
    return Choices(name, Offered[offered], frame.ancestors()[-1].qualname, queryset.model.name)
