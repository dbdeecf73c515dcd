"""The Django version that a project's own files name."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_django_orm.config import Settings
from flake8_django_orm.engine import Engine
from flake8_django_orm.project.target_version import OLDEST_SUPPORTED, lowest, target_version

FILES = {
    "pyproject": ("pyproject.toml", '[project]\nname = "x"\ndependencies = ["Django>=5.1,<6", "x"]\n', (5, 1)),
    "pyproject, no limit": ("pyproject.toml", '[project]\nname = "django-x"\ndependencies = ["django"]\n', None),
    "extras": ("pyproject.toml", '[project]\noptional-dependencies = {a = ["django[argon2]~=5.2.1"]}\n', (5, 2)),
    "groups": ("pyproject.toml", '[dependency-groups]\ndev = ["x", {include-group = "y"}, "django==6.0"]\n', (6, 0)),
    "Poetry": ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.11"\nDjango = "^5.0.3"\n', (5, 0)),
    "Poetry's table": ("pyproject.toml", '[tool.poetry.dependencies]\ndjango = {version = "~5.1"}\n', (5, 1)),
    "broken TOML": ("pyproject.toml", "[project\ndjango >= 5", None),
    "uv": ("uv.lock", '[[package]]\nname = "django"\nversion = "5.2.7"\nsource = {}\n', (5, 2)),
    "Poetry's lock": ("poetry.lock", '[[package]]\nname = "Django"\nversion = "6.1"\n', (6, 1)),
    "another package": ("uv.lock", '[[package]]\nname = "django-filter"\nversion = "25.1"\n', None),
    "Pipfile": ("Pipfile.lock", '{"default": {"django": {"version": "==5.1.4"}}}', (5, 1)),
    "broken Pipfile": ("Pipfile.lock", '{"default": ["django"]}', None),
    "requirements": ("requirements.txt", "# web\nDjango==5.1.2  # the web\ndjango-filter==25.1\n", (5, 1)),
    "requirements by name": ("requirements-dev.txt", "-r requirements.txt\ndjango ~= 5.0\n", (5, 0)),
    "a folder of requirements": ("requirements/base.txt", "django>=4.2,!=4.2.3 ; python_version > '3.10'\n", (4, 2)),
    "another name": ("requirements.txt", "django-filter==25.1\ndjangorestframework==3.16\n", None),
    "setup.cfg": ("setup.cfg", "[options]\ninstall_requires =\n    requests\n    Django>=5.2\n\n[flake8]\n", (5, 2)),
    "bytes": ("requirements.txt", "\udcff\udcfe django", None),
}


@pytest.mark.parametrize("case", FILES.values(), ids=FILES)
def test_one_file(tmp_path: Path, case: tuple[str, str, tuple[int, int] | None]) -> None:
    """Each kind of file names its version; what says nothing leaves the oldest supported one."""
    name, text, expected = case
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    assert target_version([tmp_path]) == (expected or OLDEST_SUPPORTED)


def test_a_lock_file_counts_more_than_what_is_allowed(tmp_path: Path) -> None:
    """The project runs on what is locked."""
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["django>=4.2"]\n')
    (tmp_path / "uv.lock").write_text('[[package]]\nname = "django"\nversion = "6.0.1"\n')
    assert target_version([tmp_path]) == (6, 0)


def test_an_empty_or_missing_directory_tells_nothing(tmp_path: Path) -> None:
    assert target_version([tmp_path, tmp_path / "nowhere"]) == OLDEST_SUPPORTED
    assert target_version([]) == OLDEST_SUPPORTED


@pytest.mark.parametrize(
    ("limits", "expected"),
    [(">=4.2,<6", (4, 2)), ("<6", None), ("", None), ("==5.*", (5, 0)), ("5.1.2", (5, 1)), ("^5.2 || ^5.1", (5, 2))],
)
def test_the_lowest_version_that_limits_allow(limits: str, expected: tuple[int, int] | None) -> None:
    assert lowest(limits) == expected


def test_the_user_is_believed_first_then_the_files_beside_manage_py(tmp_path: Path) -> None:
    backend = tmp_path / "backend"
    backend.mkdir()
    (backend / "manage.py").touch()
    (backend / "requirements.txt").write_text("django>=5.1")
    assert Engine(Settings(root=tmp_path)).django_version == (5, 1)
    assert Engine(Settings(root=tmp_path, django_version=(6, 0))).django_version == (6, 0)
