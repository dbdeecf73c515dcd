"""django.core.paginator: pages of a queryset. A page slices it, and fetches its rows when it is gone over."""

from __future__ import annotations

from django.utils.functional import cached_property


class Paginator:
    def __init__(self, object_list, per_page, orphans=0, allow_empty_first_page=True, error_messages=None):
        self.object_list = object_list
        self.per_page = per_page

    def __iter__(self):
        for number in self.page_range:
            yield self.page(number)

    @cached_property
    def count(self):
        rows = self.object_list
        if isinstance(rows, (list, tuple)):
            return len(rows)
        return rows.count()

    @cached_property
    def num_pages(self):
        return -(-self.count // self.per_page)

    @property
    def page_range(self):
        return range(1, self.num_pages + 1)

    def validate_number(self, number):
        number = int(number)
        if number > self.num_pages:
            raise ValueError("that page contains no results")
        return number

    def page(self, number):
        number = self.validate_number(number)
        bottom = (number - 1) * self.per_page
        return self._get_page(self.object_list[bottom : bottom + self.per_page], number, self)

    def get_page(self, number):
        return self.page(number)

    def _get_page(self, object_list, number, paginator):
        return Page(object_list, number, paginator)


class Page:
    def __init__(self, object_list, number, paginator):
        self.object_list = object_list
        self.number = number
        self.paginator = paginator

    def __iter__(self):
        return iter(self.object_list)

    def __len__(self):
        return len(self.object_list)

    def __getitem__(self, index):
        return self.object_list[index]

    def has_next(self):
        return self.number < self.paginator.num_pages

    def has_previous(self):
        return self.number > 1

    def has_other_pages(self):
        return self.has_previous() or self.has_next()
