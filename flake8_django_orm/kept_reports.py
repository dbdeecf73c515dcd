"""The reports of an earlier run, for a project in which no file was touched since: nothing is read, nothing is run.

In: flake8's options and ours, the root of the project. Out: reports by file name; what is linted now is kept for the
next run. The engine's own results (`cache/results.py`) answer for trees that were touched.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flake8_django_orm.cache.directory import cache_directory, key_of
from flake8_django_orm.cache.findings_json import finding_from_json, finding_to_json
from flake8_django_orm.cache.identity import tool_identity
from flake8_django_orm.cache.tree import tree_state
from flake8_django_orm.config import root_for
from flake8_django_orm.linter import FileReport, located, relative_to
from flake8_django_orm.project.environment import Environment, find_environment
from flake8_django_orm.project.layout import SKIPPED_DIRECTORIES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from flake8_django_orm.cache.directory import CacheDirectory

_KIND = "runs"
#: The options on which the report on a file depends, apart from the file itself.
_OPTIONS = (
    "select",
    "extend_select",
    "ignore",
    "extend_ignore",
    "per_file_ignores",
    "extended_default_select",
    "extended_default_ignore",
    "disable_noqa",
    "djq_root",
    "djq_enable",
    "djq_django_version",
    "djq_partial",
)


class KeptReports:
    """What is known of the files of one project under one set of options, in its present state."""

    def __init__(self, directory: CacheDirectory, root: Path, options: argparse.Namespace) -> None:
        self._directory = directory
        self._root = root
        environment = Environment(find_environment(root)).fingerprint()
        chosen = repr([getattr(options, name, None) for name in _OPTIONS])
        self._key = key_of(tool_identity(), os.getcwd(), str(root), chosen, environment)
        self.tree = tree_state(root, SKIPPED_DIRECTORIES)
        self._entries: dict[str, Any] = self._read()

    def _read(self) -> dict[str, Any]:
        if self.tree is None:
            return {}
        record = self._directory.read(_KIND, self._key)
        if not isinstance(record, dict) or record.get("tree") != self.tree.digest:
            return {}
        entries = record.get("reports")
        return entries if isinstance(entries, dict) else {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known: another tree, other options, or the first run."""
        return not self._entries

    def report(self, filename: str) -> FileReport | None:
        """The report on a file, None where it is not known."""
        entry = self._entries.get(filename)
        if entry is None:
            return None
        try:
            digest, findings, consulted = entry
            return FileReport(
                filename,
                os.path.abspath(filename),
                tuple(located(finding_from_json(data), self._root) for data in findings),
                bytes.fromhex(digest),
                statistics={"files": 1},
                consulted=frozenset(map(str, consulted)),
            )
        except (TypeError, ValueError):
            return None  # damaged

    def keep(self, reports: Iterable[FileReport]) -> None:
        """Keep the reports of this run beside those of earlier ones on the same tree."""
        if self.tree is None:
            return
        entries = dict(self._entries)
        for report in reports:
            if report.error or report.warning or not self.tree.covers(report.path):
                continue  # a file of a hidden directory may change without the tree's state
            findings = [finding_to_json(relative_to(finding, self._root)) for finding in report.findings]
            entries[report.filename] = [report.digest.hex(), findings, sorted(report.consulted)]
        if entries != self._entries:
            self._directory.write(_KIND, self._key, {"tree": self.tree.digest, "reports": entries})
            self._directory.prune()


def kept_reports(options: argparse.Namespace, paths: Iterable[str]) -> KeptReports | None:
    """What is kept for the project to which the first of the paths belongs; None where nothing may be kept."""
    if options.djq_no_cache:
        return None
    root = root_for(options, Path(os.path.abspath(next(iter(paths), "."))))
    directory = cache_directory(root, options.djq_cache_dir)
    return None if directory is None else KeptReports(directory, root, options)
