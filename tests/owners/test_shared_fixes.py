"""A queryset that lacks several relations: each finding names its own, and all of them share one fix, the union."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flake8_django_orm.cli import main

KEYS = ("author", "editor", "printer", "reader")
MANY = ("tags", "marks")
MODELS = (
    """
from django.db import models


class Person(models.Model):
    name = models.CharField(max_length=100)


class Tag(models.Model):
    name = models.CharField(max_length=100)


class Book(models.Model):
    title = models.CharField(max_length=100)
"""
    + "".join(f'    {key} = models.ForeignKey(Person, models.CASCADE, related_name="{key}_of")\n' for key in KEYS)
    + "".join(f'    {name} = models.ManyToManyField(Tag, related_name="{name}_of")\n' for name in MANY)
    + """
    def people(self):
        return """
    + " + ".join(f"self.{key}.name" for key in KEYS)
    + """

    def words(self):
        return """
    + " + ".join(f"[tag.name for tag in self.{name}.all()]" for name in MANY)
    + "\n"
)
HEAD = "from app.models import Book\n"
LOOP = """

def shown():
    for book in Book.objects.all():
        print(book.people(), book.words())
"""
SERIALIZER = """
from rest_framework import generics, serializers


class BookSerializer(serializers.ModelSerializer):
    class Meta:
        model = Book
        fields = ["people", "words"]


class BookList(generics.ListAPIView):
    queryset = Book.objects.all()
    serializer_class = BookSerializer
"""
TEMPLATE = """
from django.views.generic import ListView


class BookList(ListView):
    model = Book
    template_name = "app/books.html"
"""
ADMIN = """
from django.contrib import admin


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    list_display = ["people", "words"]

    def get_queryset(self, request):
        return Book.objects.all()
"""
FEED = """
from django.contrib.syndication.views import Feed


class News(Feed):
    def items(self):
        return Book.objects.all()

    def item_title(self, item):
        return item.people()

    def item_description(self, item):
        return item.words()
"""


@pytest.fixture(params=[LOOP, SERIALIZER, TEMPLATE, ADMIN, FEED], ids=["loop", "rest", "template", "admin", "feed"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    files = {
        "manage.py": "",
        "app/__init__.py": "",
        "app/models.py": MODELS,
        "app/views.py": HEAD + request.param,
        "app/templates/app/books.html": "{% for book in object_list %}{{ book.people }}{{ book.words }}{% endfor %}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def _run(root: Path, *options: str) -> int:
    return main(["check", "--root", str(root), "--no-cache", *options, str(root / "app" / "views.py")])


def test_each_names_its_own_and_all_share_the_union(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _run(root, "--output-format", "json")
    found = json.loads(capsys.readouterr().out)
    assert sorted(name for one in found for name in one["relations"]) == sorted((*KEYS, *MANY))
    for one in found:
        (own,) = one["relations"]
        assert own in one["message"]
        assert not [name for name in (*KEYS, *MANY) if name != own and f'"{name}"' in one["message"]]
    fixes = {json.dumps(one["fix"]["edits"], sort_keys=True) for one in found}
    assert len(fixes) == 1
    assert all(f'\\"{name}\\"' in fix for name in (*KEYS, *MANY) for fix in fixes)


def test_the_fix_is_made_once_and_counts_for_all(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(root, "--fix") == 0
    assert f"{len(KEYS) + len(MANY)} fixed, 0 remaining" in capsys.readouterr().out
    text = (root / "app" / "views.py").read_text(encoding="utf-8")
    assert text.count("select_related(") == 1
    assert text.count("prefetch_related(") == 1
