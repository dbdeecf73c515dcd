"""django_tables2.tables: a table is made to show its rows.

`show_each` is the reader of tables (readers/tables.py): the columns are declarations, which no Python statement here
could go through.
"""

from __future__ import annotations

from django_tables2._reading import show_each


class Table:
    def __init__(self, data=None, *args, **kwargs):
        show_each(self, data)
