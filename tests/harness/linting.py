"""Lints a case as the project that its files make up, and compares findings with marks.

In: a case. Out: its findings, and the lines that tell where findings and marks differ ([] if they agree).
"""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from flake8_django_orm.config import Settings
from flake8_django_orm.engine import Engine
from flake8_django_orm.findings import Finding
from flake8_django_orm.rules import all_rules
from tests.harness.case_files import Case, SourceFile
from tests.harness.marks import Expected

Findings = Mapping[str, Sequence[Finding]]


@contextlib.contextmanager
def project_directory(texts: Mapping[str, str]) -> Iterator[Path]:
    """A directory, gone afterwards, that holds the files and makes every folder with Python a package, but for those
    whose name no import can spell.

    Its name does not say "test": files of that kind are judged otherwise.
    """
    root = Path(tempfile.mkdtemp(prefix="djq-case-")).resolve()
    try:
        for name, text in texts.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        for path in list(root.rglob("*.py")):
            if path.parent != root and path.parent.name.isidentifier():
                (path.parent / "__init__.py").touch()
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def codes(case: Case) -> frozenset[str]:
    """The rules that run on a case: those on by default, and those that its options name."""
    known = {rule.code: rule for rule in all_rules()}
    unknown = [code for code in case.options.enable if code not in known]
    assert not unknown, f"{case.place}: enable: {unknown[0]} is no rule"
    return frozenset(code for code, rule in known.items() if rule.default_on or code in case.options.enable)


def settings(case: Case, root: Path, overlays: Mapping[str, str] | None = None) -> Settings:
    """How the case is linted; `overlays` holds unsaved text by path below the root."""
    return Settings(
        root=root,
        codes=codes(case),
        on_purpose=frozenset(case.options.enable),
        django_version=case.options.django_version,
        partial=case.options.partial,
        overlays={root / path: text for path, text in (overlays or {}).items()},
    )


def python_files(texts: Mapping[str, str]) -> list[str]:
    """What a user's command line would name: every Python file, by path."""
    return sorted(path for path in texts if path.endswith(".py"))


def lint(case: Case, texts: Mapping[str, str]) -> list[Finding]:
    """All findings over `texts`, one engine for all files."""
    with project_directory(texts) as root:
        return lint_directory(case, root, python_files(texts))


def lint_directory(case: Case, root: Path, paths: Collection[str], *, apart: bool = False) -> list[Finding]:
    """The findings of `paths` below `root`, sorted. `apart` gives each file an engine of its own, last file
    first.
    """
    findings: list[Finding] = []
    if apart:
        for path in sorted(paths, reverse=True):
            findings += Engine(settings(case, root)).check(root / path)
    else:
        engine = Engine(settings(case, root))
        for path in paths:
            findings += engine.check(root / path)
    return sorted((_below(finding, root) for finding in findings), key=lambda finding: finding.sort_key)


def _below(finding: Finding, root: Path) -> Finding:
    """The finding with its path below the root, should it be absolute."""
    path = PurePosixPath(finding.path)
    if not path.is_absolute():
        return finding
    return dataclasses.replace(finding, path=path.relative_to(root).as_posix())


def differences(
    expected: Mapping[str, Sequence[Expected]], found: Sequence[Finding], texts: Mapping[str, str]
) -> list[str]:
    """One line for each mark without a finding and each finding without a mark; each mark answers for one
    finding.
    """
    left = list(found)
    lines: list[str] = []
    for path, marks in sorted(expected.items()):
        for mark in marks:
            match = next((finding for finding in left if _answers(mark, path, finding)), None)
            if match is not None:
                left.remove(match)
            else:
                part = f' "{mark.part}"' if mark.part else ""
                lines.append(f"missing     {path}:{mark.row}: {mark.code}{part}")
                lines += _shown(texts, path, mark.row)
    for one in left:
        lines.append(f"unexpected  {one.path}:{one.start.row}: {one.code} {one.message}")
        lines += _shown(texts, one.path, one.start.row)
    return lines


def _answers(mark: Expected, path: str, finding: Finding) -> bool:
    announced = (path, mark.row, mark.code)
    return (finding.path, finding.start.row, finding.code) == announced and mark.part in finding.message


def _shown(texts: Mapping[str, str], path: str, row: int) -> list[str]:
    lines = texts.get(path, "").split("\n")
    return [f"{row:>15} | {lines[row - 1]}"] if 0 < row <= len(lines) else []


def marks(files: Mapping[str, SourceFile]) -> dict[str, tuple[Expected, ...]]:
    """The marks of each file that has some."""
    return {path: source.expected for path, source in files.items() if source.expected}


def counted(findings: Sequence[Finding]) -> Counter[tuple[str, int, int, str, str]]:
    """Findings as something that compares without regard to order."""
    return Counter((f.path, f.start.row, f.start.column, f.code, f.message) for f in findings)
