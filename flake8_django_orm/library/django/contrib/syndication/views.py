"""django.contrib.syndication.views: what a feed says of an item where its class does not say otherwise."""

from __future__ import annotations


class Feed:
    title_template = None
    description_template = None

    def item_title(self, item):
        return str(item)

    def item_description(self, item):
        return str(item)

    def item_link(self, item):
        return item.get_absolute_url()

    def get_object(self, request, *args, **kwargs):
        return None

    def get_context_data(self, **kwargs):
        return {"obj": kwargs.get("item"), "site": kwargs.get("site")}
