"""The Django version that a project runs on, as its own files tell.

In: the directories that hold the project's metadata. Out: the version as (major, minor): what a lock file pins, else
the lowest that the requirements allow, else the oldest that this linter supports. Files that cannot be read or
understood tell nothing; nothing is installed, imported or executed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

Version = tuple[int, int]

OLDEST_SUPPORTED: Version = (4, 2)
#: A lock file of a large project has some megabytes.
_LARGEST = 20_000_000

_LOCKED = re.compile(r'^name = "django"\s*\nversion = "(?P<version>[^"\n]+)"', re.IGNORECASE | re.MULTILINE)
_REQUIREMENT = re.compile(r"\s*[\"']?django(?![\w.-])\s*(?:\[[^\]]*\])?\s*\(?(?P<limits>[^;#\"']*)", re.IGNORECASE)
#: `^4.2` and `~4.2` are Poetry's; a bare version is Poetry's too, and means `^`.
_LOWER = re.compile(r"(?:===?|~=|>=|\^|~|(?<![<>!=~^.\d])(?=\d))\s*(?P<major>\d+)(?:\.(?P<minor>\d+))?")
_INSTALL_REQUIRES = re.compile(r"^install_requires\s*=(?P<lines>.*(?:\n[ \t]+.*|\n[ \t]*(?=\n))*)", re.MULTILINE)


def target_version(directories: Sequence[Path]) -> Version:
    """The version that the metadata in the first directory that tells one names; OLDEST_SUPPORTED if none does."""
    for read in (_locked, _pyproject, _setup_cfg, _requirements):
        for directory in directories:
            found = read(directory)
            if found is not None:
                return found
    return OLDEST_SUPPORTED


def _text(path: Path) -> str:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return ""
        return path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
    except OSError:
        return ""


def _version(text: str) -> Version | None:
    match = re.match(r"\s*[=v]*\s*(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


# -- lock files -------------------------------------------------------------------------------------------------------


def _locked(directory: Path) -> Version | None:
    for name in ("uv.lock", "poetry.lock", "pdm.lock"):
        match = _LOCKED.search(_text(directory / name))
        if match and (version := _version(match["version"])):
            return version
    return _pipfile(_text(directory / "Pipfile.lock"))


def _pipfile(text: str) -> Version | None:
    try:
        data = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return None
    package = _at(_at(data, "default"), "django")
    version = _at(package, "version")
    return _version(version) if isinstance(version, str) else None


def _at(data: Any, key: str) -> Any:
    return data.get(key) if isinstance(data, dict) else None


# -- requirements -----------------------------------------------------------------------------------------------------


def lowest(limits: str) -> Version | None:
    """The lowest version that `>=4.2,<6` allows: (4, 2); None where there is no lower limit."""
    found = [(int(m["major"]), int(m["minor"] or 0)) for m in _LOWER.finditer(limits)]
    return max(found, default=None)


def _of_requirements(lines: Iterable[str]) -> Version | None:
    for line in lines:
        match = _REQUIREMENT.match(line)
        if match and (version := lowest(match["limits"])):
            return version
    return None


def _requirements(directory: Path) -> Version | None:
    for path in _requirement_files(directory):
        found = _of_requirements(_text(path).splitlines())
        if found is not None:
            return found
    return None


def _requirement_files(directory: Path) -> Iterator[Path]:
    """requirements.txt first, then its kin by name."""
    try:
        beside = sorted(directory.glob("requirements*.txt"), key=lambda path: (len(path.name), path.name))
        below = sorted((directory / "requirements").glob("*.txt"), key=lambda path: path.name)
    except OSError:
        return
    yield from beside
    yield from below


def _setup_cfg(directory: Path) -> Version | None:
    match = _INSTALL_REQUIRES.search(_text(directory / "setup.cfg"))
    return _of_requirements(match["lines"].splitlines()) if match else None


def _pyproject(directory: Path) -> Version | None:
    text = _text(directory / "pyproject.toml")
    if "django" not in text.lower():
        return None
    import tomllib

    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    readers: tuple[Callable[[Any], Version | None], ...] = (_project_table, _poetry_table, _groups)
    return next((found for reader in readers if (found := reader(data)) is not None), None)


def _project_table(data: Any) -> Version | None:
    project = _at(data, "project")
    return _of_list(_at(project, "dependencies")) or _of_tables(_at(project, "optional-dependencies"))


def _groups(data: Any) -> Version | None:
    return _of_tables(_at(data, "dependency-groups"))


def _of_tables(tables: Any) -> Version | None:
    lists = tables.values() if isinstance(tables, dict) else ()
    return next((found for one in lists if (found := _of_list(one)) is not None), None)


def _of_list(requirements: Any) -> Version | None:
    lines = requirements if isinstance(requirements, list) else ()
    return _of_requirements(line for line in lines if isinstance(line, str))


def _poetry_table(data: Any) -> Version | None:
    poetry = _at(_at(data, "tool"), "poetry")
    groups = _at(poetry, "group")
    tables = [_at(poetry, "dependencies")]
    tables += [_at(group, "dependencies") for group in (groups.values() if isinstance(groups, dict) else ())]
    for table in tables:
        for name, wanted in table.items() if isinstance(table, dict) else ():
            limits = wanted if isinstance(wanted, str) else _at(wanted, "version")
            if str(name).lower() == "django" and isinstance(limits, str) and (found := lowest(limits)):
                return found
    return None
