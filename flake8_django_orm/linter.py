"""Files in, findings out, as the user shall see them: what command line, editor and codemod share.

In: flake8's options with ours, a file name, perhaps unsaved text. Out: a `FileReport` with absolute paths.
Engines are made one a project root, when the first file of that root is linted, and live as long as the
process.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import traceback
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_django_orm.config import (
    check_options,
    check_prefixes,
    codes_on_purpose,
    enabled_codes,
    root_for,
    settings_from_options,
)
from flake8_django_orm.flake8_configuration import Selection
from flake8_django_orm.source import TEMPLATE_SUFFIXES, SourceError, read_source
from flake8_django_orm.suppression import Suppression

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from flake8_django_orm.cache.tree import TreeState
    from flake8_django_orm.engine import Engine
    from flake8_django_orm.findings import Finding


class Engines:
    """The engines of one process, by project root."""

    def __init__(
        self,
        options: argparse.Namespace,
        overlays: Mapping[Path, str] | None = None,
        tree: TreeState | None = None,
    ) -> None:
        self._options = options
        self._overlays = overlays
        self._tree = tree
        self._codes: frozenset[str] | None = None
        self._on_purpose: frozenset[str] = frozenset()
        self._by_root: dict[Path, Engine] = {}

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the rules that may run."""
        if self._codes is None:
            self._codes = codes_for(self._options)
            self._on_purpose = self._codes & on_purpose_for(self._options)
        return self._codes

    def for_path(self, path: Path) -> tuple[Engine, Path] | None:
        """The engine for the file at `path` (absolute) and its project root; None if no rule may run."""
        if not self.codes:
            return None
        root = root_for(self._options, path)
        if root not in self._by_root:
            from flake8_django_orm.engine import Engine

            settings = settings_from_options(
                self._options,
                path=path,
                codes=self.codes,
                on_purpose=self._on_purpose,
                overlays=self._overlays,
                tree=self._tree,
            )
            self._by_root[root] = Engine(settings)
        return self._by_root[root], root

    def statistics(self) -> dict[str, int]:
        """The counters of all engines, added up."""
        sums: dict[str, int] = {}
        for engine in self._by_root.values():
            for name, count in engine.statistics.items():
                sums[name] = sums.get(name, 0) + count
        return sums


def codes_for(options: argparse.Namespace) -> frozenset[str]:
    """The codes of the rules that may run under `options`."""
    from flake8_django_orm.rules import all_rules

    selection = Selection(options)
    return enabled_codes(all_rules(), is_selected=selection.selects, named=selection.named, enable=options.djq_enable)


def on_purpose_for(options: argparse.Namespace) -> frozenset[str]:
    """The codes of the rules that `options` name on purpose: all of what they say is wanted."""
    from flake8_django_orm.rules import all_rules

    return codes_on_purpose(all_rules(), named=Selection(options).named, enable=options.djq_enable)


def check_our_options(options: argparse.Namespace) -> None:
    """Raise ConfigurationError if one of our options has a value that cannot be used."""
    check_options(options)
    if options.djq_enable:
        from flake8_django_orm.rules import all_rules

        check_prefixes(options.djq_enable, all_rules(), "djq-enable")


@dataclass(frozen=True, slots=True)
class FileReport:
    """What linting one file gave. `filename` is the user's name for it, all paths in `findings` are absolute.

    `digest` is that of the linted text. `error` and `warning` are one line each, with the file's name.
    `statistics` counts the engine's work. `consulted` holds the project's other files that were read for the answers.
    """

    filename: str
    path: str
    findings: tuple[Finding, ...] = ()
    digest: bytes = b""
    error: str | None = None
    warning: str | None = None
    statistics: Mapping[str, int] = field(default_factory=dict)
    consulted: frozenset[str] = frozenset()


