"""Decoding, line arithmetic and file kinds."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flake8_django_orm.findings import Location
from flake8_django_orm.source import FileKind, SourceError, decode_source, file_kind, make_source, read_source

PATH = Path("shop/views.py")


def test_utf8_is_the_default_and_newlines_stay_as_they_are() -> None:
    source = decode_source("x = 'é'\r\ny = 1\r\n".encode(), PATH)
    assert source.text == "x = 'é'\r\ny = 1\r\n"
    assert (source.encoding, source.bom, source.newline) == ("utf-8", False, "\r\n")


def test_a_byte_order_mark_is_taken_off_and_written_again() -> None:
    source = decode_source(b"\xef\xbb\xbfx = 1\n", PATH)
    assert source.text == "x = 1\n"
    assert source.bom
    assert source.encode("y = 1\n") == b"\xef\xbb\xbfy = 1\n"


@pytest.mark.parametrize(
    "head", ["# -*- coding: latin-1 -*-\n", "#!/usr/bin/python\n# vim: set fileencoding=latin-1 :\n"]
)
def test_a_declared_encoding_is_obeyed(head: str) -> None:
    source = decode_source(head.encode() + b"x = '\xe9'\n", PATH)
    assert source.text.endswith("x = 'é'\n")
    assert source.encode("é") == b"\xe9"


def test_a_declaration_on_the_third_line_or_after_code_does_not_count() -> None:
    assert decode_source(b"\n\n# coding: latin-1\n", PATH).encoding == "utf-8"
    assert decode_source(b"x = 1\n# coding: latin-1\n", PATH).encoding == "utf-8"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"x = '\xff'\n", "cannot decode the file as utf-8: bad byte at offset 5"),
        (b"# coding: klingon\n", "unknown encoding: klingon"),
        (b"# coding: base64\n", "unknown encoding: base64"),
        (b"x = 1\0\n", "the file contains a NUL byte"),
        (
            b"\xef\xbb\xbf# coding: latin-1\n",
            "the file has a UTF-8 byte order mark but declares the encoding iso8859-1",
        ),
    ],
)
def test_what_cannot_be_read_gives_one_clear_line(data: bytes, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        decode_source(data, PATH)
    assert str(caught.value) == message


def test_a_missing_file_gives_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot read the file: No such file or directory"):
        read_source(tmp_path / "missing.py")


def test_a_character_that_the_encoding_lacks_cannot_be_written() -> None:
    source = decode_source(b"# coding: latin-1\n", PATH)
    with pytest.raises(SourceError, match="cannot write '€' in the file's encoding"):
        source.encode("€")


def test_form_feeds_and_unicode_line_separators_do_not_end_a_line() -> None:
    source = make_source("a = 1\x0c\nb = '\u2028'\rc = 3\r\nd", PATH)
    assert [source.line_text(row) for row in range(1, 6)] == ["a = 1\x0c", "b = '\u2028'", "c = 3", "d", ""]
    assert source.row_count == 4


def test_locations_are_one_based_and_count_code_points() -> None:
    source = make_source("x = '😀'; y\nz", PATH)
    assert source.location(0) == Location(1, 1)
    assert source.location(source.text.index("y")) == Location(1, 10)
    assert source.location(len(source.text)) == Location(2, 2)
    assert source.location(10**6) == Location(2, 2)
    assert source.offset(2, 1) == source.text.index("z")


def test_byte_columns_of_ast_become_columns() -> None:
    source = make_source("x = 'é😀'; y\n", PATH)
    node = ast.parse(source.text).body[1]
    assert source.text[source.offset(1, source.byte_column_to_column(1, node.col_offset))] == "y"


@given(st.text(alphabet="ab\n\r\x0c\u2028é😀", max_size=40), st.integers(0, 40))
def test_offset_and_location_are_inverse(text: str, offset: int) -> None:
    source = make_source(text, PATH)
    offset = min(offset, len(text))
    place = source.location(offset)
    assert source.offset(place.row, place.column) == offset


@given(st.text(alphabet="x \n\r\x0c\u2028", max_size=30))
def test_rows_are_the_rows_of_python(text: str) -> None:
    """A name after the text stands in the row in which Python sees it."""
    code = f"'''{text}'''\nend"
    source = make_source(code, PATH)
    assert source.location(code.index("end")).row == ast.parse(code).body[1].lineno


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("shop/migrations/0001_initial.py", FileKind.MIGRATION),
        ("shop/migrations/__init__.py", FileKind.MIGRATION),
        ("shop/migrations/helpers.py", FileKind.OTHER),
        ("tests/shop/migrations/0001_initial.py", FileKind.MIGRATION),
        ("shop/tests.py", FileKind.TEST),
        ("shop/test_views.py", FileKind.TEST),
        ("shop/views_test.py", FileKind.TEST),
        ("conftest.py", FileKind.TEST),
        ("tests/factories.py", FileKind.TEST),
        ("shop/testing/data.py", FileKind.TEST),
        ("integration_tests/models.py", FileKind.TEST),
        ("shop/contest.py", FileKind.OTHER),
        ("shop/latest.py", FileKind.OTHER),
        ("shop/protest/models.py", FileKind.MODELS),
        ("shop/management/commands/report.py", FileKind.COMMAND),
        ("config/settings.py", FileKind.SETTINGS),
        ("config/settings/local.py", FileKind.SETTINGS),
        ("config/local_settings.py", FileKind.SETTINGS),
        ("shop/admin.py", FileKind.ADMIN),
        ("shop/admin/books.py", FileKind.ADMIN),
        ("shop/models/book.py", FileKind.MODELS),
        ("shop/views.py", FileKind.OTHER),
    ],
)
def test_the_kind_of_a_file_follows_from_its_path(path: str, kind: FileKind) -> None:
    assert file_kind(path) is kind
