"""Which of the project's files may define models: decided by searching their bytes, before any of them is
parsed.

In: the bytes of the project's files. Out: the paths worth parsing. A class may be a model when the name of
one of its bases looks like a model's, or is the name of a class that may be one (`class
Order(ModelWithMetadata)`), and so on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_django_orm.source import FileKind, file_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Every file of the project is searched, so each expression begins with plain text, for which Python looks fast.
_HEADER = re.compile(rb"\n[ \t]*class[ \t]+(\w+)[ \t]*(?:\[[^\]\n]*\][ \t]*)?\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_DOTTED = re.compile(rb"[^\W\d][\w.]*")
_AS = re.compile(rb"as[ \t]+(?=(\w+))")
_LAST_WORD = re.compile(rb"(\w+)[ \t]+$")
_RENAMED = re.compile(rb"\n([A-Z]\w*)[ \t]*=[ \t]*(?:\w+\.)*(\w+)[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_FIELD_CALLS = tuple(
    re.compile(called + rb"[ \t]*\(")
    for called in (
        rb"models(?<!\wmodels)\.\w+Field",
        b"ForeignKey",
        b"OneToOneField",
        b"ManyToManyField",
        b"GenericRelation",
    )
)
_CONTRIB = frozenset(
    {
        b"AbstractBaseSession",
        b"AbstractBaseUser",
        b"AbstractUser",
        b"ContentType",
        b"FlatPage",
        b"Group",
        b"LogEntry",
        b"Permission",
        b"PermissionsMixin",
        b"Redirect",
        b"Session",
        b"Site",
        b"User",
        b"get_model",
        b"get_user_model",
    }
)
_NOT_MODEL_ENDINGS = (
    b"Form",
    b"FormSet",
    b"Formset",
    b"Admin",
    b"Inline",
    b"Serializer",
    b"ViewSet",
    b"View",
    b"Factory",
    b"Filter",
    b"FilterSet",
    b"Schema",
    b"Type",
    b"Resource",
    b"Backend",
    b"Field",
    b"TestCase",
    b"Manager",
    b"QuerySet",
    b"Queryset",
    b"Choices",
    b"Choice",
    b"Table",
    b"Lookup",
    b"Transform",
    b"Func",
    b"Aggregate",
    b"Index",
    b"Constraint",
)


@dataclass(frozen=True, slots=True)
class _ClassHeader:
    name: bytes
    bases: frozenset[bytes]
    path: str


def model_files(files: Mapping[str, bytes]) -> list[str]:
    """The paths, in the order given, of the files that may define a model."""
    headers: list[_ClassHeader] = []
    aliases: list[tuple[bytes, bytes]] = []
    wanted: set[str] = set()
    for path, data in files.items():
        if b"class " not in data or file_kind(path) is FileKind.MIGRATION:
            continue
        found = list(_headers(path, data))
        headers += found
        if found:
            aliases += _aliases(data)
            if any(call.search(data) for call in _FIELD_CALLS):
                wanted.add(path)
    wanted.update(_reached(headers, aliases))
    return [path for path in files if path in wanted]


def mentions(data: bytes, word: bytes) -> bool:
    """True where `word` stands in the file as a whole identifier."""
    start = data.find(word)
    while start >= 0:
        end = start + len(word)
        if not _continues(data[start - 1 : start]) and not _continues(data[end : end + 1]):
            return True
        start = data.find(word, end)
    return False


def _continues(byte: bytes) -> bool:
    return byte.isalnum() or byte == b"_" or byte >= b"\x80"


def _headers(path: str, data: bytes) -> Iterator[_ClassHeader]:
    for match in _HEADER.finditer(b"\n" + data):
        yield _ClassHeader(match.group(1), frozenset(_DOTTED.findall(match.group(2))), path)


def _aliases(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Pairs (name, other name) from `import ... as` and `Other = name`."""
    for match in _AS.finditer(data):
        if data[match.start() - 1 : match.start()] not in (b" ", b"\t"):
            continue  # the end of another word
        name = _LAST_WORD.search(data, max(match.start() - 80, 0), match.start())
        if name is not None:
            yield name.group(1), match.group(1)
    for target, source in _RENAMED.findall(b"\n" + data):
        yield source, target


def _reached(headers: Iterable[_ClassHeader], aliases: Iterable[tuple[bytes, bytes]]) -> set[str]:
    """The files of the classes that are reached from a model's name through bases and aliases."""
    users: defaultdict[bytes, list[_ClassHeader]] = defaultdict(list)
    pending: list[bytes] = []
    paths: set[str] = set()
    for header in headers:
        for base in header.bases:
            users[base.rpartition(b".")[2]].append(header)
            if _looks_like_model(base):
                paths.add(header.path)
                pending.append(header.name)
    renamed: defaultdict[bytes, set[bytes]] = defaultdict(set)
    for name, alias in aliases:
        if alias in users:
            renamed[name].add(alias)
            if _looks_like_model(name):
                pending.append(alias)
    seen: set[bytes] = set()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        pending.extend(renamed.get(name, ()))
        for header in users.get(name, ()):
            paths.add(header.path)
            pending.append(header.name)
    return paths


def _looks_like_model(dotted: bytes) -> bool:
    owner, _, last = dotted.rpartition(b".")
    if last in _CONTRIB or last == b"Model":
        return True
    if last.endswith(_NOT_MODEL_ENDINGS):
        return False
    return b"Model" in last or b"model" in owner.lower()
