"""Short values that stand for answers of the index: equal for equal answers, wherever in their files they stand.

In: what `Project` answers: definitions, models, names, texts. Out: digests. Line numbers are left out: a class that
moved down is the same class. What a finding says of places in other files is guarded by the texts of those files.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

#: Where something stands is not part of what it is.
_PLACES = frozenset({"start", "end", "line"})
SIZE = 16


def text_digest(text: str) -> str:
    """The digest of a text, in hexadecimal digits."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=SIZE).hexdigest()


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
        parts = (
            f"{name}={self._written(getattr(record, name))}" for name in _fields_of(type(record)) if name not in _PLACES
        )
        found = text_digest(f"{type(record).__name__}({', '.join(parts)})")
        self._known[id(record)] = (record, found)
        return found

    def _written(self, value: Any) -> str:
        """A text that tells the value from any other."""
        if value is None or (isinstance(value, (bool, int, float, str)) and not isinstance(value, enum.Enum)):
            return repr(value)
        if dataclasses.is_dataclass(value):
            return self._of_record(value)
        if isinstance(value, enum.Enum):
            return repr(value.value)
        if isinstance(value, Mapping):
            return f"{{{', '.join(f'{self._written(k)}: {self._written(v)}' for k, v in value.items())}}}"
        if isinstance(value, (set, frozenset)):
            return f"<{', '.join(sorted(map(self._written, value)))}>"
        if isinstance(value, Iterable):
            return f"[{', '.join(map(self._written, value))}]"
        raise TypeError(f"no digest for {type(value).__name__}")


_fields: dict[type, tuple[str, ...]] = {}


def _fields_of(kind: type) -> tuple[str, ...]:
    if kind not in _fields:
        _fields[kind] = tuple(field.name for field in dataclasses.fields(kind))
    return _fields[kind]
