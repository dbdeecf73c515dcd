"""The names by which other files know what a module declares: a class by those of all that extend it, anything by those
that are given to it (`serializer_class = BookSerializer`, `import Book as Shown`).

In: names. Out: more names. They are compared as texts, wherever they stand: two classes of one name count as one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from flake8_django_orm.project.django_names import GIVING_MODELS
from flake8_django_orm.project.facts import classes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flake8_django_orm.project.facts import Assignment, Expr, ModuleFacts
    from flake8_django_orm.project.searches import FileSearches
    from flake8_django_orm.project.store import ModuleStore

#: With more names than this to look for, every question is asked again.
_MANY = 300
#: So few are looked for one by one.
_FEW = 12
#: What stands for letters beyond ASCII counts too.
_WORD = rb"[\w\x80-\xff]+"
#: Calls that give classes, and settings that are lists, may name something anywhere.
_WORTH_READING = (b"with_metaclass", b"INSTALLED_APPS", b"DATABASES")


class KnownAs:
    """Follows names through the modules of one project."""

    def __init__(self, store: ModuleStore, searches: FileSearches) -> None:
        self._store = store
        self._searches = searches

    def all_names(self, names: Iterable[str], makers: Iterable[str] = ()) -> frozenset[str] | None:
        """The names with all others that lead to the same, or to something that extends it; None where there are many.

        Those of `makers` may stand for functions that make classes, so that what they give counts too."""
        known: set[str] = set()
        made_by = set(makers)
        fresh = {*names, *made_by}
        while fresh:
            known |= fresh
            if len(known) > _MANY:
                return None
            found = {*self._extending(fresh)}
            for name, is_maker in self._given(fresh, made_by):
                found.add(name)
                if is_maker:
                    made_by.add(name)
            fresh = found - known
        return frozenset(known)

    def _extending(self, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            yield from self._subclasses.get(name, ())

    @cached_property
    def _subclasses(self) -> Mapping[str, set[str]]:
        """By every name that a list of bases has, the classes with these bases."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for file in self._searches.classes.values():
            for name, bases in file.classes:
                for base in bases:
                    for part in base.split("."):
                        found[part].add(name)
        return found

    def _given(self, names: set[str], makers: set[str]) -> Iterator[tuple[str, bool]]:
        """The names that are given to one of these, or to a member of what goes by it, each with whether it goes by one
        of the makers."""
        plain = [name.encode() for name in names] if len(names) <= _FEW else [b""]
        words = any_of(names).pattern
        assigned = re.compile(rb"=(?:[\s(\\]|#.*\n)*(?:" + _WORD + rb"\.)*" + words)
        renamed = re.compile(words + rb"\s+as\b")
        for path in self._store.tree.files:
            data = self._store.data(path)
            if not any(word in data for word in plain):
                continue  # far sooner told than by the patterns
            is_wanted = assigned.search(data) or renamed.search(data) or any(word in data for word in _WORTH_READING)
            facts = self._store.facts_at(path) if is_wanted else None
            if facts is not None:
                yield from self._given_in(facts, names, makers)

    def _given_in(self, facts: ModuleFacts, names: set[str], makers: set[str]) -> Iterator[tuple[str, bool]]:
        for name, imported in facts.imports.items():
            source = imported.name or imported.module.rpartition(".")[2]
            if source in names:
                yield name, source in makers
        for assignments in _assignments_in(facts):
            for name, assignment in assignments.items():
                value = assignment.value
                if value.kind == "name":
                    parts = str(value.value).split(".")
                    if not names.isdisjoint(parts):
                        yield name, parts[-1] in makers
                elif value.kind == "call" and self._makes_a_class(name, value, names, makers):
                    yield name, False
                elif name.isupper() and not names.isdisjoint(heads_of(value)):
                    yield name, False  # perhaps a setting

    def _makes_a_class(self, name: str, call: Expr, names: set[str], makers: set[str]) -> bool:
        """Whether what the call gives may rest on one of the names: a class, or something that is extended."""
        parts = str(call.value or "").split(".")
        if parts[-1] in makers:
            return True
        if name not in self._subclasses and parts[-1] not in GIVING_MODELS:  # whose label may be a name
            return False
        items = (part for item in call.items if item.kind == "name" for part in str(item.value).split("."))
        return not names.isdisjoint([*parts, *items])


def _assignments_in(facts: ModuleFacts) -> Iterator[Mapping[str, Assignment]]:
    """Those of a module, and of each class in it."""
    yield facts.assignments
    made = (chain([one], classes_of(one)) for one in facts.made_classes.values())
    for owner in chain(classes_of(facts), *made):
        yield owner.assignments


def any_of(names: Iterable[str]) -> re.Pattern[bytes]:
    """Matches each of the names as a whole identifier; beyond ASCII, where bytes tell no words apart, anywhere."""
    plain = b"|".join(re.escape(name.encode()) for name in sorted(names) if name.isascii())
    others = (re.escape(name.encode()) for name in sorted(names) if not name.isascii())
    return re.compile(rb"(?:" + b"|".join([*([rb"\b(?:" + plain + rb")\b"] if plain else []), *others]) + rb")")


def heads_of(value: Expr) -> Iterator[str]:
    """The first parts of all dotted names in an expression."""
    if value.kind in ("name", "call") and isinstance(value.value, str):
        yield value.value.partition(".")[0]
    for part in (*value.items, *value.keywords.values()):
        yield from heads_of(part)
