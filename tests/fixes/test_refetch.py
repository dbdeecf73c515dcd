"""Helpers that fetch a row again by its key get the row itself: helper and all call sites, or nothing; on real Django."""
# ruff: noqa: E501

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from flake8_django_orm.findings import Applicability, Fix
from flake8_django_orm.fixes.refetch import pass_object
from flake8_django_orm.machine.events import Refetched
from tests.fixes.models import MODELS
from tests.fixes.proving import assert_cured
from tests.fixes.running import events, fixed, make_project
from tests.harness.django_process import DjangoProcess

IMPORTS = "from django.shortcuts import get_object_or_404\n\nfrom app.models import Author, Book\n"


def fixes_of(root: Path, files: Mapping[str, str]) -> list[Fix | None]:
    project = make_project(root, {"app/models.py": MODELS, **files})
    found = events(project, "app/views.py", Refetched)
    assert found, "nothing is fetched again"
    return list(dict.fromkeys(pass_object(project, event) for event in found))


def repaired(root: Path, views: str) -> str:
    text = IMPORTS + textwrap.dedent(views)
    (fix,) = fixes_of(root, {"app/views.py": text})
    assert fix is not None
    assert fix.applicability is Applicability.UNSAFE
    return fixed(make_project(root, {"app/views.py": text}), fix, "app/views.py")


REPAIRED = {
    "the statement that fetched goes, its name becomes the parameter": (
        '''
        def title_of(book_id):
            """The title of the book `book_id`."""
            book = Book.objects.get(id=book_id)

            return f"{book_id}: {book.title}"


        def answer():
            return [title_of(book.id) for book in Book.objects.order_by("pk")]
        ''',
        '''
        def title_of(book):
            """The title of the book `book`."""

            return f"{book.pk}: {book.title}"


        def answer():
            return [title_of(book) for book in Book.objects.order_by("pk")]
        ''',
    ),
    "an inline fetch becomes the parameter": (
        """
        def title_of(book_id: int) -> str:
            return get_object_or_404(Book, pk=book_id).title


        def answer():
            return [title_of(book_id=book.pk) for book in Book.objects.order_by("pk")]
        """,
        """
        def title_of(book: Book) -> str:
            return book.title


        def answer():
            return [title_of(book=book) for book in Book.objects.order_by("pk")]
        """,
    ),
    "a parameter called pk becomes the model's name": (
        """
        def title_of(prefix, pk):
            return prefix + Book.objects.get(pk=pk).title


        def answer():
            return [title_of("a ", book.pk) for book in Book.objects.order_by("pk")]
        """,
        """
        def title_of(prefix, book):
            return prefix + book.title


        def answer():
            return [title_of("a ", book) for book in Book.objects.order_by("pk")]
        """,
    ),
    "several call sites": (
        """
        def title_of(book_id):
            found = Book.objects.get(id=book_id)
            return found.title


        def first():
            book = Book.objects.order_by("pk").first()
            return title_of(book.id)


        def answer():
            return [first(), *(title_of(book.id) for book in Book.objects.order_by("pk"))]
        """,
        """
        def title_of(found):
            return found.title


        def first():
            book = Book.objects.order_by("pk").first()
            return title_of(book)


        def answer():
            return [first(), *(title_of(book) for book in Book.objects.order_by("pk"))]
        """,
    ),
    "a method": (
        """
        class Shop:
            def title_of(self, book_id):
                book = Book.objects.get(pk=book_id)
                return book.title

            def titles(self):
                return [self.title_of(book.pk) for book in Book.objects.order_by("pk")]


        def answer():
            return Shop().titles()
        """,
        """
        class Shop:
            def title_of(self, book):
                return book.title

            def titles(self):
                return [self.title_of(book) for book in Book.objects.order_by("pk")]


        def answer():
            return Shop().titles()
        """,
    ),
    "a static method": (
        """
        class Shop:
            @staticmethod
            def title_of(book_id):
                book = Book.objects.get(pk=book_id)
                return book.title


        def answer():
            return [Shop.title_of(book.pk) for book in Book.objects.order_by("pk")]
        """,
        """
        class Shop:
            @staticmethod
            def title_of(book):
                return book.title


        def answer():
            return [Shop.title_of(book) for book in Book.objects.order_by("pk")]
        """,
    ),
}


@pytest.mark.parametrize(("before", "after"), REPAIRED.values(), ids=REPAIRED.keys())
def test_the_helper_takes_the_object(tmp_path: Path, django: DjangoProcess, before: str, after: str) -> None:
    expected = IMPORTS + textwrap.dedent(after)
    assert repaired(tmp_path, before) == expected
    assert_cured(django, IMPORTS + textwrap.dedent(before), expected)


