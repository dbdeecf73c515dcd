"""F() expressions for sums done in Python: what is written, what is refreshed, when nothing is done; on real Django."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from flake8_django_orm.findings import Fix
from flake8_django_orm.fixes.expressions import use_expression, use_expression_in_update
from flake8_django_orm.machine.events import RowSaved, RowsUpdated
from flake8_django_orm.machine.values import Constant
from tests.fixes.models import MAKE, MODELS
from tests.fixes.running import events, fixed, make_project
from tests.harness.django_process import DjangoProcess

IMPORTS = "from django.shortcuts import get_object_or_404\n\nfrom app.models import Book\n"
IMPORTS_AFTER = (
    "from django.db.models import F\nfrom django.shortcuts import get_object_or_404\n\nfrom app.models import Book\n"
)
PROOF = MAKE + "\ndef call():\n    return answer()\n"


def fixes_of(root: Path, views: str) -> list[Fix | None]:
    project = make_project(root, {"app/models.py": MODELS, "app/views.py": IMPORTS + textwrap.dedent(views)})
    saved = events(project, "app/views.py", RowSaved)
    changes = [change for event in saved for change in event.changes if not isinstance(change.value, Constant)]
    assert changes, "no column is changed"
    return [use_expression(project, change) for change in changes]


def repaired(root: Path, views: str) -> str:
    (fix,) = fixes_of(root, views)
    project = make_project(root, {"app/models.py": MODELS, "app/views.py": IMPORTS + textwrap.dedent(views)})
    return fixed(project, fix, "app/views.py")


REPAIRED = {
    "an augmented assignment": (
        """
        def answer():
            book = get_object_or_404(Book, title="book 1")
            book.copies += 1
            book.save()
        """,
        """
        def answer():
            book = get_object_or_404(Book, title="book 1")
            book.copies = F("copies") + 1
            book.save()
        """,
    ),
    "an assignment": (
        """
        def answer(amount=2):
            book = Book.objects.get(title="book 1")
            book.copies = book.copies - amount
            book.save(update_fields=["copies"])
        """,
        """
        def answer(amount=2):
            book = Book.objects.get(title="book 1")
            book.copies = F("copies") - amount
            book.save(update_fields=["copies"])
        """,
    ),
    "the column on the right": (
        """
        def answer():
            book = Book.objects.get(title='book 1')
            book.copies = 10 - book.copies
            book.save()
        """,
        """
        def answer():
            book = Book.objects.get(title='book 1')
            book.copies = 10 - F('copies')
            book.save()
        """,
    ),
    "an operand that needs parentheses, with its comment": (
        """
        def answer(a=1, b=2):
            book = Book.objects.get(title="book 1")
            book.copies -= a + b  # both
            book.save()
        """,
        """
        def answer(a=1, b=2):
            book = Book.objects.get(title="book 1")
            book.copies = F("copies") - (a + b)  # both
            book.save()
        """,
    ),
    "operands that need none": (
        """
        def answer(a=1, b=2):
            book = Book.objects.get(title="book 1")
            book.copies *= (a + b)
            book.save()
        """,
        """
        def answer(a=1, b=2):
            book = Book.objects.get(title="book 1")
            book.copies = F("copies") * (a + b)
            book.save()
        """,
    ),
    "a row that others see is refreshed after it is saved": (
        """
        def answer():
            book = Book.objects.get(title="book 1")
            book.copies += 1
            book.code = "x"
            book.save()  # now
            return book
        """,
        """
        def answer():
            book = Book.objects.get(title="book 1")
            book.copies = F("copies") + 1
            book.code = "x"
            book.save()  # now
            book.refresh_from_db(fields=["copies"])
            return book
        """,
    ),
    "a parameter is seen by the caller": (
        """
        def lend(book: Book):
            book.copies -= 1
            book.save()


        def answer():
            lend(Book.objects.get(title="book 1"))
        """,
        """
        def lend(book: Book):
            book.copies = F("copies") - 1
            book.save()
            book.refresh_from_db(fields=["copies"])


        def answer():
            lend(Book.objects.get(title="book 1"))
        """,
    ),
    "what is refreshed already is not refreshed again": (
        """
        def answer():
            book = Book.objects.get(title="book 1")
            book.copies += 1
            book.save()
            book.refresh_from_db()
            return book
        """,
        """
        def answer():
            book = Book.objects.get(title="book 1")
            book.copies = F("copies") + 1
            book.save()
            book.refresh_from_db()
            return book
        """,
    ),
    "other attributes may be read": (
        """
        def answer():
            book = Book.objects.get(title="book 1")
            if book is None:
                return ""
            book.copies += 1
            book.save()
            return book.title
        """,
        """
        def answer():
            book = Book.objects.get(title="book 1")
            if book is None:
                return ""
            book.copies = F("copies") + 1
            book.save()
            return book.title
        """,
    ),
    "in async code": (
        """
        async def answer():
            book = await Book.objects.aget(title="book 1")
            book.copies += 1
            await book.asave()
            return book
        """,
        """
        async def answer():
            book = await Book.objects.aget(title="book 1")
            book.copies = F("copies") + 1
            await book.asave()
            await book.arefresh_from_db(fields=["copies"])
            return book
        """,
    ),
}


@pytest.mark.parametrize(("before", "after"), REPAIRED.values(), ids=REPAIRED.keys())
def test_the_sum_moves_into_the_database(tmp_path: Path, django: DjangoProcess, before: str, after: str) -> None:
    before, after = textwrap.dedent(before), textwrap.dedent(after)
    texts = {"before": IMPORTS + before, "after": IMPORTS_AFTER + after}
    assert repaired(tmp_path, before) == texts["after"]
    answers = {
        name: django.race({"app/models.py": MODELS, "app/views.py": text}, PROOF, (3,)) for name, text in texts.items()
    }
    for name, answer in answers.items():
        assert "error" not in answer, (name, answer["error"])
        assert answer["in turn"]["raised"] is None, answer
    states = {name: (answer["in turn"]["state"], answer["raced"]["state"]) for name, answer in answers.items()}
    assert states["before"][0] == states["after"][0], "the expression does the same sum"
    if "await" not in before:  # coroutines are not raced: they run one after the other
        assert states["before"][0] != states["before"][1], "an update was lost"
    assert states["after"][0] == states["after"][1], "and is no more"


DECLINED = {
    "the old value is tested": """
        def answer():
            book = Book.objects.get(title="book 1")
            if book.copies > 0:
                book.copies -= 1
                book.save()
        """,
    "the new value is read": """
        def answer():
            book = Book.objects.get(title="book 1")
            book.copies += 1
            book.save()
            return book.copies
        """,
    "a division of integers": """
        def answer():
            book = Book.objects.get(title="book 1")
            book.copies = book.copies / 2
            book.save()
        """,
    "an integer and a fraction": """
        def answer():
            book = Book.objects.get(title="book 1")
            book.copies *= 1.5
            book.save()
        """,
    "an operator that databases do not share": """
        def answer():
            book = Book.objects.get(title="book 1")
            book.copies //= 2
            book.save()
        """,
    "the operand reads the column as well": """
        def answer():
            book = Book.objects.get(title="book 1")
            book.copies += max(1, book.copies)
            book.save()
        """,
    "a text": """
        def answer():
            book = Book.objects.get(title="book 1")
            book.title += "!"
            book.save()
        """,
    "a row of a list that is used afterwards, once per row": """
        def answer():
            books = list(Book.objects.all())
            for book in books:
                book.copies += 1
                book.save()
            return books
        """,
    "a row that is handed on, and saved out of sight": """
        def answer():
            book = Book.objects.get(title="book 1")
            book.copies += 1
            with open("x"):
                book.save()
            return book
        """,
}


@pytest.mark.parametrize("views", DECLINED.values(), ids=DECLINED.keys())
def test_nothing_is_done_where_the_code_would_meet_the_expression(tmp_path: Path, views: str) -> None:
    assert fixes_of(tmp_path, views) == [None]


def test_an_argument_of_update(tmp_path: Path) -> None:
    views = """
        def answer():
            book = Book.objects.get(title="book 1")
            Book.objects.filter(pk=book.pk).update(copies=book.copies + 1, title="x")
    """
    project = make_project(tmp_path, {"app/models.py": MODELS, "app/views.py": IMPORTS + textwrap.dedent(views)})
    (event,) = events(project, "app/views.py", RowsUpdated)
    fixes = [use_expression_in_update(project, argument) for argument in event.values]
    assert fixes[1] is None
    after = fixed(project, fixes[0], "app/views.py")
    assert '.update(copies=F("copies") + 1, title="x")' in after
    assert after.startswith("from django.db.models import F\n")
