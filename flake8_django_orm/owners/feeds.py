"""Syndication feeds and sitemaps: Django goes over `items()` and asks the class what to say of each of them.

In: a class with Feed or Sitemap among its bases. Out: events, as from a loop over the items. Which methods are asked
stands in `orm/feeds.py`; those that the class leaves to Django are in our stubs: `str(item)`, `get_absolute_url()`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine import iteration
from flake8_django_orm.machine.attributes import REQUEST
from flake8_django_orm.machine.values import Argument, Constant, Value, each
from flake8_django_orm.orm import feeds
from flake8_django_orm.owners.base import Owner

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Loop
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.owners.classes import OwnedClass
    from flake8_django_orm.project.facts import ClassFacts
    from flake8_django_orm.project.project import Project


class FeedOwner(Owner):
    """A feed: one entry for each item, each of its parts asked of the class or rendered from a template."""

    pieces = frozenset({"items", *feeds.FEED_HOOKS, *feeds.FEED_TEXTS, *feeds.FEED_TEXTS.values()})

    def owns(self, project: Project, facts: ClassFacts) -> bool:
        """Any class below Django's Feed that has items."""
        return feeds.FEED in project.ancestors(facts.key) and _has_items(project, facts)

    def run(self, machine: Machine, owned: OwnedClass) -> None:
        """One request for the feed."""
        about = owned.call("get_object", (REQUEST,))

        def tell(item: Value, _: Loop) -> None:
            for name, template in feeds.FEED_TEXTS.items():
                if (names := _named(owned, template)) is not None:
                    asked = (("item", item), ("obj", about), ("request", REQUEST))
                    given = [Argument(value, name) for name, value in asked]
                    context = owned.call("get_context_data", given)
                    machine.programs.render(machine, names, context, owned.name_place)
                else:
                    owned.call(name, (item,))
            for name in feeds.FEED_HOOKS:
                owned.ask(name, item)

        iteration.loop_over(machine, owned.call("items", (about,)), owned.name_place, tell)


class SitemapOwner(Owner):
    """A sitemap: one address for each item."""

    pieces = frozenset({"items", *feeds.SITEMAP_HOOKS})

    def owns(self, project: Project, facts: ClassFacts) -> bool:
        """Any class below Django's Sitemap that has items."""
        return feeds.SITEMAP in project.ancestors(facts.key) and _has_items(project, facts)

    def run(self, machine: Machine, owned: OwnedClass) -> None:
        """One request for the sitemap."""

        def tell(item: Value, _: Loop) -> None:
            for name in feeds.SITEMAP_HOOKS:
                owned.ask(name, item)

        iteration.loop_over(machine, owned.call("items"), owned.name_place, tell)


def _has_items(project: Project, facts: ClassFacts) -> bool:
    method = project.find_method(facts.key, "items")
    return method is not None and project.is_own(method.path)


def _named(owned: OwnedClass, attribute: str) -> Value | None:
    """The template that the class names there; None where it names none."""
    value = owned.attribute(attribute)
    return value if any(isinstance(one, Constant) and isinstance(one.value, str) for one in each(value)) else None
