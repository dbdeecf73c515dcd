"""What feeds and sitemaps ask of each item, in their order.

In: nothing. Out: names of methods. Each is asked of the real Django in the oracle test.
Sources: `django.contrib.syndication.views.Feed.get_feed`, `django.contrib.sitemaps.Sitemap._urls`
"""

from __future__ import annotations

FEED = "django.contrib.syndication.views.Feed"

SITEMAP = "django.contrib.sitemaps.Sitemap"

#: What a feed asks of each item besides title and description, for which there may be templates.
FEED_HOOKS = (
    "item_link",
    "item_enclosures",
    "item_enclosure_url",
    "item_enclosure_length",
    "item_enclosure_mime_type",
    "item_author_name",
    "item_author_email",
    "item_author_link",
    "item_pubdate",
    "item_updateddate",
    "item_guid",
    "item_guid_is_permalink",
    "item_comments",
    "item_categories",
    "item_copyright",
    "item_extra_kwargs",
)

#: By what a feed says it, and the attribute that names a template for it.
FEED_TEXTS = {"item_title": "title_template", "item_description": "description_template"}

SITEMAP_HOOKS = ("location", "priority", "lastmod", "changefreq")
