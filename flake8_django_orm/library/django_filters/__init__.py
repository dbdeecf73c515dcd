"""django_filters: a filter set narrows the queryset that it is given, and keeps what that one loads."""

from __future__ import annotations

from django.utils.functional import cached_property
from django.views.generic import ListView


class BaseFilterSet:
    def __init__(self, data=None, queryset=None, *, request=None, prefix=None):
        self.queryset = self._rows_of(queryset)
        self.data = data
        self.request = request
        self.form_prefix = prefix

    def _rows_of(self, queryset):
        if queryset is None:
            return self.Meta.model._default_manager.all()
        return queryset

    def filter_queryset(self, queryset):
        return queryset

    @cached_property
    def qs(self):
        # The real one keeps it by hand: it is evaluated once.
        return self.filter_queryset(self.queryset.all())


class FilterSet(BaseFilterSet):
    pass


class FilterView(ListView):
    filterset_class = None
    template_name_suffix = "_filter"

    def get_filterset_class(self):
        return self.filterset_class

    def get(self, request, *args, **kwargs):
        self.filterset = self.get_filterset_class()(request.GET, queryset=self.get_queryset(), request=request)
        self.object_list = self.filterset.qs
        context = self.get_context_data(filter=self.filterset, object_list=self.object_list)
        return self.render_to_response(context)
