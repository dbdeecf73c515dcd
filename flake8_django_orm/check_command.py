"""`flake8-django-orm check`: lint, fix, show.

In: the parsed command line. Out: an exit code; the report on stdout or in a file, errors and warnings on
stderr.
"""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_django_orm.config import PREFIX, ConfigurationError, check_prefixes, root_for
from flake8_django_orm.flake8_configuration import STDIN, discover, job_count, read_options
from flake8_django_orm.kept_reports import KeptReports, kept_reports
from flake8_django_orm.linter import FileReport, check_our_options, codes_for
from flake8_django_orm.output import formats
from flake8_django_orm.output.colors import wants_color
from flake8_django_orm.output.diff import unified
from flake8_django_orm.output.report import Report, shown_path
from flake8_django_orm.output.summary import counted, statistics, unsafe_only
from flake8_django_orm.parallel import job_count_for, lint_files
from flake8_django_orm.progress import Progress
from flake8_django_orm.source import SourceError, SourceFile, decode_source, make_source, read_source
from flake8_django_orm.suppression import Suppression
from flake8_django_orm.terminal import CLEAN, ERROR, FINDINGS, PROGRAM, tell_error, tell_warning

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from flake8_django_orm.findings import Finding
    from flake8_django_orm.fixes.apply import Outcome
    from flake8_django_orm.fixing import Fixing


class _UnusableError(Exception):
    """Nothing can be done; the text is one line."""


def check(arguments: argparse.Namespace, flake8_arguments: Sequence[str]) -> int:
    """Run `check`; `flake8_arguments` are those of the `arguments` that flake8 shall see. The exit code."""
    try:
        options = read_options(flake8_arguments)
        options.djq_dependents = arguments.with_dependents
        kept = kept_reports(options, arguments.paths)
        if kept is None or kept.is_empty:  # what is kept was made with these very options
            _check_codes(arguments, options)
        return _Check(arguments, options, kept).run()
    except (ConfigurationError, _UnusableError) as error:
        tell_error(str(error))
        return ERROR


def _check_codes(arguments: argparse.Namespace, options: argparse.Namespace) -> None:
    """Raise ConfigurationError for a code that no rule has; warn where no rule is left."""
    from flake8_django_orm.rules import all_rules

    rules = all_rules()
    for option in ("select", "extend_select", "ignore", "extend_ignore", "djq_enable"):
        prefixes = (getattr(arguments, option) or "").replace(",", " ").split()
        if "ignore" in option:  # the same list may go to flake8, with codes of other plugins in it
            prefixes = [prefix for prefix in prefixes if prefix.startswith(PREFIX)]
        check_prefixes(prefixes, rules, f"--{option.removeprefix('djq_').replace('_', '-')}")
    check_our_options(options)
    if not codes_for(options):
        tell_warning(f"no rule is switched on: select and ignore leave out every {PREFIX} code")


