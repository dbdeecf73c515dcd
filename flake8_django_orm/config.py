"""One frozen `Settings`, whatever the front end: built from flake8's options, the command line or the editor.

In: option values, the rules' codes, the path that is linted. Out: `Settings`, or a `ConfigurationError` of
one line.
"""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from flake8_django_orm.cache.directory import CacheDirectory, cache_directory

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Mapping

    from flake8_django_orm.cache.tree import TreeState

PREFIX = "DJQ"
# A prefix as long as "DJQ5" names a family on purpose, while "DJQ" names the plugin as a whole.
_NAMES_A_FAMILY = len(PREFIX) + 1

#: What a user is told of a path that `leads_out_of` the root.
LEADS_OUT = "a symbolic link leads out of the project's root, where nothing is read"

_VERSION = re.compile(r"(\d{1,2})\.(\d{1,2})(?:\.\d+)*")


class ConfigurationError(Exception):
    """What the user configured cannot be used. The text is one line, fit to be shown as it is."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run needs to know.

    `codes` holds the codes of the rules that may run (selection, opt-ins and ignores already decided by the
    front end); `on_purpose` those of them that may say also what is off by default. `django_version` is the version
    that the linted project targets, None where it is to be found from its metadata. `environment` holds
    site-packages directories to read third-party models from; None means: find them. `overlays` holds unsaved text
    by absolute path. `cache` is the directory for what is kept between runs, None where nothing may be kept.
    `tree` is the state of the root's files where it is known already.
    `dependents` asks for the files on which each result rests, also where nothing is kept. `partial` says that the root
    does not hold all of the project, so that nothing may rest on what is not there.
    """

    root: Path
    codes: frozenset[str] = frozenset()
    on_purpose: frozenset[str] = frozenset()
    django_version: tuple[int, int] | None = None
    environment: tuple[Path, ...] | None = None
    overlays: dict[Path, str] = field(default_factory=dict)
    cache: CacheDirectory | None = None
    tree: TreeState | None = None
    dependents: bool = False
    partial: bool = False


class Switchable(Protocol):
    """The two attributes of a rule that decide whether it runs."""

    code: str
    default_on: bool


def enabled_codes(
    rules: Iterable[Switchable],
    *,
    is_selected: Callable[[str], bool],
    named: Iterable[str] = (),
    enable: Iterable[str] = (),
) -> frozenset[str]:
    """The codes of the rules that may run.

    `is_selected` answers as flake8 does for a code. A rule that is off by default runs only if it is also
    named on purpose, as `codes_on_purpose` tells.
    """
    rules = tuple(rules)
    on_purpose = codes_on_purpose(rules, named=named, enable=enable)
    return frozenset(
        rule.code for rule in rules if (rule.default_on or rule.code in on_purpose) and is_selected(rule.code)
    )


def codes_on_purpose(
    rules: Iterable[Switchable], *, named: Iterable[str] = (), enable: Iterable[str] = ()
) -> frozenset[str]:
    """The codes of the rules that the user switched on by name, so that all of what they say is wanted.

    A rule is named by a prefix of `enable`, or by one of `named` (what the user wrote in select and extend-select) that
    is at least as long as its family ("DJQ5"). So `ignore = ...`, which empties flake8's own list of ignored codes,
    does not switch it on.
    """
    prefixes = tuple(enable) + tuple(prefix for prefix in named if len(prefix) >= _NAMES_A_FAMILY)
    return frozenset(rule.code for rule in rules if rule.code.startswith(prefixes))


def check_prefixes(prefixes: Iterable[str], rules: Iterable[Switchable], option: str) -> None:
    """Raise ConfigurationError if a prefix of `option` can name no rule."""
    codes = [rule.code for rule in rules]
    for prefix in prefixes:
        if not any(code.startswith(prefix) for code in codes):
            raise ConfigurationError(f"{option}: unknown rule code {prefix!r}")


def parse_django_version(text: str) -> tuple[int, int]:
    """`"5.2"` or `"5.2.3"` as `(5, 2)`; ConfigurationError for anything else."""
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(f"Django version {text!r} is not of the form 5.2")
    return int(match[1]), int(match[2])


