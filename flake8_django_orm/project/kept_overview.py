"""The overview of all models, kept from one run to the next.

In: what a run found out of all models, and all that it rests on. Out: the same for a later run, if it still holds. It
holds as long as the project has the same files, the same of them may define models, and the modules that were read say
the same of what was asked of them: a new method, function or import in a file with models is none of the graph's
business, unless somebody had looked for a name like that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flake8_django_orm.cache.directory import key_of
from flake8_django_orm.project.digests import Digests
from flake8_django_orm.project.gate import model_files
from flake8_django_orm.project.overview import Overview, overview_from_json, overview_to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flake8_django_orm.cache.directory import CacheDirectory
    from flake8_django_orm.project.facts import ClassFacts, ModuleFacts
    from flake8_django_orm.project.resolve import Resolver
    from flake8_django_orm.project.searches import FileSearches
    from flake8_django_orm.project.store import ModuleStore

_KIND = "models"


class KeptOverview:
    """Reads and writes the overview of one project. `key` names the project in the cache."""

    def __init__(self, cache: CacheDirectory, key: str, store: ModuleStore, searches: FileSearches) -> None:
        self._cache = cache
        self._key = key
        self._store = store
        self._searches = searches

    def find(self) -> Overview | None:
        """The overview of an earlier run; None where there is none that still holds."""
        record: Any = self._cache.read(_KIND, self._key)
        try:
            if record is not None and self._holds(record):
                return overview_from_json(record["overview"])
        except (KeyError, TypeError, AttributeError, ValueError):
            pass  # damaged
        return None

    def keep(self, overview: Overview, resolver: Resolver) -> None:
        """Keep the overview."""
        modules = self._store.read_modules()
        members = resolver.asked_members.union(*(_member_names(resolver, key) for key in overview.all_keys))
        record = {
            "files": self._store.tree.digest,
            "classes": self._searches.classes_digest,
            "candidates": self._candidates(),
            "settings": {name: self._assigning(name) for name in self._searches.asked("assigns")},
            "modules": {path: [self._searches.digest_as_read(path), *said] for path, said in modules.items()},
            "bodies": {path: self._searches.digest_as_read(path) for path in sorted(overview.read_bodies)},
            "names": sorted(resolver.asked_names),
            "members": sorted(members),
            "overview": overview_to_json(overview),
        }
        self._cache.write(_KIND, self._key, record)

    def _candidates(self) -> str:
        return key_of(*model_files(self._searches.classes))

    def _assigning(self, name: str) -> str:
        return key_of(*self._searches.assigning(name))

    def _holds(self, record: Any) -> bool:
        """Whether the project is still what the record tells of, as far as all models are concerned."""
        digest = self._searches.digest
        if record["files"] != self._store.tree.digest:
            return False
        if record["classes"] != self._searches.classes_digest and record["candidates"] != self._candidates():
            return False
        if any(digest(path) != was for path, was in record["bodies"].items()):
            return False
        if any(self._assigning(name) != was for name, was in record["settings"].items()):
            return False  # another module has settings now
        changed = {path: said for path, (was, *said) in record["modules"].items() if digest(path) != was}
        return not changed or self._say_the_same(changed, frozenset(record["names"]), frozenset(record["members"]))

    def _say_the_same(self, modules: Mapping[str, list[str]], names: frozenset[str], members: frozenset[str]) -> bool:
        """Whether changed modules, each with its name and what its text was, say the same of what was asked."""
        for path, (name, text) in modules.items():
            before, now = self._store.kept_facts(path, name, text), self._store.facts_at(path)
            if before is None or now is None:
                return False
            if _digest(_asked_part(before, names, members)) != _digest(_asked_part(now, names, members)):
                return False
        return True


def _digest(facts: ModuleFacts) -> str:
    return Digests().digest(facts)


def _member_names(resolver: Resolver, key: str) -> set[str]:
    """The names that the bodies of a model and of its bases bind: a method of such a name hides what a base has."""
    return {name for facts in resolver.classes(key) for name in facts.assignments}


def _asked_part(facts: ModuleFacts, names: frozenset[str], members: frozenset[str]) -> ModuleFacts:
    """The module as the graph of models sees it: its classes, and what goes by a name that was looked for."""
    return replace(
        facts,
        imports={name: one for name, one in facts.imports.items() if name in names},
        functions={name: one for name, one in facts.functions.items() if name in names},
        assignments={name: one for name, one in facts.assignments.items() if name in names},
        classes={name: _asked_of_class(one, members) for name, one in facts.classes.items()},
        made_classes={name: _asked_of_class(one, members) for name, one in facts.made_classes.items()},
    )


def _asked_of_class(facts: ClassFacts, members: frozenset[str]) -> ClassFacts:
    return replace(
        facts,
        methods={name: one for name, one in facts.methods.items() if name in members},
        classes={name: _asked_of_class(one, members) for name, one in facts.classes.items()},
    )
