"""Jinja templates: the same findings as for Django's, through macros, imports and calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flake8_django_orm.config import Settings
from flake8_django_orm.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("jinja2")

MODELS = """
from django.db import models
class Author(models.Model):
    name = models.CharField(max_length=100)
class Tag(models.Model):
    name = models.CharField(max_length=100)
class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE)
    tags = models.ManyToManyField(Tag)
"""
VIEWS = """
from django.shortcuts import render
from shop.models import Book
def books(request):
    return render(request, "shop/books.html", {"books": Book.objects.order_by("pk")})
"""


SETTINGS = """
TEMPLATES = [
    {"BACKEND": "django.template.backends.jinja2.Jinja2", "DIRS": [BASE_DIR / "pages"]},
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [BASE_DIR / "html"]},
]
"""


def _found(root: Path, template: str, **others: str) -> set[tuple[str, str]]:
    texts = {"books": template, **others}
    return _found_in(root, {f"shop/jinja2/shop/{name}.html": text for name, text in texts.items()})


def _found_in(root: Path, texts: dict[str, str]) -> set[tuple[str, str]]:
    files = {"manage.py": "", "shop/__init__.py": "", "shop/models.py": MODELS, "shop/views.py": VIEWS, **texts}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    engine = Engine(Settings(root=root, codes=frozenset({"DJQ101", "DJQ102"})))
    return {(one.code, one.relations[-1]) for one in engine.check(root / "shop" / "views.py")}


def test_a_loop_reads_relations(tmp_path: Path) -> None:
    tags = "{% for tag in book.tags.all() %}{{ tag }}{% endfor %}"
    template = "{% for book in books %}{{ book.author.name }}" + tags + "{% endfor %}"
    assert _found(tmp_path, template) == {("DJQ101", "author"), ("DJQ102", "tags")}


def test_a_manager_is_not_called_by_itself(tmp_path: Path) -> None:
    assert _found(tmp_path, "{% for book in books %}{{ book.tags.all }}{% endfor %}") == set()


def test_macros_of_another_template(tmp_path: Path) -> None:
    template = '{% import "shop/m.html" as m %}{% for book in books %}{{ m.row(book) }}{% endfor %}'
    macros = "{% macro row(one, loud=false) %}{{ one.author.name|upper }}{% endmacro %}"
    assert _found(tmp_path, template, m=macros) == {("DJQ101", "author")}


def test_blocks_of_a_child_and_super(tmp_path: Path) -> None:
    base = "{% block list %}{% for book in books %}{{ book.author.name }}{% endfor %}{% endblock %}"
    child = '{% extends "shop/base.html" %}{% block list %}'
    assert _found(tmp_path, child + "{% endblock %}", base=base) == set()
    assert _found(tmp_path, child + "{{ super() }}{% endblock %}", base=base) == {("DJQ101", "author")}


def test_filters_that_read_an_attribute_of_each(tmp_path: Path) -> None:
    assert _found(tmp_path, '{{ books|map(attribute="author.name")|join(", ") }}') == {("DJQ101", "author")}


def test_tags_of_unknown_extensions_are_passed_over(tmp_path: Path) -> None:
    template = "{% compress js %}{% for book in books %}{{ book.author.name }}{% endfor %}{% endcompress %}{% csrf %}"
    assert _found(tmp_path, template) == {("DJQ101", "author")}


def test_a_syntax_error_is_silent(tmp_path: Path) -> None:
    assert _found(tmp_path, "{% for book in books %}{{ book.author.name }") == set()


@pytest.mark.parametrize(("reads", "found"), [("pages", set()), ("html", {("DJQ101", "author")})])
def test_a_template_includes_one_of_its_own_engine(tmp_path: Path, reads: str, found: set[tuple[str, str]]) -> None:
    """Both engines have a row.html; the list is in the directory of Django's, which is the second one."""
    rows = {f"{folder}/shop/row.html": "{{ book.pk }}" for folder in ("pages", "html")}
    rows[f"{reads}/shop/row.html"] = "{{ book.author.name }}"
    books = '{% for book in books %}{% include "shop/row.html" %}{% endfor %}'
    texts = {"site/settings.py": SETTINGS, "html/shop/books.html": books, **rows}
    assert _found_in(tmp_path, texts) == found
