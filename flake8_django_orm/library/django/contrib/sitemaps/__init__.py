"""django.contrib.sitemaps: where the address of an item comes from."""

from __future__ import annotations


class Sitemap:
    def items(self):
        return []

    def location(self, item):
        return item.get_absolute_url()
