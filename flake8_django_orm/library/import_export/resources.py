"""import_export.resources: a resource goes over a queryset and writes the fields of each row.

`rows_of` and `write_each` are the reader of resources (readers/resources.py): model and fields are declarations, which
no Python statement here could go through.
"""

from __future__ import annotations

from import_export._reading import rows_of, write_each


class Resource:
    def get_queryset(self):
        return rows_of(self, None)

    def filter_export(self, queryset, *args, **kwargs):
        return queryset

    def export(self, queryset=None, **kwargs):
        if queryset is None:
            queryset = self.get_queryset()
        return write_each(self, self.filter_export(queryset, **kwargs))


class ModelResource(Resource):
    pass
