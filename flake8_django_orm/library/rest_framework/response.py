"""rest_framework.response: holds the data until it is rendered."""

from __future__ import annotations


class Response:
    def __init__(self, data=None, status=None, **kwargs):
        self.data = data
