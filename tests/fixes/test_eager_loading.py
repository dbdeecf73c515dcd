"""Eager loading added to a queryset: where the call goes, how it is merged, when none is made; proven on Django."""
# ruff: noqa: E501

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from flake8_django_orm.findings import Applicability, Fix
from flake8_django_orm.fixes.eager_loading import add_loading, describe_loading, loading_place
from flake8_django_orm.machine.events import MissingLoading
from tests.fixes.models import MODELS
from tests.fixes.proving import assert_cured
from tests.fixes.running import events, fixed, make_project
from tests.harness.django_process import DjangoProcess

IMPORTS = """
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404

from app.models import Author, Book, Chapter, Note
"""


def views(text: str) -> str:
    return IMPORTS + "\n" + textwrap.dedent(text)


def fixes_of(root: Path, text: str) -> list[Fix | None]:
    """The fix of each queryset of the views that lacks loading."""
    project = make_project(root, {"app/models.py": MODELS, "app/views.py": text})
    found = [add_loading(project, e.origin, e.all_paths) for e in events(project, "app/views.py", MissingLoading)]
    assert found, "no eager loading is missing"
    return list(dict.fromkeys(found))


def repaired(root: Path, text: str) -> str:
    """The views after the one fix for them."""
    (fix,) = fixes_of(root, text)
    project = make_project(root, {"app/models.py": MODELS, "app/views.py": text})
    return fixed(project, fix, "app/views.py")


