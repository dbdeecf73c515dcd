"""The output formats, on findings made by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from flake8_django_orm.findings import Applicability, Edit, Finding, Fix, Location, Related
from flake8_django_orm.output import formats
from flake8_django_orm.output.report import Report
from flake8_django_orm.source import SourceFile, make_source

VIEWS = """\
from shop.models import Book


def index(request):
    books = Book.objects.all()
    for book in books:
        print(book.author.name)
"""


def place(text: str, part: str) -> tuple[Location, Location]:
    source = make_source(text, Path("x.py"))
    start = text.index(part)
    return source.location(start), source.location(start + len(part))


def finding(
    text: str,
    part: str,
    path: str,
    fix: Fix | None = None,
    related: tuple[Related, ...] = (),
    message: str = "every Book row reads author with a query of its own",
) -> Finding:
    start, end = place(text, part)
    return Finding(
        "DJQ101", "missing-select-related", message, path, start, end, fix, "shop.Book", ("author",), related
    )


def fix(text: str, path: str, applicability: Applicability = Applicability.SAFE) -> Fix:
    start = text.index(".all()")
    return Fix(
        applicability, 'add select_related("author")', (Edit(path, start, start + 6, '.select_related("author")'),)
    )


def shown(name: str, findings: list[Finding], files: Mapping[str, str], **options: bool) -> str:
    def source(path: str) -> SourceFile | None:
        return make_source(files[path], Path(path)) if path in files else None

    report = Report(findings, source, lambda finding: finding.start.row, **options)
    return "".join(formats()[name](report))


@pytest.fixture
def views(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return str(tmp_path / "shop" / "views.py")


def test_formats_are_found_by_discovery() -> None:
    assert {"text", "concise", "json"} <= set(formats())


def test_text_shows_the_place_the_related_places_and_the_fix(views: str) -> None:
    start, end = place(VIEWS, "Book.objects.all()")
    related = (Related(views, start, end, "the queryset is built here"),)
    one = finding(VIEWS, "book.author", views, fix(VIEWS, views), related)
    assert shown("text", [one], {views: VIEWS}) == (
        """\
shop/views.py:7:15: DJQ101 [*] every Book row reads author with a query of its own
  |
5 |     books = Book.objects.all()
6 |     for book in books:
7 |         print(book.author.name)
  |               ^^^^^^^^^^^
  |
  = the queryset is built here at shop/views.py:5:13
  |
5 |     books = Book.objects.all()
  |             ------------------
  |
help: add select_related("author")
4 | def index(request):
  -     books = Book.objects.all()
5 +     books = Book.objects.select_related("author")
6 |     for book in books:

