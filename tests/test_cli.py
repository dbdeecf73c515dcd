"""The command `flake8-django-orm`: what it prints, what it writes, how it ends."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from flake8_django_orm import linter
from tests import fake_engine
from tests.front_end import Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Workspace:
    return Workspace(tmp_path, monkeypatch, capsys)


def lines(text: str) -> list[str]:
    return text.splitlines()


# exit codes


def test_a_clean_project_exits_with_0(workspace: Workspace) -> None:
    workspace.write({"a.py": "x = 1\n"})
    run = workspace.check()
    assert (run.code, run.out, run.err) == (0, "All checks passed!\n", "")


def test_findings_exit_with_1_or_with_0_if_so_wanted(workspace: Workspace) -> None:
    workspace.write({"a.py": "x = f(default={})\n"})
    run = workspace.check()
    assert run.code == 1
    assert lines(run.out) == [
        "a.py:1:15: DJQ402 [*] the default is shared",
        "Found 1 error.",
        "[*] 1 fixable with --fix.",
    ]
    assert workspace.check("--exit-zero").code == 0


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("missing.py",), "missing.py: no such file or directory"),
        (("--select=DJQ9",), "--select: unknown rule code 'DJQ9'"),
        (("--enable=DJQ50,DJQ504X",), "--enable: unknown rule code 'DJQ504X'"),
        (("--ignore=DJQ499",), "--ignore: unknown rule code 'DJQ499'"),
        (("--root=nowhere",), "project root 'nowhere' is not a directory"),
        (("--django-version=five",), "Django version 'five' is not of the form 5.2"),
        (("--config=missing.cfg",), "The specified config file does not exist: missing.cfg"),
        (("--per-file-ignores=a b c",), "Expected `per-file-ignores` to be a mapping"),
        (("--jobs=0",), "'0' is neither a number of processes nor 'auto'"),
        (("--nonsense",), "unrecognized arguments: --nonsense"),
        (("--output-format=xml",), "invalid choice: 'xml'"),
        (("--output-file=no/such/folder.txt",), "no/such/folder.txt: no such file or directory"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_one_line_and_exits_with_2(
    workspace: Workspace, arguments: tuple[str, ...], line: str
) -> None:
    workspace.write({"a.py": "x = f(default={})\n"})
    run = workspace.check(*arguments)
    assert run.code == 2
    assert run.out == ""
    assert len(lines(run.err)) == 1
    assert run.err.startswith("flake8-django-orm: error: ")
    assert line in run.err


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[flake8\nignore = E1\n", "setup.cfg: File contains no section headers."),
        ("[flake8]\nignore = nonsense\n", "Error code 'nonsense' supplied to 'ignore' option"),
        ("[flake8]\njobs = many\n", "'many' must be 'auto' or an integer"),
        ("[flake8]\nmax-line-length = wide\n", "invalid literal for int() with base 10: 'wide'"),
        ("[flake8]\nignore = E1\nignore = E2\n", "option 'ignore' in section 'flake8' already exists"),
    ],
)
def test_a_broken_configuration_is_one_line(workspace: Workspace, text: str, line: str) -> None:
    workspace.write({"a.py": "x = 1\n", "setup.cfg": text})
    run = workspace.check()
    assert run.code == 2
    assert len(lines(run.err)) == 1
    assert line in run.err


def test_a_broken_file_that_is_no_flake8_configuration_is_passed_over(workspace: Workspace) -> None:
    workspace.write({"a.py": "x = 1\n", "tox.ini": "{% if tox %}\n", ".flake8": "[flake8]\nselect = DJQ\n"})
    assert workspace.check().code == 0


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"def (:\n", "bad.py: syntax error: invalid syntax (row 1)"),
        (b"\xff\xfe = 1\n", "bad.py: cannot decode the file as utf-8: bad byte at offset 0"),
        (b"# coding: klingon\n", "bad.py: "),
        (b"x = 1\0\n", "bad.py: the file contains a NUL byte"),
    ],
    ids=["syntax", "bytes", "encoding", "NUL"],
)
def test_a_file_that_cannot_be_read_is_told_and_the_others_are_linted(
    workspace: Workspace, content: bytes, line: str
) -> None:
    workspace.write({"bad.py": content, "good.py": "x = f(default={})\n"})
    run = workspace.check("--fix")
    assert run.code == 1
    assert len(lines(run.err)) == 1
    assert line in run.err
    assert workspace.read("good.py") == "x = f(default=dict)\n"
    assert (workspace.root / "bad.py").read_bytes() == content
    assert workspace.check("bad.py").code == 2


def test_an_unreadable_directory_is_told(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.write({"a.py": "x = 1\n", "secret/b.py": "x = 1\n"})
    scandir = os.scandir

    def guarded(path: str) -> object:
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    run = workspace.check()
    assert run.err == "flake8-django-orm: error: ./secret: permission denied\n"
    assert run.code == 1


def test_a_pipe_in_the_project_does_not_hang_the_run(workspace: Workspace) -> None:
    workspace.write({"a.py": "x = 1\n"})
    os.mkfifo(workspace.root / "pipe.py")
    assert "./pipe.py: not a regular file" in workspace.check().err


def test_a_directory_without_python_is_told_and_is_clean(workspace: Workspace) -> None:
    run = workspace.check()
    assert run.code == 0
    assert run.err == "flake8-django-orm: warning: no Python files found under the given paths\n"


def test_a_link_out_of_the_project_is_an_error_where_it_is_named(workspace: Workspace, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text("x = f(default={})\n")
    workspace.write({".git/HEAD": ""})
    (workspace.root / "link.py").symlink_to(outside)
    run = workspace.check("link.py")
    assert (run.code, run.out) == (2, "")
    assert run.err == (
        "flake8-django-orm: error: link.py: a symbolic link leads out of the project's root, where nothing is read\n"
    )
    run = workspace.check(".")
    assert (run.code, run.out) == (0, "")
    assert "no Python files found under the given paths: 1 symbolic link out of the project's root passed over" in (
        run.err
    )


def test_a_selection_without_our_codes_is_told(workspace: Workspace) -> None:
    workspace.write({"a.py": "x = f(default={})\n", "setup.cfg": "[flake8]\nselect = E,W\n"})
    run = workspace.check()
    assert (run.code, run.places) == (0, [])
    assert "no rule is switched on" in run.err


def test_a_file_noqa_with_codes_hides_everything_and_is_told(workspace: Workspace) -> None:
    workspace.write({"a.py": "# flake8: noqa: DJQ401\nx = f(default={})\n"})
    run = workspace.check()
    assert run.places == []
    assert 'a.py:1: "# flake8: noqa" with codes hides all findings' in run.err


def test_an_error_of_our_own_in_one_file_does_not_cost_the_others(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write({"a.py": "crash\n", "b.py": "x = f(default={})\n"})
    check = fake_engine.Engine.check

    def crashing(self: fake_engine.Engine, path: Path, text: str | None = None, tree: object = None) -> object:
        if path.name == "a.py":
            raise ZeroDivisionError("oh\nno")
        return check(self, path, text)

    monkeypatch.setattr(fake_engine.Engine, "check", crashing)
    run = workspace.check()
    assert run.codes == ["DJQ402"]
    assert len(lines(run.err)) == 1
    assert "a.py: internal error (test_cli.py:" in run.err
    assert "ZeroDivisionError: oh no; please report this" in run.err


# fixing


def test_safe_fixes_are_made_and_the_rest_is_shown(workspace: Workspace) -> None:
    workspace.write({"a.py": "x = f(default={})\nget(id)\n"})
    run = workspace.check("--fix")
    assert workspace.read("a.py") == "x = f(default=dict)\nget(id)\n"
    assert lines(run.out) == [
        "a.py:2:1: DJQ201 the helper fetches the row again",
        "Found 2 errors (1 fixed, 1 remaining).",
        "1 fixable with --fix --unsafe-fixes.",
    ]
    assert run.code == 1


def test_unsafe_fixes_are_made_if_asked_for_in_all_files_they_need(workspace: Workspace) -> None:
    workspace.write({"a.py": "get(id)\n", "helpers.py": "def get(i): ...\n"})
    run = workspace.check("--fix", "--unsafe-fixes", "a.py")
    assert workspace.read("a.py") == "row\n"
    assert workspace.read("helpers.py") == "def row(i): ...\n"
    assert lines(run.out) == ["Found 1 error (1 fixed, 0 remaining)."]
    assert run.code == 0


def test_an_excluded_file_is_not_edited_by_the_fix_of_another(workspace: Workspace) -> None:
    workspace.write({"a.py": "get(id)\n", "helpers.py": "def get(i): ...\n"})
    run = workspace.check("--fix", "--unsafe-fixes", "--extend-exclude=helpers.py")
    assert workspace.read("a.py") == "get(id)\n"
    assert "DJQ201: helpers.py: is excluded; fix not made" in run.err
    assert run.codes == ["DJQ201"]


def test_a_finding_under_noqa_is_not_fixed(workspace: Workspace) -> None:
    workspace.write({"a.py": "x = f(default={})  # noqa\n"})
    assert workspace.check("--fix").code == 0
    assert workspace.read("a.py") == "x = f(default={})  # noqa\n"


def test_a_diff_is_shown_and_nothing_is_written(workspace: Workspace) -> None:
    workspace.write({"a.py": "x = f(default={})\nget(id)"})
    run = workspace.cli("check", "--diff")
    assert lines(run.out) == [
        "--- a.py",
        "+++ a.py",
        "@@ -1,2 +1,2 @@",
        "-x = f(default={})",
        "+x = f(default=dict)",
        " get(id)",
        "\\ No newline at end of file",
        "Would fix 1 error (1 more with --unsafe-fixes).",
    ]
    assert run.code == 1
    assert workspace.read("a.py") == "x = f(default={})\nget(id)"


def test_a_diff_is_a_patch_also_for_a_file_with_a_byte_order_mark(workspace: Workspace) -> None:
    workspace.write({"bom.py": b"\xef\xbb\xbfx = f(default={})\n"})
    diff = workspace.cli("check", "--diff").out
    assert "\n-\ufeffx = f(default={})\n+\ufeffx = f(default=dict)\n" in diff


def test_a_file_and_a_link_to_it_are_fixed_once(workspace: Workspace) -> None:
    workspace.write({"a.py": "x = f(default={})\n"})
    link = workspace.root / "link.py"
    link.symlink_to("a.py")
    run = workspace.cli("check", "--fix")
    assert workspace.read("a.py") == "x = f(default=dict)\n"
    assert link.is_symlink()
    assert "link.py: is a link to a.py, and fixed there" in run.err
    assert workspace.cli("check").code == 0


def test_a_diff_without_changes_exits_with_0(workspace: Workspace) -> None:
    workspace.write({"a.py": "get(id)\n"})
    run = workspace.cli("check", "--diff")
    assert (run.code, run.out) == (0, "No errors would be fixed (1 more with --unsafe-fixes).\n")


def test_the_second_run_changes_nothing(workspace: Workspace) -> None:
    workspace.write({"a.py": "x = f(default={}, y=f(default=now()))\n"})
    workspace.check("--fix")
    before = (workspace.root / "a.py").stat().st_mtime_ns
    run = workspace.check("--fix")
    assert (run.code, run.out) == (0, "All checks passed!\n")
    assert (workspace.root / "a.py").stat().st_mtime_ns == before


def test_encoding_newlines_and_byte_order_mark_are_kept(workspace: Workspace) -> None:
    latin = "# coding: latin-1\r\né = f(default={})\r\n".encode("latin-1")
    workspace.write({"latin.py": latin, "bom.py": b"\xef\xbb\xbfx = f(default={})\n"})
    assert workspace.check("--fix").code == 0
    assert (workspace.root / "latin.py").read_bytes() == latin.replace(b"{}", b"dict")
    assert (workspace.root / "bom.py").read_bytes() == b"\xef\xbb\xbfx = f(default=dict)\n"


def test_a_file_that_changes_while_it_is_linted_is_left_alone(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write({"a.py": "x = f(default={})\n", "b.py": "x = f(default={})\n"})
    digest = linter.text_digest

    def edited_meanwhile(text: str) -> bytes:
        workspace.write({"a.py": "x = f(default={})  # by hand\n"})
        return digest(text)

    monkeypatch.setattr(linter, "text_digest", edited_meanwhile)
    run = workspace.check("--fix")
    assert workspace.read("a.py") == "x = f(default={})  # by hand\n"
    assert workspace.read("b.py") == "x = f(default=dict)\n"
    assert "a.py: changed on disk while it was linted; left alone" in run.err
    assert run.code == 1


def test_a_file_that_cannot_be_written_is_told_and_its_finding_remains(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write({"a.py": "x = f(default={})\n"})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    run = workspace.check("--fix")
    assert workspace.read("a.py") == "x = f(default={})\n"
    assert run.codes == ["DJQ402"]
    assert "a.py: no space left on device; left alone" in run.err
    assert [name for name in os.listdir(workspace.root) if not name.startswith(".flake8")] == ["a.py"]


def test_stdin_is_fixed_to_stdout_and_the_report_goes_to_stderr(workspace: Workspace) -> None:
    run = workspace.cli_process("check", "--fix", "--output-format=concise", "-", stdin=b"x = f(default={})\r\nget(id)")
    assert run.out == "x = f(default=dict)\r\nget(id)"
    assert "stdin:2:1: DJQ201" in run.err
    assert run.code == 1


# processes


def test_several_processes_report_the_same_in_the_same_order(workspace: Workspace) -> None:
    workspace.write({f"m{number:02}.py": "x = f(default={})\n" for number in range(20)} | {"bad.py": "(\n"})
    one = workspace.cli_process("check", "--jobs=1")
    two = workspace.cli_process("check", "--jobs=2")
    assert (two.out, two.err, two.code) == (one.out, one.err, one.code)
    assert two.out.count("DJQ402") == 20


def test_several_processes_fix_the_same(workspace: Workspace) -> None:
    files = {f"m{number:02}.py": "x = f(default={}, y=f(default=now()))\n" for number in range(20)}
    workspace.write(files)
    assert workspace.cli_process("check", "--fix", "--jobs=2").code == 0
    assert {workspace.read(name) for name in files} == {"x = f(default=dict, y=f(default=now))\n"}


# output


def test_the_report_can_go_to_a_file(workspace: Workspace) -> None:
    workspace.write({"a.py": "x = f(default={})\n"})
    run = workspace.check("--output-file=report.txt", "--color=auto")
    assert run.out == ""
    assert "DJQ402" in workspace.read("report.txt")


def test_statistics_count_by_rule(workspace: Workspace) -> None:
    workspace.write({"a.py": "f(default={}, b=f(default={}))\nget(id)\n"})
    run = workspace.cli("check", "--statistics")
    assert lines(run.out)[:2] == ["2\tDJQ402\t[*] shared-default", "1\tDJQ201\t[ ] refetch-by-id"]
    assert run.err == "flake8-django-orm: files: 1\n"
    as_json = json.loads(workspace.cli("check", "--statistics", "--output-format=json").out)
    assert as_json[0] == {"code": "DJQ402", "name": "shared-default", "count": 2, "fixable_count": 2}


def test_a_reader_that_goes_away_is_no_error(workspace: Workspace) -> None:
    workspace.write({f"m{number}.py": "f(default={})\n" * 500 for number in range(4)})
    code = '{ python -m flake8_django_orm check; echo "code $?" >&2; } | head -n 1'
    run = workspace.shell(code)
    assert "Traceback" not in run.err
    assert run.err == "code 1\n"


# rule


def test_a_rule_explains_itself_by_code_or_by_name(workspace: Workspace) -> None:
    run = workspace.cli("rule", "djq402")
    assert run.code == 0
    assert lines(run.out)[0] == "# shared-default (DJQ402)"
    assert "Fix: safe" in run.out
    assert "## What it does" in run.out
    assert workspace.cli("rule", "shared-default").out == run.out


def test_all_rules_explain_themselves(workspace: Workspace) -> None:
    out = workspace.cli("rule", "--all").out
    assert out.index("DJQ201") < out.index("DJQ401") < out.index("DJQ504")
    assert "Off by default" in out
    as_json = json.loads(workspace.cli("rule", "--all", "--output-format=json").out)
    assert [rule["code"] for rule in as_json] == ["DJQ201", "DJQ401", "DJQ402", "DJQ504"]
    assert as_json[0]["applicability"] == "unsafe"


def test_an_unknown_rule_is_told(workspace: Workspace) -> None:
    run = workspace.cli("rule", "DJQ999")
    assert run.code == 2
    assert "unknown rule 'DJQ999'" in run.err