class _Check:
    """One run. What goes wrong with a file is told at once and counted."""

    def __init__(self, arguments: argparse.Namespace, options: argparse.Namespace, kept: KeptReports | None) -> None:
        self._arguments = arguments
        self._options = options
        self._kept = kept
        self._given: set[str] | None = None  # with --with-dependents: the files that the user named
        self._errors = 0
        self._passed_over = 0
        self._stdin: SourceFile | None = None
        self._counters: dict[str, int] = {}

    def run(self) -> int:
        filenames = self._filenames()
        if self._arguments.with_dependents and self._stdin is None:
            filenames = self._whole_project(filenames)
        if not filenames:
            if not self._errors:
                links = counted(self._passed_over, "symbolic link")
                why = f": {links} out of the project's root passed over" if self._passed_over else ""
                tell_warning(f"no Python files found under the given paths{why}")
            return ERROR if self._errors else CLEAN
        reports = {report.path: report for report in map(self._told, self._wanted(filenames))}
        if all(report.error for report in reports.values()):
            return ERROR
        found = self._finish(reports)
        return FINDINGS if (found or self._errors) and not self._arguments.exit_zero else CLEAN

    def _finish(self, reports: Mapping[str, FileReport]) -> int:
        """The number of things to fix that are left, or that `--diff` shows."""
        if not (self._arguments.fix or self._arguments.diff):
            return self._show([f for report in reports.values() for f in report.findings], {}, None)
        from flake8_django_orm.fixing import Fixing

        fixing = Fixing(self._options, reports, self._lint, self._stdin)
        outcome = fixing.run(unsafe=self._arguments.unsafe_fixes)
        if self._arguments.diff:
            self._tell_problems(outcome)
            return self._show_diff(outcome, fixing)
        if self._stdin is not None:
            self._print_stdin(self._stdin, outcome)
        else:
            fixing.write(outcome)
        self._tell_problems(outcome)
        remaining = [finding for findings in outcome.remaining.values() for finding in findings]
        return self._show(remaining, outcome.texts, len(outcome.fixed))

    # linting

    def _filenames(self) -> list[str]:
        discovery = discover(self._options, self._arguments.paths)
        for line in discovery.errors:
            self._tell(line)
        for line in discovery.warnings:
            tell_warning(line)
        self._passed_over = discovery.passed_over
        names = (self._read_stdin() if name == STDIN else name for name in discovery.filenames)
        return [name for name in names if name is not None]

    def _read_stdin(self) -> str | None:
        """Keep what comes from stdin; the name it goes by."""
        name: str = self._options.stdin_display_name
        try:
            self._stdin = decode_source(sys.stdin.buffer.read(), Path(os.path.abspath(name)))
        except SourceError as error:
            self._tell(f"{name}: {error}")
            return None
        return name

    def _whole_project(self, given: Sequence[str]) -> list[str]:
        """The given files, and all others of their project that may depend on them."""
        self._given = {os.path.abspath(name) for name in given}
        roots = {root_for(self._options, Path(path)) for path in self._given}
        others = [name for root in sorted(roots) for name in discover(self._options, [os.path.relpath(root)]).filenames]
        return [*given, *(name for name in others if os.path.abspath(name) not in self._given)]

    def _wanted(self, filenames: Sequence[str]) -> Iterator[FileReport]:
        """The reports to be shown: all, or those of the given files and of their dependents."""
        if self._given is None:
            yield from self._look(filenames)
            return
        for report in self._look(filenames):
            root = root_for(self._options, Path(report.path))
            rests_on = {os.path.join(root, path) for path in report.consulted}
            if report.path in self._given or not self._given.isdisjoint(rests_on):
                yield report

    def _look(self, filenames: Sequence[str]) -> Iterator[FileReport]:
        """The reports on files as they are: those that are kept, and the others, which are kept for the next run."""
        if self._kept is None or self._stdin is not None:
            yield from self._lint(filenames)
            return
        made: list[FileReport] = []
        unknown: list[str] = []
        for filename in filenames:
            report = self._kept.report(filename)
            if report is not None:
                yield report
            else:
                unknown.append(filename)
        for report in self._lint(unknown) if unknown else ():
            made.append(report)
            yield report
        self._kept.keep(made)

    def _lint(self, filenames: Sequence[str], texts: Mapping[str, str] | None = None) -> Iterator[FileReport]:
        overlays = {Path(path): text for path, text in (texts or {}).items()}
        if self._stdin is not None:
            overlays.setdefault(self._stdin.path, self._stdin.text)
        given: int | None = self._arguments.jobs
        wanted = job_count(self._options) if given is None else given or None
        jobs = 1 if self._stdin is not None else job_count_for(wanted, len(filenames))
        verb = "checking" if texts is None else "checking the fixes in"
        tree = self._kept.tree if self._kept is not None else None
        with lint_files(self._options, filenames, overlays, jobs, tree) as reports:
            yield from Progress(sys.stderr, verb).follow(reports, len(filenames))

    # telling

    def _tell(self, line: str) -> None:
        self._errors += 1
        tell_error(line)

    def _told(self, report: FileReport) -> FileReport:
        if report.error:
            self._tell(report.error)
        if report.warning:
            tell_warning(report.warning)
        for name, count in report.statistics.items():
            self._counters[name] = self._counters.get(name, 0) + count
        return report

    def _tell_problems(self, outcome: Outcome) -> None:
        for line in outcome.problems:
            self._tell(line)

    # showing

    def _show(self, findings: Iterable[Finding], texts: Mapping[str, str], fixed: int | None) -> int:
        # stdout holds the fixed text when that came from stdin
        stream = sys.stderr if self._stdin is not None and fixed is not None else sys.stdout
        choice: str = self._arguments.color
        to_file = self._arguments.output_file is not None
        sources = _Sources(texts, self._stdin)
        report = Report(
            findings=sorted(findings, key=lambda finding: finding.sort_key),
            source=sources.source,
            noqa_row=functools.partial(_noqa_row, Suppression(self._options), sources),
            unsafe_fixes=self._arguments.unsafe_fixes,
            fixed=fixed,
            complete=not self._errors,
            color=choice == "always" if to_file else wants_color(choice, stream),
        )
        if self._arguments.statistics:
            pieces = statistics(report, as_json=self._arguments.output_format == "json")
            self._show_counters()
        else:
            pieces = formats()[self._arguments.output_format](report)
        self._print(pieces, stream.write)
        return len(report.findings)

    def _print(self, pieces: Iterable[str], write: Callable[[str], object]) -> None:
        path = self._arguments.output_file
        if path is None:
            for piece in pieces:
                write(piece)
            return
        try:
            Path(path).write_text("".join(pieces), encoding="utf-8")
        except OSError as error:
            raise _UnusableError(f"{path}: {(error.strerror or 'cannot be written').lower()}") from None

    def _show_counters(self) -> None:
        for name, count in sorted(self._counters.items()):
            print(f"{PROGRAM}: {name}: {count}", file=sys.stderr)

    def _show_diff(self, outcome: Outcome, fixing: Fixing) -> int:
        hidden = unsafe_only([f for found in outcome.remaining.values() for f in found])
        self._print(_diff(outcome, fixing, 0 if self._arguments.unsafe_fixes else hidden), sys.stdout.write)
        return len(outcome.fixed)

    def _print_stdin(self, source: SourceFile, outcome: Outcome) -> None:
        text = outcome.texts.get(str(source.path), source.text)
        sys.stdout.flush()
        try:
            sys.stdout.buffer.write(source.encode(text))
        except SourceError as error:
            raise _UnusableError(f"{self._options.stdin_display_name}: {error}") from None
        sys.stdout.buffer.flush()