Found 1 error.
[*] 1 fixable with --fix.
"""
    )


def test_text_shows_a_shared_fix_once(views: str) -> None:
    shared = fix(VIEWS, views, Applicability.UNSAFE)
    findings = [finding(VIEWS, "book.author", views, shared), finding(VIEWS, "author.name", views, shared)]
    out = shown("text", findings, {views: VIEWS})
    assert out.count('select_related("author")\n6 |') == 1
    assert "(the same fix as for DJQ101 at shop/views.py:7:15)" in out
    assert "this fix is unsafe" in out
    assert out.endswith("Found 2 errors.\n2 fixable with --fix --unsafe-fixes.\n")


def test_text_shows_the_other_file_that_a_fix_edits(views: str, tmp_path: Path) -> None:
    managers = str(tmp_path / "shop" / "managers.py")
    text = "books = Book.objects.all()\n"
    out = shown("text", [finding(VIEWS, "book.author", views, fix(text, managers))], {views: VIEWS, managers: text})
    assert (
        '  --> shop/managers.py\n  - books = Book.objects.all()\n1 + books = Book.objects.select_related("author")\n'
        in out
    )


def test_text_underlines_by_terminal_cells(views: str) -> None:
    """Tabs are shown as four spaces, a wide character takes two cells, an accent of its own takes none."""
    text = 'if x:\n\ty = "漢e\u0301", f(x)\n'
    out = shown("text", [finding(text, "f(x)", views)], {views: text})
    row, underline = (line.split("| ", 1)[1] for line in out.splitlines()[3:5])
    assert row == '    y = "漢e\u0301", f(x)'
    assert underline == " " * 15 + "^^^^"


def test_text_shows_a_part_of_a_very_long_line(views: str) -> None:
    text = "x = [" + "1, " * 5000 + "here" + ", 1" * 5000 + "]\n"
    lines = shown("text", [finding(text, "here", views)], {views: text}).splitlines()
    assert all(len(line) < 200 for line in lines)
    assert lines[3].index("^^^^") == lines[2].index("here")


def test_text_shows_the_ends_of_a_very_tall_place(views: str) -> None:
    text = "x = (\n" + "    1 +\n" * 50 + "    0)\n"
    out = shown("text", [finding(text, text[4:-1], views)], {views: text})
    assert len(out.splitlines()) < 30
    assert "\n 1 | x = (\n" in out
    assert "\n52 |     0)\n" in out


def test_no_format_passes_control_characters_to_the_terminal(views: str) -> None:
    text = 'x = "\x1b[31m", here\n'
    one = finding(text, "here", views, message="a \x1b[2J message\nof two lines")
    for name in formats():
        assert "\x1b" not in shown(name, [one], {views: text})
    assert len(shown("concise", [one], {views: text}).splitlines()) == 2


def test_text_has_colour_if_wanted(views: str) -> None:
    out = shown("text", [finding(VIEWS, "book.author", views)], {views: VIEWS}, color=True)
    assert "\x1b[1;31mDJQ101\x1b[0m" in out


def test_a_file_that_is_gone_does_not_hide_its_finding(views: str) -> None:
    assert shown("text", [finding(VIEWS, "book.author", views)], {}).startswith("shop/views.py:7:15: DJQ101 every")


def test_concise_is_one_line_a_finding(views: str) -> None:
    findings = [finding(VIEWS, "book.author", views), finding(VIEWS, "Book", "/somewhere/else.py")]
    assert shown("concise", findings, {views: VIEWS}).splitlines() == [
        "shop/views.py:7:15: DJQ101 every Book row reads author with a query of its own",
        "/somewhere/else.py:1:25: DJQ101 every Book row reads author with a query of its own",
        "Found 2 errors.",
    ]


def test_json_has_the_schema_of_ruff_and_what_is_ours(views: str) -> None:
    start, end = place(VIEWS, "Book.objects.all()")
    related = (Related(views, start, end, "the queryset is built here"),)
    one = finding(VIEWS, "book.author", views, fix(VIEWS, views), related)
    assert json.loads(shown("json", [one], {views: VIEWS})) == [
        {
            "cell": None,
            "code": "DJQ101",
            "name": "missing-select-related",
            "message": "every Book row reads author with a query of its own",
            "severity": "error",
            "filename": views,
            "location": {"row": 7, "column": 15},
            "end_location": {"row": 7, "column": 26},
            "noqa_row": 7,
            "url": None,
            "fix": {
                "applicability": "safe",
                "message": 'add select_related("author")',
                "edits": [
                    {
                        "content": '.select_related("author")',
                        "filename": views,
                        "location": {"row": 5, "column": 25},
                        "end_location": {"row": 5, "column": 31},
                    }
                ],
            },
            "model": "shop.Book",
            "relations": ["author"],
            "related": [
                {
                    "filename": views,
                    "location": {"row": 5, "column": 13},
                    "end_location": {"row": 5, "column": 31},
                    "message": "the queryset is built here",
                }
            ],
        }
    ]


def test_json_of_no_findings_is_an_empty_list() -> None:
    assert json.loads(shown("json", [], {})) == []
