"""Short values that stand for answers of the index: equal for equal answers, wherever in their files they stand.

In: what `Project` answers: definitions, models, names, texts. Out: digests. Line numbers are left out: a class that
moved down is the same class. What a finding says of places in other files is guarded by the texts of those files.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping
from typing import Any

from flake8_django_orm.cache.directory import bytes_digest

#: Where something stands is not part of what it is.
_PLACES = frozenset({"start", "end", "line"})
#: A record of fewer characters is written again, which takes less than to remember some hundred thousand of them.
_SHORT = 400


def text_digest(text: str) -> str:
    """The digest of a text, in hexadecimal digits: that of its bytes in UTF-8."""
    return bytes_digest(text.encode("utf-8", "surrogatepass"))


class Digests:
    """Digests of answers. Definitions are part of many answers, so the digest of each is kept."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, str]] = {}  # the object is kept too, so that its id stays its own

    def digest(self, answer: object) -> str:
        """The digest of anything that `Project` answers."""
        return self._of_record(answer) if dataclasses.is_dataclass(answer) else text_digest(self._written(answer))

    def _of_record(self, record: Any) -> str:
        known = self._known.get(id(record))
        if known is not None:
            return known[1]
        parts = [self._written(getattr(record, name)) for name in _fields_of(type(record))]
        found = text_digest(f"{type(record).__name__}({', '.join(parts)})")
        if sum(map(len, parts)) > _SHORT:
            self._known[id(record)] = (record, found)
        return found

    def _written(self, value: Any) -> str:
        """A text that tells the value from any other."""
        kind = type(value)
        if kind is str or value is None or kind is bool or kind is int or kind is float:
            return repr(value)
        if kind is tuple or kind is list:
            return f"[{', '.join([self._written(part) for part in value])}]"
        if kind is dict:
            return f"{{{', '.join([f'{self._written(k)}: {self._written(v)}' for k, v in value.items()])}}}"
        if dataclasses.is_dataclass(kind):
            return self._of_record(value)
        return self._written_otherwise(value)

    def _written_otherwise(self, value: Any) -> str:
        """The rarer kinds of value."""
        if isinstance(value, enum.Enum):
            return repr(value.value)
        if isinstance(value, (set, frozenset)):
            return f"<{', '.join(sorted(map(self._written, value)))}>"
        if isinstance(value, Mapping):
            return self._written(dict(value))
        if isinstance(value, Iterable):
            return self._written(list(value))
        raise TypeError(f"no digest for {type(value).__name__}")


_fields: dict[type, tuple[str, ...]] = {}


def _fields_of(kind: type) -> tuple[str, ...]:
    if kind not in _fields:
        _fields[kind] = tuple(field.name for field in dataclasses.fields(kind) if field.name not in _PLACES)
    return _fields[kind]
