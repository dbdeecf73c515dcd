"""What linting a file gave, kept for the next run: findings, and the questions that they rest on.

In: a file's path and text, and what can answer questions. Out: the findings of an earlier run, if they are still those
that a new one would give. A result is found by the settings, the path and the text of its file. It holds if nothing in
the project's tree was touched since, or else if every question that was asked for it has the same answer as then, and
the other files that its findings name have the same text. Where it is known what was written to, only the questions
that this may concern are asked again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from flake8_django_orm.cache.directory import CacheDirectory, key_of
from flake8_django_orm.cache.findings_json import finding_from_json, finding_to_json, is_inside
from flake8_django_orm.cache.state import state_from_json, state_to_json

if TYPE_CHECKING:
    from flake8_django_orm.cache.state import State, Written
    from flake8_django_orm.findings import Finding

_KIND = "results"
#: For a result that outlived a change the state in which it held last, with the mark of that result, as another one
#: may have taken its place: small, and written anew each time.
_HELD = "held"
_Question = tuple[str | None, ...]


class Comparing(Protocol):
    """What was written to since results were kept."""

    @property
    def tree(self) -> str:
        """The digest of the tree now."""

    @property
    def state(self) -> State | None:
        """The state of the files for which what is found now holds; None where they were written to meanwhile."""

    def since(self, state: State) -> Written | None:
        """What was written to since that state; None where that, or what it may concern, is not known."""

    def may_concern(self, question: _Question, written: Written) -> bool:
        """Whether the question may have another answer than before these files were written to."""

    def count(self) -> None:
        """Note that a result was made or asked about in full."""


class Answering(Protocol):
    """What a result is checked against: the project as it is now."""

    def answer_digest(self, question: _Question) -> str | None:
        """The digest of an answer, None for a question that cannot be answered."""

    def file_digest(self, path: str) -> str:
        """The digest of a file's text, "" where there is no such file."""


@dataclass(frozen=True, slots=True)
class Result:
    """The findings of one file, with `consulted`: the project's other files from which the answers were read."""

    findings: tuple[Finding, ...] = ()
    consulted: frozenset[str] = frozenset()


class ResultCache:
    """The results of one project under one set of settings. Where the state of the project's files is known, `changes`
    tells what was written to since earlier runs."""

    def __init__(self, directory: CacheDirectory, settings: str, changes: Comparing | None = None) -> None:
        self._directory = directory
        self._settings = settings
        self._changes = changes

    def find(self, path: str, text_digest: str, project: Answering) -> Result | None:
        """The result of an earlier run, None where there is none that still holds."""
        key = key_of(self._settings, path, text_digest)
        entry = self._directory.read(_KIND, key)
        try:
            result = Result(tuple(map(finding_from_json, entry["findings"])), frozenset(map(str, entry["consulted"])))
            return result if self._holds(entry, key, project) else None
        except (KeyError, TypeError, AttributeError, ValueError):
            return None  # absent or damaged

    def keep(self, path: str, text_digest: str, result: Result, questions: set[_Question], project: Answering) -> None:
        """Keep what linting gave."""
        asked = sorted(questions, key=repr)
        answers = [project.answer_digest(question) for question in asked]
        if None in answers or not is_inside(path):
            return
        files = {name: project.file_digest(name) for name in sorted(_named_files(result.findings) - {path})}
        entry = {
            "files": files,
            "questions": asked,
            "answers": answers,
            "mark": key_of(*map(str, answers), *files.values()),
            "consulted": sorted(result.consulted),
            "state": self._state,
            "findings": [finding_to_json(finding) for finding in result.findings],
        }
        self._directory.write(_KIND, key_of(self._settings, path, text_digest), entry)
        self._count()

    def _holds(self, entry: Any, key: str, project: Answering) -> bool:
        changes = self._changes
        if changes is None:
            return _holds(entry, project)
        kept = state_from_json(entry["state"])
        if kept is not None and kept.tree == changes.tree:
            return True  # without reading any more
        for state in (self._held(entry, key), kept):
            written = None if state is None else changes.since(state)
            if written is not None:
                return self._outlived(written, entry, project)
        if not _holds(entry, project):
            return False
        self._directory.write(_HELD, key, [entry["mark"], self._state])
        self._count()
        return True

    def _outlived(self, written: Written, entry: Any, project: Answering) -> bool:
        """Whether the result still holds although files were written to."""
        if not written.before:
            return True
        assert self._changes is not None
        may_concern = self._changes.may_concern
        files = [(path, digest) for path, digest in entry["files"].items() if path in written.before]
        told = zip(entry["questions"], entry["answers"], strict=True)
        answers = [(question, answer) for question, answer in told if may_concern(question, written)]
        return _are_the_same(files, answers, project)

    @property
    def _state(self) -> Any:
        state = None if self._changes is None else self._changes.state
        return None if state is None else state_to_json(state)

    def _held(self, entry: Any, key: str) -> State | None:
        """The state in which this very result held last."""
        match self._directory.read(_HELD, key):
            case [mark, state] if mark == entry["mark"]:
                return state_from_json(state)
        return None

    def _count(self) -> None:
        if self._changes is not None:
            self._changes.count()


def _holds(entry: Any, project: Answering) -> bool:
    return _are_the_same(entry["files"].items(), zip(entry["questions"], entry["answers"], strict=True), project)


def _are_the_same(files: Iterable[tuple[str, Any]], answers: Iterable[tuple[Any, Any]], project: Answering) -> bool:
    """Whether the files still have these digests, and the questions these answers."""
    return all(project.file_digest(path) == digest for path, digest in files) and all(
        project.answer_digest(tuple(question)) == answer for question, answer in answers
    )


def _named_files(findings: Iterable[Finding]) -> set[str]:
    """The files in which the findings have places: where these stand may change without any answer changing."""
    named: set[str] = set()
    for finding in findings:
        named.update(related.path for related in finding.related)
        named.update(edit.path for edit in (finding.fix.edits if finding.fix is not None else ()))
    return named
