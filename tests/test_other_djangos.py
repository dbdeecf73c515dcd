"""Other Django versions are a help, never a condition: what is missing is left out with one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.other_djangos import Wanted, candidates, prepare, works


def test_a_missing_or_broken_interpreter_does_not_work(tmp_path: Path) -> None:
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    assert not works(str(shim))
    assert not works(str(tmp_path / "missing"))
    assert works(sys.executable)


def test_the_running_interpreter_is_asked_first() -> None:
    assert next(candidates(sys.version_info[:2])) == sys.executable


def test_without_an_interpreter_the_version_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not prepare(Wanted(tmp_path / "env", "django>=99", pythons=((3, 99),)))
    assert capsys.readouterr().err == "django>=99: no Python for it here, left out\n"
    assert not (tmp_path / "env").exists()


def test_a_prepared_environment_is_used_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".ready").touch()
    assert prepare(Wanted(tmp_path, "django>=99", pythons=()))
    assert capsys.readouterr().err == ""
