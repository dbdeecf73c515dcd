"""What an installed package promises: entry points, a typing marker, hooks, one list of requirements."""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import flake8_django_orm

ROOT = Path(__file__).parents[1]
DISTRIBUTION = "flake8-django-orm"


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_flake8_finds_the_plugin_under_its_prefix() -> None:
    (entry_point,) = importlib.metadata.entry_points(group="flake8.extension", name="DJQ")
    assert entry_point.value == "flake8_django_orm.plugin:Plugin"
    assert callable(entry_point.load().run)


def test_the_console_script_starts_the_command_line() -> None:
    (entry_point,) = importlib.metadata.entry_points(group="console_scripts", name=DISTRIBUTION)
    assert callable(entry_point.load())


def test_the_package_is_typed() -> None:
    assert importlib.resources.files(flake8_django_orm).joinpath("py.typed").is_file()


def test_all_places_agree_on_the_version(pyproject: dict[str, Any]) -> None:
    version = pyproject["project"]["version"]
    assert flake8_django_orm.__version__ == version
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(version)}\b", changelog, re.MULTILINE)


def test_metadata_says_what_it_runs_on() -> None:
    metadata = importlib.metadata.metadata(DISTRIBUTION)
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    required = {line.split(";")[0].strip() for line in metadata.get_all("Requires-Dist") or [] if "extra" not in line}
    assert required == {"django>=4.2", "flake8>=7", "libcst>=1.8.4"}


@pytest.mark.parametrize("name", ["test", "dev"])
def test_extras_and_dependency_groups_are_the_same_lists(pyproject: dict[str, Any], name: str) -> None:
    """Older pips know only extras, newer tools prefer groups: both must install the same."""
    extra = pyproject["project"]["optional-dependencies"][name]
    group = pyproject["dependency-groups"][name]
    assert [item for item in extra if not item.startswith(DISTRIBUTION)] == [
        item for item in group if isinstance(item, str)
    ]


def test_every_hook_of_pre_commit_runs_the_console_script_in_one_process() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {hook["id"] for hook in hooks} == {"flake8-django-orm", "flake8-django-orm-fix"}
    for hook in hooks:
        assert hook["entry"].split()[:2] == [DISTRIBUTION, "check"]
        assert hook["language"] == "python"
        assert "python" in hook.get("types_or", hook.get("types"))
        assert hook["require_serial"] is True


def test_the_hook_that_reports_sees_what_a_commit_does_elsewhere() -> None:
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    assert "--with-dependents" in hooks["flake8-django-orm"]["entry"]
    assert set(hooks["flake8-django-orm"]["types_or"]) == {"python", "html", "jinja"}
    assert "--fix" in hooks["flake8-django-orm-fix"]["entry"]


def test_setup_cfg_configures_flake8_and_nothing_else() -> None:
    sections = re.findall(r"^\[(.+)\]", (ROOT / "setup.cfg").read_text(encoding="utf-8"), re.MULTILINE)
    assert sections == ["flake8"]
