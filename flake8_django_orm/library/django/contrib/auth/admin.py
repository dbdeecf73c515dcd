"""django.contrib.auth.admin: the admin of users and groups."""

from __future__ import annotations

from django.contrib import admin


class GroupAdmin(admin.ModelAdmin):
    def formfield_for_manytomany(self, db_field, request=None, **kwargs):
        """Joins the content type of each permission among the choices."""


class UserAdmin(admin.ModelAdmin):
    list_display = ("username", "email", "first_name", "last_name", "is_staff")

    def formfield_for_manytomany(self, db_field, request=None, **kwargs):
        """Joins the content type of each permission among the choices."""
