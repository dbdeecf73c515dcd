"""drf_writable_nested: serializers that write nested rows; they read them as Django REST framework does."""

from __future__ import annotations

from drf_writable_nested.mixins import NestedCreateMixin, NestedUpdateMixin, UniqueFieldsMixin
from drf_writable_nested.serializers import WritableNestedModelSerializer
