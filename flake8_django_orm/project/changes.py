"""What was written to since results were kept, and which questions that may concern: most edits change the body of a
function, of which nobody else's answers speak.

In: the state of the project's files now, and a state in which the results of earlier runs held (`Base`); later results
name theirs by what differs from it. Out: what was written to since, and whether a question may have another answer than
it had then. Where that cannot be told cheaply, it may.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flake8_django_orm.cache.state import State, Written
from flake8_django_orm.cache.tree import tree_state
from flake8_django_orm.project.digests import Digests
from flake8_django_orm.project.layout import SKIPPED_DIRECTORIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from flake8_django_orm.cache.directory import CacheDirectory
    from flake8_django_orm.cache.tree import TreeState
    from flake8_django_orm.project.asking import Question
    from flake8_django_orm.project.overview import Overview
    from flake8_django_orm.project.redeclared import Redeclarations, Redeclared
    from flake8_django_orm.project.searches import FileSearches
    from flake8_django_orm.project.store import ModuleStore

_KIND = "bases"
_PYTHON = ".py"
#: With more changed files than this, every question is asked again.
_FEW = 50
#: So many results have to be asked about in one run before another state is taken for the base.
REBASED_AFTER = 20
#: Most results ask for the same few searches.
_REMEMBERED = 10_000
#: Searches whose matches belong to a base.
_SEARCHED = (("stores", ""), ("holds", "TEMPLATES"), ("holds", "context_processors"))
#: Kinds of question that are answered by the text of the file which they name first; and those for which the names of
#: models, relations and managers count besides.
_OF_ONE_FILE = frozenset({"text", "definition_text", "has_assignment"})
_OF_ITS_GATE = frozenset({"gate_words", "queries", "may_query", "plain_statements"})
#: Kinds that are answered by what is known of all models, and of the settings; and by these names alone.
_OF_MODELS = frozenset(
    {
        *("model_by_label", "swapped_model", "concrete_of", "model_of_manager", "user_model", "models"),
        "database_engines",
    }
)
_OF_WORDS = frozenset({"relation_names", "manager_names", "statement_queries"})
#: Kinds that are answered by what modules declare, by no body of a function: of a class, of a module.
_OF_CLASSES = frozenset({"class_facts", "mro", "ancestors", "find_class_attribute"})
_OF_MODULES = frozenset({"module", "is_imported"})


@dataclass(frozen=True, slots=True)
class Base:
    """A state of the tree in which many results held: its digest, that of its packages, the stamps of all files, the
    digests of the Python files, those of what was told of all models and of the names in it, the files of the bodies
    that were read for the models, and the files that matched some searches."""

    tree: str
    layout: str
    stamps: Mapping[str, str]
    digests: Mapping[str, str]
    models: str
    words: str
    bodies: frozenset[str]
    found: Mapping[str, frozenset[str]]

    def mark(self, path: str) -> str:
        """What told the file's text from others: the digest of Python, the stamp of anything else; "" for no file."""
        return self.digests.get(path) or self.stamps.get(path, "")


