"""django_tables2.views: where the rows of a view's table come from."""

from __future__ import annotations

from django.views.generic import ListView
from django_tables2._reading import make_each


class SingleTableMixin:
    table_class = None
    table_data = None
    context_table_name = "table"

    def get_table_class(self):
        return self.table_class

    def get_table(self, **kwargs):
        return self.get_table_class()(data=self.get_table_data(), **kwargs)

    def get_table_kwargs(self):
        return {}

    def get_table_data(self):
        if self.table_data is not None:
            return self.table_data
        return self.object_list

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        context[self.context_table_name] = self.get_table(**self.get_table_kwargs())
        return context


class SingleTableView(SingleTableMixin, ListView):
    pass


class MultiTableMixin:
    tables = None
    tables_data = None
    context_table_name = "tables"

    def get_tables(self):
        data = self.get_tables_data()
        if data is None:
            return self.tables
        return make_each(self.tables, data)

    def get_tables_data(self):
        return self.tables_data

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        context[self.context_table_name] = self.get_tables()
        return context
