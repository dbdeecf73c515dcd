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
    """In the scope of `module`, names may mean something else. `names` are those by which classes go that have other
    members than before, all that extend them, and what is assigned one of the members."""

    module: str
    names: frozenset[str] = frozenset()

    def is_scope(self, module: str) -> bool:
        """Whether the module is this one, which may go by a shorter or a longer name, from another root."""
        return f".{self.module}".endswith(f".{module}") or module.endswith(f".{self.module}")

    def has(self, dotted: str) -> bool:
        """Whether a dotted name leads to one of the names."""
        return bool(self.names) and ("()" in dotted or not self.names.isdisjoint(dotted.split(".")))


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
        if names and self._are_seen(names, now.path):
            return None
        if not classes:
            return Redeclared(now.name)
        if _are_settings(before, now, classes) or self._are_of_models(frozenset(classes)):
            return None
        known_as = self._known_as(classes)
        if known_as is None or self._are_of_models(known_as) or self._are_made_by_functions(known_as):
            return None
        return Redeclared(now.name, known_as | self._assigned(known_as, members=True))

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

    def _are_seen(self, names: frozenset[str], path: str) -> bool:
        """Whether another file may ask the module for one of the names."""
        stem = _stem(path)
        words = _any_of(names)
        seen = _Seen(names, stem, _stem(path.rpartition("/")[0]))
        for other in self._searches.mentioning(stem):
            data = self._store.data(other)
            has_names = words.search(data) is not None
            if other == path or not (has_names or _STAR in data):
                continue
            facts = self._store.facts_at(other)
            if facts is not None and (seen.by_star(facts) or (has_names and seen.by_name(facts, data))):
                return True
        return False

    def _known_as(self, classes: set[str]) -> frozenset[str] | None:
        """All names of the classes and of those that extend them; None where there are many."""
        names: set[str] = set()
        fresh = set(classes)
        while fresh:
            names |= fresh
            if len(names) > _MANY:
                return None
            fresh = {*self._extending(fresh), *self._assigned(fresh)} - names
        return frozenset(names)

    def _extending(self, names: set[str]) -> Iterator[str]:
        """The names of the direct subclasses of classes of these names, and other names of these."""
        for file in self._searches.classes.values():
            yield from (name for name, bases in file.classes if any(_last(base) in names for base in bases))
            yield from (alias for name, alias in file.aliases if name in names)

    def _assigned(self, names: Iterable[str], *, members: bool = False) -> set[str]:
        """What is assigned one of the names alone: `serializer_class = BookSerializer`; or members of what goes by it:
        `get = Base.get`."""
        value = rb"[\s(]*(?:\w+\.)*" + _any_of(names).pattern + (rb"(?:\.\w+)+" if members else b"")
        assigned = re.compile(rb"\b(\w+)\s*(?::[^=\n]*)?=" + value + rb"(?!\s*[.(\[]|\w)")
        words = [name.encode() for name in names]
        found: set[str] = set()
        for path in self._store.tree.files:
            data = self._store.data(path)
            if any(word in data for word in words):
                found.update(name.decode() for name in assigned.findall(data))
        return found

    def _are_made_by_functions(self, names: frozenset[str]) -> bool:
        """Whether a function makes a class of one of the names: what extends its result does not say so."""
        paths = [
            path for path, file in self._searches.classes.items() if any(name in names for name, _ in file.classes)
        ]
        modules = [facts for path in paths if (facts := self._store.facts_at(path)) is not None]
        return any(made.name in names for facts in modules for made in facts.made_classes.values())

    def _are_of_models(self, names: frozenset[str]) -> bool:
        """Whether what is known of the models may rest on classes of these names."""
        overview = self._overview()
        keys = {
            *overview.all_keys,
            *(key for one in overview.summaries for key in (*one.lineage, *one.manager_classes)),
        }
        if not names.isdisjoint(map(_last, keys)):
            return True
        words = _any_of(names)
        return any(words.search(self._store.data(path)) for path in {one.path for one in overview.summaries})


class _Seen:
    """Looks for what other files may ask the module `stem` of the package `parent` for."""

    def __init__(self, names: frozenset[str], stem: str, parent: str) -> None:
        self._names = names
        self._stem = stem
        self._parent = parent
        dotted = re.escape(stem.encode()) + rb"\." + _any_of(names).pattern
        self._in_text = re.compile(rb"[\"'][\w.]*\b" + dotted)
        self._attribute = re.compile(rb"\b(\w+)\." + dotted)

    def by_star(self, facts: ModuleFacts) -> bool:
        """Whether a file takes all that the module has."""
        return any(_last(module) == self._stem for module in facts.star_imports)

    def by_name(self, facts: ModuleFacts, data: bytes) -> bool:
        """Whether a file that has some of the names, and that of the module, has them from there."""
        if self._in_text.search(data):
            return True  # Django imports by such texts
        for found in facts.imports.values():
            if found.name in self._names and _last(found.module) == self._stem:
                return True
            if self._stem == (found.name or _last(found.module)):
                return True  # the module itself
        owners = {one.decode() for one in self._attribute.findall(data)}
        return self._parent in owners or not owners.isdisjoint(facts.imports)


def _any_of(names: Iterable[str]) -> re.Pattern[bytes]:
    return re.compile(rb"\b(?:" + b"|".join(re.escape(name.encode()) for name in sorted(names)) + rb")\b")


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


def _last(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def _sets_something(before: ModuleFacts, now: ModuleFacts, name: str) -> bool:
    """Whether the name may be that of a setting, which is looked for by name in all files."""
    return name.isupper() and (name in before.assignments or name in now.assignments)


def _are_settings(before: ModuleFacts, now: ModuleFacts, classes: Iterable[str]) -> bool:
    """Whether bodies of the classes may hold settings, or tell of an app."""
    changed = [facts.classes[name] for facts in (before, now) for name in classes]
    if any(str(base.value).endswith("Config") for one in changed for base in one.bases):
        return True
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
