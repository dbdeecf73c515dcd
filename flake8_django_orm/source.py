"""A Python file as text: decoding, line arithmetic and what kind of file it is.

In: a path on disk, or text that is already decoded. Out: a `SourceFile` that turns offsets into rows and
columns and back, keeps what is needed to write the text as it was read (encoding, byte order mark, newlines),
and a `FileKind`. Lines end at `\\n`, `\\r\\n` and `\\r` only, as in Python's own tokenizer; a form feed or
U+2028 does not end a line.
"""

from __future__ import annotations

import codecs
import enum
import re
from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from flake8_django_orm.findings import Location

_LINE_END = re.compile(r"\r\n|\n|\r")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK_OR_COMMENT = re.compile(rb"^[ \t\f]*(?:#.*)?$")
#: In Python. Each way begins with a character of its own, so that the search skips what lies between them.
COMMENT_OR_STRING = re.compile(
    r"""
    \#[^\n]*
    | \"{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*\"{3}
    | \'{3}[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*\'{3}
    | \"[^"\\\n]*(?:\\.[^"\\\n]*)*\"
    | \'[^'\\\n]*(?:\\.[^'\\\n]*)*\'
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_STRING_OR_BACKSLASH = re.compile(COMMENT_OR_STRING.pattern + r"| \\\n", re.VERBOSE | re.DOTALL)


class SourceError(Exception):
    """A file that cannot be read as Python source; the message is one clear line without the path."""


class FileKind(enum.StrEnum):
    """What a file is for, judged by its path alone.

    - MIGRATION: a numbered or `__init__` file in a directory `migrations` (other modules there are ordinary
      code);
    - TEST: `test_*.py`, `*_test.py`, `*_tests.py`, `test.py`, `tests.py`, `conftest.py`, and every file below
      a directory `test`, `tests`, `testing`, `unittest` or `unittests` or one that ends in `_tests`, except settings
      and migrations;
    - COMMAND: below `management/commands`;
    - SETTINGS: `settings.py`, `settings_*.py`, `*_settings.py`, and modules of a package `settings`;
    - ADMIN, MODELS: `admin.py`, `models.py` and the modules of packages with these names;
    - OTHER: everything else.
    """

    MIGRATION = "migration"
    TEST = "test"
    COMMAND = "command"
    SETTINGS = "settings"
    ADMIN = "admin"
    MODELS = "models"
    OTHER = "other"


_TEST_DIRECTORIES = frozenset({"test", "tests", "testing", "unittest", "unittests"})
_TEST_MODULE = re.compile(r"^(?:tests?|conftest|test_.*|.*_tests?)$")
_MIGRATION_MODULE = re.compile(r"^(?:\d{3,}(?:_.*)?|__init__|.*_\d{4,}_.*)$")
_SETTINGS_MODULE = re.compile(r"^(?:settings|settings_.*|.*_settings)$")


#: Files that a template engine renders; none of them is Python.
TEMPLATE_SUFFIXES = frozenset({".html", ".htm", ".djhtml", ".jinja", ".jinja2", ".j2"})


def file_kind(relative: str) -> FileKind:
    """The kind of the file at the POSIX path `relative` (relative to the project root)."""
    *directories, name = relative.split("/")
    stem = name.rpartition(".")[0] or name
    if directories and directories[-1] == "migrations" and _MIGRATION_MODULE.match(stem):
        return FileKind.MIGRATION
    if _TEST_MODULE.match(stem) or any(_is_test_directory(name) for name in directories):
        return FileKind.TEST
    if directories[-2:] == ["management", "commands"]:
        return FileKind.COMMAND
    parent = directories[-1] if directories else ""
    if _SETTINGS_MODULE.match(stem) or parent == "settings":
        return FileKind.SETTINGS
    if stem == "admin" or parent == "admin":
        return FileKind.ADMIN
    if stem == "models" or parent == "models":
        return FileKind.MODELS
    return FileKind.OTHER


def _is_test_directory(name: str) -> bool:
    return name in _TEST_DIRECTORIES or name.endswith("_tests")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The decoded text of one file. Offsets count code points of `text`; rows and columns are 1-based.

    `newline` is the line end that the file uses most ("\\n" for a file of one line); `text` keeps its own
    line ends.
    """

    path: Path
    relative: str
    text: str
    encoding: str = "utf-8"
    bom: bool = False
    newline: str = "\n"
    _table: list[array[int]] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def _starts(self) -> array[int]:
        """The offsets at which the rows begin, worked out when they are first needed: of most files, never."""
        if not self._table:
            if "\r" in self.text:
                starts = [0, *(match.end() for match in _LINE_END.finditer(self.text))]
            else:  # many times as fast
                starts = [0, *accumulate(map((1).__add__, map(len, self.text.split("\n"))))]
                starts.pop()
            # Line tables are kept for all files of a project: an array takes a tenth of a tuple's memory.
            self._table.append(array("L", starts))
        return self._table[0]

    @property
    def kind(self) -> FileKind:
        """What the file is for, judged by its relative path."""
        return file_kind(self.relative)

    @property
    def row_count(self) -> int:
        """The number of rows; a final line end opens one more, empty row."""
        return len(self._starts)

    def location(self, offset: int) -> Location:
        """The place of `offset`; an offset outside of the text counts as its nearest end."""
        offset = min(max(offset, 0), len(self.text))
        row = bisect_right(self._starts, offset)
        return Location(row, offset - self._starts[row - 1] + 1)

    def offset(self, row: int, column: int) -> int:
        """The offset of a 1-based row and column; a place outside of the text counts as its nearest end."""
        start = self.line_start(row)
        limit = self.line_start(row + 1) if row < len(self._starts) else len(self.text)
        return min(start + max(column - 1, 0), limit)

    def line_start(self, row: int) -> int:
        """The offset at which the 1-based row begins; the end of the text for a row below the last one."""
        if row < 1:
            return 0
        return self._starts[row - 1] if row <= len(self._starts) else len(self.text)

    def rows_text(self, first: int, last: int) -> str:
        """The text of the 1-based rows from `first` to `last`, with their line ends."""
        return self.text[self.line_start(first) : self.line_start(last + 1)]

    def line_text(self, row: int) -> str:
        """The text of the 1-based row without its line end; "" for a row that does not exist."""
        if not 1 <= row <= len(self._starts):
            return ""
        line = self.text[self.line_start(row) : self.line_start(row + 1)]
        return line.removesuffix("\n").removesuffix("\r")

    def row_span(self, first: int, last: int) -> tuple[int, int]:
        """The offsets of the whole 1-based rows from `first` to `last`."""
        return self.line_start(first), self.line_start(last + 1)

    def byte_column_to_column(self, row: int, utf8_column: int) -> int:
        """The 1-based column in code points for a 0-based column in UTF-8 bytes, as `ast` gives it."""
        line = self.line_text(row)
        if line.isascii():
            return utf8_column + 1
        prefix = line.encode("utf-8", "surrogatepass")[: max(utf8_column, 0)]
        return len(prefix.decode("utf-8", "replace")) + 1

    def encode(self, text: str) -> bytes:
        """`text` as bytes for this file: its encoding, with its byte order mark.

        Raises `SourceError` when the text has a character that the encoding lacks.
        """
        try:
            data = text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise SourceError(f"cannot write {text[error.start]!r} in the file's encoding {self.encoding}") from None
        return codecs.BOM_UTF8 + data if self.bom else data


def read_source(path: Path, relative: str | None = None) -> SourceFile:
    """Read the file at `path`; `relative` is its POSIX path below the project root (default: the path as
    given).

    Raises `SourceError` for a file that cannot be read, has an unknown encoding, does not decode, or holds
    NUL.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"cannot read the file: {error.strerror or type(error).__name__}") from None
    return decode_source(data, path, relative)


def decode_source(data: bytes, path: Path, relative: str | None = None) -> SourceFile:
    """The bytes of a Python file as a `SourceFile`; errors as in `read_source`."""
    text, encoding, bom = decode_text(data)
    return make_source(text, path, relative, encoding=encoding, bom=bom)


def decode_text(data: bytes) -> tuple[str, str, bool]:
    """The text of a Python file, its encoding, and whether it had a byte order mark; errors as in
    `read_source`.
    """
    bom = data.startswith(codecs.BOM_UTF8)
    body = data[len(codecs.BOM_UTF8) :] if bom else data
    encoding = declared_encoding(body)
    if bom and encoding != "utf-8":
        raise SourceError(f"the file has a UTF-8 byte order mark but declares the encoding {encoding}")
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        raise SourceError(f"cannot decode the file as {encoding}: bad byte at offset {error.start}") from None
    if "\0" in text:
        raise SourceError("the file contains a NUL byte")
    return text, encoding, bom


def make_source(
    text: str, path: Path, relative: str | None = None, *, encoding: str = "utf-8", bom: bool = False
) -> SourceFile:
    """A `SourceFile` for text that is already decoded, such as an unsaved buffer; a leading U+FEFF is taken
    off.
    """
    if text.startswith("\ufeff"):
        text, bom = text[1:], True
    name = relative if relative is not None else path.as_posix()
    return SourceFile(path, name, text, encoding, bom, _dominant_newline(text))


def declared_encoding(data: bytes) -> str:
    """The encoding that the first two lines declare by PEP 263, "utf-8" without a declaration.

    Raises `SourceError` for a codec that Python does not know or that is not a text encoding.
    """
    head = data[:4096]
    if b"coding" not in head:
        return "utf-8"
    for line in re.split(rb"\r\n|\n|\r", head, maxsplit=2)[:2]:
        found = _COOKIE.match(line)
        if found:
            return _known_codec(found.group(1).decode("ascii", "replace"))
        if not _BLANK_OR_COMMENT.match(line):
            break
    return "utf-8"


def _known_codec(name: str) -> str:
    try:
        codec = codecs.lookup(name)
        "".encode(codec.name)
    except (LookupError, ValueError, UnicodeError):
        raise SourceError(f"unknown encoding: {name}") from None
    return "utf-8" if codec.name == "utf-8-sig" else codec.name


def _dominant_newline(text: str) -> str:
    crlf = text.count("\r\n")
    counts = {"\n": text.count("\n") - crlf, "\r\n": crlf, "\r": text.count("\r") - crlf}
    best = max(counts, key=lambda newline: counts[newline])
    return best if counts[best] else "\n"


def joined_rows(text: str) -> frozenset[int]:
    """The 1-based rows that a string or a backslash may join with the row before or after them."""
    rows: set[int] = set()
    row, at = 1, 0
    for match in _COMMENT_STRING_OR_BACKSLASH.finditer(text):
        row += text.count("\n", at, match.start())
        at = match.start()
        if newlines := match[0].count("\n"):
            rows.update(range(row, row + newlines + 1))
    return frozenset(rows)
