"""django_tables2: the names that a project imports from the package itself."""

from __future__ import annotations

from django_tables2.columns import (
    BooleanColumn,
    CheckBoxColumn,
    Column,
    DateColumn,
    DateTimeColumn,
    EmailColumn,
    FileColumn,
    JSONColumn,
    LinkColumn,
    ManyToManyColumn,
    RelatedLinkColumn,
    TemplateColumn,
    TimeColumn,
    URLColumn,
)
from django_tables2.tables import Table
from django_tables2.views import MultiTableMixin, SingleTableMixin, SingleTableView
