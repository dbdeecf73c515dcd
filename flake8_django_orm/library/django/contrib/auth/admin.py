"""django.contrib.auth.admin: the admin of users and groups."""

from __future__ import annotations

from django.contrib import admin


class GroupAdmin(admin.ModelAdmin):
    pass


class UserAdmin(admin.ModelAdmin):
    list_display = ("username", "email", "first_name", "last_name", "is_staff")
