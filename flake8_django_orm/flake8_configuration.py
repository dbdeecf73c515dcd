"""The one door to flake8: its configuration files, its selection of codes, its file discovery, its `# noqa`.

In: command line arguments in flake8's own spelling, file names, lines. Out: flake8's options with ours beside
them, and flake8's own answers, so that the command line and the plugin cannot disagree. flake8 calls the
modules used here internal; nothing else of this package imports them.
"""

from __future__ import annotations

import configparser
import contextlib
import fnmatch
import functools
import io
import logging
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import flake8
from flake8 import exceptions
from flake8.defaults import NOQA_FILE
from flake8.formatting.default import Nothing
from flake8.main.options import register_default_options, stage1_arg_parser
from flake8.options.aggregator import aggregate_options
from flake8.options.config import load_config
from flake8.options.manager import OptionManager
from flake8.processor import FileProcessor
from flake8.style_guide import Decision, DecisionEngine, StyleGuideManager
from flake8.violation import Violation

from flake8_django_orm.config import LEADS_OUT, PREFIX, ConfigurationError, is_beside, leads_out_of, root_for
from flake8_django_orm.source import joined_rows

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

STDIN = "-"
STDIN_DEFAULT_NAME = "stdin"


def add_options(manager: OptionManager) -> None:
    """Register our options with flake8, for its command line and its configuration files."""
    manager.add_option(
        "--djq-root",
        metavar="DIR",
        default="",
        parse_from_config=True,
        normalize_paths=True,
        help="Root of the Django project. (Default: the git root, or where manage.py is)",
    )
    manager.add_option(
        "--djq-django-version",
        metavar="VERSION",
        default="",
        parse_from_config=True,
        help="Django version that the project targets, such as 5.2. (Default: what its metadata says)",
    )
    manager.add_option(
        "--djq-enable",
        metavar="codes",
        default="",
        parse_from_config=True,
        comma_separated_list=True,
        help="Comma-separated list of rules that are off by default to switch on, such as DJQ504,DJQ206.",
    )
    manager.add_option(
        "--djq-partial",
        action="store_true",
        default=False,
        parse_from_config=True,
        help="Only a part of the project is there: report nothing that rests on what is not.",
    )
    manager.add_option(
        "--djq-cache-dir",
        metavar="DIR",
        default="",
        parse_from_config=True,
        normalize_paths=True,
        help="Where to keep what was found for the next run. (Default: .flake8-django-orm-cache in the root)",
    )
    manager.add_option(
        "--djq-no-cache",
        action="store_true",
        default=False,
        parse_from_config=True,
        help="Neither read nor write the cache on disk.",
    )


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    """flake8's options (configuration files and `arguments` merged as flake8 does), with ours beside them.

    ConfigurationError, in one line, for whatever flake8 would refuse and for a flake8 configuration that
    cannot be parsed, which flake8 itself passes over in silence.
    """
    first_parser = stage1_arg_parser()
    first_parser.error = _refuse
    first, rest = first_parser.parse_known_args(arguments)
    try:
        with _refusing_broken_files():
            parsed, directory = load_config(first.config, first.append_config, isolated=first.isolated)
        manager = OptionManager(
            version=flake8.__version__, plugin_versions="", parents=[first_parser], formatter_names=[]
        )
        manager.parser.error = _refuse
        register_default_options(manager)
        add_options(manager)
        manager.extend_default_select([PREFIX])
        options: argparse.Namespace = aggregate_options(manager, parsed, directory, rest)
        StyleGuideManager(options, Nothing(options))  # parses per-file-ignores
    except (exceptions.ExecutionError, configparser.Error, OSError, ValueError) as error:
        raise ConfigurationError(_one_line(error)) from None
    return options


def _refuse(message: str) -> NoReturn:
    raise ConfigurationError(message)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


