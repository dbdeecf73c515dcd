"""import_export: resources write rows to a file, field by field."""

from __future__ import annotations

from import_export import fields, resources, widgets
