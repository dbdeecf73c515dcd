"""django.views.generic.edit: the same classes under the names of their modules."""

from __future__ import annotations

from django.views.generic import CreateView, DeleteView, FormMixin, FormView, ModelFormMixin, ProcessFormView, UpdateView  # noqa: F401
