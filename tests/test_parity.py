"""flake8 and our command on a small Django project, with the real rules: the same findings, one by one or together."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

FILES = {
    "manage.py": "",
    "setup.cfg": "[flake8]\nselect = DJQ\nper-file-ignores =\n    shop/admin.py: DJQ402\nextend-exclude = old\n",
    "shop/__init__.py": "",
    "shop/models.py": """\
from datetime import datetime

from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=20)
    joined = models.DateTimeField(default=datetime.now())
    tags = models.JSONField(default={})
    notes = models.JSONField(default=[])  # noqa: DJQ402


class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    title = models.CharField(max_length=20)
    seen = models.DateTimeField(default=datetime.now())  # noqa: DJQ402
""",
    "shop/views.py": """\
from shop.models import Book


def titles():
    for book in Book.objects.all():
        print(book.title, book.author.name)


def hushed():
    for book in Book.objects.all():
        print(book.author.name)  # noqa: DJQ101
""",
    "shop/admin.py": """\
from django.db import models


class Log(models.Model):
    data = models.JSONField(default={})
""",
    "shop/hidden.py": """\
# flake8: noqa
from django.db import models


class Hidden(models.Model):
    data = models.JSONField(default={})
""",
    "old/models.py": """\
from django.db import models


class Old(models.Model):
    data = models.JSONField(default={})
""",
}

EXPECTED = [
    ("shop/models.py", 8, "DJQ401"),
    ("shop/models.py", 9, "DJQ402"),
    ("shop/models.py", 16, "DJQ401"),
    ("shop/views.py", 6, "DJQ101"),
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def lines(project: Path, *arguments: str, stdin: bytes = b"") -> list[str]:
    """The findings of one run, a line each, spelled in one way."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=project,
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert not done.stderr, done.stderr.decode()
    found = done.stdout.decode().splitlines()
    return [re.sub(r"\[\*\] ", "", line).removeprefix("./") for line in found if ": DJQ" in line]


def flake8(project: Path, *arguments: str, stdin: bytes = b"") -> list[str]:
    return lines(project, "flake8", *arguments, stdin=stdin)


def check(project: Path, *arguments: str, stdin: bytes = b"") -> list[str]:
    return lines(project, "flake8_django_orm", "check", "--output-format=concise", *arguments, stdin=stdin)


def place(line: str) -> tuple[str, int, str]:
    path, row, _, rest = line.split(":", 3)
    return path, int(row), rest.split()[0]


def test_both_find_what_is_there(project: Path) -> None:
    assert [place(line) for line in check(project)] == EXPECTED
    assert flake8(project) == check(project)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_number_of_processes_does_not_matter(project: Path, jobs: str) -> None:
    assert flake8(project, f"--jobs={jobs}") == check(project, f"--jobs={jobs}") == check(project)


def test_files_one_by_one_give_what_they_give_together(project: Path) -> None:
    names = sorted(name for name in FILES if name.endswith(".py") and not name.startswith("old"))
    assert [line for name in names for line in check(project, name)] == check(project)
    assert [line for name in names for line in flake8(project, name)] == check(project)


def test_stdin_gives_what_the_file_gives(project: Path) -> None:
    text = FILES["shop/views.py"].encode()
    arguments = ("--stdin-display-name=shop/views.py", "-")
    expected = check(project, "shop/views.py")
    assert len(expected) == 1
    assert flake8(project, *arguments, stdin=text) == expected
    assert check(project, *arguments, stdin=text) == expected


def test_neither_follows_a_symbolic_link_out_of_the_project(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "models.py"
    outside.write_text(FILES["shop/admin.py"].replace("Log", "Book"))
    (project / "shop/link.py").symlink_to(outside)
    assert [place(line) for line in check(project)] == EXPECTED
    assert flake8(project) == check(project)
    assert flake8(project, "shop/link.py") == []


def test_newlines_of_windows_change_nothing(project: Path) -> None:
    before = check(project)
    for name, text in FILES.items():
        if name.endswith(".py"):
            (project / name).write_bytes(text.replace("\n", "\r\n").encode())
    assert check(project) == before
    assert flake8(project) == before


def test_all_fixes_are_made_and_a_second_run_changes_nothing(project: Path) -> None:
    arguments = ("flake8_django_orm", "check", "--fix", "--unsafe-fixes", "--output-format=concise")
    assert lines(project, *arguments) == []
    texts = {name: (project / name).read_text() for name in FILES}
    assert {name for name in FILES if texts[name] != FILES[name]} == {"shop/models.py", "shop/views.py"}
    assert '.select_related("author")' in texts["shop/views.py"]
    assert lines(project, *arguments) == []
    assert texts == {name: (project / name).read_text() for name in FILES}


def test_flake8_does_not_import_libcst_for_a_file_without_orm_code(project: Path) -> None:
    (project / "plain.py").write_text("import os\n\n\ndef run(items):\n    for item in items:\n        print(item)\n")
    code = (
        "import sys\nfrom flake8.main.cli import main\n"
        "main(['--jobs=1', 'plain.py'])\n"
        "print([name for name in ('libcst', 'django') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, timeout=60, check=True)
    assert done.stdout.decode().splitlines()[-1] == "[]"