@contextlib.contextmanager
def _refusing_broken_files() -> Iterator[None]:
    """While active, a configuration file of flake8's that cannot be parsed is an error.

    flake8 logs a warning, which nobody sees, and goes on without the user's excludes; a fixer must not.
    """
    logger = logging.getLogger("flake8.options.config")
    handler = _BrokenFiles()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
    for path, reason in handler.broken:
        if _has_flake8_section(path):
            raise ConfigurationError(f"{os.path.relpath(path)}: {_one_line(reason)}")


class _BrokenFiles(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.broken: list[tuple[str, Exception]] = []

    def emit(self, record: logging.LogRecord) -> None:
        match record.args:
            case (str() as path, Exception() as reason):
                self.broken.append((path, reason))
            case _:
                pass


def _has_flake8_section(path: str) -> bool:
    with open(path, "rb") as file:
        return any(line.startswith(b"[flake8") for line in file)


class Selection:
    """flake8's decision about codes, from select, ignore and their extend- forms."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._engine = DecisionEngine(options)
        self.named: tuple[str, ...] = (*(options.select or ()), *(options.extend_select or ()))

    def selects(self, code: str) -> bool:
        """True if flake8 would report `code` in a file that has no rules of its own."""
        return self._engine.decision_for(code) is Decision.Selected


def job_count(options: argparse.Namespace) -> int | None:
    """The number of processes that the configuration asks for, None for "auto"."""
    return None if options.jobs.is_auto else max(1, options.jobs.n_jobs)


def normalized_lines(text: str) -> list[str]:
    """`text` cut into lines as flake8 sees them: every newline is a line feed, no byte order mark."""
    return list(io.StringIO(text.removeprefix("\ufeff"), newline=None))


@dataclass(frozen=True, slots=True)
class Discovery:
    """The files to lint, in order and each once; one line for each path that cannot be read (`errors`) and for each
    that was named and does not belong to the project (`warnings`); how many links out of the project were passed over.
    """

    filenames: tuple[str, ...]
    errors: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    passed_over: int = 0


def is_excluded(options: argparse.Namespace, path: str) -> bool:
    """True if `path` itself, whatever is above it, matches exclude or extend-exclude."""
    matches = _matcher((*options.exclude, *options.extend_exclude))
    name = os.path.basename(path)
    # As flake8's utils.matches_filename, with one look for all patterns: a tree has thousands of files.
    return (name not in {".", ".."} and matches(name)) or matches(os.path.abspath(path))


@functools.lru_cache(maxsize=8)
def _matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a name matches one of the patterns; no patterns match nothing."""
    if not patterns:
        return lambda name: False
    expression = re.compile("|".join(fnmatch.translate(os.path.normcase(pattern)) for pattern in patterns))
    return lambda name: expression.match(os.path.normcase(name)) is not None


def discover(options: argparse.Namespace, paths: Sequence[str]) -> Discovery:
    """What flake8 would lint for `paths`: exclude, extend-exclude and the file name patterns obeyed.

    Unlike flake8 it tells of missing paths and of directories that it could not read, and does not follow a symbolic
    link out of the project: one that is named is told of, one in a directory is passed over.
    """
    errors: list[str] = []
    warnings: list[str] = []
    found: dict[str, str] = {}
    passed_over = 0
    for path in paths or ["."]:
        if path != STDIN and is_beside(*_root_and_path(path, options)) and os.path.exists(path):
            warnings.append(f"{path}: not checked, it is outside of the project's root")
            continue
        for filename in _files_of(path, options, errors):
            if filename != path and os.path.islink(filename) and leads_out_of(*_root_and_path(filename, options)):
                passed_over += 1
            else:
                found.setdefault(filename if filename == STDIN else os.path.abspath(filename), filename)
    return Discovery(tuple(sorted(found.values())), tuple(errors), tuple(warnings), passed_over)


def _files_of(path: str, options: argparse.Namespace, errors: list[str]) -> Iterator[str]:
    if path == STDIN:
        if not _stdin_is_excluded(options):
            yield STDIN
    elif is_excluded(options, path):
        return
    elif not os.path.exists(path):
        errors.append(f"{path}: no such file or directory")
    elif leads_out_of(*_root_and_path(path, options)):
        errors.append(f"{path}: {LEADS_OUT}")
    elif os.path.isdir(path):
        yield from _walk(path, options, errors)
    else:
        yield path


def _root_and_path(path: str, options: argparse.Namespace) -> tuple[Path, Path]:
    absolute = Path(os.path.abspath(path))
    return root_for(options, absolute), absolute


def _stdin_is_excluded(options: argparse.Namespace) -> bool:
    name: str = options.stdin_display_name
    return name != STDIN_DEFAULT_NAME and is_excluded(options, name)


def _walk(directory: str, options: argparse.Namespace, errors: list[str]) -> Iterator[str]:
    def tell(error: OSError) -> None:
        errors.append(f"{error.filename}: {(error.strerror or 'cannot be read').lower()}")

    is_named = _matcher(tuple(options.filename)) if options.filename else bool  # no patterns: every file
    for parent, directories, files in os.walk(directory, onerror=tell):
        directories[:] = sorted(d for d in directories if not is_excluded(options, os.path.join(parent, d)))
        for name in sorted(files):
            joined = os.path.join(parent, name)
            if not is_named(joined) or is_excluded(options, joined):
                continue
            if _would_block(joined):
                errors.append(f"{joined}: not a regular file")
            else:
                yield joined


def _would_block(path: str) -> bool:
    """True for a pipe, a socket or a device: reading one may never end."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False  # reading it will tell why


class FileGuide:
    """What flake8 would hide in one file: whole-file and inline `# noqa`, per-file-ignores.

    `filename` is the name as the user would see it, `lines` come from `normalized_lines`.
    """

    def __init__(self, filename: str, lines: list[str], options: argparse.Namespace, guides: StyleGuideManager) -> None:
        self._filename = filename
        self._options = options
        self._guide = guides.style_guide_for(filename)
        self._processor = FileProcessor(filename, options, lines=list(lines))
        self._has_noqa = any("noqa" in line.lower() for line in lines)

    def is_hidden(self, code: str, row: int, column: int) -> bool:
        """True if flake8 would not show `code` at this 1-based place."""
        if self._guide.should_report_error(code) is not Decision.Selected:
            return True
        if not self._has_noqa:
            return False  # spares the file's tokens
        line = self._noqa_line(row)
        violation = Violation(code, self._filename, row, column, "", line)
        return bool(violation.is_inline_ignored(self._options.disable_noqa))

    def noqa_row(self, row: int) -> int:
        """The 1-based row at whose end a `# noqa` for `row` must stand: the last of a multi-line string."""
        if row not in self._joined_rows:
            return row  # spares the file's tokens
        line = self._processor.noqa_line_for(row)
        # flake8 maps all rows of such a range to one string object
        while line is not None and self._processor.noqa_line_for(row + 1) is line:
            row += 1
        return row

    def _noqa_line(self, row: int) -> str | None:
        """The text in which flake8 looks for a `# noqa` for the row."""
        line: str | None
        if row in self._joined_rows or row > len(self._processor.lines):
            line = self._processor.noqa_line_for(row)
        else:
            line = self._processor.lines[row - 1]  # spares the file's tokens
        return line

    @functools.cached_property
    def _joined_rows(self) -> frozenset[int]:
        return joined_rows("".join(self._processor.lines))


def file_guides(options: argparse.Namespace) -> Callable[[str, list[str]], FileGuide]:
    """A maker of `FileGuide`s (file name, lines) that parses per-file-ignores once."""
    guides = StyleGuideManager(options, Nothing(options))
    return functools.partial(FileGuide, options=options, guides=guides)


def skips_file(options: argparse.Namespace, lines: Sequence[str]) -> int | None:
    """The 1-based row of the `# flake8: noqa` that hides the whole file, None if there is none."""
    if options.disable_noqa:
        return None
    return next((row for row, line in enumerate(lines, 1) if NOQA_FILE.match(line)), None)
