"""Writing files: whole or not at all, and never over somebody else's work."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from flake8_django_orm.fixes.write import NotWritten, Rewrite, write_together


def file_with(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_file_gets_its_new_bytes_and_keeps_its_mode(tmp_path: Path) -> None:
    path = file_with(tmp_path / "a.py", b"old")
    path.chmod(0o750)
    write_together([Rewrite(path, b"old", b"new", tmp_path)])
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert os.listdir(tmp_path) == ["a.py"]


def test_a_file_that_changed_meanwhile_is_left_alone_with_all_of_its_group(tmp_path: Path) -> None:
    first, second = file_with(tmp_path / "a.py", b"old"), file_with(tmp_path / "b.py", b"edited by hand")
    with pytest.raises(NotWritten, match=r"b\.py: changed on disk"):
        write_together([Rewrite(first, b"old", b"new", tmp_path), Rewrite(second, b"old", b"new", tmp_path)])
    assert (first.read_bytes(), second.read_bytes()) == (b"old", b"edited by hand")
    assert sorted(os.listdir(tmp_path)) == ["a.py", "b.py"]


def test_a_file_that_vanished_is_not_made_again(tmp_path: Path) -> None:
    with pytest.raises(NotWritten, match="no such file"):
        write_together([Rewrite(tmp_path / "a.py", b"old", b"new", tmp_path)])
    assert os.listdir(tmp_path) == []


def test_if_the_second_file_cannot_be_replaced_the_first_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = file_with(tmp_path / "a.py", b"old"), file_with(tmp_path / "b.py", b"old")
    replace = os.replace

    def replace_but_second(source: Path, target: Path) -> None:
        if target == second:
            raise PermissionError(13, "Permission denied")
        replace(source, target)

    monkeypatch.setattr(os, "replace", replace_but_second)
    with pytest.raises(NotWritten, match=r"b\.py: permission denied"):
        write_together([Rewrite(first, b"old", b"new", tmp_path), Rewrite(second, b"old", b"new", tmp_path)])
    assert (first.read_bytes(), second.read_bytes()) == (b"old", b"old")
    assert sorted(os.listdir(tmp_path)) == ["a.py", "b.py"]


def test_a_link_within_the_project_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    target = file_with(tmp_path / "real.py", b"old")
    link = tmp_path / "link.py"
    link.symlink_to(target)
    write_together([Rewrite(link, b"old", b"new", tmp_path)])
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path) -> None:
    outside = file_with(tmp_path / "outside.py", b"old")
    link = tmp_path / "project" / "link.py"
    link.parent.mkdir()
    link.symlink_to(outside)
    with pytest.raises(NotWritten, match="outside of the project root"):
        write_together([Rewrite(link, b"old", b"new", tmp_path / "project")])
    assert outside.read_bytes() == b"old"
