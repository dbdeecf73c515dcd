"""What linting a file gave, kept for the next run: findings, and the questions that they rest on.

In: a file's path and text, and what can answer questions. Out: the findings of an earlier run, if they are still those
that a new one would give. A result is found by the settings, the path and the text of its file. It holds if nothing in
the project's tree was touched since, or nothing that concerns it, or else if every question that was asked for it has
the same answer as then, and the other files that its findings name have the same text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from flake8_django_orm.cache.directory import CacheDirectory, key_of
from flake8_django_orm.cache.findings_json import finding_from_json, finding_to_json, is_inside

if TYPE_CHECKING:
    from flake8_django_orm.findings import Finding

_KIND = "results"
#: For a result that outlived a change the state of the tree in which it held last: small, and written anew each time.
_HELD = "held"
_Question = tuple[str | None, ...]


class Comparing(Protocol):
    """What was written to since a base: a state of the tree in which many results held."""

    @property
    def since(self) -> str | None:
        """The digest of the base; None where there is none to compare with."""

    def may_concern(self, files: Iterable[str], questions: Iterable[_Question]) -> bool:
        """Whether the texts of the files or the answers to the questions may be others than in the base."""

    def count(self) -> None:
        """Note that a result was made or asked about in full."""


class Answering(Protocol):
    """What a result is checked against: the project as it is now."""

    def answers_digest(self, questions: Iterable[_Question]) -> str | None:
        """One digest of all answers, None for a question that cannot be answered."""

    def file_digest(self, path: str) -> str:
        """The digest of a file's text, "" where there is no such file."""


@dataclass(frozen=True, slots=True)
class Result:
    """The findings of one file, with `consulted`: the project's other files from which the answers were read."""

    findings: tuple[Finding, ...] = ()
    consulted: frozenset[str] = frozenset()


class ResultCache:
    """The results of one project under one set of settings. `tree` is the state of the tree, if it is known, and
    `changes` tells what was written to since an earlier one."""

    def __init__(
        self, directory: CacheDirectory, settings: str, tree: str | None = None, changes: Comparing | None = None
    ) -> None:
        self._directory = directory
        self._settings = settings
        self._tree = tree
        self._changes = changes

    def find(self, path: str, text_digest: str, project: Answering) -> Result | None:
        """The result of an earlier run, None where there is none that still holds."""
        key = key_of(self._settings, path, text_digest)
        entry = self._directory.read(_KIND, key)
        try:
            result = Result(tuple(map(finding_from_json, entry["findings"])), frozenset(map(str, entry["consulted"])))
            if self._tree is not None and self._held(entry, key):
                return result
            if not _holds(entry, project):
                return None
        except (KeyError, TypeError, AttributeError, ValueError):
            return None  # absent or damaged
        self._note_that_it_holds(key)
        return result

    def _held(self, entry: Any, key: str) -> bool:
        """Whether the result held in this very state of the tree, or in one from which nothing that it rests on has
        changed."""
        if entry["tree"] == self._tree:
            return True  # without reading any more
        states = (entry["tree"], self._directory.read(_HELD, key))
        if self._tree in states:
            return True
        changes = self._changes
        if changes is None or changes.since is None or changes.since not in states:
            return False
        return not changes.may_concern(entry["files"], map(tuple, entry["questions"]))

    def _note_that_it_holds(self, key: str) -> None:
        if self._tree is not None:
            self._directory.write(_HELD, key, self._tree)
        self._count()

    def keep(self, path: str, text_digest: str, result: Result, questions: set[_Question], project: Answering) -> None:
        """Keep what linting gave."""
        answers = project.answers_digest(questions)
        if answers is None or not is_inside(path):
            return
        entry = {
            "files": {name: project.file_digest(name) for name in sorted(_named_files(result.findings) - {path})},
            "questions": sorted(map(list, questions), key=repr),
            "answers": answers,
            "consulted": sorted(result.consulted),
            "tree": self._tree,
            "findings": [finding_to_json(finding) for finding in result.findings],
        }
        self._directory.write(_KIND, key_of(self._settings, path, text_digest), entry)
        self._count()

    def _count(self) -> None:
        if self._changes is not None:
            self._changes.count()


def _holds(entry: Any, project: Answering) -> bool:
    if any(project.file_digest(path) != digest for path, digest in entry["files"].items()):
        return False
    return bool(project.answers_digest(map(tuple, entry["questions"])) == entry["answers"])


def _named_files(findings: Iterable[Finding]) -> set[str]:
    """The files in which the findings have places: where these stand may change without any answer changing."""
    named: set[str] = set()
    for finding in findings:
        named.update(related.path for related in finding.related)
        named.update(edit.path for edit in (finding.fix.edits if finding.fix is not None else ()))
    return named
