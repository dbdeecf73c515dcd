"""drf_writable_nested.mixins: what they add concerns writing alone."""

from __future__ import annotations

from rest_framework import serializers


class BaseNestedModelSerializer(serializers.ModelSerializer):
    pass


class NestedCreateMixin(BaseNestedModelSerializer):
    pass


class NestedUpdateMixin(BaseNestedModelSerializer):
    pass


class UniqueFieldsMixin(serializers.ModelSerializer):
    pass
