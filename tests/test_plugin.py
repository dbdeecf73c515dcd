"""The flake8 plugin, run by flake8 itself, and its agreement with our own command."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from flake8_django_orm.plugin import Plugin
from tests.front_end import Workspace

DEFAULTS = """\
from django.db import models

a = models.F(default=now())
b = models.F(default={})
"""

NOQA = '''\
a = f(default={})  # noqa
b = f(default={})  # noqa: DJQ402
c = f(default={})  # noqa:DJQ4,E501
d = f(default={})  # NoQA : E501
e = f(default={})  # noqa: E501
f(default={}, text="""
several lines
""")  # noqa: DJQ402
f(
    default={},
    last=1)  # noqa: DJQ402
f(default={}, text="\\
")  # noqa: DJQ402
é = "😀"; f(default={})
'''


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Workspace:
    return Workspace(tmp_path, monkeypatch, capsys)


@pytest.fixture
def shop(workspace: Workspace) -> Workspace:
    """A project that uses every way of hiding findings that flake8 has."""
    workspace.write(
        {
            "setup.cfg": "[flake8]\n"
            "extend-exclude = vendor, ./shop/old.py\n"
            "per-file-ignores =\n    shop/admin.py: DJQ402\n    tests/*: DJQ401,E1\n",
            "shop/__init__.py": "",
            "shop/models.py": DEFAULTS,
            "shop/admin.py": DEFAULTS,
            "shop/old.py": DEFAULTS,
            "shop/noqa.py": NOQA,
            "shop/all.py": "# flake8: noqa\n" + DEFAULTS,
            "shop/misleading.py": "# flake8: noqa: E501\n" + DEFAULTS,
            "shop/behind_code.py": "x = 1  # flake8: noqa\n" + DEFAULTS,
            "shop/crlf.py": DEFAULTS.replace("\n", "\r\n").encode(),
            "shop/bom.py": b"\xef\xbb\xbf" + DEFAULTS.encode(),
            "shop/latin.py": ("# coding: latin-1\né = 1; " + DEFAULTS).encode("latin-1"),
            "shop/tabs.py": "if x:\n\ty = f(default={})\n",
            "shop/form_feed.py": "x = 1\n\x0c\ny = f(default={})\n",
            "shop/refetch.py": "get(id)\nmaybe\n",
            "shop/empty.py": "",
            "shop/text.txt": DEFAULTS,
            "vendor/models.py": DEFAULTS,
            "tests/test_models.py": DEFAULTS,
        }
    )
    return workspace


def test_a_finding_has_row_column_code_and_a_message_of_one_line(workspace: Workspace) -> None:
    workspace.write({"models.py": DEFAULTS})
    run = workspace.flake8("--select=DJQ", "models.py")
    assert run.out == (
        "models.py:3:22: DJQ401 the default is called once\nmodels.py:4:22: DJQ402 the default is shared\n"
    )
    assert run.code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--select=DJQ",),
        ("--select=DJQ4",),
        ("--select=DJQ402,DJQ2",),
        ("--extend-select=DJQ5",),
        ("--select=DJQ,DJQ504",),
        ("--ignore=E1",),
        ("--ignore=DJQ4",),
        ("--extend-ignore=DJQ4", "--extend-select=DJQ401"),
        ("--select=DJQ401", "--ignore=DJQ"),
        ("--disable-noqa",),
        ("--isolated",),
        ("--exclude=models.py",),
        ("--filename=*.txt",),
        ("--per-file-ignores=shop/noqa.py:DJQ4",),
        ("--jobs=2",),
        ("--jobs=1",),
        ("shop/old.py", "shop/models.py", "vendor"),
        ("shop/text.txt",),
    ],
    ids=" ".join,
)
def test_flake8_and_our_command_report_the_same(shop: Workspace, arguments: tuple[str, ...]) -> None:
    ours = shop.check(*arguments)
    theirs = shop.flake8(*arguments)
    assert ours.places == theirs.places
    assert ours.err.count("error:") == 0


def test_the_files_above_do_test_something(shop: Workspace) -> None:
    assert len(shop.check().places) > 15
    assert len(shop.check("--disable-noqa").places) > 25


@pytest.mark.parametrize("name", ["shop/models.py", "shop/admin.py", "shop/old.py", "new.py"])
def test_stdin_is_judged_by_the_name_that_is_given_for_it(shop: Workspace, name: str) -> None:
    arguments = ("--select=DJQ", f"--stdin-display-name={name}", "-")
    text = b"x = 1\n" + DEFAULTS.encode()
    theirs = shop.flake8(*arguments, stdin=text)
    ours = shop.cli_process("check", "--output-format=concise", *arguments, stdin=text)
    assert ours.places == theirs.places
    assert theirs.codes == {"shop/admin.py": ["DJQ401"], "shop/old.py": []}.get(name, ["DJQ401", "DJQ402"])


def test_opt_in_rules_stay_off_when_the_user_empties_the_list_of_ignored_codes(workspace: Workspace) -> None:
    workspace.write({"a.py": "maybe\n", "setup.cfg": "[flake8]\nignore = E501\n"})
    assert workspace.flake8("a.py").codes == []
    assert workspace.flake8("--select=DJQ", "a.py").codes == []
    assert workspace.flake8("--djq-enable=DJQ504", "a.py").codes == ["DJQ504"]


@pytest.mark.parametrize(
    "option", ["--djq-enable=DJQ", "--djq-enable=DJQ504", "--select=DJQ5", "--extend-select=DJQ504"]
)
def test_opt_in_rules_are_switched_on_by_name(workspace: Workspace, option: str) -> None:
    workspace.write({"a.py": "maybe\n"})
    assert workspace.flake8(option, "a.py").codes == ["DJQ504"]


def test_our_options_are_read_from_the_configuration_file(workspace: Workspace) -> None:
    workspace.write({"a.py": "maybe\n", "tox.ini": "[flake8]\ndjq-enable =\n    DJQ504\ndjq-root = ./\n"})
    assert workspace.flake8("a.py").codes == ["DJQ504"]


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("--djq-root=nowhere", "project root 'nowhere' is not a directory"),
        ("--djq-django-version=newest", "Django version 'newest' is not of the form 5.2"),
        ("--djq-enable=DJQ999", "djq-enable: unknown rule code 'DJQ999'"),
    ],
)
def test_a_bad_option_ends_the_run_with_one_line(workspace: Workspace, option: str, line: str) -> None:
    workspace.write({"a.py": "maybe\n"})
    run = workspace.flake8(option, "a.py")
    assert f"flake8-django-orm: {line}" in run.out
    assert "Traceback" not in run.out + run.err
    assert run.code == 1


def test_a_syntax_error_is_left_to_flake8(workspace: Workspace) -> None:
    workspace.write({"a.py": "def (:\n"})
    assert "E999" in workspace.flake8("a.py").out


def test_workers_that_start_anew_find_the_same(workspace: Workspace) -> None:
    """As on macOS, on Windows, and on Linux from Python 3.14 on."""
    workspace.write({f"m{number}.py": DEFAULTS for number in range(4)})
    code = (
        "import multiprocessing, sys; from flake8.main.cli import main\n"
        "if __name__ == '__main__':\n"
        "    multiprocessing.set_start_method('spawn')\n"
        "    sys.exit(main(['--select=DJQ', '--jobs=2', '--djq-enable=DJQ504']))\n"
    )
    workspace.write({"../run_flake8.py": code})
    script = str(workspace.root.parent / "run_flake8.py")
    done = subprocess.run(
        [sys.executable, script],
        cwd=workspace.root,
        env=workspace.environment,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.decode().count("DJQ40") == 8, done.stderr.decode()


def test_loading_the_plugin_imports_nothing_that_costs() -> None:
    code = (
        "import sys; import flake8_django_orm.plugin\n"
        "print([m for m in ('libcst', 'django', 'flake8_django_orm.linter') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True)
    assert done.stdout.strip() == b"[]"


def test_the_plugin_takes_options_in_the_way_that_does_not_hide_errors() -> None:
    """flake8 calls parse_options with three arguments and takes any TypeError for a wish to be called with one."""
    with pytest.raises(TypeError):
        Plugin.parse_options(None, None, [])  # type: ignore[call-arg,arg-type]
    assert Plugin(ast.parse(""), "a.py", []).name == "flake8-django-orm"