CURED = {
    "a call is appended to a chain on one line": (
        """
        def answer():
            return [book.author.name for book in Book.objects.order_by("pk")]
        """,
        """
        def answer():
            return [book.author.name for book in Book.objects.order_by("pk").select_related("author")]
        """,
    ),
    "a manager becomes a queryset": (
        """
        def answer():
            return sorted(book.author.name for book in Book.objects.all())
        """,
        """
        def answer():
            return sorted(book.author.name for book in Book.objects.all().select_related("author"))
        """,
    ),
    "a chain with one link a line gets a line for each call, comments stay where they are": (
        """
        def answer():
            books = (
                Book.objects
                .filter(published=True)  # the others are drafts
                .order_by("pk")  # oldest first
            )
            return [(b.author.publisher.name, [c.editor.name for c in b.chapters.all()]) for b in books]
        """,
        """
        def answer():
            books = (
                Book.objects
                .filter(published=True)  # the others are drafts
                .order_by("pk")  # oldest first
                .select_related("author__publisher")
                .prefetch_related("chapters__editor")
            )
            return [(b.author.publisher.name, [c.editor.name for c in b.chapters.all()]) for b in books]
        """,
    ),
    "backslashes go on": (
        """
        def answer():
            books = Book.objects \\
                .filter(published=True) \\
                .order_by("pk")
            return [b.author.name for b in books]
        """,
        """
        def answer():
            books = Book.objects \\
                .filter(published=True) \\
                .order_by("pk") \\
                .select_related("author")
            return [b.author.name for b in books]
        """,
    ),
    "the call goes before a slice": (
        """
        def answer():
            return [b.author.name for b in Book.objects.order_by("pk")[:100]]
        """,
        """
        def answer():
            return [b.author.name for b in Book.objects.order_by("pk").select_related("author")[:100]]
        """,
    ),
    "a slice on a later line leaves the call at the end of the chain": (
        """
        def answer():
            books = Book.objects.order_by("pk")
            return [b.author.name for b in books[:100]]
        """,
        """
        def answer():
            books = Book.objects.order_by("pk").select_related("author")
            return [b.author.name for b in books[:100]]
        """,
    ),
    "names are merged into select_related(), in the quotes used there": (
        """
        def answer():
            return [(b.author.name, b.shelf_id) for b in Book.objects.select_related('editor')]
        """,
        """
        def answer():
            return [(b.author.name, b.shelf_id) for b in Book.objects.select_related('editor', 'author')]
        """,
    ),
    "names are merged one a line": (
        """
        def answer():
            books = Book.objects.select_related(
                "editor",  # may be missing
            ).order_by("pk")
            return [(b.author.name) for b in books]
        """,
        """
        def answer():
            books = Book.objects.select_related(
                "editor",  # may be missing
                "author",
            ).order_by("pk")
            return [(b.author.name) for b in books]
        """,
    ),
    "names are merged one a line without a last comma": (
        """
        def answer():
            books = Book.objects.select_related(
                "editor"  # may be missing
            ).order_by("pk")
            return [(b.author.name) for b in books]
        """,
        """
        def answer():
            books = Book.objects.select_related(
                "editor",  # may be missing
                "author"
            ).order_by("pk")
            return [(b.author.name) for b in books]
        """,
    ),
    "a path below a joined relation is joined": (
        """
        def answer():
            return [b.author.publisher.name for b in Book.objects.select_related("author")]
        """,
        """
        def answer():
            return [b.author.publisher.name for b in Book.objects.select_related("author", "author__publisher")]
        """,
    ),
    "a path below a prefetched relation is prefetched": (
        """
        def answer():
            return [b.author.publisher.name for b in Book.objects.prefetch_related("author")]
        """,
        """
        def answer():
            return [b.author.publisher.name for b in Book.objects.prefetch_related("author", "author__publisher")]
        """,
    ),
    "a reverse one-to-one relation is joined": (
        """
        def answer():
            return [a.profile.text for a in Author.objects.exclude(profile=None).order_by("pk")]
        """,
        """
        def answer():
            return [a.profile.text for a in Author.objects.exclude(profile=None).order_by("pk").select_related("profile")]
        """,
    ),
    "a generic foreign key is prefetched": (
        """
        def answer():
            return [note.subject.pk for note in Note.objects.order_by("pk")]
        """,
        """
        def answer():
            return [note.subject.pk for note in Note.objects.order_by("pk").prefetch_related("subject")]
        """,
    ),
    "rows of raw SQL are prefetched, they cannot be joined": (
        """
        def answer():
            return [b.author.name for b in Book.objects.raw("select * from app_book order by id")]
        """,
        """
        def answer():
            return [b.author.name for b in Book.objects.raw("select * from app_book order by id").prefetch_related("author")]
        """,
    ),
    "what hangs below a generic relation is prefetched": (
        """
        def answer():
            return [[n.writer.name for n in b.notes.all()] for b in Book.objects.all()]
        """,
        """
        def answer():
            return [[n.writer.name for n in b.notes.all()] for b in Book.objects.all().prefetch_related("notes__writer")]
        """,
    ),
    "a target with a base manager of its own is prefetched, for a join would pass that manager by": (
        """
        def answer():
            return [book.shelf.name for book in Book.objects.order_by("pk")]
        """,
        """
        def answer():
            return [book.shelf.name for book in Book.objects.order_by("pk").prefetch_related("shelf")]
        """,
    ),
    "a relation of the rows of a Prefetch goes into its queryset": (
        """
        def answer():
            books = Book.objects.prefetch_related(
                Prefetch("chapters", queryset=Chapter.objects.filter(done=True).order_by("pk")),
            )
            return [[chapter.editor.name for chapter in book.chapters.all()] for book in books]
        """,
        """
        def answer():
            books = Book.objects.prefetch_related(
                Prefetch("chapters", queryset=Chapter.objects.filter(done=True).order_by("pk").select_related("editor")),
            )
            return [[chapter.editor.name for chapter in book.chapters.all()] for book in books]
        """,
    ),
    "behind a Prefetch whose queryset is made elsewhere a plain path follows": (
        """
        def done():
            return Chapter.objects.filter(done=True).order_by("pk")


        def answer():
            books = Book.objects.prefetch_related(Prefetch("chapters", queryset=done()))
            return [[chapter.editor.name for chapter in book.chapters.all()] for book in books]
        """,
        """
        def done():
            return Chapter.objects.filter(done=True).order_by("pk")


        def answer():
            books = Book.objects.prefetch_related(Prefetch("chapters", queryset=done()), "chapters__editor")
            return [[chapter.editor.name for chapter in book.chapters.all()] for book in books]
        """,
    ),
    "a path goes through the to_attr of a Prefetch": (
        """
        def done():
            return Chapter.objects.filter(done=True).order_by("pk")


        def answer():
            books = Book.objects.prefetch_related(Prefetch("chapters", queryset=done(), to_attr="ready"))
            return [[chapter.editor.name for chapter in book.ready] for book in books]
        """,
        """
        def done():
            return Chapter.objects.filter(done=True).order_by("pk")


        def answer():
            books = Book.objects.prefetch_related(Prefetch("chapters", queryset=done(), to_attr="ready"), "ready__editor")
            return [[chapter.editor.name for chapter in book.ready] for book in books]
        """,
    ),
    "only() gets the key that a join needs": (
        """
        def answer():
            return [b.author.name for b in Book.objects.only("title")]
        """,
        """
        def answer():
            return [b.author.name for b in Book.objects.only("title", "author").select_related("author")]
        """,
    ),
    "only() that names the key keeps as it is": (
        """
        def answer():
            return [b.author.name for b in Book.objects.only("title", "author")]
        """,
        """
        def answer():
            return [b.author.name for b in Book.objects.only("title", "author").select_related("author")]
        """,
    ),
    "only() of one column of the relation would thin out a join, so it is prefetched": (
        """
        def answer():
            books = Book.objects.only("title", "author__name")
            return [(b.author.name, b.author.publisher_id) for b in books]
        """,
        """
        def answer():
            books = Book.objects.only("title", "author__name").prefetch_related("author")
            return [(b.author.name, b.author.publisher_id) for b in books]
        """,
    ),
    "only() on a joined relation gets the key below it": (
        """
        def answer():
            books = Book.objects.select_related("author").only("title", "author__name")
            return [(b.author.name, b.author.publisher.name) for b in books]
        """,
        """
        def answer():
            books = Book.objects.select_related("author", "author__publisher").only("title", "author__name", "author__publisher")
            return [(b.author.name, b.author.publisher.name) for b in books]
        """,
    ),
    "beside only() a reverse one-to-one relation is prefetched: Django would take it for deferred": (
        """
        def answer():
            authors = Author.objects.filter(profile__isnull=False).only("name")
            return [author.profile.text for author in authors]
        """,
        """
        def answer():
            authors = Author.objects.filter(profile__isnull=False).only("name").prefetch_related("profile")
            return [author.profile.text for author in authors]
        """,
    ),
    "only() gets both keys of a generic foreign key": (
        """
        def answer():
            return [note.subject.pk for note in Note.objects.only("text")]
        """,
        """
        def answer():
            return [note.subject.pk for note in Note.objects.only("text", "content_type", "object_id").prefetch_related("subject")]
        """,
    ),
    "iterator() gets the chunk size without which it refuses a prefetch": (
        """
        def answer():
            return [len(book.chapters.all()) for book in Book.objects.order_by("pk").iterator()]
        """,
        """
        def answer():
            return [len(book.chapters.all()) for book in Book.objects.order_by("pk").prefetch_related("chapters").iterator(chunk_size=2000)]
        """,
    ),
    "locked rows are not joined to others: these would be locked as well": (
        """
        from django.db import transaction


        def answer():
            with transaction.atomic():
                return [b.author.name for b in Book.objects.select_for_update()]
        """,
        """
        from django.db import transaction


        def answer():
            with transaction.atomic():
                return [b.author.name for b in Book.objects.select_for_update().prefetch_related("author")]
        """,
    ),
    "a queryset built on two ways is edited where both begin": (
        """
        def books_of(published=None):
            books = Book.objects.order_by("pk")
            if published:
                books = books.filter(published=True)
            return [book.author.name for book in books]


        def answer():
            return books_of(True)
        """,
        """
        def books_of(published=None):
            books = Book.objects.order_by("pk").select_related("author")
            if published:
                books = books.filter(published=True)
            return [book.author.name for book in books]


        def answer():
            return books_of(True)
        """,
    ),
    "a queryset method of the project stays as it is": (
        """
        def answer():
            return [b.author.name for b in Book.objects.published().cheap()]
        """,
        """
        def answer():
            return [b.author.name for b in Book.objects.published().cheap().select_related("author")]
        """,
    ),
    "select_related(None) stays last of its kind": (
        """
        def answer():
            return [b.author.name for b in Book.objects.select_related("author").select_related(None)]
        """,
        """
        def answer():
            return [b.author.name for b in Book.objects.select_related("author").select_related(None).select_related("author")]
        """,
    ),
    "a model class that a shortcut fetches from becomes a queryset": (
        """
        from django.shortcuts import get_list_or_404


        def answer():
            return [b.author.name for b in get_list_or_404(Book, published=True)]
        """,
        """
        from django.shortcuts import get_list_or_404


        def answer():
            return [b.author.name for b in get_list_or_404(Book.objects.select_related("author"), published=True)]
        """,
    ),
    "a queryset that a shortcut fetches from": (
        """
        from django.shortcuts import get_list_or_404


        def answer():
            return [b.author.name for b in get_list_or_404(Book.objects, published=True)]
        """,
        """
        from django.shortcuts import get_list_or_404


        def answer():
            return [b.author.name for b in get_list_or_404(Book.objects.select_related("author"), published=True)]
        """,
    ),
    "the rows of a related manager": (
        """
        def answer():
            author = get_object_or_404(Author, name="author 1")
            Book.objects.update(author=author)
            return [b.editor.name for b in author.books.filter(editor__isnull=False)]
        """,
        """
        def answer():
            author = get_object_or_404(Author, name="author 1")
            Book.objects.update(author=author)
            return [b.editor.name for b in author.books.filter(editor__isnull=False).select_related("editor")]
        """,
    ),
}


