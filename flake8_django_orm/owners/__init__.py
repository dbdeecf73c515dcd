"""Who loops over rows on the framework's behalf: views, serializers, the admin, feeds, tables.

Owners are discovered like rules. An owner says which classes are its own, and drives the machine over them as the
framework would: where the rows come from, and what is read on each of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from flake8_django_orm.owners.base import Owner

__all__ = ["Owner", "all_owners"]


@lru_cache(maxsize=1)
def all_owners() -> tuple[Owner, ...]:
    """One of each owner, by name."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    return tuple(kind() for kind in sorted(Owner.__subclasses__(), key=lambda kind: kind.__qualname__))
