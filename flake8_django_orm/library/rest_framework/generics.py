"""rest_framework.generics: where the generic views get their rows and their serializer from."""

from __future__ import annotations

from rest_framework import mixins, views
from rest_framework.response import Response


class GenericAPIView(views.APIView):
    queryset = None
    serializer_class = None
    lookup_field = "pk"
    lookup_url_kwarg = None
    pagination_class = None

    def get_queryset(self):
        return self.queryset.all()

    def get_object(self):
        queryset = self.filter_queryset(self.get_queryset())
        return queryset.get(pk=self.kwargs.get("pk"))

    def get_serializer(self, *args, **kwargs):
        serializer_class = self.get_serializer_class()
        kwargs.setdefault("context", self.get_serializer_context())
        return serializer_class(*args, **kwargs)

    def get_serializer_class(self):
        return self.serializer_class

    def get_serializer_context(self):
        return {"request": self.request}

    def filter_queryset(self, queryset):
        return queryset

    def paginate_queryset(self, queryset):
        return list(queryset)

    def get_paginated_response(self, data):
        return Response(data)


class CreateAPIView(mixins.CreateModelMixin, GenericAPIView):
    pass


class ListAPIView(mixins.ListModelMixin, GenericAPIView):
    def get(self, request, *args, **kwargs):
        return self.list(request, *args, **kwargs)


class RetrieveAPIView(mixins.RetrieveModelMixin, GenericAPIView):
    def get(self, request, *args, **kwargs):
        return self.retrieve(request, *args, **kwargs)


class DestroyAPIView(mixins.DestroyModelMixin, GenericAPIView):
    pass


class UpdateAPIView(mixins.UpdateModelMixin, GenericAPIView):
    pass


class ListCreateAPIView(mixins.ListModelMixin, mixins.CreateModelMixin, GenericAPIView):
    def get(self, request, *args, **kwargs):
        return self.list(request, *args, **kwargs)


class RetrieveUpdateAPIView(mixins.RetrieveModelMixin, mixins.UpdateModelMixin, GenericAPIView):
    def get(self, request, *args, **kwargs):
        return self.retrieve(request, *args, **kwargs)


class RetrieveDestroyAPIView(mixins.RetrieveModelMixin, mixins.DestroyModelMixin, GenericAPIView):
    def get(self, request, *args, **kwargs):
        return self.retrieve(request, *args, **kwargs)


class RetrieveUpdateDestroyAPIView(
    mixins.RetrieveModelMixin, mixins.UpdateModelMixin, mixins.DestroyModelMixin, GenericAPIView
):
    def get(self, request, *args, **kwargs):
        return self.retrieve(request, *args, **kwargs)