def _diff(outcome: Outcome, fixing: Fixing, hidden: int) -> Iterator[str]:
    for path, text in outcome.texts.items():
        source = fixing.source(path)
        mark = "\ufeff" if source.bom else ""  # a patch of the first line must have it
        yield unified(mark + source.text, mark + text, shown_path(path))
    more = f" ({hidden} more with --unsafe-fixes)" if hidden else ""
    count = len(outcome.fixed)
    yield f"Would fix {counted(count, 'error')}{more}.\n" if count else f"No errors would be fixed{more}.\n"


class _Sources:
    """The texts that a report quotes: as fixed, as they came from stdin, or as they are on disk."""

    def __init__(self, texts: Mapping[str, str], stdin: SourceFile | None) -> None:
        self._texts = texts
        self._stdin = stdin
        self.source = functools.cache(self._source)

    def _source(self, path: str) -> SourceFile | None:
        if path in self._texts:
            return make_source(self._texts[path], Path(path))
        if self._stdin is not None and path == str(self._stdin.path):
            return self._stdin
        try:
            return read_source(Path(path))
        except SourceError:
            return None


def _noqa_row(suppression: Suppression, sources: _Sources, finding: Finding) -> int:
    source = sources.source(finding.path)
    if source is None:
        return finding.start.row
    return suppression.noqa_row(finding.start.row, finding.path, source.text)
