"""rest_framework.views: the base of all views."""

from __future__ import annotations


class APIView:
    pass
