"""rest_framework.mixins: what the generic views and viewsets do with their rows."""

from __future__ import annotations

from rest_framework.response import Response


class ListModelMixin:
    def list(self, request, *args, **kwargs):
        queryset = self.filter_queryset(self.get_queryset())
        serializer = self.get_serializer(self.paginate_queryset(queryset), many=True)
        return Response(serializer.data)


class RetrieveModelMixin:
    def retrieve(self, request, *args, **kwargs):
        serializer = self.get_serializer(self.get_object())
        return Response(serializer.data)


class CreateModelMixin:
    pass


class UpdateModelMixin:
    pass


class DestroyModelMixin:
    pass
