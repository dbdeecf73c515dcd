"""A cache may be shared, damaged, foreign, full or read-only: it never costs more than the time that it saves."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flake8_django_orm.cache.directory import NAME, CacheDirectory, cache_directory
from tests.cache.conftest import Checkout


def _entries(directory: CacheDirectory) -> list[Path]:
    return sorted(directory.path.rglob("*.json"))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    directory = CacheDirectory(tmp_path / "cache")
    assert directory.read("facts", "abc") is None
    directory.write("facts", "abc", {"é": [1, None, "😀"]})
    assert CacheDirectory(tmp_path / "cache").read("facts", "abc") == {"é": [1, None, "😀"]}
    assert directory.read("results", "abc") is None


def test_git_and_backups_leave_it_alone(tmp_path: Path) -> None:
    directory = CacheDirectory(tmp_path / "cache")
    directory.write("facts", "abc", 1)
    assert (directory.path / ".gitignore").read_text() == "*\n"
    assert (directory.path / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"findings": 3}', b"[]", b"null", b"7"])
def test_damaged_entries_are_made_anew(checkout: Checkout, damage: bytes) -> None:
    checkout.replace("shop/models.py", "return self.title", "return self.author.name")
    found = checkout.check()
    assert checkout.cache is not None
    for path in _entries(checkout.cache):
        path.write_bytes(damage)
    assert checkout.check() == found
    assert checkout.check() == found
    assert checkout.read == []


def test_a_cache_that_came_with_the_repository_leads_nowhere_else(checkout: Checkout) -> None:
    """Findings with paths outside of the project are not believed, whoever wrote them."""
    checkout.replace("shop/models.py", "return self.title", "return self.author.name")
    found = checkout.check()
    assert checkout.cache is not None
    for path in _entries(checkout.cache):
        entry = json.loads(path.read_text())
        if path.parent.parent.name == "results" and entry["findings"]:
            for finding in entry["findings"]:
                for place in finding["related"]:
                    place[0] = "../../etc/passwd"
            path.write_text(json.dumps(entry))
    assert checkout.check() == found


def test_questions_of_a_foreign_cache_reach_no_other_method(checkout: Checkout) -> None:
    found = checkout.check()
    assert checkout.cache is not None
    for path in _entries(checkout.cache):
        entry = json.loads(path.read_text())
        if path.parent.parent.name == "results":
            questions = [["__init__", "/"], ["root"]]
            path.write_text(json.dumps({**entry, "questions": questions, "answers": ["", ""], "state": None}))
        if path.parent.parent.name == "held":
            path.unlink()
    assert checkout.check() == found
    assert len(checkout.read) > 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_disk(tmp_path: Path) -> None:
    place = tmp_path / "shut"
    place.mkdir(mode=0o500)
    directory = CacheDirectory(place / "cache")
    directory.write("facts", "abc", 1)
    assert directory.read("facts", "abc") is None


def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    directory = CacheDirectory(tmp_path / "cache")
    monkeypatch.setattr(json, "dumps", full)
    directory.write("facts", "abc", 1)
    monkeypatch.undo()
    assert directory.read("facts", "abc") is None
    assert [path for path in directory.path.rglob("*") if path.is_file() and path.parent != directory.path] == []


def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "root" / NAME).symlink_to(tmp_path / "outside")
    assert cache_directory(tmp_path / "root") is None


def test_many_writers_of_one_entry(tmp_path: Path) -> None:
    data = [list(range(number)) for number in range(200)]

    def write(item: list[int]) -> object:
        directory = CacheDirectory(tmp_path / "cache")
        directory.write("facts", "abc", item)
        return directory.read("facts", "abc")

    with ThreadPoolExecutor(8) as pool:
        assert all(read in data for read in pool.map(write, data))
    assert len(_entries(CacheDirectory(tmp_path / "cache"))) == 1


def test_what_nobody_reads_is_dropped(tmp_path: Path) -> None:
    directory = CacheDirectory(tmp_path / "cache")
    directory.write("facts", "old1", 1)
    directory.write("facts", "new1", 1)
    (old,) = [path for path in _entries(directory) if path.parent.name == "ol"]
    os.utime(old, (time.time() - 40 * 24 * 3600,) * 2)
    directory.prune()
    assert [path.parent.name for path in _entries(directory)] == ["ne"]


def test_clean_deletes_caches_only(tmp_path: Path) -> None:
    directory = CacheDirectory(tmp_path / "cache")
    directory.write("facts", "abc", 1)
    directory.clean()
    assert not directory.path.exists()
    (tmp_path / "work").mkdir()
    CacheDirectory(tmp_path / "work").clean()
    assert (tmp_path / "work").exists()
