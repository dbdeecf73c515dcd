"""Settings from options: which rules run, and where a project begins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from flake8_django_orm import config
from flake8_django_orm.config import (
    ConfigurationError,
    codes_on_purpose,
    enabled_codes,
    parse_django_version,
    project_root,
)


@dataclass
class Rule:
    code: str
    default_on: bool = True


RULES = [Rule("DJQ101"), Rule("DJQ501"), Rule("DJQ504", default_on=False), Rule("DJQ505", default_on=False)]


@pytest.mark.parametrize(
    ("named", "enable", "on"),
    [
        ((), (), "101 501"),
        (("DJQ",), (), "101 501"),
        (("D", "E5"), (), "101 501"),
        (("DJQ5",), (), "101 501 504 505"),
        (("DJQ504",), (), "101 501 504"),
        ((), ("DJQ505",), "101 501 505"),
        ((), ("DJQ5",), "101 501 504 505"),
        ((), ("DJQ",), "101 501 504 505"),
    ],
)
def test_opt_in_rules_run_only_if_named(named: tuple[str, ...], enable: tuple[str, ...], on: str) -> None:
    codes = enabled_codes(RULES, is_selected=lambda _: True, named=named, enable=enable)
    assert codes == {f"DJQ{number}" for number in on.split()}


@pytest.mark.parametrize(
    ("named", "enable", "on_purpose"),
    [
        (("DJQ",), (), set()),
        (("DJQ5",), (), {"DJQ501", "DJQ504", "DJQ505"}),
        ((), ("DJQ101",), {"DJQ101"}),
    ],
)
def test_a_rule_that_is_on_may_be_named_too(
    named: tuple[str, ...], enable: tuple[str, ...], on_purpose: set[str]
) -> None:
    assert codes_on_purpose(RULES, named=named, enable=enable) == on_purpose


def test_what_flake8_does_not_select_never_runs() -> None:
    assert enabled_codes(RULES, is_selected=lambda code: code == "DJQ101", enable=["DJQ"]) == {"DJQ101"}


@pytest.mark.parametrize(("text", "version"), [("5.2", (5, 2)), (" 4.2.11 ", (4, 2)), ("6.0", (6, 0))])
def test_django_versions_are_read_by_their_first_two_numbers(text: str, version: tuple[int, int]) -> None:
    assert parse_django_version(text) == version


@pytest.mark.parametrize("text", ["", "5", "five", "5.x", "5.2b1", "-1.2"])
def test_other_versions_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_django_version(text)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`home/code/app/shop/views.py`, with the current directory elsewhere."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    shop = tmp_path / "home" / "code" / "app" / "shop"
    shop.mkdir(parents=True)
    (shop / "views.py").touch()
    config._root_of_directory.cache_clear()
    return tmp_path / "home"


def root_of_views(home: Path) -> str:
    root = project_root(home / "code/app/shop/views.py")
    return root.relative_to(home.parent).as_posix()


def test_the_git_root_is_the_project_root(tree: Path) -> None:
    (tree / "code" / ".git").mkdir()
    (tree / "code/app/manage.py").touch()
    assert root_of_views(tree) == "home/code"


def test_a_worktree_has_a_file_for_git_and_counts_too(tree: Path) -> None:
    (tree / "code" / ".git").write_text("gitdir: ../elsewhere\n")
    assert root_of_views(tree) == "home/code"


def test_without_git_it_is_where_manage_py_is(tree: Path) -> None:
    (tree / "code/app/manage.py").touch()
    (tree / "code/setup.cfg").write_text("[flake8]\n")
    assert root_of_views(tree) == "home/code/app"


def test_then_where_flake8_is_configured(tree: Path) -> None:
    (tree / "code/tox.ini").write_text("[flake8]\n")
    (tree / "code/app/setup.cfg").write_text("[metadata]\n")
    assert root_of_views(tree) == "home/code"


def test_then_the_current_directory_if_the_file_is_below_it(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert root_of_views(tree) == "home/code/app/shop"
    config._root_of_directory.cache_clear()
    monkeypatch.chdir(tree / "code")
    assert root_of_views(tree) == "home/code"


def test_a_home_directory_under_git_is_not_one_big_project(tree: Path) -> None:
    (tree / ".git").mkdir()
    assert root_of_views(tree) == "home/code/app/shop"
