"""rest_framework.relations: fields for the rows at the other end of a relation."""

from __future__ import annotations

from rest_framework.fields import Field


class RelatedField(Field):
    pass


class StringRelatedField(RelatedField):
    pass


class PrimaryKeyRelatedField(RelatedField):
    pass


class HyperlinkedRelatedField(RelatedField):
    lookup_field = "pk"


class HyperlinkedIdentityField(HyperlinkedRelatedField):
    pass


class SlugRelatedField(RelatedField):
    pass


class ManyRelatedField(Field):
    pass