class Changes:
    """Compares the project with the base that is kept for it. `key` names the project in the cache."""

    def __init__(
        self,
        cache: CacheDirectory,
        key: str,
        state: TreeState,
        store: ModuleStore,
        searches: FileSearches,
        read_bodies: Callable[[], frozenset[str]],
        overview: Callable[[], Overview],
        redeclarations: Redeclarations,
    ) -> None:
        """`read_bodies` names the project's files in which this run has read bodies of functions for models; in which
        others were read, `overview` tells."""
        self._redeclarations = redeclarations
        self._cache = cache
        self._key = key
        self._state = state
        self._store = store
        self._searches = searches
        self._read_bodies = read_bodies
        self._overview = overview
        self._asked = 0
        self._since: dict[str, Written | None] = {}
        self._finds = lru_cache(maxsize=_REMEMBERED)(self._look_for)
        self._compared = lru_cache(maxsize=_REMEMBERED)(self._compare)

    @property
    def tree(self) -> str:
        """The digest of the tree now."""
        return self._state.digest

    @property
    def state(self) -> State | None:
        """The state of the files for which what is found now holds; None where they were written to meanwhile."""
        if not self._store.has_read_what(self._state):
            return None
        # Where nobody asked yet what was written to, as where one file is linted, it is not found out for a mark.
        edits = self.__dict__.get("_edits")
        if edits is None or self._base is None:
            return State(self.tree)
        overview = self._overview()
        return State(self.tree, self._base.tree, edits, overview.models_digest, overview.words_digest)

    def prepare(self) -> None:
        """Find out now what was written to since the base."""
        if self._base is not None:
            self.since(State(self._base.tree))

    def since(self, state: State) -> Written | None:
        """What was written to since that state; None where that, or what it may concern, is not known."""
        if state.tree not in self._since:
            self._since[state.tree] = self._written_since(state)
        return self._since[state.tree]

    def may_concern(self, question: Question, written: Written) -> bool:
        """Whether the question may have another answer than before these files were written to."""
        kind, *words = question
        redeclared, named = written.redeclared, (str(words[0]) if words else "")
        if kind in _OF_MODELS:
            return written.models
        if kind in _OF_WORDS:
            return written.words
        if kind == "model":
            return written.models or any(one.has(named) for one in redeclared)
        if kind == "resolve":
            return any(one.is_scope(named) or one.has(str(words[1])) for one in redeclared)
        if kind == "resolve_import":  # perhaps of a module with a longer name
            return any(one.is_scope(named) or one.has(f"{named}.{words[1]}") for one in redeclared)
        if kind in _OF_CLASSES:
            return any(one.has(named) for one in redeclared)
        if kind == "find_method":  # which may be what another class has under another name
            return any(one.has(str(word)) for one in redeclared for word in words)
        if kind in _OF_MODULES:
            return bool(redeclared)
        if kind in _OF_ONE_FILE:
            return named in written.before
        if kind in _OF_ITS_GATE:
            return named in written.before or written.words
        if kind == "module_path":
            return written.files
        return self._may_find_others(str(kind), named, written)

    def _may_find_others(self, kind: str, named: str, written: Written) -> bool:
        """As `may_concern`, for the kinds that are answered by a search of files."""
        if kind == "storing_words":
            return named in written.before or self._finds("stores", "", written)
        if kind == "modules_mentioning":
            find = self._finds if written.redeclared else self._finds_others
            return find("mentions", named, written)
        if kind == "templates_of_processors":
            return bool(written.before)
        if kind == "template_library":
            return any("templatetags/" in path for path in written.before)
        if kind in ("template", "is_context_processor", "views_give"):
            if written.files or (kind == "template" and written.settings):
                return True
            texts = (named if kind == "views_give" else "TEMPLATES", "context_processors")
            return any(self._finds("holds", text, written) for text in texts)
        return True

    def count(self) -> None:
        """Note that a result was made or asked about in full, and take the present state for the base after many."""
        self._asked += 1
        if self._asked == REBASED_AFTER and self._edits is None and self._is_untouched():
            self._keep()

    def _is_untouched(self) -> bool:
        """Whether no file was written to since this run began: a process may have read it before, and another after."""
        now = tree_state(Path(self._state.root), SKIPPED_DIRECTORIES)
        if now is None or now.stamps.keys() != self._state.stamps.keys():
            return False
        return all(_times(now.stamps[path]) == _times(stamp) for path, stamp in self._state.stamps.items())

    def _keep(self) -> None:
        files, overview = self._store.tree.files, self._overview()
        record = {
            "tree": self._state.digest,
            "layout": self._store.tree.layout,
            "stamps": self._stamps,
            "digests": {path: self._searches.digest(path) for path in files},
            "models": overview.models_digest,
            "words": overview.words_digest,
            "found": {f"{kind} {word}": self._searches.paths(kind, word) for kind, word in _SEARCHED},
            "bodies": sorted(overview.read_bodies | self._read_bodies()),
        }
        self._cache.write(_KIND, self._key, record)
        self._searches.keep_files()

    @cached_property
    def _stamps(self) -> dict[str, str]:
        """By path below the root."""
        start = len(self._state.root.rstrip(os.sep)) + 1
        return {path[start:].replace(os.sep, "/"): stamp for path, stamp in self._state.stamps.items()}

    @cached_property
    def _base(self) -> Base | None:
        return _base(self._cache.read(_KIND, self._key))

    @cached_property
    def _edits(self) -> dict[str, str] | None:
        """The files with another text than in the base, each with what tells its text from others; None where more is
        new than can be told of them one by one."""
        base, stamps = self._base, self._stamps
        if base is None or base.layout != self._store.tree.layout:
            return None
        written = [path for path in {**base.stamps, **stamps} if base.stamps.get(path) != stamps.get(path)]
        edits = {path: mark for path in written if (mark := self._mark(path)) != base.mark(path)}
        if len(edits) > _FEW or not all(self._is_plain(path, base) for path in edits):
            return None
        return None if self._redeclared({path: base.mark(path) for path in edits}) is None else edits

    def _is_plain(self, path: str, base: Base) -> bool:
        """Whether no other file changes its name, and no directory becomes a package, by this one's coming or going."""
        if path in base.stamps and path in self._stamps:
            return True
        if path not in base.digests and not self._store.tree.holds(path):
            return True  # no Python
        folder = path.rpartition("/")[0]
        others = (other for other in base.digests if other != path and other.rpartition("/")[0] == folder)
        return not self._store.tree.shares_name(path) and any(map(self._store.tree.holds, others))

    def _mark(self, path: str) -> str:
        """As `Base.mark` for the text that the file has now."""
        return self._searches.digest_as_read(path) if self._store.tree.holds(path) else self._stamps.get(path, "")

    def _redeclared(self, marks: Mapping[str, str]) -> tuple[Redeclared, ...] | None:
        """What those of the files tell that declare something else than when they had these marks; None where that is
        not known."""
        found: list[Redeclared] = []
        for path, mark in marks.items():
            one = self._compared(path, mark) if path.endswith(_PYTHON) else ()
            if one is None:
                return None
            found += one
        return tuple(found)

    def _compare(self, path: str, digest: str) -> Sequence[Redeclared] | None:
        """What one file tells, as `_redeclared`."""
        tree = self._store.tree
        now = self._store.facts_at(path) if tree.holds(path) else None
        # Facts are kept by the digests of texts: those of the bytes, where the file is in UTF-8.
        before = self._store.kept_facts(path, tree.name_of(path), digest) if digest else None
        if now is not None and before is not None:
            if Digests().digest(now) == Digests().digest(before):
                return ()
            redeclared = self._redeclarations.between(before, now)
        else:
            is_known = before is not None or not digest
            redeclared = self._redeclarations.of_whole(path, (before or now) if is_known else None)
        return None if redeclared is None else (redeclared,)

    def _written_since(self, state: State) -> Written | None:
        if state.tree == self.tree:
            return Written({})
        base, now = self._base, self._edits
        if base is None or now is None or base.tree not in (state.tree, state.base):
            return None
        then = state.edits if state.tree != base.tree else {}
        marks = {path: (then.get(path, base.mark(path)), now.get(path, base.mark(path))) for path in {**then, **now}}
        before = {path: then for path, (then, after) in marks.items() if then != after}
        redeclared = self._redeclared(before)
        if redeclared is None:
            return None
        settings = any(one.settings for one in redeclared)
        came_or_went = [path for path in before if "" in marks[path]]
        told: Base | State = base if state.tree == base.tree else state
        overview = self._overview()
        models = settings or told.models != overview.models_digest or not base.bodies.isdisjoint(before)
        if models or any(map(_may_make_an_app, came_or_went)) or self._may_be_given(redeclared):
            given = self._redeclarations.of_given_models
            if given is None:
                return None
            redeclared = (*redeclared, given)
        words = told.words != overview.words_digest
        return Written(before, redeclared, models, words, settings, files=bool(came_or_went))

    def _may_be_given(self, redeclared: Iterable[Redeclared]) -> bool:
        """Whether a class that is declared differently may be what `get_user_model()` and its kin give."""
        labelled = self._overview().keys_by_name
        return any(name.lower() in labelled for one in redeclared for name in one.names)

    def _look_for(self, kind: str, word: str, written: Written) -> bool:
        """Whether a search matches one of the files now, or matched it before, or may have done so."""
        return any(before is not False or now() for before, now in self._matches(kind, word, written))

    def _finds_others(self, kind: str, word: str, written: Written) -> bool:
        """Whether a search matches other files than before."""
        return any(before is not now() for before, now in self._matches(kind, word, written))

    def _matches(self, kind: str, word: str, written: Written) -> Iterator[tuple[bool | None, Callable[[], bool]]]:
        """Of each file whether a search matched it before, None where that is not known, and whether it does now."""
        base = self._base
        assert base is not None
        then = base.found.get(f"{kind} {word}")
        for path, mark in written.before.items():
            if not path.endswith(_PYTHON):
                continue
            if then is not None and mark == base.mark(path):
                before: bool | None = path in then
            else:
                before = self._searches.matched(kind, word, mark) if mark else False
            yield before, partial(self._matches_now, kind, word, path)

    def _matches_now(self, kind: str, word: str, path: str) -> bool:
        return self._store.tree.holds(path) and self._searches.matches(kind, word, path)


def _may_make_an_app(path: str) -> bool:
    """Whether a package may be an app because of this file, which gives a label to what is in it."""
    return path.rpartition("/")[2] in ("apps.py", "models.py") or "migrations/" in path


def _times(stamp: str) -> list[str]:
    """A stamp without the digest that a file has which was written to a moment ago."""
    return stamp.split(",")[:4]


def _base(record: Any) -> Base | None:
    try:
        return Base(
            tree=str(record["tree"]),
            layout=str(record["layout"]),
            stamps={str(path): str(stamp) for path, stamp in record["stamps"].items()},
            digests={str(path): str(digest) for path, digest in record["digests"].items()},
            models=str(record["models"]),
            words=str(record["words"]),
            bodies=frozenset(map(str, record["bodies"])),
            found={str(name): frozenset(map(str, paths)) for name, paths in record["found"].items()},
        )
    except (KeyError, TypeError, AttributeError):
        return None  # absent or damaged
