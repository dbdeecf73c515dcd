"""What other files may see of a module that declares something else than before: an import, a function, a method.

In: the facts of the module then and now, and the texts of all other files. Out: `Redeclared`, which tells for what
names questions may have another answer; None where that takes more than to look for these names. Names are compared as
texts, wherever they come from: two classes of one name count as one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_django_orm.project.digests import Digests
from flake8_django_orm.project.django_names import GIVING_MODELS
from flake8_django_orm.project.facts import ModuleFacts, classes_of
from flake8_django_orm.project.known_as import KnownAs, any_of, heads_of
from flake8_django_orm.source import FileKind, file_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flake8_django_orm.project.facts import Assignment, ClassFacts, ImportFacts
    from flake8_django_orm.project.searches import FileSearches
    from flake8_django_orm.project.store import ModuleStore

_STAR = b"import *"


@dataclass(frozen=True, slots=True)
class Redeclared:
    """In the scope of `module`, names may mean something else. `names` are those by which other files know what is
    declared differently: functions, classes and all that extend these, and what is assigned one of them or of their
    members. `settings` tells whether some may have other values, or apps other labels."""

    module: str
    names: frozenset[str] = frozenset()
    settings: bool = False

    def is_scope(self, module: str) -> bool:
        """Whether the module is this one, which may go by a shorter or a longer name, from another root."""
        return f".{self.module}".endswith(f".{module}") or module.endswith(f".{self.module}")

    def has(self, dotted: str) -> bool:
        """Whether a dotted name leads to one of the names."""
        return bool(self.names) and ("()" in dotted or not self.names.isdisjoint(dotted.split(".")))


class Redeclarations:
    """Compares modules of one project."""

    def __init__(self, store: ModuleStore, searches: FileSearches) -> None:
        self._store = store
        self._searches = searches
        self._known_as = KnownAs(store, searches)
        self._digest = Digests().digest

    def between(self, before: ModuleFacts, now: ModuleFacts) -> Redeclared | None:
        """What may be seen differently of a module; None where that is not known."""
        if before.star_imports != now.star_imports or before.name != now.name:
            return None
        names = self._names(before, now)
        made = self._differing(before.made_classes, now.made_classes)
        made |= {name for f in (before, now) for name, one in f.made_classes.items() if _rests_on(one, names)}
        makers = {name.removesuffix("()") for name in made}
        names |= makers
        seen = self._seen(names, now.path)
        if not makers.isdisjoint(seen):
            return None  # what extends the class that a function makes does not name it
        classes = self._differing(before.classes, now.classes) | makers
        classes |= {one.name for facts in (before, now) for one in facts.classes.values() if _rests_on(one, names)}
        # What an import or an assignment leads to may be a function that makes classes.
        rebound = seen - (before.functions.keys() & now.functions.keys())
        known_as = self._known_as.all_names(classes | seen, rebound)
        if known_as is None or self._are_made_by_functions(known_as):
            return None
        return Redeclared(now.name, known_as, self._tell_of_settings(before, now, known_as))

    @cached_property
    def of_given_models(self) -> Redeclared | None:
        """What may be seen differently where `get_user_model()` and its kin give something else; None where that is
        not known."""
        known_as = self._known_as.all_names((), GIVING_MODELS)
        return None if known_as is None else Redeclared("", known_as)

    def of_whole(self, path: str, facts: ModuleFacts | None) -> Redeclared | None:
        """As `between`, where all that a module declares may differ. `facts` are those that it has, or had where it is
        gone; None where it may have declared anything."""
        stem, _ = _stem_and_parent(path)
        called = self._store.tree.names_for(path)
        bound = {stem}
        for other in self._importing(path):
            importing = self._store.facts_at(other)
            if importing is None:
                continue
            if not called.isdisjoint(importing.star_imports):
                return None
            bound |= {name for name, one in importing.imports.items() if _leads_to(one, called)}
        known_as = self._known_as.all_names(bound, bound)
        if known_as is None or self._are_made_by_functions(known_as):
            return None
        name = self._store.tree.name_of(path)
        settings = facts is None or self._tell_of_settings(ModuleFacts(name, path), facts, known_as)
        return Redeclared(name, known_as, settings)

    def _importing(self, path: str) -> Iterator[str]:
        """The other files that may import the module at `path`."""
        stem, _ = _stem_and_parent(path)
        found = set(self._searches.mentioning(stem)) if stem else set(self._store.tree.files)
        if path.endswith("/__init__.py"):  # in its package a dot is enough to name it
            inner = path.removesuffix("__init__.py")
            found.update(other for other in self._store.tree.files if other.startswith(inner))
        return (other for other in sorted(found) if other != path)

    def _differing(self, before: Mapping[str, object], now: Mapping[str, object]) -> set[str]:
        """The names that only one of them has, or that stand for something else."""
        both = before.keys() & now.keys()
        return {n for n in both if self._digest(before[n]) != self._digest(now[n])} | (before.keys() ^ now.keys())

    def _names(self, before: ModuleFacts, now: ModuleFacts) -> set[str]:
        """The names of the module that may mean something else: also what is assigned from them. Of classes those that
        came or went; the others mean what they meant."""
        names = self._differing(before.imports, now.imports)
        names |= self._differing(before.functions, now.functions)
        names |= self._differing(before.assignments, now.assignments)
        names |= before.classes.keys() ^ now.classes.keys()
        assigned = {name: set(heads_of(one.value)) for f in (before, now) for name, one in f.assignments.items()}
        while more := {name for name, heads in assigned.items() if name not in names and not names.isdisjoint(heads)}:
            names |= more
        return names

    def _seen(self, names: set[str], path: str) -> set[str]:
        """Those of the names for which another file may ask the module."""
        if not names:
            return set()
        looked = _Seen(names, *_stem_and_parent(path))
        words = any_of(names)
        found: set[str] = set()
        for other in self._importing(path):
            data = self._store.data(other)
            inner = {word.decode() for word in words.findall(data)}
            if inner <= found and _STAR not in data:
                continue
            facts = self._store.facts_at(other)
            if facts is not None:
                found |= looked.by(facts, data, inner)
        return found

    def _are_made_by_functions(self, names: frozenset[str]) -> bool:
        """Whether a function makes a class of one of the names: what extends its result does not say so."""
        paths = [
            path for path, file in self._searches.classes.items() if any(name in names for name, _ in file.classes)
        ]
        modules = [facts for path in paths if (facts := self._store.facts_at(path)) is not None]
        return any(made.name in names for facts in modules for made in facts.made_classes.values())

    def _tell_of_settings(self, before: ModuleFacts, now: ModuleFacts, known_as: Iterable[str]) -> bool:
        """Whether the module may tell another value of a setting, or something else of an app; or another one may that
        knows what the module declares."""
        if _may_hold_settings(now.path):
            return self._digest(before) != self._digest(now)
        then, after = dict(_settings_in(before)), dict(_settings_in(now))
        return bool(self._differing(then, after)) or any(name.isupper() for name in known_as)


class _Seen:
    """Looks for what other files may ask the module `stem` of the package `parent` for."""

    def __init__(self, names: set[str], stem: str, parent: str) -> None:
        self._names = names
        self._stem = stem
        self._parent = parent
        dotted = re.escape(stem.encode()) + rb"\." + any_of(names).pattern
        self._in_text = re.compile(rb"[\"'][\w.]*\b" + dotted)
        self._attribute = re.compile(rb"\b(\w+)\." + dotted)

    def by(self, facts: ModuleFacts, data: bytes, inner: set[str]) -> set[str]:
        """Those of the names which a file may ask for that has the names `inner`."""
        if any(_last(module) == self._stem for module in facts.star_imports):
            return self._names
        if inner and self._has_module(facts, data):
            return inner
        imported = {one.name for one in facts.imports.values() if _last(one.module) == self._stem}
        return {name for name in inner if name in imported}

    def _has_module(self, facts: ModuleFacts, data: bytes) -> bool:
        """Whether the file names the module itself: as a text, as which Django imports too, or by an import."""
        if self._in_text.search(data):
            return True
        if any(self._stem == (one.name or _last(one.module)) for one in facts.imports.values()):
            return True
        owners = {one.decode() for one in self._attribute.findall(data)}
        return self._parent in owners or not owners.isdisjoint(facts.imports)


def _stem_and_parent(path: str) -> tuple[str, str]:
    """The last part of the name of a module, and the one before, each "" where there is none."""
    parts = path.removesuffix(".py").split("/")
    if parts[-1] == "__init__":
        parts.pop()
    return (["", "", *parts][-1], ["", "", *parts][-2])


def _leads_to(imported: ImportFacts, modules: frozenset[str]) -> bool:
    """Whether an import reads one of the modules, or something in it."""
    dotted = f"{imported.module}.{imported.name or ''}"
    ends = (place for place, sign in enumerate(dotted) if sign == ".")
    return dotted in modules or any(dotted[:end] in modules for end in ends)


def _last(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def _may_hold_settings(path: str) -> bool:
    """Whether a file's path is that of settings, or of an app's configuration."""
    return file_kind(path) is FileKind.SETTINGS or "settings" in path or path.endswith("apps.py")


def _settings_in(facts: ModuleFacts) -> Iterator[tuple[str, Assignment | ClassFacts]]:
    """What may be a setting, which is looked for by name in all modules and their classes; the configurations of
    apps."""
    yield from ((name, one) for name, one in facts.assignments.items() if name.isupper())
    for owner in classes_of(facts):
        if any(str(base.value).endswith("Config") for base in owner.bases):
            yield owner.qualname, owner
        yield from ((f"{owner.qualname}.{name}", one) for name, one in owner.assignments.items() if name.isupper())


def _rests_on(owner: ClassFacts, names: set[str]) -> bool:
    """Whether what is known of a class, or of one in it, may rest on what one of the names means."""
    return any(not names.isdisjoint(_heads_of_class(one)) for one in (owner, *classes_of(owner)))


def _heads_of_class(owner: ClassFacts) -> Iterator[str]:
    for value in (*owner.bases, *owner.decorators, *(assignment.value for assignment in owner.assignments.values())):
        yield from heads_of(value)
