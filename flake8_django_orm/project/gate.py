"""Which of the project's files may define models: decided by searching their bytes, before any of them is
parsed.

In: the bytes of the project's files. Out: what each says of its classes, and the paths worth parsing. A class may be a
model when the name of one of its bases looks like a model's, or is the name of a class that may be one (`class
Order(ModelWithMetadata)`), and so on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from flake8_django_orm.source import FileKind, file_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Every file of the project is searched, so each expression begins with plain text, for which Python looks fast.
# Bytes above ASCII are parts of letters.
_HEADER = re.compile(
    rb"\n[ \t]*class[ \t]+([\w\x80-\xff]+)[ \t]*(?:\[[^\]\n]*\][ \t]*)?\(([^()]*(?:\([^()]*\)[^()]*)*)\)"
)
_DOTTED = re.compile(rb"(?:[^\W\d]|[\x80-\xff])[\w.\x80-\xff]*")
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
        "AbstractBaseSession",
        "AbstractBaseUser",
        "AbstractUser",
        "ContentType",
        "FlatPage",
        "Group",
        "LogEntry",
        "Permission",
        "PermissionsMixin",
        "Redirect",
        "Session",
        "Site",
        "User",
        "get_model",
        "get_user_model",
    }
)
_NOT_MODEL_ENDINGS = (
    "Form",
    "FormSet",
    "Formset",
    "Admin",
    "Inline",
    "Serializer",
    "ViewSet",
    "View",
    "Factory",
    "Filter",
    "FilterSet",
    "Schema",
    "Type",
    "Resource",
    "Backend",
    "Field",
    "TestCase",
    "Manager",
    "QuerySet",
    "Queryset",
    "Choices",
    "Choice",
    "Table",
    "Lookup",
    "Transform",
    "Func",
    "Aggregate",
    "Index",
    "Constraint",
)


class FileClasses(NamedTuple):
    """What a file says of its classes: their names with those of their bases, other names that it gives to something
    (name, other name), and whether it calls a model's field."""

    classes: Sequence[tuple[str, Sequence[str]]]
    aliases: Sequence[tuple[str, str]] = ()
    has_fields: bool = False


def classes_in(data: bytes) -> FileClasses | None:
    """What the text of a file says of its classes; None for a file without any."""
    if b"class " not in data:
        return None
    classes = [
        (_text(match.group(1)), sorted({_text(base) for base in _DOTTED.findall(match.group(2))}))
        for match in _HEADER.finditer(b"\n" + data)
    ]
    if not classes:
        return None
    aliases = [(name.decode(), other.decode()) for name, other in _aliases(data)]
    return FileClasses(classes, aliases, any(call.search(data) for call in _FIELD_CALLS))


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def model_files(files: Mapping[str, FileClasses]) -> list[str]:
    """The paths, in the order given, of the files that may define a model."""
    read = {path: found for path, found in files.items() if file_kind(path) is not FileKind.MIGRATION}
    wanted = {path for path, found in read.items() if found.has_fields}
    wanted |= _reached(read)
    return [path for path in read if path in wanted]


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


def _reached(files: Mapping[str, FileClasses]) -> set[str]:
    """The files of the classes that are reached from a model's name through bases and aliases."""
    users: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)  # by the name of a base: class and path
    pending: list[str] = []
    paths: set[str] = set()
    for path, found in files.items():
        for name, bases in found.classes:
            for base in bases:
                users[base.rpartition(".")[2]].append((name, path))
                if _looks_like_model(base):
                    paths.add(path)
                    pending.append(name)
    renamed: defaultdict[str, set[str]] = defaultdict(set)
    for found in files.values():
        for name, alias in found.aliases:
            if alias in users:
                renamed[name].add(alias)
                if _looks_like_model(name):
                    pending.append(alias)
    seen: set[str] = set()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        pending.extend(renamed.get(name, ()))
        for user, path in users.get(name, ()):
            paths.add(path)
            pending.append(user)
    return paths


@lru_cache(maxsize=20_000)  # the same bases again and again
def _looks_like_model(dotted: str) -> bool:
    owner, _, last = dotted.rpartition(".")
    if last in _CONTRIB or last == "Model":
        return True
    if last.endswith(_NOT_MODEL_ENDINGS):
        return False
    return "Model" in last or "model" in owner.lower()
