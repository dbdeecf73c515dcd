"""django.views.generic: where the class-based views get their rows from and what they put into the context."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.utils.functional import cached_property


class ContextMixin:
    extra_context = None

    def get_context_data(self, **kwargs):
        kwargs.setdefault("view", self)
        return kwargs


class View:
    def setup(self, request, *args, **kwargs):
        self.request = request
        self.args = args
        self.kwargs = kwargs


class TemplateResponseMixin:
    template_name = None

    def render_to_response(self, context, **response_kwargs):
        return context


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

    def get_context_data(self, **kwargs):
        context = {"object": self.object}
        context.update(kwargs)
        return super().get_context_data(**context)


class BaseDetailView(SingleObjectMixin, View):
    def get(self, request, *args, **kwargs):
        self.object = self.get_object()
        context = self.get_context_data(object=self.object)
        return self.render_to_response(context)


class DetailView(TemplateResponseMixin, BaseDetailView):
    pass


class MultipleObjectMixin(ContextMixin):
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
        if not page_size:
            return None, None, queryset, False
        paginator = self.get_paginator(queryset, page_size)
        page = paginator.page(1)
        return paginator, page, page.object_list, page.has_other_pages()

    def get_paginate_by(self, queryset):
        return self.paginate_by

    def get_paginator(self, queryset, per_page, **kwargs):
        return self.paginator_class(queryset, per_page)

    def get_context_data(self, *, object_list=None, **kwargs):
        if object_list is None:
            object_list = self.object_list
        page_size = self.get_paginate_by(object_list)
        paginator, page, rows, is_paginated = self.paginate_queryset(object_list, page_size)
        context = {"paginator": paginator, "page_obj": page, "is_paginated": is_paginated, "object_list": rows}
        context.update(kwargs)
        return super().get_context_data(**context)


class BaseListView(MultipleObjectMixin, View):
    def get(self, request, *args, **kwargs):
        self.object_list = self.get_queryset()
        context = self.get_context_data()
        return self.render_to_response(context)


class ListView(TemplateResponseMixin, BaseListView):
    pass


class FormMixin(ContextMixin):
    form_class = None
    success_url = None

    def get_form(self, form_class=None):
        return self.form_class()


class FormView(TemplateResponseMixin, FormMixin, View):
    pass


class ModelFormMixin(FormMixin, SingleObjectMixin):
    def form_valid(self, form):
        self.object = form.save()


class CreateView(TemplateResponseMixin, ModelFormMixin, View):
    def get(self, request, *args, **kwargs):
        self.object = None
        return self.render_to_response(self.get_context_data())


class UpdateView(TemplateResponseMixin, ModelFormMixin, View):
    def get(self, request, *args, **kwargs):
        self.object = self.get_object()
        return self.render_to_response(self.get_context_data())


class DeleteView(TemplateResponseMixin, BaseDetailView):
    pass


class ArchiveIndexView(ListView):
    date_field = None


class DateDetailView(DetailView):
    date_field = None
