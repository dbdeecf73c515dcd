"""rest_framework.serializers: what a serializer is given, and that reading `data` reads its rows.

`represent`, `represent_each` and `read_fields` are the reader of serializers (readers/serializers.py): the fields are
declarations, which no Python statement here could go through.
"""

from __future__ import annotations

from rest_framework._reading import read_fields, represent, represent_each
from rest_framework.fields import (
    BooleanField,
    CharField,
    ChoiceField,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    DurationField,
    EmailField,
    Field,
    FileField,
    FloatField,
    HiddenField,
    ImageField,
    IntegerField,
    JSONField,
    ListField,
    MultipleChoiceField,
    NullBooleanField,
    ReadOnlyField,
    RegexField,
    SerializerMethodField,
    SlugField,
    TimeField,
    URLField,
    UUIDField,
)
from rest_framework.relations import (
    HyperlinkedIdentityField,
    HyperlinkedRelatedField,
    ManyRelatedField,
    PrimaryKeyRelatedField,
    RelatedField,
    SlugRelatedField,
    StringRelatedField,
)


class BaseSerializer(Field):
    def __init__(self, instance=None, data=None, many=False, context=None, **kwargs):
        self.instance = instance
        if context is not None:
            self.context = context

    @property
    def data(self):
        return represent(self, self.instance)

    def to_representation(self, instance):
        return read_fields(self, instance)


class Serializer(BaseSerializer):
    pass


class ListSerializer(BaseSerializer):
    def to_representation(self, data):
        return represent_each(self.child, data)


class ModelSerializer(Serializer):
    pass


class HyperlinkedModelSerializer(ModelSerializer):
    pass
