"""How findings are shown: one module a format, found by discovery.

In: a `Report`. Out: pieces of text, one after the other. A module of this package is a format if it has a
function `render(report: Report) -> Iterator[str]`; its name is the format's name.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from flake8_django_orm.output.report import Report

Render: TypeAlias = "Callable[[Report], Iterator[str]]"


@functools.cache
def formats() -> Mapping[str, Render]:
    """The output formats by name. Each piece of text that a format yields ends with its own newline."""
    found: dict[str, Render] = {}
    for module in pkgutil.iter_modules(__path__):
        render = getattr(importlib.import_module(f"{__name__}.{module.name}"), "render", None)
        if render is not None:
            found[module.name] = render
    return found
