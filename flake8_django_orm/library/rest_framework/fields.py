"""rest_framework.fields: the fields whose reading depends on more than their class's name."""

from __future__ import annotations


class Field:
    pass


class CharField(Field):
    pass


class SlugField(CharField):
    pass


class RegexField(CharField):
    pass


class EmailField(CharField):
    pass


class URLField(CharField):
    pass


class ReadOnlyField(Field):
    pass


class HiddenField(Field):
    pass


class SerializerMethodField(Field):
    pass


class ListField(Field):
    pass


class BooleanField(Field):
    pass


class NullBooleanField(Field):
    pass


class IntegerField(Field):
    pass


class FloatField(Field):
    pass


class DecimalField(Field):
    pass


class DateTimeField(Field):
    pass


class DateField(Field):
    pass


class TimeField(Field):
    pass


class DurationField(Field):
    pass


class ChoiceField(Field):
    pass


class MultipleChoiceField(ChoiceField):
    pass


class UUIDField(Field):
    pass


class FileField(Field):
    pass


class ImageField(FileField):
    pass


class DictField(Field):
    pass


class JSONField(Field):
    pass