def test_async_code_loses_its_await(tmp_path: Path) -> None:
    before = """
        async def title_of(book_id):
            book = await Book.objects.aget(pk=book_id)
            return book.title


        async def short_title_of(book_id):
            return (await Book.objects.aget(pk=book_id)).title[:5]


        async def answer():
            return [await title_of(book.pk) async for book in Book.objects.order_by("pk")]


        async def short_answer():
            return [await short_title_of(book.pk) async for book in Book.objects.order_by("pk")]
        """
    text = IMPORTS + textwrap.dedent(before)
    project = make_project(tmp_path, {"app/models.py": MODELS, "app/views.py": text})
    first, second = [pass_object(project, event) for event in events(project, "app/views.py", Refetched)]
    assert "async def title_of(book):\n    return book.title\n" in fixed(project, first, "app/views.py")
    assert "return [await title_of(book) async for" in fixed(project, first, "app/views.py")
    assert "async def short_title_of(book):\n    return (book).title[:5]\n" in fixed(project, second, "app/views.py")


def test_call_sites_in_other_files_are_rewritten(tmp_path: Path) -> None:
    files = {
        "app/services.py": "from app.models import Book\n\n\ndef title_of(book_id: int):\n    book = Book.objects.get(pk=book_id)\n    return book.title\n",
        "app/views.py": "from app.models import Book\nfrom app.services import title_of\n\n\ndef answer():\n    return [title_of(book.pk) for book in Book.objects.all()]\n",
        "app/feeds.py": "from app import services\nfrom app.models import Book\n\n\ndef feed():\n    book = Book.objects.get(title='x')\n    return services.title_of(book.id)\n",
    }
    (fix,) = fixes_of(tmp_path, files)
    project = make_project(tmp_path, files)
    assert fixed(project, fix, "app/services.py").endswith("def title_of(book: Book):\n    return book.title\n")
    assert "[title_of(book) for book" in fixed(project, fix, "app/views.py")
    assert "services.title_of(book)\n" in fixed(project, fix, "app/feeds.py")


HELPER = """
        def title_of(book_id):
            book = Book.objects.get(pk=book_id)
            return book.title
"""
CALL = """

        def answer():
            return [title_of(book.pk) for book in Book.objects.all()]
"""

DECLINED = {
    "one caller has a key only": f"{HELPER}{CALL}\n\n        def view(request, pk):\n            return title_of(pk)\n",
    "one caller's object is not known to be a book": f"{HELPER}{CALL}\n\n        def view(form):\n            return title_of(form.id)\n",
    "the function is handed on": f"{HELPER}{CALL}\n\n        TABLE = {{'title': title_of}}\n",
    "arguments are unpacked": f"{HELPER}{CALL}\n\n        def view(keys):\n            return title_of(*keys)\n",
    "a decorator may do anything": HELPER.replace("def title_of", "@task\n        def title_of").replace(
        "\n        @task", "\n        def task(f):\n            return f\n\n\n        @task", 1
    )
    + CALL,
    "a missing row is expected": """
        def title_of(book_id):
            try:
                book = Book.objects.get(pk=book_id)
            except Book.DoesNotExist:
                return ""
            return book.title
"""
    + CALL,
    "the key has a default": HELPER.replace("(book_id)", "(book_id=None)") + CALL,
    "the key is changed": HELPER.replace("book = ", "book_id = int(book_id)\n            book = ") + CALL,
    "the new name is taken": HELPER.replace("(book_id)", "(book_id, book)").replace(
        "title_of(book.pk)", "title_of(book.pk, 1)"
    )
    + CALL.replace("(book.pk)", "(book.pk, 1)"),
    "a comment stands on the line that would go": HELPER.replace(
        "book_id)\n            return", "book_id)  # fresh\n            return"
    )
    + CALL,
    "nothing would be left": """
        def check(book_id):
            book = Book.objects.get(pk=book_id)
"""
    + CALL.replace("title_of", "check"),
}


@pytest.mark.parametrize("views", DECLINED.values(), ids=DECLINED.keys())
def test_no_fix_where_one_call_cannot_follow(tmp_path: Path, views: str) -> None:
    text = IMPORTS + textwrap.dedent(views)
    project = make_project(tmp_path, {"app/models.py": MODELS, "app/views.py": text})
    assert [pass_object(project, event) for event in events(project, "app/views.py", Refetched)] in ([], [None])
    compile(text, "views.py", "exec")


def test_a_method_of_a_view_may_be_called_by_django(tmp_path: Path) -> None:
    views = """
        from django.views import View

        class Page(View):
            def title_of(self, book_id):
                book = Book.objects.get(pk=book_id)
                return book.title

            def get(self, request):
                return [self.title_of(book.pk) for book in Book.objects.all()]
        """
    assert fixes_of(tmp_path, {"app/views.py": IMPORTS + textwrap.dedent(views)}) == [None]
