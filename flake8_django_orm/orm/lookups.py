"""Lookups and transforms: what may stand behind the last name of a path, as in `title__icontains`.

In: a name. Out: membership in a set.
Source: https://docs.djangoproject.com/en/stable/ref/models/querysets/#field-lookups,
https://docs.djangoproject.com/en/stable/ref/contrib/postgres/lookups/ and
https://docs.djangoproject.com/en/stable/ref/contrib/gis/geoquerysets/
"""

from __future__ import annotations

#: Lookups that a relation has itself; everything else belongs to a column of the related model.
RELATION_LOOKUPS = frozenset({"exact", "gt", "gte", "in", "isnull", "lt", "lte"})

#: Lookups and transforms that Django registers for columns of numbers, texts, dates, truth values, keys and the like.
COLUMN_LOOKUPS = frozenset(
    (  # noqa: SIM905
        "contains date day endswith exact gt gte hour icontains iendswith iexact in iregex isnull istartswith "
        "iso_week_day iso_year lt lte minute month quarter range regex second startswith time week "
        "week_day year"
    ).split()
)
