"""The libcst codemod, run by libcst's own tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.front_end import Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Workspace:
    return Workspace(tmp_path, monkeypatch, capsys)


def test_safe_fixes_are_made(workspace: Workspace) -> None:
    workspace.write({"shop/a.py": "x = f(default={}) # keep\nget(id)\n", "shop/b.py": "x = 1\n"})
    run = workspace.codemod("shop")
    assert run.code == 0, run.err
    assert workspace.read("shop/a.py") == "x = f(default=dict) # keep\nget(id)\n"
    assert workspace.read("shop/b.py") == "x = 1\n"


def test_the_options_of_our_command_work(workspace: Workspace) -> None:
    workspace.write({"a.py": "x = f(default={}, b=f(default=now()))\nget(id)\n"})
    assert workspace.codemod("--select=DJQ401,DJQ201", "--unsafe-fixes", "--root=.", "a.py").code == 0
    assert workspace.read("a.py") == "x = f(default={}, b=f(default=now))\nrow\n"


def test_noqa_is_obeyed(workspace: Workspace) -> None:
    workspace.write({"a.py": "x = f(default={})  # noqa: DJQ402\n"})
    assert workspace.codemod("a.py").code == 0
    assert workspace.read("a.py") == "x = f(default={})  # noqa: DJQ402\n"


def test_a_fix_that_would_edit_another_file_is_not_made(workspace: Workspace) -> None:
    workspace.write({"a.py": "get(id)\n", "helpers.py": "def get(i): ...\n"})
    run = workspace.codemod("--unsafe-fixes", "a.py")
    assert workspace.read("a.py") == "get(id)\n"
    assert workspace.read("helpers.py") == "def get(i): ...\n"
    assert "would change another file" in run.err + run.out


def test_encoding_and_newlines_are_kept(workspace: Workspace) -> None:
    before = "# coding: latin-1\r\né = f(default={})\r\n"
    workspace.write({"a.py": before.encode("latin-1")})
    assert workspace.codemod("a.py").code == 0
    assert (workspace.root / "a.py").read_bytes() == before.replace("{}", "dict").encode("latin-1")


def test_a_bad_option_is_told(workspace: Workspace) -> None:
    workspace.write({"a.py": "x = f(default={})\n"})
    run = workspace.codemod("--root=nowhere", "a.py")
    assert "project root 'nowhere' is not a directory" in run.err + run.out
    assert "Traceback" not in run.err + run.out
    assert workspace.read("a.py") == "x = f(default={})\n"
