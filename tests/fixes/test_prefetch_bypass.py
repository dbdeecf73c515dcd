"""Prefetched rows instead of a query each: the Python form of a filter, an order, a count; proven equal on Django."""
# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_django_orm.findings import Applicability, Fix
from flake8_django_orm.fixes.prefetch_bypass import use_prefetched_rows
from flake8_django_orm.machine.events import PrefetchBypassed
from tests.fixes.models import MODELS
from tests.fixes.proving import assert_cured
from tests.fixes.running import events, fixed, make_project
from tests.harness.django_process import DjangoProcess

VIEWS = """\
from app.models import Author, Book, Chapter


def use(rows):
    return [row.pk for row in rows]


def answer():
    found = []
    for book in Book.objects.prefetch_related("chapters").order_by("pk"):
{body}
    return found
"""


def views(body: str) -> str:
    return VIEWS.format(body="\n".join(f"        {line}" for line in body.split("\n")))


def fixes_of(root: Path, text: str) -> list[Fix | None]:
    project = make_project(root, {"app/models.py": MODELS, "app/views.py": text})
    found = events(project, "app/views.py", PrefetchBypassed)
    assert found, "no prefetch is bypassed"
    return list(dict.fromkeys(use_prefetched_rows(project, event) for event in found))


CURED = {
    "a filter in a for statement": (
        "for chapter in book.chapters.filter(done=True):\n    found.append(chapter.title)",
        "for chapter in [row for row in book.chapters.all() if row.done]:\n    found.append(chapter.title)",
    ),
    "a filter in a comprehension": (
        "found.append([c.title for c in book.chapters.filter(done=False)])",
        "found.append([c.title for c in book.chapters.all() if not c.done])",
    ),
    "several conditions": (
        'found.append([c.pk for c in book.chapters.filter(done=True, title="A").exclude(size=0)])',
        'found.append([c.pk for c in book.chapters.all() if c.done and c.title == "A" and c.size != 0])',
    ),
    "NULL counts as excluded's opposite": (
        "found.append(sorted(c.pk for c in book.chapters.exclude(pages=10)))",
        "found.append(sorted(c.pk for c in book.chapters.all() if c.pages != 10))",
    ),
    "what is excluded by several conditions at once": (
        "found.append(sorted(c.pk for c in book.chapters.exclude(done=True, size=0)))",
        "found.append(sorted(c.pk for c in book.chapters.all() if not (c.done and c.size == 0)))",
    ),
    "NULL is asked for": (
        "found.append(len(book.chapters.filter(pages=None)) + 10 * len(book.chapters.filter(pages__isnull=False)))",
        "found.append(len([chapter for chapter in book.chapters.all() if chapter.pages is None]) + 10 * len([chapter for chapter in book.chapters.all() if chapter.pages is not None]))",
    ),
    "a comparison of numbers": (
        "found.append(list(book.chapters.filter(size__gte=1)))",
        "found.append([chapter for chapter in book.chapters.all() if chapter.size >= 1])",
    ),
    "a related row": (
        "found.append(len(book.chapters.filter(editor=book.author)))",
        "found.append(len([chapter for chapter in book.chapters.all() if chapter.editor_id == book.author.pk]))",
    ),
    "an order": (
        'found.append([c.title for c in book.chapters.order_by("title")])',
        "found.append([c.title for c in sorted(book.chapters.all(), key=lambda chapter: chapter.title)])",
    ),
    "an order downwards, sliced": (
        'found.append(use(list(book.chapters.order_by("-pk")[:2])))',
        "found.append(use(list(sorted(book.chapters.all(), key=lambda chapter: chapter.pk, reverse=True)[:2])))",
    ),
    "an order by two columns, of some rows": (
        'for c in book.chapters.filter(size__lt=2).order_by("size", "pk"):\n    found.append(c.pk)',
        "for c in sorted((chapter for chapter in book.chapters.all() if chapter.size < 2), key=lambda chapter: (chapter.size, chapter.pk)):\n    found.append(c.pk)",
    ),
    "one column": (
        'found.append(list(book.chapters.values_list("title", flat=True)))',
        "found.append([chapter.title for chapter in book.chapters.all()])",
    ),
    "one column, joined": (
        'found.append(", ".join(book.chapters.values_list("title", flat=True)))',
        'found.append(", ".join(chapter.title for chapter in book.chapters.all()))',
    ),
    "one column of ordered rows, summed up": (
        'found.append(sum(book.chapters.order_by("pk").values_list("size", flat=True)))',
        "found.append(sum(chapter.size for chapter in sorted(book.chapters.all(), key=lambda chapter: chapter.pk)))",
    ),
    "a set of keys": (
        'found.append(set(book.chapters.values_list("editor", flat=True)))',
        "found.append({chapter.editor_id for chapter in book.chapters.all()})",
    ),
    "several columns": (
        'found.append(list(book.chapters.order_by("pk").values_list("pk", "title")))',
        "found.append([(chapter.pk, chapter.title) for chapter in sorted(book.chapters.all(), key=lambda chapter: chapter.pk)])",
    ),
    "a list is made longer": (
        'found += book.chapters.order_by("pk").values_list("title", flat=True)\nfound.extend(book.chapters.filter(done=True))',
        "found += [chapter.title for chapter in sorted(book.chapters.all(), key=lambda chapter: chapter.pk)]\nfound.extend([chapter for chapter in book.chapters.all() if chapter.done])",
    ),
    "dictionaries": (
        'found.append(list(book.chapters.values("title", "editor")))',
        'found.append([{"title": chapter.title, "editor": chapter.editor_id} for chapter in book.chapters.all()])',
    ),
    "is there one": (
        "found.append(book.chapters.filter(done=False).exists())",
        "found.append(any(not chapter.done for chapter in book.chapters.all()))",
    ),
    "is there one, asked by truth": (
        "if book.chapters.filter(done=False):\n    found.append(book.pk)",
        "if [chapter for chapter in book.chapters.all() if not chapter.done]:\n    found.append(book.pk)",
    ),
    "how many": (
        'found.append(book.chapters.filter(title="b").count())',
        'found.append(len([chapter for chapter in book.chapters.all() if chapter.title == "b"]))',
    ),
    "the first by key, where there is no order": (
        "found.append(book.chapters.first())",
        "found.append(min(book.chapters.all(), key=lambda chapter: chapter.pk, default=None))",
    ),
    "the last of some, by key": (
        "found.append(book.chapters.filter(done=True).last())",
        "found.append(max((chapter for chapter in book.chapters.all() if chapter.done), key=lambda chapter: chapter.pk, default=None))",
    ),
    "the first downwards is the greatest": (
        'found.append(book.chapters.order_by("-pk").first())',
        "found.append(max(book.chapters.all(), key=lambda chapter: chapter.pk, default=None))",
    ),
    "the last downwards is the least": (
        'found.append(book.chapters.order_by("-pk").last())',
        "found.append(min(book.chapters.all(), key=lambda chapter: chapter.pk, default=None))",
    ),
}


