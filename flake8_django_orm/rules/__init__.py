"""The rules: one file a rule, one folder a family, found by discovery and never listed by hand.

A rule subclasses `Rule`, names its code, and yields findings from the events that it listens to. Importing the rules
imports neither libcst nor Django.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from flake8_django_orm.rules.base import Rule

__all__ = ["Rule", "all_rules"]


@lru_cache(maxsize=1)
def all_rules() -> tuple[type[Rule], ...]:
    """Every rule, ordered by code."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    return tuple(sorted(_leaves(Rule), key=lambda rule: rule.code))


def _leaves(base: type[Rule]) -> list[type[Rule]]:
    found = []
    for child in base.__subclasses__():
        if child.code:
            found.append(child)
        found.extend(_leaves(child))
    return found
