"""django-import-export as data: the classes and methods that decide what a resource writes of each row.

In: nothing. Out: names. Sources: `import_export.resources`, `import_export.fields`, `import_export.widgets`.
"""

from __future__ import annotations

#: The functions of our stub that stand for a resource's rows and for writing them.
RESOURCE_READING = "import_export._reading."
ROWS_OF = f"{RESOURCE_READING}rows_of"

FIELD = "import_export.fields.Field"
#: What a widget writes of the value: one column of a related row, or of each of many.
FOREIGN_KEY_WIDGET = "import_export.widgets.ForeignKeyWidget"
MANY_TO_MANY_WIDGET = "import_export.widgets.ManyToManyWidget"

#: Methods by which a resource of the project goes over its rows, or chooses its fields, in a way of its own.
SHAPES_EXPORT = frozenset(
    {"export", "export_field", "export_resource", "get_export_fields", "get_export_order", "iter_queryset"}
)

#: Admin classes whose pages export the rows of the change list through their resources.
EXPORTING_ADMINS = frozenset(
    f"import_export.admin.{name}"
    for name in (
        "ExportActionMixin",
        "ExportActionModelAdmin",
        "ExportMixin",
        "ImportExportActionModelAdmin",
        "ImportExportMixin",
        "ImportExportModelAdmin",
    )
)