@pytest.mark.parametrize(("before", "after"), CURED.values(), ids=CURED.keys())
def test_the_prefetched_rows_give_the_same(tmp_path: Path, django: DjangoProcess, before: str, after: str) -> None:
    text = views(before)
    project = make_project(tmp_path, {"app/models.py": MODELS, "app/views.py": text})
    fixes = fixes_of(tmp_path, text)
    repaired = text
    assert None not in fixes
    edits = tuple(edit for fix in fixes if fix is not None for edit in fix.edits)
    repaired = fixed(project, Fix(Applicability.UNSAFE, "", edits), "app/views.py")
    assert repaired == views(after)
    # The editor of a row that is asked for is a query of its own, which is not this fix's business.
    joined = {
        name: body.replace('prefetch_related("chapters")', 'prefetch_related("chapters", "author")')
        for name, body in (("old", text), ("new", repaired))
    }
    assert_cured(django, joined["old"], joined["new"])


DECLINED = {
    "the queryset is kept": "chapters = book.chapters.filter(done=True)\nfound.append(chapters.count())",
    "the queryset is handed on": "found.append(use(book.chapters.filter(done=True)))",
    "a lookup that databases define": 'found.append(list(book.chapters.filter(title__icontains="a")))',
    "a lookup over a relation": 'found.append(list(book.chapters.filter(editor__name="a")))',
    "a value of unknown type": "found.append(list(book.chapters.filter(size=book.unknown)))",
    "a number as text": 'found.append(list(book.chapters.filter(size="1")))',
    "an order with NULLs": 'found.append(list(book.chapters.order_by("pages")))',
    "mixed directions": 'found.append(list(book.chapters.order_by("title", "-size")))',
    "a random order": 'found.append(list(book.chapters.order_by("?")))',
    "distinct rows": 'found.append(list(book.chapters.values_list("title", flat=True).distinct()))',
    "latest() raises where there is none": 'found.append(book.chapters.latest("size"))',
    "get() raises where there is none": "found.append(book.chapters.get(size=1))",
    "a comment would be lost": "found.append(list(\n    book.chapters\n    .filter(done=True)  # finished\n))",
}


@pytest.mark.parametrize("body", DECLINED.values(), ids=DECLINED.keys())
def test_no_fix_where_the_result_could_be_another(tmp_path: Path, body: str) -> None:
    assert fixes_of(tmp_path, views(body)) == [None]


def test_no_fix_where_the_prefetch_holds_some_rows_only(tmp_path: Path) -> None:
    text = """\
from django.db.models import Prefetch

from app.models import Book, Chapter


def answer():
    books = Book.objects.prefetch_related(Prefetch("chapters", queryset=Chapter.objects.filter(size=1)))
    return [[c.pk for c in book.chapters.filter(done=True)] for book in books]
"""
    assert fixes_of(tmp_path, text) == [None]
