"""From an apply loop over texts to files on disk: which files may be edited, and what becomes of them.

In: flake8's options, the reports of a run, a way to lint again. Out: an `Outcome` whose texts stand on disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_django_orm.config import root_for
from flake8_django_orm.fixes.apply import Outcome, Workshop, apply_fixes
from flake8_django_orm.fixes.write import NotWritten, Rewrite, write_together
from flake8_django_orm.flake8_configuration import is_excluded
from flake8_django_orm.linter import FileReport, text_digest
from flake8_django_orm.output.report import shown_path
from flake8_django_orm.source import SourceError, SourceFile, read_source

if TYPE_CHECKING:
    import argparse

    from flake8_django_orm.findings import Finding

LintAgain = Callable[[Sequence[str], Mapping[str, str]], Iterable[FileReport]]


class Fixing:
    """The fixes of one run.

    `reports` holds what linting gave, by absolute path; `lint_again` lints file names with unsaved texts in
    place of what is on disk; `stdin` is the text that came from stdin, under the name that the user gave it.
    """

    def __init__(
        self,
        options: argparse.Namespace,
        reports: Mapping[str, FileReport],
        lint_again: LintAgain,
        stdin: SourceFile | None = None,
    ) -> None:
        self._options = options
        self._reports = reports
        self._lint_again = lint_again
        self._stdin = stdin

    def run(self, *, unsafe: bool) -> Outcome:
        """Make the fixes in memory."""
        findings = {path: report.findings for path, report in self._reports.items() if not report.error}
        workshop = Workshop(self.source, self._lint, self._forbidden, shown_path)
        return apply_fixes(findings, workshop, unsafe=unsafe)

    def write(self, outcome: Outcome) -> None:
        """Put the texts of `outcome` on disk, each group of files whole or not at all.

        What cannot be written is taken out of `outcome` again, with a line in its `problems`.
        """
        for group in list(outcome.groups):
            paths = sorted(group & outcome.texts.keys())
            try:
                write_together([self._rewrite(path, outcome.texts[path]) for path in paths])
            except (NotWritten, SourceError) as error:
                outcome.problems.append(str(error))
                self._take_back(outcome, group)

    def source(self, path: str) -> SourceFile:
        """The file at `path` as it was linted; SourceError if it is not so any more."""
        if self._stdin is not None and path == str(self._stdin.path):
            return self._stdin
        source = read_source(Path(path))
        report = self._reports.get(path)
        if report is not None and report.digest != text_digest(source.text):
            raise SourceError("changed on disk while it was linted; left alone")
        return source

    def _lint(self, texts: Mapping[str, str], paths: Collection[str]) -> dict[str, Sequence[Finding]]:
        names = [self._reports[path].filename for path in paths]
        return {report.path: report.findings for report in self._lint_again(names, texts)}

    def _forbidden(self, path: str) -> str | None:
        if self._stdin is not None:
            return None if path == str(self._stdin.path) else "a fix of stdin would change another file; not made"
        if path in self._reports:
            target = os.path.realpath(path)
            is_link = target != path and target in self._reports
            return f"{shown_path(path)}: is a link to {shown_path(target)}, and fixed there" if is_link else None
        root = root_for(self._options, Path(path))
        if not Path(path).is_relative_to(root) or "site-packages" in Path(path).parts:
            return f"{shown_path(path)}: lies outside of the project; fix not made"
        below = Path(path).relative_to(root)
        if any(is_excluded(self._options, str(root / part)) for part in (below, *below.parents)):
            return f"{shown_path(path)}: is excluded; fix not made"
        return None

    def _rewrite(self, path: str, text: str) -> Rewrite:
        root = root_for(self._options, Path(path))
        within = root if Path(path).is_relative_to(root) else Path(path).parent
        try:
            source = self.source(path)
            return Rewrite(Path(path), source.encode(source.text), source.encode(text), within)
        except SourceError as error:
            raise SourceError(f"{shown_path(path)}: {error}") from None

    def _take_back(self, outcome: Outcome, group: Collection[str]) -> None:
        """Findings whose fix is not on disk are still there."""
        for path in group:
            outcome.texts.pop(path, None)
        lost = [finding for finding in outcome.fixed if _edits_any(finding, group)]
        outcome.fixed = [finding for finding in outcome.fixed if finding not in lost]
        for path in {finding.path for finding in lost} | (set(group) & self._reports.keys()):
            outcome.remaining[path] = list(self._reports[path].findings)


def _edits_any(finding: Finding, paths: Collection[str]) -> bool:
    return finding.fix is not None and any(edit.path in paths for edit in finding.fix.edits)
