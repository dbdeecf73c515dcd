"""rest_framework.views: the base of all views."""

from __future__ import annotations

from django.views.generic import View


class APIView(View):
    pass
