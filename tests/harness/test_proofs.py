"""The judge of proofs can say no: every mode passes what is true and fails what is not, on real Django."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.case_files import Case, read_case_file
from tests.harness.django_process import DjangoInterpreter, DjangoProcess, WorkerError, interpreters
from tests.harness.proofs import ProofFailed, check_proof, holds_on

MODELS = """\
from django.contrib.auth.models import User
from django.db import models

class Author(models.Model):
    name = models.CharField(max_length=20)
    user = models.ForeignKey(User, models.CASCADE, null=True)

class Book(models.Model):
    title = models.CharField(max_length=20)
    copies = models.IntegerField(default=0)
    author = models.ForeignKey(Author, models.CASCADE)
"""

PER_ROW = """\
from app.models import Book

def authors():
    return [book.author.name for book in Book.objects.all()]{mark}
"""
JOINED = """\
from app.models import Book

def authors():
    return [book.author.name for book in Book.objects.select_related("author")]
"""
OTHER_RESULT = """\
from app.models import Book

def authors():
    return [str(book.author_id) for book in Book.objects.all()]
"""
MAKE = """\
def make(n):
    for number in range(n):
        author = Author.objects.create(name=f"author {number}")
        Book.objects.create(title=f"book {number}", author=author)
"""
CALL = "def call():\n    return authors()\n"


@pytest.fixture(scope="module", params=interpreters(), ids=lambda one: one.id)
def django(request: pytest.FixtureRequest) -> Iterator[DjangoProcess]:
    with DjangoProcess(request.param.python) as process:
        yield process


def _case(directory: Path, views: str, proof: str, fixed: str = "") -> Case:
    """A case out of a views.py, a proof block and perhaps a fixed views.py."""
    blocks = [f"```py models.py\n{MODELS}```", f"```py\n{views}```", f"```py proof\n{proof}```"]
    if fixed:
        blocks.append(f"```py fixed\n{fixed}```")
    path = directory / "loading" / "a-rule.md"
    path.parent.mkdir()
    path.write_text("# DJQ101 a-rule\n\n## A case.\n" + "\n".join(blocks), encoding="utf-8")
    return read_case_file(path).cases[0]


FLAGGED = PER_ROW.format(mark="  # error: DJQ101")
SILENT = PER_ROW.format(mark="")


def test_a_flagged_form_grows_and_its_fix_does_not(tmp_path: Path, django: DjangoProcess) -> None:
    check_proof(_case(tmp_path, FLAGGED, MAKE + CALL, JOINED), django)


def test_a_flagged_form_that_does_not_grow_is_refused(tmp_path: Path, django: DjangoProcess) -> None:
    constant = JOINED.replace('"author")]', '"author")]  # error: DJQ101')
    with pytest.raises(ProofFailed, match="do not grow"):
        check_proof(_case(tmp_path, constant, MAKE + CALL), django)


def test_a_fix_that_does_not_help_is_refused(tmp_path: Path, django: DjangoProcess) -> None:
    with pytest.raises(ProofFailed, match="fixed form's queries are not constant"):
        check_proof(_case(tmp_path, FLAGGED, MAKE + CALL, SILENT), django)


def test_a_fix_that_changes_the_result_is_refused(tmp_path: Path, django: DjangoProcess) -> None:
    with pytest.raises(ProofFailed, match="different results"):
        check_proof(_case(tmp_path, FLAGGED, MAKE + CALL, OTHER_RESULT), django)


def test_a_proof_without_a_result_is_refused(tmp_path: Path, django: DjangoProcess) -> None:
    with pytest.raises(ProofFailed, match="nothing to compare"):
        check_proof(_case(tmp_path, FLAGGED, MAKE + "def call():\n    authors()\n", JOINED), django)


def test_a_silent_form_is_constant(tmp_path: Path, django: DjangoProcess) -> None:
    check_proof(_case(tmp_path, JOINED, MAKE + CALL), django)


def test_a_silent_form_that_grows_is_refused(tmp_path: Path, django: DjangoProcess) -> None:
    with pytest.raises(ProofFailed, match="silent form's queries are not constant"):
        check_proof(_case(tmp_path, SILENT, MAKE + CALL), django)


def test_fewer_compares_the_two_forms_at_each_size(tmp_path: Path, django: DjangoProcess) -> None:
    check_proof(_case(tmp_path, FLAGGED, "proof = 'fewer'\n" + MAKE + CALL, JOINED), django)


def test_fewer_refuses_an_equal_number(tmp_path: Path, django: DjangoProcess) -> None:
    with pytest.raises(ProofFailed, match="does not send fewer"):
        check_proof(_case(tmp_path, FLAGGED, "proof = 'fewer'\n" + MAKE + CALL, SILENT), django)


ASYNC = """\
from app.models import Book

async def authors():
    return [book.author.name async for book in Book.objects.all()]  # error: DJQ101
