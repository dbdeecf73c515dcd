"""drf_writable_nested.serializers: a ModelSerializer that writes nested rows too."""

from __future__ import annotations

from drf_writable_nested.mixins import NestedCreateMixin, NestedUpdateMixin


class WritableNestedModelSerializer(NestedCreateMixin, NestedUpdateMixin):
    pass
