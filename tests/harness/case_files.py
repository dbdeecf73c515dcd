"""Reads case files: Markdown in, cases out.

In: the text of `tests/fixtures/rules/<family>/<rule-name>.md`. Out: a `CaseFile` with one `Case` a `##
heading`. The format is described in `docs/writing-cases.md`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from flake8_django_orm.syntax.parsing import parse_python
from tests.harness.marks import Expected, MarkError, split_marks

#: Where the files of a case live below the root of the project that it is linted as.
PACKAGE = "app"
DEFAULT_PATH = "views.py"

_TITLE = re.compile(r"# (?:(?P<code>DJQ\d{3}) )?(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)")
_FENCE = re.compile(r"(?P<fence>`{3,})(?P<info>[^`]*)")
_OPTION = re.compile(r"> (?P<key>[a-z-]+): *(?P<value>.+)")
_DJANGO = re.compile(r"django(?P<sign>>=|<)(?P<major>\d+)\.(?P<minor>\d+)")
_LANGUAGES = frozenset({"py", "python", "html", "txt", "cfg", "toml"})
_KINDS = frozenset({"fixed", "fixed-unsafe", "proof"})
_MODES = frozenset({"grows", "fewer", "constant", "same", "raises", "lost-update"})


class CaseError(ValueError):
    """A case file that cannot be read: one line, `file:row: what is wrong`."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a case: its text without marks, the findings that the marks announce, where its block
    starts.
    """

    text: str
    expected: tuple[Expected, ...]
    row: int


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof block: its text, what it is to show ("" for the usual), and the two numbers of units of
    data.
    """

    text: str
    mode: str = ""
    sizes: tuple[int, int] = (3, 8)
    raises: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """The `> key: value` lines. `enable`: further codes to run; `django_version`: the version the project
    targets; `partial`: the files are a part of the project.

    `proof_from` and `proof_before` bound the Django versions on which the proof holds; `proof_backends` the
    databases. `shapes` are the shapes of code that the case shows, by their names in an inventory
    (`tests/fixtures/shapes`).
    """

    enable: tuple[str, ...] = ()
    django_version: tuple[int, int] | None = None
    proof_from: tuple[int, int] | None = None
    proof_before: tuple[int, int] | None = None
    proof_backends: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One behaviour: files with marks, what fixes make of them, and how it is proven on a real Django.

    Paths are those below the project's root: `app/views.py` for a block that says `views.py`.
    """

    file: CaseFile
    heading: str
    row: int
    files: Mapping[str, SourceFile]
    fixed: Mapping[str, SourceFile]
    fixed_unsafe: Mapping[str, SourceFile]
    proof: Proof | None
    options: Options

    @property
    def flagged(self) -> bool:
        """True where a finding is expected anywhere."""
        return any(source.expected for source in self.files.values())

    @property
    def id(self) -> str:
        return f"{self.file.family}/{self.file.name}::{self.heading}"

    @property
    def place(self) -> str:
        """`path:row` of the heading, to be clicked on."""
        return f"{self.file.path}:{self.row}"

    def texts(self, *overlays: Mapping[str, SourceFile]) -> dict[str, str]:
        """The text of every file by path; later overlays win."""
        texts = {path: source.text for path, source in self.files.items()}
        for overlay in overlays:
            texts.update({path: source.text for path, source in overlay.items()})
        return texts


@dataclass(frozen=True, slots=True)
class CaseFile:
    """All cases of a rule; of an owner or reader, whose cases are about several rules, where `code` is empty."""

    path: Path
    family: str
    code: str
    name: str
    cases: list[Case] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Block:
    language: str
    path: str | None
    kind: str  # "", "fixed", "fixed-unsafe" or "proof"
    text: str
    row: int


@dataclass(slots=True)
class _Section:
    """What stands under one heading, or under the title."""

    heading: str
    row: int
    blocks: list[_Block] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)


def read_case_file(path: Path) -> CaseFile:
    """The cases of one file. Raises CaseError with the row where it is not well-formed."""
    lines = path.read_text(encoding="utf-8").split("\n")
    title = _TITLE.fullmatch(lines[0].strip())
    if title is None:
        raise CaseError(f"{path}:1: the title is not of the form '# DJQ101 rule-name' or '# owner'")
    if title["name"] != path.stem:
        raise CaseError(f"{path}:1: the title names {title['name']!r}, the file {path.stem!r}")
    file = CaseFile(path, path.parent.name, title["code"] or "", title["name"])
    shared, *sections = _sections(path, lines)
    for section in sections:
        file.cases.append(_case(file, shared, section))
    headings = [case.heading for case in file.cases]
    for heading in headings:
        if headings.count(heading) > 1:
            raise CaseError(f"{path}: two cases are headed {heading!r}")
    return file


def case_files(directory: Path) -> Iterator[CaseFile]:
    """Every case file below `directory`, by path."""
    for path in sorted(directory.glob("*/*.md")):
        yield read_case_file(path)


def owner_files(directory: Path) -> Iterator[CaseFile]:
    """The case files in `directory` itself, by path."""
    for path in sorted(directory.glob("*.md")):
        yield read_case_file(path)


def all_case_files(fixtures: Path) -> tuple[CaseFile, ...]:
    """The case files of rules, of owners, and of the flows that rows take."""
    folders = (fixtures / "owners", fixtures / "flows")
    return (*case_files(fixtures / "rules"), *(file for folder in folders for file in owner_files(folder)))


def _sections(path: Path, lines: list[str]) -> list[_Section]:
    sections = [_Section("", 1)]
    row = 1
    while row < len(lines):
        line = lines[row]
        fence = _FENCE.fullmatch(line.rstrip())
        if fence is not None:
            end = _closing_row(path, lines, row, fence["fence"])
            sections[-1].blocks.append(_block(path, row + 1, fence["info"], lines[row + 1 : end]))
            row = end + 1
            continue
        if line.startswith("## "):
            sections.append(_Section(line[3:].strip(), row + 1))
        elif (option := _OPTION.fullmatch(line.rstrip())) is not None:
            sections[-1].options[option["key"]] = option["value"]
        row += 1
    return sections


def _closing_row(path: Path, lines: list[str], start: int, fence: str) -> int:
    for row in range(start + 1, len(lines)):
        if lines[row].rstrip() == fence:
            return row
    raise CaseError(f"{path}:{start + 1}: the block has no end")


def _block(path: Path, row: int, info: str, lines: list[str]) -> _Block:
    language, *words = info.split() or [""]
    if language not in _LANGUAGES:
        raise CaseError(f"{path}:{row}: a block in {language!r}; known are {', '.join(sorted(_LANGUAGES))}")
    kinds = [word for word in words if word in _KINDS]
    paths = [word for word in words if word not in _KINDS]
    if len(kinds) > 1 or len(paths) > 1:
        known = ", ".join(sorted(_KINDS))
        raise CaseError(f"{path}:{row}: a block takes at most one path and one of {known}")
    kind = kinds[0] if kinds else ""
    if kind == "proof" and paths:
        raise CaseError(f"{path}:{row}: a proof block has no path")
    if not paths and language not in ("py", "python"):
        raise CaseError(f"{path}:{row}: a block in {language} needs a path")
    return _Block(language, paths[0] if paths else None, kind, "".join(f"{line}\n" for line in lines), row)


def project_path(written: str | None) -> str:
    """The path below the project's root that a block's path means: `views.py` -> `app/views.py`, `/setup.cfg`
    -> itself.
    """
    written = written or DEFAULT_PATH
    return written[1:] if written.startswith("/") else f"{PACKAGE}/{written}"


def _case(file: CaseFile, shared: _Section, section: _Section) -> Case:
    shared_files = _files(file, shared.blocks, "")
    own = _files(file, section.blocks, "")
    if not own and not section.options:
        raise CaseError(f"{file.path}:{section.row}: a case without a file of its own")
    files = {**shared_files, **own}
    fixed = _files(file, section.blocks, "fixed")
    unsafe = _files(file, section.blocks, "fixed-unsafe")
    for path in [*fixed, *unsafe]:
        if path not in files:
            raise CaseError(f"{file.path}:{section.row}: a fixed block for {path}, but no block {path}")
    return Case(
        file=file,
        heading=section.heading,
        row=section.row,
        files=MappingProxyType(files),
        fixed=MappingProxyType(fixed),
        fixed_unsafe=MappingProxyType(unsafe),
        proof=_proof(file, shared, section),
        options=_options(file, section, {**shared.options, **section.options}),
    )


def _files(file: CaseFile, blocks: list[_Block], kind: str) -> dict[str, SourceFile]:
    files: dict[str, SourceFile] = {}
    for block in blocks:
        if block.kind != kind:
            continue
        path = project_path(block.path)
        if path in files:
            raise CaseError(f"{file.path}:{block.row}: a second block for {path}")
        try:
            text, expected = split_marks(block.text)
            if path.endswith(".py") and parse_python(text) is None:
                ast.parse(text)  # says what is wrong
        except MarkError as error:
            raise CaseError(f"{file.path}:{block.row}: {error}") from error
        except SyntaxError as error:
            raise CaseError(f"{file.path}:{block.row + (error.lineno or 0)}: {error.msg}") from error
        files[path] = SourceFile(text, expected, block.row)
    return files


def _proof(file: CaseFile, shared: _Section, section: _Section) -> Proof | None:
    own = [block for block in section.blocks if block.kind == "proof"]
    if not own:
        return None
    text = "\n".join(block.text for block in [*shared.blocks, *own] if block.kind == "proof")
    row = own[0].row
    try:
        settings = _constants(ast.parse(text))
    except SyntaxError as error:
        raise CaseError(f"{file.path}:{row}: the proof does not parse: {error.msg}") from error
    mode = settings.get("proof", "")
    if mode not in _MODES | {""}:
        raise CaseError(f"{file.path}:{row}: proof = {mode!r}; known are {', '.join(sorted(_MODES))}")
    sizes = settings.get("sizes", (3, 8))
    if not (isinstance(sizes, tuple) and len(sizes) == 2 and sizes[0] < sizes[1]):
        raise CaseError(f"{file.path}:{row}: sizes is a pair of a small and a bigger number")
    return Proof(text, str(mode), sizes, str(settings.get("raises", "")))


def _constants(tree: ast.Module) -> dict[str, object]:
    """The assignments `proof = ...`, `sizes = ...` and `raises = ...` of a proof block."""
    found: dict[str, object] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in ("proof", "sizes", "raises"):
                found[name] = ast.literal_eval(node.value)
    return found


def _options(file: CaseFile, section: _Section, written: dict[str, str]) -> Options:
    place = f"{file.path}:{section.row}"
    values = dict(written)
    enable = tuple(values.pop("enable", "").replace(",", " ").split())
    version = values.pop("django-version", None)
    partial = values.pop("partial", "no")
    limits = values.pop("proof-on", "").replace(",", " ").split()
    shapes = tuple(name.strip() for name in values.pop("shapes", "").split(",") if name.strip())
    if values:
        raise CaseError(f"{place}: unknown option {next(iter(values))!r}")
    if partial not in ("yes", "no"):
        raise CaseError(f"{place}: partial is yes or no, not {partial!r}")
    proof_from = proof_before = None
    backends: list[str] = []
    for limit in limits:
        match = _DJANGO.fullmatch(limit)
        if match is None:
            backends.append(limit)
        elif match["sign"] == ">=":
            proof_from = (int(match["major"]), int(match["minor"]))
        else:
            proof_before = (int(match["major"]), int(match["minor"]))
    unknown = set(backends) - {"sqlite", "postgresql"}
    if unknown:
        known = "django>=X.Y, django<X.Y, sqlite, postgresql"
        raise CaseError(f"{place}: proof-on {unknown.pop()!r}; known are {known}")
    target = None
    if version is not None:
        major, _, minor = version.strip().partition(".")
        if not (major.isdigit() and minor.isdigit()):
            raise CaseError(f"{place}: django-version {version!r} is not of the form 5.2")
        target = (int(major), int(minor))
    return Options(enable, target, proof_from, proof_before, tuple(backends), shapes, partial == "yes")
