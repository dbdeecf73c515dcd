"""What holds for every rule, and for the house as a whole: codes, pages, cases, layers, imports, speed of starting.

Nothing here knows a single rule: rules, case files and modules are discovered.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import flake8_django_orm
from flake8_django_orm import rules
from flake8_django_orm.config import PREFIX
from flake8_django_orm.findings import Applicability
from flake8_django_orm.rules import Rule, all_rules
from tests.harness import linting
from tests.harness.case_files import Case, CaseFile, SourceFile, case_files, project_path

PACKAGE = Path(flake8_django_orm.__file__).parent
RULES = all_rules()
CASE_FILES: dict[str, CaseFile] = {
    file.code: file for file in case_files(Path(__file__).with_name("fixtures") / "rules")
}

#: The digit after DJQ that belongs to each folder of rules.
FAMILIES = {"loading": "1", "passing": "2", "writes": "3", "declarations": "4", "queries": "5"}

HEADINGS = (
    "What it does",
    "Why is this bad",
    "Example",
    "Use instead",
    "Fix safety",
    "What it does not see",
    "References",
)

#: The house from top to bottom: a module imports only what stands in its own line or below.
LAYERS = (
    ("__main__", "cli", "plugin", "codemod", "lsp"),
    ("check_command", "rule_command", "explain_command", "cache_command"),
    ("fixing", "parallel", "progress", "kept_reports"),
    ("linter",),
    ("output",),
    ("terminal",),
    ("explaining",),
    ("engine",),
    ("own_roots",),
    ("reporting",),
    ("rules",),
    ("fixes",),
    ("owners",),
    ("readers",),
    ("machine",),
    ("library",),
    ("orm",),
    ("project",),
    ("syntax",),
    ("flake8_configuration", "suppression", "baseline"),
    ("source",),
    ("config",),
    ("cache",),
    ("findings", "__init__"),
)


def _ids(rule: type[Rule]) -> str:
    return f"{rule.code}-{rule.name}"


each_rule = pytest.mark.parametrize("rule", RULES, ids=_ids)


# --- rules ------------------------------------------------------------------------------------------------------------


def test_there_are_rules() -> None:
    assert RULES


def test_codes_and_names_are_unique() -> None:
    for attribute in ("code", "name"):
        values = [getattr(rule, attribute) for rule in RULES]
        assert sorted(set(values)) == sorted(values)


@pytest.mark.parametrize(
    "module", [m.name for m in pkgutil.walk_packages(rules.__path__, f"{rules.__name__}.") if not m.ispkg], ids=str
)
def test_a_file_holds_one_rule_named_after_it_or_none(module: str) -> None:
    here = [rule for rule in RULES if rule.__module__ == module]
    assert len(here) <= 1
    if here:
        assert module.rpartition(".")[2] == here[0].name.replace("-", "_")


@each_rule
def test_code_and_name_are_well_formed(rule: type[Rule]) -> None:
    assert re.fullmatch(rf"{PREFIX}[1-9]\d\d", rule.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert re.fullmatch(r"\d+\.\d+\.\d+", rule.since)


@each_rule
def test_the_code_lies_in_the_range_of_its_family(rule: type[Rule]) -> None:
    family = rule.__module__.removeprefix(f"{rules.__name__}.").split(".")[0]
    assert rule.family() == FAMILIES[family]


# --- pages ------------------------------------------------------------------------------------------------------------


def _page(rule: type[Rule]) -> dict[str, str]:
    """The text below each heading of a rule's docstring."""
    parts = re.split(r"^## (.+)$", inspect.cleandoc(rule.__doc__ or ""), flags=re.MULTILINE)
    assert not parts[0].strip(), "a page starts with its first heading"
    return {heading.strip(): text.strip() for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


def _code(rule: type[Rule], heading: str) -> str:
    """The first Python block below a heading."""
    match = re.search(r"^```(?:python|py)\n(.*?)^```$", _page(rule)[heading], flags=re.MULTILINE | re.DOTALL)
    assert match is not None, f"{rule.code}: no Python block under {heading!r}"
    return match[1]


@each_rule
def test_headings_are_there_and_in_order(rule: type[Rule]) -> None:
    page = _page(rule)
    optional = {"Fix safety"} if rule.applicability in (None, Applicability.SAFE) else set()
    assert [heading for heading in HEADINGS if heading in page or heading not in optional] == list(page)
    assert all(page.values())


@each_rule
def test_a_fix_that_is_not_safe_says_why(rule: type[Rule]) -> None:
    if rule.applicability not in (None, Applicability.SAFE):
        assert len(_page(rule)["Fix safety"].split()) >= 8


def _findings(rule: type[Rule], code: str) -> list[str]:
    """The rule's findings on the code of its page, beside the models that its cases share."""
    file = CASE_FILES[rule.code]
    first = file.cases[0]
    files = {path: source for path, source in first.files.items() if path.endswith("models.py")}
    # Code that declares models of its own is a models.py, everything else uses those of the case file.
    path = project_path("models.py" if re.search(r"^class \w+\(models\.Model\)", code, re.MULTILINE) else "views.py")
    files[path] = SourceFile(code, (), 0)
    case = Case(file, "the rule's page", 1, files, {}, {}, None, first.options)
    found = linting.lint(case, case.texts())
    return [finding.code for finding in found if finding.path == path and finding.code == rule.code]


@each_rule
def test_the_example_is_flagged(rule: type[Rule]) -> None:
    assert _findings(rule, _code(rule, "Example"))


@each_rule
def test_what_to_use_instead_is_not_flagged(rule: type[Rule]) -> None:
    assert _findings(rule, _code(rule, "Use instead")) == []


# --- cases ------------------------------------------------------------------------------------------------------------


@each_rule
def test_every_rule_has_cases_most_of_them_silent(rule: type[Rule]) -> None:
    file = CASE_FILES.get(rule.code)
    assert file is not None, f"{rule.code} has no case file"
    assert file.name == rule.name
    assert FAMILIES[file.family] == rule.family()
    flagged = [case for case in file.cases if _flagged_by(case, rule)]
    silent = [case for case in file.cases if not _flagged_by(case, rule)]
    assert flagged
    assert len(silent) > len(flagged), f"{len(silent)} silent cases, {len(flagged)} flagged ones"


def _flagged_by(case: Case, rule: type[Rule]) -> bool:
    return any(mark.code == rule.code for source in case.files.values() for mark in source.expected)


@each_rule
def test_every_rule_with_a_fix_has_a_proven_fix(rule: type[Rule]) -> None:
    if rule.applicability in (Applicability.SAFE, Applicability.UNSAFE):
        file = CASE_FILES[rule.code]
        assert any(case.proof is not None and (case.fixed or case.fixed_unsafe) for case in file.cases)


def test_every_case_file_has_its_rule() -> None:
    assert set(CASE_FILES) <= {rule.code for rule in RULES}


# --- layers -----------------------------------------------------------------------------------------------------------

MODULES = sorted(path for path in PACKAGE.rglob("*.py"))


def _dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path, *, at_run_time_only: bool = False) -> Iterator[str]:
    """The modules that a module imports, anywhere in its text; without those that only annotations need, if asked."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[ast.AST] = set()
    if at_run_time_only:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
                skipped.update(child for statement in node.body for child in ast.walk(statement))
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            module = node.module or ""
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names if _is_module(f"{module}.{alias.name}"))


def _is_module(dotted: str) -> bool:
    path = PACKAGE.parent / Path(*dotted.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def _layer(dotted: str) -> int:
    """The line of LAYERS that a module of the package stands in."""
    name = dotted.removeprefix(PACKAGE.name).removeprefix(".").split(".")[0] or "__init__"
    lines = [index for index, names in enumerate(LAYERS) if name in names]
    assert lines, f"{name} has no place in the house"
    return lines[0]


@pytest.mark.parametrize("path", MODULES, ids=_dotted)
def test_imports_point_downwards(path: Path) -> None:
    own = _layer(_dotted(path))
    upwards = [name for name in _imports(path) if name.split(".")[0] == PACKAGE.name and _layer(name) < own]
    assert upwards == []


@pytest.mark.parametrize("path", [path for path in MODULES if "rules" in path.parts], ids=_dotted)
def test_rules_know_neither_readers_nor_syntax_nor_the_store(path: Path) -> None:
    closed = ("readers", "syntax", "machine.store")
    known = [name.removeprefix(f"{PACKAGE.name}.") for name in _imports(path, at_run_time_only=True)]
    assert [name for name in known if name.startswith(closed)] == []


#: Parts of libcst that cost seconds where a dispatcher of our own costs milliseconds. The codemod is libcst's guest.
SLOW = ("libcst.matchers", "libcst.metadata", "libcst.codemod")


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "codemod.py"], ids=_dotted)
def test_nothing_on_the_lint_path_uses_the_slow_parts_of_libcst(path: Path) -> None:
    assert [name for name in _imports(path) if name.startswith(SLOW)] == []
    text = path.read_text(encoding="utf-8")
    for name in ("MetadataWrapper", "CSTVisitor", "CSTTransformer", "MatcherDecoratableVisitor"):
        assert not any(_names(node, name) for node in ast.walk(ast.parse(text))), name


def _names(node: ast.AST, name: str) -> bool:
    return (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Attribute) and node.attr == name)


@pytest.mark.parametrize("path", MODULES, ids=_dotted)
def test_what_is_learned_of_a_project_is_kept_by_the_project(path: Path) -> None:
    above = _layer(_dotted(path)) < _layer(f"{PACKAGE.name}.project")
    kept = _kept_for_a_project(ast.parse(path.read_text(encoding="utf-8")))
    assert not (above and kept), "Project.once() keeps answers with the questions that they rest on"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@lru_cache(maxsize=None)\ndef f(project: Project): ...", ["f"]),
        ("@functools.cache\ndef f(name, *, project: 'Project | None'): ...", ["f"]),
        ("@cache\ndef f(name: str): ...", []),
        ("def f(project: Project): ...", []),
    ],
)
def test_functions_that_remember_a_project_are_found(text: str, names: list[str]) -> None:
    assert _kept_for_a_project(ast.parse(text)) == names


def _kept_for_a_project(tree: ast.AST) -> list[str]:
    """The functions that keep their answers in a cache of functools and take a project."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            caches = re.search(r"\b(lru_cache|cache)\b", " ".join(map(ast.unparse, node.decorator_list)))
            arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            annotations = " ".join(ast.unparse(a.annotation) for a in arguments if a.annotation is not None)
            if caches and re.search(r"\bProject\b", annotations):
                found.append(node.name)
    return found


