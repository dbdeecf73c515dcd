"""import_export.fields: the one class of field there is."""

from __future__ import annotations


class Field:
    pass
