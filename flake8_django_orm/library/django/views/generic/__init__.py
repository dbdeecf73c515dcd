"""django.views.generic: where the class-based views get their rows from, and which template they hand them to."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.template.response import TemplateResponse
from django.utils.functional import cached_property


class ContextMixin:
    extra_context = None

    def get_context_data(self, **kwargs):
        kwargs.setdefault("view", self)
        if self.extra_context is not None:
            kwargs.update(self.extra_context)
        return kwargs


class View:
    def setup(self, request, *args, **kwargs):
        self.request = request
        self.args = args
        self.kwargs = kwargs


class TemplateResponseMixin:
    template_name = None
    template_engine = None
    response_class = TemplateResponse
    content_type = None

    def render_to_response(self, context, **response_kwargs):
        return TemplateResponse(self.request, self.get_template_names(), context)

    def get_template_names(self):
        return [self.template_name]


class TemplateView(TemplateResponseMixin, ContextMixin, View):
    def get(self, request, *args, **kwargs):
        context = self.get_context_data(**kwargs)
        return self.render_to_response(context)


class SingleObjectMixin(ContextMixin):
    model = None
    queryset = None
    context_object_name = None

    @cached_property
    def object(self):
        # get() assigns it; a method that is read for itself runs after get().
        return self.get_object()

    def get_queryset(self):
        return self._rows_of(self.queryset)

    def _rows_of(self, queryset):
        if queryset is None:
            return self.model._default_manager.all()
        return queryset.all()

    def get_object(self, queryset=None):
        if queryset is None:
            queryset = self.get_queryset()
        return queryset.get(pk=self.kwargs.get("pk"))

    def get_context_object_name(self, obj):
        return self._name_for(self.context_object_name, obj)

    def _name_for(self, name, obj):
        if name is not None:
            return name
        return obj._meta.model_name

    def get_context_data(self, **kwargs):
        context = {"object": self.object}
        name = self.get_context_object_name(self.object)
        context[name] = self.object
        context.update(kwargs)
        return super().get_context_data(**context)


class SingleObjectTemplateResponseMixin(TemplateResponseMixin):
    template_name_field = None
    template_name_suffix = "_detail"

    def get_template_names(self):
        return self._names_for(self.template_name)

    def _names_for(self, name):
        if name is not None:
            return [name]
        options = self._options_of(self.object)
        return [f"{options.app_label}/{options.model_name}{self.template_name_suffix}.html"]

    def _options_of(self, obj):
        if obj is None:
            return self.model._meta
        return obj._meta


class BaseDetailView(SingleObjectMixin, View):
    def get(self, request, *args, **kwargs):
        self.object = self.get_object()
        context = self.get_context_data(object=self.object)
        return self.render_to_response(context)


class DetailView(SingleObjectTemplateResponseMixin, BaseDetailView):
    pass


class MultipleObjectMixin(ContextMixin):
    allow_empty = True
    model = None
    queryset = None
    ordering = None
    paginate_by = None
    paginator_class = Paginator
    context_object_name = None

    def get_queryset(self):
        return self._rows_of(self.queryset)

    def _rows_of(self, queryset):
        if queryset is None:
            return self.model._default_manager.all()
        return queryset.all()

    @cached_property
    def object_list(self):
        # get() assigns it; a method that is read for itself runs after get().
        return self.get_queryset()

    def paginate_queryset(self, queryset, page_size):
        paginator = self.get_paginator(queryset, page_size)
        page = paginator.page(1)
        return paginator, page, page.object_list, page.has_other_pages()

    def get_paginate_by(self, queryset):
        return self.paginate_by

    def get_paginator(self, queryset, per_page, **kwargs):
        return self.paginator_class(queryset, per_page)

    def get_context_object_name(self, object_list):
        return self._name_for(self.context_object_name, object_list)

    def _name_for(self, name, object_list):
        if name is not None:
            return name
        return f"{object_list.model._meta.model_name}_list"

    def get_context_data(self, *, object_list=None, **kwargs):
        if object_list is None:
            object_list = self.object_list
        return self._context_of(object_list, self.get_paginate_by(object_list), kwargs)

    def _context_of(self, object_list, page_size, kwargs):
        name = self.get_context_object_name(object_list)
        context = {"paginator": None, "page_obj": None, "is_paginated": False, "object_list": object_list}
        rows = object_list
        if page_size:
            paginator, page, rows, is_paginated = self.paginate_queryset(object_list, page_size)
            context = {"paginator": paginator, "page_obj": page, "is_paginated": is_paginated, "object_list": rows}
        context[name] = rows
        context.update(kwargs)
        return super().get_context_data(**context)


class MultipleObjectTemplateResponseMixin(TemplateResponseMixin):
    template_name_suffix = "_list"

    def get_template_names(self):
        return self._names_for(self.template_name)

    def _names_for(self, name):
        if name is not None:
            return [name]
        options = self.object_list.model._meta
        return [f"{options.app_label}/{options.model_name}{self.template_name_suffix}.html"]


class BaseListView(MultipleObjectMixin, View):
    def get(self, request, *args, **kwargs):
        self.object_list = self.get_queryset()
        context = self.get_context_data()
        return self.render_to_response(context)


class ListView(MultipleObjectTemplateResponseMixin, BaseListView):
    pass


class FormMixin(ContextMixin):
    form_class = None
    success_url = None
    prefix = None

    def get_form_class(self):
        return self.form_class

    def get_form(self, form_class=None):
        return self.get_form_class()()

    def get_context_data(self, **kwargs):
        if "form" not in kwargs:
            kwargs["form"] = self.get_form()
        return super().get_context_data(**kwargs)


class ProcessFormView(View):
    def get(self, request, *args, **kwargs):
        return self.render_to_response(self.get_context_data())


class FormView(TemplateResponseMixin, FormMixin, ProcessFormView):
    pass


class ModelFormMixin(FormMixin, SingleObjectMixin):
    fields = None

    def form_valid(self, form):
        self.object = form.save()


class CreateView(SingleObjectTemplateResponseMixin, ModelFormMixin, ProcessFormView):
    template_name_suffix = "_form"

    def get(self, request, *args, **kwargs):
        self.object = None
        return super().get(request, *args, **kwargs)


class UpdateView(SingleObjectTemplateResponseMixin, ModelFormMixin, ProcessFormView):
    template_name_suffix = "_form"

    def get(self, request, *args, **kwargs):
        self.object = self.get_object()
        return super().get(request, *args, **kwargs)


class DeleteView(SingleObjectTemplateResponseMixin, FormMixin, BaseDetailView):
    template_name_suffix = "_confirm_delete"


class DateMixin:
    date_field = None
    allow_future = False


class BaseDateListView(MultipleObjectMixin, DateMixin, View):
    def get(self, request, *args, **kwargs):
        self.date_list, self.object_list, extra_context = self.get_dated_items()
        context = self.get_context_data(object_list=self.object_list, date_list=self.date_list, **extra_context)
        return self.render_to_response(context)

    def get_dated_items(self):
        return None, self.get_dated_queryset(), {}

    def get_dated_queryset(self, **lookup):
        return self.get_queryset().filter(**lookup)


class ArchiveIndexView(MultipleObjectTemplateResponseMixin, BaseDateListView):
    context_object_name = "latest"
    template_name_suffix = "_archive"


class YearArchiveView(MultipleObjectTemplateResponseMixin, BaseDateListView):
    template_name_suffix = "_archive_year"


class MonthArchiveView(MultipleObjectTemplateResponseMixin, BaseDateListView):
    template_name_suffix = "_archive_month"


class WeekArchiveView(MultipleObjectTemplateResponseMixin, BaseDateListView):
    template_name_suffix = "_archive_week"


class DayArchiveView(MultipleObjectTemplateResponseMixin, BaseDateListView):
    template_name_suffix = "_archive_day"


class TodayArchiveView(DayArchiveView):
    pass


class DateDetailView(DetailView):
    date_field = None