@pytest.mark.parametrize("path", MODULES, ids=_dotted)
def test_modules_open_with_what_goes_in_and_what_comes_out(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert (ast.get_docstring(ast.parse(text)) or "").strip(), f"{path} has no docstring"
    assert path.stem not in ("utils", "helpers", "common", "misc")


# --- what is imported when --------------------------------------------------------------------------------------------


def _loaded_by(script: str) -> set[str]:
    """The top-level modules that are loaded after `script` ran in an interpreter of its own."""
    ending = "\nimport sys\nprint('loaded:', *sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", script + ending], capture_output=True, text=True, timeout=120, cwd=PACKAGE.parent
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("loaded:")[2].split())


@pytest.mark.parametrize("module", ["flake8_django_orm", "flake8_django_orm.plugin"])
def test_importing_is_cheap(module: str) -> None:
    assert _loaded_by(f"import {module}") & {"libcst", "django"} == set()


def _linting(text: str, directory: Path) -> str:
    path = directory / "views.py"
    path.write_text(text, encoding="utf-8")
    return (
        "from pathlib import Path\n"
        "from flake8_django_orm.config import Settings\n"
        "from flake8_django_orm.engine import Engine\n"
        "from flake8_django_orm.rules import all_rules\n"
        f"settings = Settings(root=Path({str(directory)!r}), codes=frozenset(rule.code for rule in all_rules()))\n"
        f"assert not Engine(settings).check(Path({str(path)!r}))\n"
    )


def test_a_file_without_orm_code_is_linted_without_libcst_and_django(tmp_path: Path) -> None:
    script = _linting("import os\n\n\ndef home():\n    return [name for name in os.environ]\n", tmp_path)
    assert _loaded_by(script) & {"libcst", "django"} == set()


def test_linting_never_imports_django_or_what_it_lints(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(
        "from django.db import models\n\nraise SystemExit('linted code was run')\n\n\n"
        "class Book(models.Model):\n    title = models.TextField()\n",
        encoding="utf-8",
    )
    script = _linting("from models import Book\n\n\ndef titles():\n    return list(Book.objects.all())\n", tmp_path)
    loaded = _loaded_by(script)
    assert "libcst" in loaded
    assert loaded & {"django", "models"} == set()


def test_rules_are_found_by_discovery() -> None:
    """A rule that is put into a family's folder is there without any list being edited."""
    text = (PACKAGE / "rules" / "__init__.py").read_text(encoding="utf-8")
    assert not re.search(rf"{PREFIX}\d", text)
    for family in FAMILIES:
        if (PACKAGE / "rules" / family).is_dir():
            module = importlib.import_module(f"{rules.__name__}.{family}")
            assert not [name for name in vars(module) if isinstance(getattr(module, name), type)]
