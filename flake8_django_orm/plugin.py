"""The flake8 plugin: flake8's tree and lines in, `(row, column, "DJQ101 message", type)` out.

flake8 loads this module for every run, in every worker process, whatever is selected. So it imports nothing
of ours before a file is to be linted; engines are made once a process and project root.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from flake8_django_orm import __version__

if TYPE_CHECKING:
    import argparse
    import ast
    from collections.abc import Iterator

    from flake8.options.manager import OptionManager

    from flake8_django_orm.linter import Engines

Report = tuple[int, int, str, type["Plugin"]]


class Plugin:
    """What flake8 makes for each file: `lines` has no byte order mark and is not read again from disk."""

    name = "flake8-django-orm"
    version = __version__

    _options: ClassVar[argparse.Namespace | None] = None
    _engines: ClassVar[Engines | None] = None

    def __init__(self, tree: ast.Module, filename: str, lines: list[str]) -> None:
        self._tree = tree
        self._filename = filename
        self._lines = lines

    @classmethod
    def add_options(cls, option_manager: OptionManager) -> None:
        """Register `--djq-root`, `--djq-django-version`, `--djq-enable` and the others."""
        from flake8_django_orm.flake8_configuration import add_options

        add_options(option_manager)

    # flake8 tries three arguments first, and takes any TypeError for a sign that one is wanted
    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Remember flake8's options; what is wrong with ours ends the run with one line."""
        from flake8.exceptions import ExecutionError

        from flake8_django_orm.config import ConfigurationError
        from flake8_django_orm.linter import check_our_options

        try:
            check_our_options(options)
        except ConfigurationError as error:
            raise ExecutionError(f"flake8-django-orm: {error}") from None
        cls._options = options
        cls._engines = None

    def run(self) -> Iterator[Report]:
        """The findings of this file. flake8 itself does selection, per-file-ignores and noqa."""
        from flake8_django_orm.source import SourceError

        path = Path(os.path.abspath(self._filename))
        found = self._process_engines().for_path(path)
        if found is None:
            return
        engine, _ = found
        try:
            findings = engine.check(path, engine.with_own_newlines(path, "".join(self._lines)), self._tree)
        except SourceError:
            return  # flake8 reports what it cannot read or parse by itself
        for finding in findings:
            yield finding.start.row, finding.start.column - 1, f"{finding.code} {finding.message}", type(self)

    @classmethod
    def _process_engines(cls) -> Engines:
        if cls._engines is None:
            from flake8_django_orm.linter import Engines

            assert cls._options is not None, "flake8 calls parse_options before it checks a file"
            cls._engines = Engines(cls._options)
        return cls._engines
