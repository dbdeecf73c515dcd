"""The same fixes as a libcst codemod.

Run it with `python -m libcst.tool codemod -x flake8_django_orm.codemod.FixDjangoOrm --no-format PATH`. In: a
module as libcst parsed it, with its file name. Out: the module with our fixes made. Only fixes that stay
within the module are made, since a codemod writes one file at a time.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import libcst as cst
from libcst.codemod import CodemodCommand, CodemodContext, SkipFile

from flake8_django_orm.config import ConfigurationError
from flake8_django_orm.fixing import Fixing
from flake8_django_orm.flake8_configuration import read_options
from flake8_django_orm.linter import FileReport, Linter, check_our_options
from flake8_django_orm.source import make_source

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping, Sequence


class FixDjangoOrm(CodemodCommand):
    """Repair Django ORM anti-patterns."""

    DESCRIPTION = "Repair Django ORM anti-patterns, such as queries sent once per row."

    @staticmethod
    def add_args(arg_parser: argparse.ArgumentParser) -> None:
        """The options that our own command has under the same names."""
        arg_parser.add_argument("--select", metavar="CODES", default=None, help="the only codes to fix")
        arg_parser.add_argument("--unsafe-fixes", action="store_true", help="also make unsafe fixes")
        arg_parser.add_argument("--root", metavar="DIR", default=None, help="root of the Django project")

    def __init__(
        self,
        context: CodemodContext,
        *,
        select: str | None = None,
        unsafe_fixes: bool = False,
        root: str | None = None,
    ) -> None:
        super().__init__(context)
        self._unsafe = unsafe_fixes
        self._given = {"select": select, "djq-root": root}

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        """`tree` with our fixes made; the same tree if there are none. SkipFile where nothing can be done."""
        if self.context.filename is None:
            raise SkipFile("a module without a file name belongs to no project")
        options = self._options()
        source = make_source(tree.code, Path(os.path.abspath(self.context.filename)))
        path = str(source.path)

        def lint(_: Sequence[str], texts: Mapping[str, str]) -> Iterable[FileReport]:
            overlays = {source.path: texts.get(path, source.text)}
            return [Linter(options, overlays).check(path)]

        (report,) = lint([path], {})
        if report.error:
            raise SkipFile(report.error)
        outcome = Fixing(options, {path: report}, lint, stdin=source).run(unsafe=self._unsafe)
        for line in outcome.problems:
            self.warn(line)
        if path not in outcome.texts:
            return tree
        return cst.parse_module(outcome.texts[path], tree.config_for_parsing)

    def _options(self) -> argparse.Namespace:
        """flake8's options. libcst shows a traceback for what is wrong before the first file, so it is told here."""
        try:
            options = read_options([f"--{name}={value}" for name, value in self._given.items() if value])
            check_our_options(options)
        except ConfigurationError as error:
            raise SkipFile(str(error)) from None
        return options
