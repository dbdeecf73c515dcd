"""import_export.widgets: what is written of a value; those of relations are known by name."""

from __future__ import annotations


class Widget:
    pass


class ForeignKeyWidget(Widget):
    pass


class ManyToManyWidget(Widget):
    pass
