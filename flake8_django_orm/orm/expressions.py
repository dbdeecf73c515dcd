"""Database expressions: which of them name a path, which are aggregates, which of these a second join makes wrong.

In: the class's own name. Out: membership in a set.
Source: https://docs.djangoproject.com/en/stable/ref/models/expressions/ and
https://docs.djangoproject.com/en/stable/ref/models/querysets/#aggregation-functions
"""

from __future__ import annotations

#: Aggregates whose default name is made of their path: `Count("books")` is `books__count`.
AGGREGATES = frozenset({"Avg", "Count", "Max", "Min", "StdDev", "Sum", "Variance"})

#: Aggregates that come out higher when a join repeats rows. Min, Max and the mean stay what they are.
MULTIPLIED = frozenset({"Count", "Sum"})

#: Expressions whose first argument, given as a text, is a path from the queryset's model.
PATH_FUNCTIONS = AGGREGATES | {"F"}

_MODULES = (
    "django.db.models.",
    "django.contrib.postgres.aggregates.",
    "django.contrib.postgres.search.",
    "django.contrib.gis.db.models.functions.",
)


def is_expression(name: str) -> bool:
    """Whether calling the thing of that dotted name may make a database expression."""
    return name.startswith(_MODULES) and name.rpartition(".")[2][:1].isupper()
