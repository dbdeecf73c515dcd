"""A small project on disk, and a linter that counts which of its files are read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from flake8_django_orm.cache.directory import CacheDirectory
from flake8_django_orm.config import Settings
from flake8_django_orm.engine import Engine
from flake8_django_orm.findings import Finding
from flake8_django_orm.rules import all_rules

FILES = {
    "manage.py": "",
    "shop/__init__.py": "",
    "shop/models.py": """\
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=20)


class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE)
    title = models.CharField(max_length=20)

    def byline(self):
        return self.title
""",
    "shop/queries.py": """\
from shop.models import Book


def published():
    return Book.objects.filter(title="x")


def nothing():
    return None
""",
    "shop/views.py": """\
from django.shortcuts import render

from shop.queries import published


def titles(request):
    return [book.byline() for book in published()]


def page(request):
    return render(request, "shop/page.html", {"books": published()})
""",
    "shop/other.py": """\
def add(one, other):
    return one + other
""",
    "shop/templates/shop/page.html": "{% for book in books %}{{ book.title }}{% endfor %}",
}


@dataclass
class Checkout:
    """A project and its cache. `check` makes a new engine each time, as a new process would."""

    root: Path
    cache: CacheDirectory | None
    read: list[str] = field(default_factory=list)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def check(self) -> list[Finding]:
        """All findings; `read` then names the files that were read anew."""
        codes = frozenset(rule.code for rule in all_rules())
        engine = Engine(Settings(root=self.root, codes=codes, environment=(), cache=self.cache))
        self.read = []
        findings: list[Finding] = []
        for path in sorted(self.root.rglob("*.py")):
            before = engine.statistics.get("files read", 0)
            findings += engine.check(path)
            if engine.statistics.get("files read", 0) > before:
                self.read.append(path.relative_to(self.root).as_posix())
        return findings

    def codes(self) -> Sequence[str]:
        return [f"{finding.path} {finding.code}" for finding in self.check()]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    root = tmp_path / "work"
    found = Checkout(root, CacheDirectory(tmp_path / "cache"))
    for name, text in FILES.items():
        found.write(name, text)
    return found