def settings_from_options(
    options: argparse.Namespace,
    *,
    path: Path,
    codes: frozenset[str],
    on_purpose: frozenset[str] = frozenset(),
    overlays: Mapping[Path, str] | None = None,
    tree: TreeState | None = None,
) -> Settings:
    """The settings for `path` (absolute) from flake8's options with ours beside them; see `add_options`.

    `tree` is the state of some root's files, of use if that is the root of `path`.
    """
    root = root_for(options, path)
    return Settings(
        root=root,
        codes=codes,
        on_purpose=on_purpose,
        django_version=parse_django_version(options.djq_django_version) if options.djq_django_version else None,
        overlays=dict(overlays or {}),
        dependents=getattr(options, "djq_dependents", False),
        partial=options.djq_partial,
        cache=None if options.djq_no_cache else cache_directory(root, options.djq_cache_dir),
        tree=tree if tree is not None and tree.root == str(root) else None,
    )


def check_options(options: argparse.Namespace) -> None:
    """Raise ConfigurationError if the value of one of our options cannot be used."""
    if options.djq_root:
        explicit_root(options.djq_root)
    if options.djq_django_version:
        parse_django_version(options.djq_django_version)


def root_for(options: argparse.Namespace, path: Path) -> Path:
    """The root of the project that `path` (absolute) belongs to: what the user named, else what is found."""
    return explicit_root(options.djq_root) if options.djq_root else project_root(path)


def explicit_root(text: str) -> Path:
    """The directory that the user named as project root, absolute; ConfigurationError if it is none."""
    root = Path(os.path.abspath(Path(text).expanduser()))
    if not root.is_dir():
        raise ConfigurationError(f"project root {text!r} is not a directory")
    return root


def project_root(path: Path) -> Path:
    """The root of the project that `path` (absolute, a file or a directory) belongs to.

    The nearest directory upwards that git knows; else the nearest with a manage.py; else the nearest with a
    flake8 configuration; else the current directory if `path` is below it, or the directory of `path`.
    """
    return _root_of_directory(path if path.is_dir() else path.parent)


def leads_out_of(root: Path, path: Path) -> bool:
    """Whether a path (absolute) below the root is, or goes through, a symbolic link to something outside of it.
    What lies there is not read.
    """
    return root in path.parents and _real_root(root) not in _real(path).parents


def is_beside(root: Path, path: Path) -> bool:
    """Whether a path (absolute) is neither below the root nor the root or above it, symbolic links followed or not."""
    pairs = ((root, path), (_real(root), _real(path)))
    return not any(path == root or root in path.parents or path in root.parents for root, path in pairs)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


@functools.lru_cache(maxsize=64)  # asked for every file
def _real_root(root: Path) -> Path:
    return _real(root)


@functools.lru_cache(maxsize=4096)
def _root_of_directory(directory: Path) -> Path:
    upwards = _candidates(directory)
    for is_root in (_has_git, _has_manage, _has_flake8_configuration):
        found = next((candidate for candidate in upwards if is_root(candidate)), None)
        if found is not None:
            return found
    working = Path.cwd()
    return working if directory.is_relative_to(working) else directory


def _candidates(directory: Path) -> list[Path]:
    """`directory` and what is above it, short of the home directory and of the top of the disk."""
    home = _home()
    upwards = [directory]
    for parent in directory.parents:
        if parent in (home, parent.parent):
            break
        upwards.append(parent)
    return upwards


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:  # no home directory can be told
        return None


def _has_git(directory: Path) -> bool:
    return (directory / ".git").exists()


def _has_manage(directory: Path) -> bool:
    return (directory / "manage.py").is_file()


def _has_flake8_configuration(directory: Path) -> bool:
    return any(_mentions_flake8(directory / name) for name in ("setup.cfg", "tox.ini", ".flake8"))


def _mentions_flake8(path: Path) -> bool:
    try:
        return b"[flake8" in path.read_bytes()
    except OSError:
        return False
