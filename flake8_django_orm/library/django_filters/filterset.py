"""django_filters.filterset: the same classes under the names of their module."""

from __future__ import annotations

from django_filters import BaseFilterSet, FilterSet