class Linter:
    """Lints files one by one in this process. `overlays` holds unsaved text by absolute path, `tree` the state of the
    files below the project's root, if it is known already."""

    def __init__(
        self,
        options: argparse.Namespace,
        overlays: Mapping[Path, str] | None = None,
        tree: TreeState | None = None,
    ) -> None:
        self._overlays = overlays or {}
        self._engines = Engines(options, self._overlays, tree)
        self._suppression = Suppression(options)

    def prepare(self, filename: str) -> None:
        """Read what every file of the named one's project needs, before other processes are made of this one."""
        with contextlib.suppress(Exception):  # what is wrong will be told of the file in which it is
            found = self._engines.for_path(Path(os.path.abspath(filename)))
            if found is not None:
                found[0].prepare()

    def check(self, filename: str) -> FileReport:
        """Lint one file. What goes wrong with it is told in the report's `error`, never raised."""
        path, shown = Path(os.path.abspath(filename)), os.path.normpath(filename)
        before = self._engines.statistics()
        try:
            text = self._text(path)
            if path.suffix in TEMPLATE_SUFFIXES:
                # What a template does is reported where it is rendered.
                return FileReport(filename, str(path), digest=text_digest(text))
            if self._suppression.hides_file(text):
                warning = self._misleading_noqa(filename, text)
                return FileReport(filename, str(path), digest=text_digest(text), warning=warning)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python's own opinion of the linted code
                findings, consulted = self._visible(path, filename, text)
        except SourceError as error:
            return FileReport(filename, str(path), error=f"{shown}: {error}")
        except Exception as error:  # one bad file must not cost the user the report on the others
            return FileReport(filename, str(path), error=f"{shown}: {_internal_error(error)}")
        after = self._engines.statistics()
        return FileReport(
            filename,
            str(path),
            tuple(findings),
            text_digest(text),
            statistics={name: count - before.get(name, 0) for name, count in after.items()},
            consulted=consulted,
        )

    def _text(self, path: Path) -> str:
        unsaved = self._overlays.get(path)
        return read_source(path).text if unsaved is None else unsaved

    def _visible(self, path: Path, filename: str, text: str) -> tuple[list[Finding], frozenset[str]]:
        """The findings that the user did not hide, and the other files on which they rest."""
        found = self._engines.for_path(path)
        if found is None:
            return [], frozenset()
        engine, root = found
        result = engine.result(path, text)
        findings = sorted((located(f, root) for f in result.findings), key=lambda f: f.sort_key)
        return self._suppression.visible(findings, filename, text), result.consulted

    def _misleading_noqa(self, filename: str, text: str) -> str | None:
        row = self._suppression.misleading_file_noqa(text)
        if row is None:
            return None
        place = f"{os.path.normpath(filename)}:{row}"
        return f'{place}: "# flake8: noqa" with codes hides all findings of the file, in flake8 too'


def text_digest(text: str) -> bytes:
    """A short value that differs for different texts."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _internal_error(error: Exception) -> str:
    """An unexpected exception in one line, with the place that a bug report needs."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    text = " ".join(str(error).split())
    return f"internal error{place}: {type(error).__name__}: {text}; please report this"


def located(finding: Finding, root: Path) -> Finding:
    """`finding` with absolute paths in place of paths relative to `root`."""
    return _moved(finding, lambda path: os.path.join(root, path))


def relative_to(finding: Finding, root: Path) -> Finding:
    """`finding` with paths relative to `root`, as `located` takes them; files outside of it keep theirs."""
    return _moved(finding, lambda path: _relative(path, root))


def _moved(finding: Finding, place: Callable[[str], str]) -> Finding:
    fix = finding.fix
    if fix is not None:
        fix = replace(fix, edits=tuple(replace(edit, path=place(edit.path)) for edit in fix.edits))
    related = tuple(replace(one, path=place(one.path)) for one in finding.related)
    return replace(finding, path=place(finding.path), related=related, fix=fix)


def _relative(path: str, root: Path) -> str:
    below = f"{root}{os.sep}"
    return path.removeprefix(below).replace(os.sep, "/") if path.startswith(below) else path
