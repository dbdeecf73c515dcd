"""django.contrib.admin: the classes that a project's admin inherits from."""

from __future__ import annotations

from django.contrib.admin.options import InlineModelAdmin, ModelAdmin, StackedInline, TabularInline
