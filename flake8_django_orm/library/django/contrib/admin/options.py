"""django.contrib.admin.options: where the rows of a change list and of inlines come from."""

from __future__ import annotations


class BaseModelAdmin:
    def get_queryset(self, request):
        return self.model._default_manager.get_queryset()


class ModelAdmin(BaseModelAdmin):
    list_display = ("__str__",)
    list_select_related = False
    actions = ()
    inlines = ()

    def get_list_display(self, request):
        return self.list_display


class InlineModelAdmin(BaseModelAdmin):
    model = None


class StackedInline(InlineModelAdmin):
    template = "admin/edit_inline/stacked.html"


class TabularInline(InlineModelAdmin):
    template = "admin/edit_inline/tabular.html"
