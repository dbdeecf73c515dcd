"""Constant values of expressions: literals, names of constants, settings.

In: an expression and the module in whose scope it stands. Out: a plain value, or `UNKNOWN`.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from flake8_django_orm.project.definitions import External
from flake8_django_orm.project.django_names import SETTINGS
from flake8_django_orm.project.facts import Assignment, Expr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_django_orm.project.resolve import Resolver
    from flake8_django_orm.project.settings_values import SettingsValues

_MAX_DEPTH = 8


class Unknown(enum.Enum):
    """The type of `UNKNOWN`, which stands for a value that cannot be told."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN
Value = str | int | float | bool | None | Unknown


class Constants:
    """Evaluates what needs no program to run."""

    def __init__(self, resolver: Resolver, settings: SettingsValues) -> None:
        self._resolver = resolver
        self._settings = settings

    def value(self, module: str, expr: Expr | None, depth: int = 0) -> Value:
        """The value of the expression; None also for a missing one."""
        if expr is None:
            return None
        if expr.kind == "const":
            return expr.value
        if depth > _MAX_DEPTH:
            return UNKNOWN
        if expr.kind == "name":
            return self._name(module, str(expr.value), depth)
        if expr.kind == "call":
            return self._call(module, expr, depth)
        if expr.kind == "concat":
            parts = [self.value(module, item, depth + 1) for item in expr.items]
            texts = [part for part in parts if isinstance(part, str)]
            return "".join(texts) if len(texts) == len(parts) else UNKNOWN
        return UNKNOWN

    def text(self, module: str, expr: Expr | None) -> str | None:
        """The string that the expression is, None for anything else."""
        value = self.value(module, expr)
        return value if isinstance(value, str) else None

    def truth(self, module: str, expr: Expr | None, default: bool = False) -> bool:
        """The truth of the expression; `default` for a missing or unknown one."""
        if expr is None:
            return default
        value = self.value(module, expr)
        return default if isinstance(value, Unknown) else bool(value)

    def texts(self, module: str, expr: Expr | None) -> tuple[str, ...]:
        """The strings in a list, tuple or set; a string alone counts as one."""
        return tuple(text for item in self.elements(module, expr) if (text := self.text(item[0], item[1])) is not None)

    def elements(self, module: str, expr: Expr | None, depth: int = 0) -> Iterator[tuple[str, Expr]]:
        """The elements of a sequence, each with the module in whose scope it stands."""
        if expr is None or depth > _MAX_DEPTH:
            return
        if expr.kind in {"list", "tuple", "set"}:
            yield from ((module, item) for item in expr.items)
        elif expr.kind == "concat":
            for item in expr.items:
                yield from self.elements(module, item, depth + 1)
        elif expr.kind == "name":
            found = self._resolver.resolve(module, str(expr.value))
            if isinstance(found, Assignment):
                yield from self.elements(found.module, found.value, depth + 1)
        elif expr.kind == "const" and isinstance(expr.value, str):
            yield module, expr

    def entries(self, module: str, expr: Expr) -> dict[str, Expr] | None:
        """The entries of a dict display or `dict(...)` call, or of a name for one; None for anything else.

        Values that are not constants count as unknown, as they may stand in the scope of another module.
        """
        if expr.kind == "name":
            found = self._resolver.resolve(module, str(expr.value))
            if not isinstance(found, Assignment) or found.value.kind not in {"dict", "call"}:
                return None
            module, expr = found.module, found.value
        if expr.kind == "dict":
            keys = [self.text(module, key) for key in expr.items[::2]]
            pairs = list(zip(keys, expr.items[1::2], strict=True))
        elif expr.kind == "call" and expr.value == "dict" and not expr.items and "**" not in expr.keywords:
            pairs = list(expr.keywords.items())
        else:
            return None
        entries = {key: self._constant(module, value) for key, value in pairs if key is not None}
        return entries if len(entries) == len(pairs) else None

    def _constant(self, module: str, expr: Expr) -> Expr:
        value = self.value(module, expr)
        return Expr("other", line=expr.line) if isinstance(value, Unknown) else Expr("const", value, line=expr.line)

    def setting_text(self, name: str) -> str | None:
        """The string that the project's settings assign to `name`."""
        return self._settings.string(name)

    def _name(self, module: str, dotted: str, depth: int) -> Value:
        found = self._resolver.resolve(module, dotted)
        if isinstance(found, Assignment):
            return self.value(found.module, found.value, depth + 1)
        if isinstance(found, External) and found.name.startswith(SETTINGS + "."):
            return self._setting(found.name.removeprefix(SETTINGS + "."))
        return UNKNOWN

    def _setting(self, name: str) -> Value:
        value = self._settings.string(name)
        if value is None and name == "AUTH_USER_MODEL":
            return "auth.User"
        return UNKNOWN if value is None else value

    def _call(self, module: str, expr: Expr, depth: int) -> Value:
        """`getattr(settings, "NAME", default)` and lazily translated strings."""
        found = self._resolver.resolve(module, str(expr.value)) if expr.value else None
        if not isinstance(found, External) or not expr.items:
            return UNKNOWN
        if found.name == "builtins.getattr" and len(expr.items) > 1:
            owner = self._resolver.resolve(module, str(expr.items[0].value))
            name = self.value(module, expr.items[1], depth + 1)
            if isinstance(owner, External) and owner.name == SETTINGS and isinstance(name, str):
                value = self._settings.string(name)
                default = expr.items[2] if len(expr.items) > 2 else None
                return value if value is not None else self.value(module, default, depth + 1)
        if found.name in {"builtins.str", "django.utils.text.format_lazy"}:
            return self.value(module, expr.items[0], depth + 1)
        return UNKNOWN
