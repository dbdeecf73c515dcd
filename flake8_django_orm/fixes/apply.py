"""The apply loop: make the fixes that do not disturb each other, lint again, until nothing is left to do.

In: findings with absolute paths, a way to read a file and a way to lint unsaved text. Out: the new texts,
which findings they settle, which remain. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flake8_django_orm.findings import Applicability
from flake8_django_orm.fixes.edits import OverlappingEdits, compatible, edits_by_path, splice
from flake8_django_orm.syntax.parsing import parse_python

if TYPE_CHECKING:
    from flake8_django_orm.findings import Edit, Finding, Fix
    from flake8_django_orm.source import SourceFile

MAX_ROUNDS = 25

Findings = Mapping[str, Sequence["Finding"]]


@dataclass(frozen=True, slots=True)
class Workshop:
    """What the loop needs of its surroundings; all paths are absolute.

    `read` gives a file as it was when it was first linted and may raise SourceError. `lint` gives the
    findings of `paths`, each under its path, with the unsaved `texts` in place of what is on disk.
    `forbidden` says in one line why a file may not be edited, None if it may. `show` turns a path into what
    a message calls it.
    """

    read: Callable[[str], SourceFile]
    lint: Callable[[Mapping[str, str], Collection[str]], Findings]
    forbidden: Callable[[str], str | None]
    show: Callable[[str], str] = str


@dataclass(slots=True)
class Outcome:
    """`texts` holds the new text of each changed file, `groups` the files that share a fix, `fixed` the
    findings
    whose fix was made, `remaining` what the linter says about the new texts, `problems` one line each."""

    texts: dict[str, str] = field(default_factory=dict)
    groups: list[frozenset[str]] = field(default_factory=list)
    fixed: list[Finding] = field(default_factory=list)
    remaining: dict[str, list[Finding]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def applicable(finding: Finding, *, unsafe: bool) -> bool:
    """True if the fix of `finding` may be made: a safe one always, an unsafe one if asked for, no other."""
    fix = finding.fix
    if fix is None or not fix.edits:
        return False
    return fix.applicability is Applicability.SAFE or (unsafe and fix.applicability is Applicability.UNSAFE)


def apply_fixes(findings: Findings, workshop: Workshop, *, unsafe: bool) -> Outcome:
    """Fix what can be fixed in `findings`, which hold an entry for every linted path."""
    return _Loop(findings, workshop, unsafe=unsafe).run()


class _Loop:
    def __init__(self, findings: Findings, workshop: Workshop, *, unsafe: bool) -> None:
        self._workshop = workshop
        self._unsafe = unsafe
        self._sources: dict[str, SourceFile] = {}
        self._refused: dict[_FixKey, None] = {}
        self._outcome = Outcome(remaining={path: list(found) for path, found in findings.items()})
        self._stale: set[str] = set()

    def run(self) -> Outcome:
        seen = {self._state()}
        for _ in range(MAX_ROUNDS):
            if not self._round():
                if not self._stale:
                    break
                self._lint(self._stale)
                continue
            if self._state() in seen:
                self._problem("the fixes undo each other; stopped")
                break
            seen.add(self._state())
        else:
            self._problem(f"stopped after {MAX_ROUNDS} rounds of fixes; run again for the rest")
        if self._stale:
            self._lint(self._stale)
        self._drop_unchanged()
        return self._outcome

    def _state(self) -> frozenset[tuple[str, str]]:
        return frozenset((path, text) for path, text in self._outcome.texts.items() if text != self._source(path).text)

    def _round(self) -> bool:
        """Make one round of fixes and lint what it touched; False if there was none to make."""
        fixes = self._choose()
        if not fixes:
            return False
        texts = self._edited(fixes)
        self._outcome.texts.update(texts)
        self._link(fixes)
        made = set(fixes)
        settled = [f for found in self._outcome.remaining.values() for f in found if f.fix in made]
        self._outcome.fixed += settled
        dirty = self._touched_by(texts, settled)
        self._stale = (self._stale | set(self._outcome.remaining)) - dirty
        self._lint(dirty)
        return True

    def _touched_by(self, texts: Collection[str], settled: Iterable[Finding]) -> set[str]:
        """The linted paths whose findings can have changed: the cheap guess that the last round checks."""
        dirty = {path for path in self._outcome.remaining if path in texts}
        dirty |= {finding.path for finding in settled}
        for path, findings in self._outcome.remaining.items():
            if any(_mentions(finding, texts) for finding in findings):
                dirty.add(path)
        return dirty & set(self._outcome.remaining)

    def _lint(self, paths: Collection[str]) -> None:
        found = self._workshop.lint(self._outcome.texts, sorted(paths))
        for path in paths:
            self._outcome.remaining[path] = list(found.get(path, ()))
        self._stale -= set(paths)

    def _choose(self) -> list[Fix]:
        """The fixes of this round: compatible, allowed, and leaving every file they touch in good syntax."""
        while True:
            candidates = self._candidates()
            chosen = compatible(list(dict.fromkeys(candidates)))
            broken = [path for path, edits in edits_by_path(chosen).items() if not self._sound(path, edits)]
            if not broken:
                return chosen
            for path in broken:
                self._refuse_breaking(path, [fix for fix in chosen if _edits_path(fix, path)], candidates)

    def _candidates(self) -> dict[Fix, Finding]:
        candidates: dict[Fix, Finding] = {}
        for path in sorted(self._outcome.remaining):
            for finding in self._outcome.remaining[path]:
                fix = finding.fix
                if fix is None or fix in candidates or not applicable(finding, unsafe=self._unsafe):
                    continue
                if _key(finding, fix) in self._refused or not self._may_edit(finding, fix):
                    continue
                candidates[fix] = finding
        return candidates

    def _may_edit(self, finding: Finding, fix: Fix) -> bool:
        for path in edits_by_path([fix]):
            reason = self._workshop.forbidden(path) or self._unreadable(path)
            if reason is not None:
                self._refuse(finding, fix, reason)
                return False
        return True

    def _unreadable(self, path: str) -> str | None:
        from flake8_django_orm.source import SourceError

        try:
            self._source(path)
        except SourceError as error:
            return f"{self._workshop.show(path)}: {error}"
        return None

    def _refuse_breaking(self, path: str, fixes: Sequence[Fix], findings: Mapping[Fix, Finding]) -> None:
        """Refuse the fixes that break `path` each by itself; all of them if they only do so together."""
        guilty = [fix for fix in fixes if not self._sound(path, edits_by_path([fix])[path])]
        for fix in guilty or fixes:
            self._refuse(findings[fix], fix, f"{self._workshop.show(path)}: a fix would leave a syntax error; not made")

    def _refuse(self, finding: Finding, fix: Fix, reason: str) -> None:
        self._refused[_key(finding, fix)] = None
        self._problem(f"{finding.code}: {reason}")

    def _problem(self, line: str) -> None:
        if line not in self._outcome.problems:
            self._outcome.problems.append(line)

    def _source(self, path: str) -> SourceFile:
        if path not in self._sources:
            self._sources[path] = self._workshop.read(path)
        return self._sources[path]

    def _splice(self, path: str, edits: Iterable[Edit]) -> str:
        source = self._source(path)
        return splice(self._outcome.texts.get(path, source.text), edits, source.newline)

    def _sound(self, path: str, edits: Iterable[Edit]) -> bool:
        try:
            text = self._splice(path, edits)
        except OverlappingEdits:
            return False
        is_python = path in self._outcome.remaining or path.endswith((".py", ".pyi"))
        return not is_python or parses(text)

    def _edited(self, fixes: Sequence[Fix]) -> dict[str, str]:
        return {path: self._splice(path, edits) for path, edits in edits_by_path(fixes).items()}

    def _link(self, fixes: Iterable[Fix]) -> None:
        for fix in fixes:
            group = frozenset(edits_by_path([fix]))
            for other in [g for g in self._outcome.groups if g & group]:
                self._outcome.groups.remove(other)
                group |= other
            self._outcome.groups.append(group)

    def _drop_unchanged(self) -> None:
        texts = self._outcome.texts
        self._outcome.texts = {path: texts[path] for path in sorted(texts) if texts[path] != self._source(path).text}


_FixKey = tuple[str, str, str, tuple[str, ...]]


def _key(finding: Finding, fix: Fix) -> _FixKey:
    """The same fix again in a later round, where its offsets may have moved."""
    return (finding.code, finding.path, finding.message, tuple(edit.content for edit in fix.edits))


def _edits_path(fix: Fix, path: str) -> bool:
    return any(edit.path == path for edit in fix.edits)


def _mentions(finding: Finding, paths: Collection[str]) -> bool:
    places = {related.path for related in finding.related}
    if finding.fix is not None:
        places.update(edit.path for edit in finding.fix.edits)
    return not places.isdisjoint(paths)


def parses(text: str) -> bool:
    """True if `text` is Python."""
    return parse_python(text) is not None
