"""django.views.generic.detail: the same classes under the names of their modules."""

from __future__ import annotations

from django.views.generic import BaseDetailView, DetailView, SingleObjectMixin, SingleObjectTemplateResponseMixin  # noqa: F401
