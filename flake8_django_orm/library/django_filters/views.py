"""django_filters.views: the same class under the name of its module."""

from __future__ import annotations

from django_filters import FilterView