@pytest.mark.parametrize(("before", "after"), CURED.values(), ids=CURED.keys())
def test_loading_is_added_and_cures(tmp_path: Path, django: DjangoProcess, before: str, after: str) -> None:
    assert repaired(tmp_path, views(before)) == views(after)
    assert_cured(django, views(before), views(after))


DECLINED = {
    "a bare select_related() would lose what it joins": """
        def answer():
            return [book.editor for book in Book.objects.select_related()]
        """,
    "the rows of a union": """
        def answer():
            return [b.author for b in Book.objects.filter(copies=1).union(Book.objects.filter(copies=2))]
        """,
    "the key is deferred": """
        def answer():
            return [b.author for b in Book.objects.defer("author")]
        """,
    "on another way a Prefetch object of the same relation follows, which must come first": """
        def ready():
            return Chapter.objects.filter(done=True)


        def answer(hidden):
            books = Book.objects.all()
            if hidden:
                books = books.prefetch_related(Prefetch("chapters", queryset=ready()))
            for book in books:
                for chapter in book.chapters.all():
                    print(chapter.editor.name)
        """,
    "on another way only() would defer the joined key": """
        def answer(short):
            books = Book.objects.all()
            if short:
                books = books.only("title")
                return [book.title for book in books]
            return [book.author.name for book in books]
        """,
    "on another way the queryset becomes part of a union": """
        def answer(short):
            books = Book.objects.filter(copies=1)
            if short:
                books = books.union(Book.objects.filter(copies=2))
                return [book.title for book in books]
            return [book.author.name for book in books]
        """,
}


