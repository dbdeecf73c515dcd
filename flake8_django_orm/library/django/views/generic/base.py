"""django.views.generic.base: the same classes under the names of their modules."""

from __future__ import annotations

from django.views.generic import ContextMixin, TemplateResponseMixin, TemplateView, View  # noqa: F401
