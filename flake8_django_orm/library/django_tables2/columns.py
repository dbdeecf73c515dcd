"""django_tables2.columns: the kinds of column, by which the reader of tables tells what is shown."""

from __future__ import annotations


class Column:
    pass


class BaseLinkColumn(Column):
    pass


class LinkColumn(BaseLinkColumn):
    pass


class RelatedLinkColumn(LinkColumn):
    pass


class CheckBoxColumn(Column):
    pass


class BooleanColumn(Column):
    pass


class FileColumn(Column):
    pass


class JSONColumn(Column):
    pass


class EmailColumn(Column):
    pass


class URLColumn(Column):
    pass


class ManyToManyColumn(Column):
    pass


class TemplateColumn(Column):
    pass


class DateColumn(TemplateColumn):
    pass


class DateTimeColumn(TemplateColumn):
    pass


class TimeColumn(TemplateColumn):
    pass