@pytest.mark.parametrize("text", DECLINED.values(), ids=DECLINED.keys())
def test_no_fix_where_none_is_sound(tmp_path: Path, text: str) -> None:
    assert fixes_or_silence(tmp_path, views(text)) <= {None}


def fixes_or_silence(root: Path, text: str) -> set[Fix | None]:
    """The fixes of what is missing, if anything is reported; the words for a message are always there."""
    project = make_project(root, {"app/models.py": MODELS, "app/views.py": text})
    found = events(project, "app/views.py", MissingLoading)
    assert all(describe_loading(project, event.origin, event.all_paths) for event in found)
    return {add_loading(project, event.origin, event.all_paths) for event in found}


def test_windows_line_ends_are_kept(tmp_path: Path) -> None:
    text = views(CURED["a chain with one link a line gets a line for each call, comments stay where they are"][0])
    project = make_project(tmp_path, {"app/models.py": MODELS, "app/views.py": text.replace("\n", "\r\n")})
    event = events(project, "app/views.py", MissingLoading)[0]
    after = fixed(project, add_loading(project, event.origin, event.all_paths), "app/views.py")
    assert '\r\n        .select_related("author__publisher")\r\n' in after
    assert after.count("\n") == after.count("\r\n")


def test_a_fix_in_the_root_is_safe_one_in_a_helper_is_not(tmp_path: Path) -> None:
    text = views(
        """
        def books():
            return Book.objects.order_by("pk")


        def own():
            return [book.author.name for book in Book.objects.all()]


        def other():
            return [book.author.name for book in books()]
        """
    )
    own, other = fixes_of(tmp_path, text)
    assert own is not None
    assert own.applicability is Applicability.SAFE
    assert other is not None
    assert other.applicability is Applicability.UNSAFE


def test_message_and_description_agree(tmp_path: Path) -> None:
    text = views(
        """
        def answer():
            for book in Book.objects.select_related("editor"):
                print(book.author.name, book.chapters.all()[0])
        """
    )
    project = make_project(tmp_path, {"app/models.py": MODELS, "app/views.py": text})
    event = events(project, "app/views.py", MissingLoading)[0]
    fix = add_loading(project, event.origin, event.all_paths)
    assert fix is not None
    assert fix.message == 'Add "author" to select_related() and prefetch_related("chapters")'
    words = describe_loading(project, event.origin, event.all_paths)
    assert words == 'select_related("author").prefetch_related("chapters")'
    place = loading_place(project, event.origin)
    assert place is not None
    assert text[slice(*place.span)] == 'Book.objects.select_related("editor")'
