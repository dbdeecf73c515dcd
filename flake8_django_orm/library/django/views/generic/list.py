"""django.views.generic.list: the same classes under the names of their modules."""

from __future__ import annotations

from django.views.generic import BaseListView, ListView, MultipleObjectMixin, MultipleObjectTemplateResponseMixin  # noqa: F401
