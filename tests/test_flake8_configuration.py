"""What we ask of flake8's inside, compared with flake8 itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from flake8.discover_files import expand_paths
from flake8.processor import FileProcessor

from flake8_django_orm.flake8_configuration import (
    Selection,
    discover,
    file_guides,
    job_count,
    normalized_lines,
    read_options,
)

FILES = [
    "a.py",
    "b.pyi",
    "b.txt",
    "script",
    "pkg/a.py",
    "pkg/deep/b.py",
    "pkg/migrations/0001.py",
    ".git/hook.py",
    "__pycache__/a.py",
    "build/lib/a.py",
    "node_modules/x/a.py",
    "x.egg/a.py",
]


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("paths", [[], ["."], ["pkg"], ["pkg/"], ["./pkg", "a.py"], ["script", "b.txt"], ["-"]])
@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--exclude=build"],
        ["--extend-exclude=build,node_modules"],
        ["--extend-exclude=migrations"],
        ["--extend-exclude=./pkg/deep"],
        ["--extend-exclude=*/migrations/*"],
        ["--extend-exclude=pkg"],
        ["--filename=*.txt,*.pyi"],
        ["--filename=./pkg/*"],
        ["--stdin-display-name=pkg/a.py", "--extend-exclude=a.py"],
        ["--extend-exclude=stdin"],
    ],
    ids=" ".join,
)
def test_the_same_files_are_linted_as_by_flake8(paths: list[str], arguments: list[str]) -> None:
    options = read_options(arguments)
    theirs = expand_paths(
        paths=paths,
        stdin_display_name=options.stdin_display_name,
        filename_patterns=options.filename,
        exclude=(*options.exclude, *options.extend_exclude),
    )
    assert discover(options, paths).filenames == tuple(sorted(theirs))


def test_a_file_named_twice_is_linted_once(tree: Path) -> None:
    assert discover(read_options([]), ["a.py", "./a.py", str(tree / "a.py")]).filenames == ("a.py",)


def test_paths_that_do_not_exist_are_told(tree: Path) -> None:
    assert discover(read_options([]), ["no.py"]).errors == ("no.py: no such file or directory",)


def test_a_link_out_of_the_project_is_told_where_it_is_named_and_passed_over_in_a_directory(tree: Path) -> None:
    outside = tree.parent / f"{tree.name}-outside"
    outside.mkdir()
    (outside / "b.py").touch()
    (tree / "link.py").symlink_to(outside / "b.py")
    (tree / "folder").symlink_to(outside)
    (tree / "again.py").symlink_to("a.py")
    options = read_options([])
    for path in ("link.py", "folder", "folder/b.py"):
        found = discover(options, [path])
        assert found.filenames == ()
        assert found.errors == (f"{path}: a symbolic link leads out of the project's root, where nothing is read",)
    found = discover(options, ["."])
    assert {"./a.py", "./again.py"} <= set(found.filenames)
    assert "./link.py" not in found.filenames
    assert (found.errors, found.passed_over) == ((), 1)


def test_what_lies_outside_of_the_root_that_was_named_is_told(tree: Path) -> None:
    (tree / "inner").mkdir()
    (tree / "inner/b.py").touch()
    options = read_options(["--djq-root=./inner"])
    assert discover(options, ["a.py"]).warnings == ("a.py: not checked, it is outside of the project's root",)
    assert discover(options, ["a.py", "inner"]).filenames == ("inner/b.py",)
    assert discover(options, ["."]).warnings == ()


def test_configuration_files_and_the_command_line_are_merged_as_flake8_does(tree: Path) -> None:
    (tree / "tox.ini").write_text("[flake8]\nextend-select = DJQ5\ndjq-enable = DJQ206,\n  DJQ504\njobs = 3\n")
    options = read_options(["--ignore=DJQ2"])
    assert options.djq_enable == ["DJQ206", "DJQ504"]
    assert Selection(options).named == ("DJQ5",)
    assert Selection(options).selects("DJQ101")
    assert not Selection(options).selects("DJQ201")
    assert job_count(options) == 3


def test_our_codes_are_selected_by_default_as_those_of_every_plugin() -> None:
    assert Selection(read_options(["--isolated"])).selects("DJQ101")
    assert job_count(read_options(["--isolated"])) is None


def test_unknown_keys_of_other_plugins_do_not_matter(tree: Path) -> None:
    (tree / "setup.cfg").write_text("[flake8]\ndocstring-convention = google\n")
    assert read_options([]).djq_root == ""


@pytest.mark.parametrize("content", [b"x = 1\r\ny = 2\rz = 3\n", b"\xef\xbb\xbfx = 1\n", b"", b"x = 1"])
def test_lines_are_cut_as_flake8_cuts_them(tree: Path, content: bytes) -> None:
    (tree / "a.py").write_bytes(content)
    theirs = FileProcessor("a.py", read_options([])).lines
    assert normalized_lines(content.decode()) == theirs


def test_a_noqa_stands_at_the_end_of_a_string_of_several_lines() -> None:
    options = read_options([])
    lines = normalized_lines('x = 1\ny = f("""\n\n""", 2)\nz = (\n    1)\n')
    guide = file_guides(options)("a.py", lines)
    assert [guide.noqa_row(row) for row in range(1, 7)] == [1, 4, 4, 4, 5, 6]


@pytest.mark.parametrize(
    "text",
    [
        'x = """a\n# no comment\n"""\ny = 1\n',
        "x = 'a\\\nb'\ny = 1\n",
        "x = 1 + \\\n    2\ny = 1\n",
        "x = 1  # \\\ny = '''\n'''\n",
        'x = \'"""\'\ny = \'"""\'\n',
        "x = (\n    '''a\n''', '''b\n''',\n)\n",
    ],
)
def test_a_noqa_stands_where_flake8_looks_for_it(text: str) -> None:
    lines = normalized_lines(text)
    guide = file_guides(read_options([]))("a.py", lines)
    theirs = FileProcessor("a.py", read_options([]), lines=list(lines))
    for row in range(1, len(lines) + 1):
        joined = theirs.noqa_line_for(row)
        assert lines[guide.noqa_row(row) - 1] == (joined or "").splitlines(keepends=True)[-1]
