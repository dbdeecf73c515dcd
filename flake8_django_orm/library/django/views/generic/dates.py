"""django.views.generic.dates: the same classes under the names of their modules."""

from __future__ import annotations

from django.views.generic import (  # noqa: F401
    ArchiveIndexView,
    BaseDateListView,
    DateDetailView,
    DateMixin,
    DayArchiveView,
    MonthArchiveView,
    TodayArchiveView,
    WeekArchiveView,
    YearArchiveView,
)
