"""What other files may see of a module that declares something else than before: an import, a function, a method.

In: the facts of the module then and now, and the texts of all other files. Out: `Redeclared`, which tells for what
names questions may have another answer; None where that takes more than to look for these names. Names are compared as
texts, wherever they come from: two classes of one name count as one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_django_orm.project.digests import Digests
from flake8_django_orm.project.facts import classes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from flake8_django_orm.project.facts import ClassFacts, Expr, ModuleFacts
    from flake8_django_orm.project.overview import Overview
    from flake8_django_orm.project.searches import FileSearches
    from flake8_django_orm.project.store import ModuleStore

#: With more names than this to look for, every question is asked again.
_MANY = 100
#: Modules of which more is read than their names: what stands in them is known by where it is.
_SPECIAL = frozenset({"__init__", "apps"})
_STAR = b"import *"


@dataclass(frozen=True, slots=True)
class Redeclared:
    """In the scope of `module`, names may mean something else. `classes` are the names by which classes go that have
    other members than before, and all that extend them."""

    module: str
    classes: frozenset[str]

    def may_concern(self, scope: str, dotted: str) -> bool:
        """Whether a dotted name may mean something else in the scope of a module."""
        # A module may go by a shorter or a longer name, from another root.
        is_own = f".{self.module}".endswith(f".{scope}") or scope.endswith(f".{self.module}")
        return is_own or self.is_of_class(dotted)

    def is_of_class(self, key: str) -> bool:
        """Whether a dotted name leads to one of the classes."""
        return bool(self.classes) and ("()" in key or not self.classes.isdisjoint(key.split(".")))


class Redeclarations:
    """Compares modules of one project. `overview` tells of its models."""

    def __init__(self, store: ModuleStore, searches: FileSearches, overview: Callable[[], Overview]) -> None:
        self._store = store
        self._searches = searches
        self._overview = overview
        self._digest = Digests().digest

    def between(self, before: ModuleFacts, now: ModuleFacts) -> Redeclared | None:
        """What may be seen differently; None where that is not known."""
        stem = _stem(now.path)
        if stem in _SPECIAL or before.star_imports != now.star_imports or before.name != now.name:
            return None
        classes = self._differing(before.classes, now.classes)
        if not classes <= before.classes.keys() & now.classes.keys():
            return None
        names = self._names(before, now)
        if any(_sets_something(before, now, name) for name in names) or _are_used_by_classes(names, (before, now)):
            return None
        if names and self._are_seen(names, stem, now.path):
            return None
        if not classes:
            return Redeclared(now.name, frozenset())
        known_as = self._known_as(classes)
        if known_as is None or self._are_of_models(known_as) or _are_settings(before, now, classes):
            return None
        return Redeclared(now.name, known_as)

    def _differing(self, before: Mapping[str, object], now: Mapping[str, object]) -> set[str]:
        """The names that only one of them has, or that stand for something else."""
        both = before.keys() & now.keys()
        return {n for n in both if self._digest(before[n]) != self._digest(now[n])} | (before.keys() ^ now.keys())

    def _names(self, before: ModuleFacts, now: ModuleFacts) -> frozenset[str]:
        """The names of the module, classes aside, that may mean something else: also what is assigned from them."""
        names = self._differing(before.imports, now.imports)
        names |= self._differing(before.functions, now.functions)
        names |= self._differing(before.assignments, now.assignments)
        names |= {name.removesuffix("()") for name in self._differing(before.made_classes, now.made_classes)}
        assigned = {name: set(_heads(one.value)) for f in (before, now) for name, one in f.assignments.items()}
        while more := {name for name, heads in assigned.items() if name not in names and not names.isdisjoint(heads)}:
            names |= more
        return frozenset(names)

    def _are_seen(self, names: frozenset[str], stem: str, path: str) -> bool:
        """Whether another file may ask the module for one of the names."""
        words = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b".encode())
        for other in self._searches.mentioning(stem):
            data = self._store.data(other)
            has_names = words.search(data) is not None
            if other == path or not (has_names or _STAR in data):
                continue
            facts = self._store.facts_at(other)
            if facts is None:
                continue  # nobody else learns anything from it
            if any(_last(module) == stem for module in facts.star_imports):
                return True
            if has_names and self._asks(facts, names, stem, other):
                return True
        return False

    def _asks(self, facts: ModuleFacts, names: frozenset[str], stem: str, path: str) -> bool:
        """Whether a file that has some of the names, and that of the module, has them from there."""
        if re.search(rf"\b{re.escape(stem)}\.(?:{'|'.join(map(re.escape, names))})\b".encode(), self._store.data(path)):
            return True  # also as a text, by which Django imports things
        for name, found in facts.imports.items():
            if found.name in names and _last(found.module) == stem:
                return True
            if stem == (found.name or _last(found.module)) and name != stem:
                return True  # the module itself goes by another name
        return False

    def _known_as(self, classes: set[str]) -> frozenset[str] | None:
        """All names of the classes and of those that extend them; None where there are many."""
        names = set(classes)
        while len(names) <= _MANY:
            more = set(self._extending(names)) - names
            more |= self._assigned(names | more) - names
            if not more:
                return frozenset(names)
            names |= more
        return None

    def _extending(self, names: set[str]) -> Iterator[str]:
        """The names of the direct subclasses of classes of these names, and other names of these."""
        for file in self._searches.classes.values():
            yield from (name for name, bases in file.classes if any(_last(base) in names for base in bases))
            yield from (alias for name, alias in file.aliases if name in names)

    def _assigned(self, names: set[str]) -> set[str]:
        """What is assigned one of the names alone: `serializer_class = BookSerializer`."""
        one = "|".join(map(re.escape, sorted(names)))
        assigned = re.compile(rf"\b(\w+)\s*(?::[^=\n]*)?=[\s(]*(?:\w+\.)*(?:{one})\b(?!\s*[.(\[])".encode())
        found: set[str] = set()
        for path in self._store.tree.files:
            data = self._store.data(path)
            if any(name.encode() in data for name in names):
                found.update(name.decode() for name in assigned.findall(data))
        return found

    def _are_of_models(self, names: frozenset[str]) -> bool:
        """Whether what is known of the models may rest on classes of these names."""
        overview = self._overview()
        keys = {
            *overview.all_keys,
            *(key for one in overview.summaries for key in (*one.lineage, *one.manager_classes)),
        }
        if not names.isdisjoint(map(_last, keys)):
            return True
        words = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b".encode())
        return any(words.search(self._store.data(path)) for path in {one.path for one in overview.summaries})


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


def _last(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def _sets_something(before: ModuleFacts, now: ModuleFacts, name: str) -> bool:
    """Whether the name may be that of a setting, which is looked for by name in all files."""
    return name.isupper() and (name in before.assignments or name in now.assignments)


def _are_settings(before: ModuleFacts, now: ModuleFacts, classes: Iterable[str]) -> bool:
    """Whether bodies of the classes may hold settings."""
    changed = (facts.classes[name] for facts in (before, now) for name in classes)
    return any(name.isupper() for one in changed for owner in (one, *classes_of(one)) for name in owner.assignments)


def _are_used_by_classes(names: frozenset[str], modules: Iterable[ModuleFacts]) -> bool:
    """Whether what is known of the modules' classes may rest on one of the names."""
    outer = (one for facts in modules for one in (*facts.classes.values(), *facts.made_classes.values()))
    return any(not names.isdisjoint(_heads_of_class(owner)) for one in outer for owner in (one, *classes_of(one)))


def _heads_of_class(owner: ClassFacts) -> Iterator[str]:
    for value in (*owner.bases, *owner.decorators, *(assignment.value for assignment in owner.assignments.values())):
        yield from _heads(value)


def _heads(value: Expr) -> Iterator[str]:
    """The first parts of all dotted names in an expression."""
    if value.kind in ("name", "call") and isinstance(value.value, str):
        yield value.value.partition(".")[0]
    for part in (*value.items, *value.keywords.values()):
        yield from _heads(part)
