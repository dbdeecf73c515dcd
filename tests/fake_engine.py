"""An engine of a few regular expressions, so that front ends can be tested apart from any analysis.

In: text. Out: findings for these marks, each with a fix where one is named:

- `default=x()` is DJQ401, fixed safely into `default=x`;
- `default={}` is DJQ402, fixed safely into `default=dict`;
- `get(id)` is DJQ201, fixed unsafely into `row`, and in `helpers.py` beside it `def get` into `def row`;
- `maybe` is DJQ504, off by default, without a fix.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from flake8_django_orm.cache.results import Result
from flake8_django_orm.config import Settings
from flake8_django_orm.findings import Applicability, Edit, Finding, Fix, Location, Related
from flake8_django_orm.source import SourceError, SourceFile, make_source, read_source


class Rule:
    """What the front ends ask of a rule."""

    code = ""
    name = ""
    since = "0.1"
    applicability: Applicability | None = Applicability.SAFE
    default_on = True
    only_on_purpose = ""

    @classmethod
    def family(cls) -> str:
        return cls.code[3]


class DefaultCalledOnce(Rule):
    """## What it does

    Finds `default=now()`.
    """

    code, name = "DJQ401", "default-called-once"


class SharedDefault(Rule):
    """## What it does

    Finds `default={}`.
    """

    code, name = "DJQ402", "shared-default"


class RefetchById(Rule):
    """## What it does

    Finds `get(id)`.
    """

    code, name, applicability = "DJQ201", "refetch-by-id", Applicability.UNSAFE


class IdsThroughPython(Rule):
    """## What it does

    Finds `maybe`.
    """

    code, name, applicability, default_on = "DJQ504", "ids-through-python", None, False


def all_rules() -> tuple[type[Rule], ...]:
    return (DefaultCalledOnce, SharedDefault, RefetchById, IdsThroughPython)


class Engine:
    """Has the interface of the real one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.statistics = {"files": 0}

    def prepare(self) -> None:
        """Nothing to be read."""

    def with_own_newlines(self, path: Path, text: str) -> str:
        """As it is: columns and rows are the same."""
        return text

    def check(self, path: Path, text: str | None = None, tree: ast.Module | None = None) -> list[Finding]:
        self.statistics["files"] += 1
        source = read_source(path) if text is None else make_source(text, path)
        if tree is None:
            try:
                ast.parse(source.text)
            except SyntaxError as error:
                raise SourceError(f"syntax error: {error.msg} (row {error.lineno})") from None
        return [finding for finding in self._findings(source) if finding.code in self._settings.codes]

    def result(self, path: Path, text: str | None = None, tree: ast.Module | None = None) -> Result:
        return Result(tuple(self.check(path, text, tree)))

    def _findings(self, source: SourceFile) -> Iterator[Finding]:
        name = self._relative(source.path)
        for match in re.finditer(r"(?<=default=)[\w.]+(\(\))", source.text):
            fix = Fix(Applicability.SAFE, "pass the callable", (Edit(name, match.start(1), match.end(1), ""),))
            yield self._finding(DefaultCalledOnce, source, match, "the default is called once", fix)
        for match in re.finditer(r"(?<=default=)\{\}", source.text):
            fix = Fix(Applicability.SAFE, "pass dict", (Edit(name, match.start(), match.end(), "dict"),))
            yield self._finding(SharedDefault, source, match, "the default is shared", fix)
        for match in re.finditer(r"get\(id\)", source.text):
            yield self._refetch(source, match)
        for match in re.finditer(r"maybe", source.text):
            yield self._finding(IdsThroughPython, source, match, "ids go through Python", None)

    def _refetch(self, source: SourceFile, match: re.Match[str]) -> Finding:
        edits = [Edit(self._relative(source.path), match.start(), match.end(), "row")]
        related: tuple[Related, ...] = ()
        helpers = source.path.parent / "helpers.py"
        if helpers.exists():
            text = self._settings.overlays.get(helpers) or read_source(helpers).text
            where = text.index("get")
            edits.append(Edit(self._relative(helpers), where, where + 3, "row"))
            start = make_source(text, helpers).location(where)
            end = Location(start.row, start.column + 3)
            related = (Related(self._relative(helpers), start, end, "fetched by this helper"),)
        fix = Fix(Applicability.UNSAFE, "pass the object", tuple(edits))
        return self._finding(RefetchById, source, match, "the helper fetches the row again", fix, related)

    def _finding(
        self,
        rule: type[Rule],
        source: SourceFile,
        match: re.Match[str],
        message: str,
        fix: Fix | None,
        related: tuple[Related, ...] = (),
    ) -> Finding:
        start, end = source.location(match.start()), source.location(match.end())
        path = self._relative(source.path)
        return Finding(rule.code, rule.name, message, path, start, end, fix, related=related)

    def _relative(self, path: Path) -> str:
        root = self._settings.root
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def modules() -> dict[str, ModuleType]:
    """The modules that stand in for `flake8_django_orm.engine` and `flake8_django_orm.rules`."""
    engine = ModuleType("flake8_django_orm.engine")
    engine.Engine = Engine  # type: ignore[attr-defined]
    rules = ModuleType("flake8_django_orm.rules")
    rules.all_rules = all_rules  # type: ignore[attr-defined]
    rules.Rule = Rule  # type: ignore[attr-defined]
    return {module.__name__: module for module in (engine, rules)}
