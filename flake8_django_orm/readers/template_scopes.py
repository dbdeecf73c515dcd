"""The context of a Django template: names in nested scopes.

In: names and values. Out: the value of a name where it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_django_orm.machine.values import (
        Value,
    )


@dataclass(slots=True)
class Scopes:
    """The context: names in nested scopes, the innermost last."""

    base: dict[str, Value]
    inner: list[dict[str, Value]] = field(default_factory=list)

    def get(self, name: str) -> Value | None:
        for scope in reversed(self.inner):
            if name in scope:
                return scope[name]
        return self.base.get(name)

    def set(self, name: str, value: Value) -> None:
        """Bind a name in the innermost scope, as `as name` does."""
        (self.inner[-1] if self.inner else self.base)[name] = value

    @contextmanager
    def pushed(self, names: Mapping[str, Value]) -> Iterator[None]:
        self.inner.append(dict(names))
        try:
            yield
        finally:
            self.inner.pop()

    def flat(self) -> dict[str, Value]:
        """All names, as an included template sees them."""
        found = dict(self.base)
        for scope in self.inner:
            found.update(scope)
        return found
