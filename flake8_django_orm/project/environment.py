"""Where third-party packages lie: the target's environment, else our own interpreter's. Nothing is ever
imported.

In: the project's root, or directories that the user named. Out: `Environment`, which turns module names into
files of site-packages directories.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_GLOBAL_SETTINGS = Path("django", "conf", "global_settings.py")
_AUTO_FIELD = re.compile(r'^DEFAULT_AUTO_FIELD\s*=\s*["\']([\w.]+)["\']', re.MULTILINE)


class Environment:
    """Modules of site-packages directories by name. Django falls back to the one installed beside us."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self.directories = tuple(Path(os.path.abspath(path)) for path in directories)
        self._found: dict[str, tuple[Path, bool] | None] = {}

    def find(self, module: str) -> tuple[Path, bool] | None:
        """The file of `module` and whether it is a package's `__init__.py`; None where there is none."""
        if module not in self._found:
            self._found[module] = self._find(module)
        return self._found[module]

    def is_namespace(self, module: str) -> bool:
        """True for a directory without `__init__.py` that modules can lie in."""
        parts = module.split(".")
        return _plain(parts) and any(path.joinpath(*parts).is_dir() for path in self.directories)

    def holds(self, path: Path) -> bool:
        """True for a file that lies in the environment, symbolic links followed."""
        real = os.path.realpath(path)
        return any(real.startswith(base + os.sep) for base in self._real_directories())

    def fingerprint(self) -> str:
        """The names and versions of the installed packages, in one text."""
        found: set[str] = set()
        for directory in (*self.directories, *django_directories()):
            try:
                found.update(name for name in os.listdir(directory) if name.endswith((".dist-info", ".egg-info")))
            except OSError:
                continue
        return " ".join(sorted(found))

    def default_auto_field(self) -> str:
        """The value of DEFAULT_AUTO_FIELD in the settings that this environment's Django starts from."""
        for directory in (*self.directories, *django_directories()):
            try:
                text = (directory / _GLOBAL_SETTINGS).read_text("utf-8")
            except (OSError, UnicodeDecodeError):
                continue
            found = _AUTO_FIELD.search(text)
            if found:
                return found.group(1)
        return "django.db.models.AutoField"

    def _find(self, module: str) -> tuple[Path, bool] | None:
        parts = module.split(".")
        if not _plain(parts):
            return None
        directories = self.directories
        if parts[0] == "django":
            directories = (*directories, *django_directories())
        for directory in directories:
            base = directory.joinpath(*parts)
            package = base / "__init__.py"
            if package.is_file():
                return package, True
            single = base.with_name(base.name + ".py")
            if single.is_file():
                return single, False
        return None

    def _real_directories(self) -> list[str]:
        return [os.path.realpath(path) for path in (*self.directories, *django_directories())]


def find_environment(root: Path, environ: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """The site-packages directories of the project at `root`.

    They are those of `VIRTUAL_ENV`, else of a `.venv`, `venv` or `env` in the root, else of the running
    interpreter.
    """
    variables = os.environ if environ is None else environ
    candidates = [Path(variables["VIRTUAL_ENV"])] if variables.get("VIRTUAL_ENV") else []
    candidates += [root / name for name in (".venv", "venv", "env") if (root / name / "pyvenv.cfg").is_file()]
    for candidate in candidates:
        found = _site_packages(candidate)
        if found:
            return found
    return tuple(
        Path(entry)
        for entry in dict.fromkeys(sys.path)
        if Path(entry).name in {"site-packages", "dist-packages"} and os.path.isdir(entry)
    )


@lru_cache(maxsize=1)
def django_directories() -> tuple[Path, ...]:
    """The directory that holds the package `django` of our own interpreter, found without importing it."""
    try:
        spec = importlib.util.find_spec("django")
    except (ImportError, ValueError):
        return ()
    locations = spec.submodule_search_locations if spec is not None else None
    return tuple(Path(location).parent for location in locations or ())


def _site_packages(prefix: Path) -> tuple[Path, ...]:
    found = [*sorted(prefix.glob("lib/python*/site-packages")), prefix / "Lib" / "site-packages"]
    return tuple(path for path in found if path.is_dir())


def _plain(parts: Sequence[str]) -> bool:
    return all(part.isidentifier() for part in parts)