"""
ASYNC_JOINED = ASYNC.replace("all()", 'select_related("author")').replace("  # error: DJQ101", "")
ASYNC_CALL = "async def call():\n    return await authors()\n"


def test_raises_names_the_exception(tmp_path: Path, django: DjangoProcess) -> None:
    raises = "proof = 'raises'\nraises = 'SynchronousOnlyOperation'\n"
    check_proof(_case(tmp_path, ASYNC, raises + MAKE + ASYNC_CALL, ASYNC_JOINED), django)


def test_raises_refuses_what_does_not_raise(tmp_path: Path, django: DjangoProcess) -> None:
    with pytest.raises(ProofFailed, match="does not raise"):
        check_proof(_case(tmp_path, FLAGGED, "proof = 'raises'\n" + MAKE + CALL, JOINED), django)


IN_PYTHON = """\
from app.models import Book

def lend(pk):
    book = Book.objects.get(pk=pk)
    book.copies += 1{mark}
    book.save()
"""
IN_DATABASE = """\
from django.db.models import F

from app.models import Book

def lend(pk):
    book = Book.objects.get(pk=pk)
    book.copies = F("copies") + 1{mark}
    book.save()
"""
LEND = "proof = 'lost-update'\n" + MAKE + "def call():\n    lend(Book.objects.order_by('pk').first().pk)\n"


def test_a_lost_update_is_lost_and_its_fix_loses_none(tmp_path: Path, django: DjangoProcess) -> None:
    flagged = IN_PYTHON.format(mark="  # error: DJQ301")
    check_proof(_case(tmp_path, flagged, LEND, IN_DATABASE.format(mark="")), django)


def test_a_silent_form_loses_no_update(tmp_path: Path, django: DjangoProcess) -> None:
    check_proof(_case(tmp_path, IN_DATABASE.format(mark=""), LEND), django)


def test_a_flagged_form_that_loses_nothing_is_refused(tmp_path: Path, django: DjangoProcess) -> None:
    with pytest.raises(ProofFailed, match="no update is lost"):
        check_proof(_case(tmp_path, IN_DATABASE.format(mark="  # error: DJQ301"), LEND), django)


def test_a_fix_that_still_loses_an_update_is_refused(tmp_path: Path, django: DjangoProcess) -> None:
    flagged = IN_PYTHON.format(mark="  # error: DJQ301")
    with pytest.raises(ProofFailed, match="fixed form: an update is lost"):
        check_proof(_case(tmp_path, flagged, LEND, IN_PYTHON.format(mark="")), django)


def test_same_compares_the_rows_that_are_left(tmp_path: Path, django: DjangoProcess) -> None:
    same = LEND.replace("lost-update", "same").replace("    lend", "    return 1, lend")
    flagged = IN_PYTHON.format(mark="  # error: DJQ301")
    check_proof(_case(tmp_path, flagged, same, IN_DATABASE.format(mark="")), django)


def test_same_refuses_other_rows(tmp_path: Path, django: DjangoProcess) -> None:
    same = LEND.replace("lost-update", "same").replace("    lend", "    return 1, lend")
    flagged = IN_PYTHON.format(mark="  # error: DJQ301")
    with pytest.raises(ProofFailed, match="different rows"):
        check_proof(_case(tmp_path, flagged, same, IN_PYTHON.format(mark="").replace("+= 1", "+= 2")), django)


def test_code_that_does_not_run_is_told_with_its_traceback(tmp_path: Path, django: DjangoProcess) -> None:
    with pytest.raises(ProofFailed, match="ImportError: cannot import name 'Bok'"):
        check_proof(_case(tmp_path, "from app.models import Bok\n", MAKE + CALL), django)


def test_printing_does_not_disturb_the_worker(tmp_path: Path, django: DjangoProcess) -> None:
    check_proof(_case(tmp_path, JOINED, MAKE + CALL.replace("():\n", "():\n    print('hello')\n")), django)


def test_a_case_leaves_nothing_behind(tmp_path: Path, django: DjangoProcess) -> None:
    """The user model of one case has no relation that only another case declared."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    check_proof(_case(tmp_path / "one", JOINED, MAKE + CALL), django)
    views = "from django.contrib.auth.models import User\n"
    proof = "def make(n): ...\ndef call():\n    return [hasattr(User, 'author_set'), Book.__name__]\n"
    case = _case(tmp_path / "two", views, proof)
    without = {**case.texts(), "app/models.py": "class Book: ...\n"}
    answer = django.measure(without, proof, (1, 2))
    assert [run["result"] for run in answer["runs"]] == [[False, "Book"]] * 2


def test_a_job_that_ends_the_process_is_an_error_and_the_next_one_runs(tmp_path: Path, django: DjangoProcess) -> None:
    with pytest.raises(WorkerError, match="no answer"):
        django.measure({"app/models.py": "import os; os._exit(1)\n"}, MAKE + CALL, (1, 2))
    check_proof(_case(tmp_path, JOINED, MAKE + CALL), django)


def test_options_bound_the_versions_of_a_proof(tmp_path: Path) -> None:
    path = tmp_path / "loading" / "a-rule.md"
    path.parent.mkdir()
    path.write_text(
        "# DJQ101 a-rule\n\n## A.\n> proof-on: django>=6.0, django<6.2, sqlite\n```py\n```\n",
        encoding="utf-8",
    )
    case = read_case_file(path).cases[0]
    answers = [holds_on(case, DjangoInterpreter("", version)) for version in [(5, 2), (6, 0), (6, 1), (6, 2)]]
    assert answers == [False, True, True, False]
    assert not holds_on(case, DjangoInterpreter("", (6, 0)), "postgresql")
