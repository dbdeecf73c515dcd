"""The command line and its cache: what is kept, what is shown with dependents, what is deleted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from flake8_django_orm.cache.directory import NAME, CacheDirectory
from flake8_django_orm.flake8_configuration import read_options
from flake8_django_orm.kept_reports import KeptReports
from flake8_django_orm.linter import FileReport
from tests.cache.conftest import FILES

Run = Callable[..., tuple[list[str], str]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    files = {**FILES, "shop/models.py": FILES["shop/models.py"].replace("self.title", "self.author.name")}
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def run(root: Path) -> Run:
    """Runs `check` and gives what it reports, as `path code`, and what it said on stderr."""

    def check(*arguments: str) -> tuple[list[str], str]:
        command = [sys.executable, "-m", "flake8_django_orm", "check", "--output-format", "concise", *arguments]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        found = [line.split(" ")[:2] for line in done.stdout.splitlines() if " DJQ" in line]
        return [f"{place.split(':')[0]} {code}" for place, code in found], done.stderr

    return check


FOUND = ["shop/views.py DJQ101"]


def test_the_second_run_says_the_same(run: Run, root: Path) -> None:
    assert run()[0] == FOUND
    assert (root / NAME / "CACHEDIR.TAG").exists()
    assert run()[0] == FOUND
    assert run("--select", "DJQ102")[0] == []
    assert run()[0] == FOUND


def test_what_was_kept_for_the_whole_is_not_shown_for_a_part(run: Run, root: Path) -> None:
    code = "def add(titles):\n    for title in titles:\n        Book.objects.create(title=title)\n"
    (root / "shop/writes.py").write_text(f"from shop.models import Book\n\n\n{code}")
    assert run()[0] == [*FOUND, "shop/writes.py DJQ105"]
    assert run("--partial")[0] == FOUND
    assert run()[0] == [*FOUND, "shop/writes.py DJQ105"]


def test_an_edit_between_two_runs_is_seen(run: Run, root: Path) -> None:
    assert run()[0] == FOUND
    models = root / "shop/models.py"
    models.write_text(models.read_text().replace("self.author.name", "self.title"))
    assert run()[0] == []


def test_a_noqa_that_was_added_is_seen(run: Run, root: Path) -> None:
    assert run()[0] == FOUND
    views = root / "shop/views.py"
    views.write_text(views.read_text().replace("published()]", "published()]  # noqa: DJQ101"))
    assert run()[0] == []


def test_reports_on_files_that_are_no_part_of_the_tree_are_not_kept(root: Path) -> None:
    """A file of a hidden directory may change, and the tree's state stays the same."""
    names = [str(root / "shop/views.py"), str(root / ".scripts/fill.py")]
    directory, options = CacheDirectory(root.parent / "cache"), read_options(["--isolated"])
    KeptReports(directory, root, options).keep(FileReport(name, name) for name in names)
    kept = KeptReports(directory, root, options)
    assert [kept.report(name) is not None for name in names] == [True, False]


def test_other_ignores_are_other_reports(run: Run, root: Path) -> None:
    assert run()[0] == FOUND
    (root / "setup.cfg").write_text("[flake8]\nper-file-ignores =\n    shop/views.py: DJQ101\n")
    assert run()[0] == []


def test_nothing_is_kept_where_nothing_shall_be(run: Run, root: Path) -> None:
    assert run("--no-cache")[0] == FOUND
    assert not (root / NAME).exists()


def test_a_cache_elsewhere(run: Run, root: Path) -> None:
    assert run("--cache-dir", "../kept")[0] == FOUND
    assert not (root / NAME).exists()
    assert (root.parent / "kept/CACHEDIR.TAG").exists()
    assert run("--cache-dir", "../kept")[0] == FOUND


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_dependents_of_a_model_a_helper_and_a_template(run: Run, root: Path, jobs: str) -> None:
    """A commit that touches only the model shows the loop that it slows down."""
    assert run("shop/models.py")[0] == []
    assert run("--jobs", jobs, "--with-dependents", "shop/models.py")[0] == FOUND
    assert run("--jobs", jobs, "--with-dependents", "shop/queries.py")[0] == FOUND
    assert run("--jobs", jobs, "--with-dependents", "shop/other.py")[0] == []
    page = root / "shop/templates/shop/page.html"
    page.write_text(page.read_text().replace("book.title", "book.byline"))
    found = run("--jobs", jobs, "--with-dependents", "shop/templates/shop/page.html")[0]
    assert set(found) == set(FOUND)


def test_clean(run: Run, root: Path) -> None:
    run()
    command = [sys.executable, "-m", "flake8_django_orm", "cache", "clean"]
    subprocess.run([*command, "--root", str(root)], check=True)
    assert not (root / NAME).exists()
    subprocess.run([*command, "--root", str(root)], check=True)  # there is nothing left to do
    assert run()[0] == FOUND


def test_what_is_fixed_is_not_reported_again(run: Run, root: Path) -> None:
    assert run()[0] == FOUND
    assert run("--fix", "--unsafe-fixes")[0] == []
    assert run()[0] == []
    assert "select_related" in (root / "shop/views.py").read_text()
