"""django_tables2: the classes and options of its tables that decide on what is read of each row.

In: nothing. Out: names. The library is known by name and need not be installed; what its columns read is asked of the
real one in the proofs of the case files.
"""

from __future__ import annotations

TABLE = "django_tables2.tables.Table"
_COLUMNS = "django_tables2.columns."

COLUMN = f"{_COLUMNS}Column"
MANY_TO_MANY_COLUMN = f"{_COLUMNS}ManyToManyColumn"
TEMPLATE_COLUMN = f"{_COLUMNS}TemplateColumn"

#: Columns that make their own template of the value.
VALUE_COLUMNS = frozenset({f"{_COLUMNS}{name}" for name in ("DateColumn", "DateTimeColumn", "TimeColumn")})

#: What a view's class body may name to make a table of its rows.
VIEW_PIECES = frozenset(
    {"get_table", "get_table_class", "get_table_data", "get_table_kwargs", "table_class", "table_data"}
    | {"get_tables", "get_tables_data", "tables", "tables_data"}
)

#: The functions of our stub that stand for showing a table, and for making several tables.
TABLE_READING = "django_tables2._reading."

#: What a method that renders a cell may ask for by the name of its parameter, besides `record` and `value`.
CELL_ARGUMENTS = ("record", "value", "column", "bound_column", "bound_row", "table")

#: Words in a table's own __init__() that say that it chooses its columns at run time.
CHOOSES_COLUMNS = ("base_columns", "exclude", ".hide(", ".columns", "sequence")
