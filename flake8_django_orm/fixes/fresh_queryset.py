"""The fix for querysets that a class or module keeps: iterate a copy of their own, which sends its own query.

In: the place of the expression that is evaluated. Out: an unsafe fix that puts `.all()` behind it, or None where it is
not just a name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.syntax.names import dotted_name

if TYPE_CHECKING:
    from flake8_django_orm.syntax.units import Place


def iterate_fresh(place: Place) -> Fix | None:
    """`self.queryset` as `self.queryset.all()`."""
    if not dotted_name(place.node):
        return None
    end = place.span[1]
    return Fix(Applicability.UNSAFE, "Iterate a fresh queryset", (Edit(place.path, end, end, ".all()"),))
