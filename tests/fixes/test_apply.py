"""The apply loop: what is made, what waits, what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import pytest

from flake8_django_orm.findings import Applicability, Edit, Finding, Fix, Location
from flake8_django_orm.fixes.apply import MAX_ROUNDS, Outcome, Workshop, apply_fixes
from flake8_django_orm.source import SourceError, SourceFile, make_source

Look = Callable[[str, Mapping[str, str]], Iterator[Finding]]


def finding(path: str, *edits: Edit, applicability: Applicability = Applicability.SAFE) -> Finding:
    place = Location(1, 1)
    fix = Fix(applicability, "repair it", edits)
    return Finding("DJQ101", "name", "message", path, place, place, fix)


def replacing(old: str, new: str, applicability: Applicability = Applicability.SAFE) -> Look:
    """A linter that wants each `old` replaced by `new`."""

    def look(path: str, texts: Mapping[str, str]) -> Iterator[Finding]:
        for match in re.finditer(re.escape(old), texts[path]):
            yield finding(path, Edit(path, match.start(), match.end(), new), applicability=applicability)

    return look


def run(
    files: Mapping[str, str],
    look: Look,
    *,
    unsafe: bool = False,
    linted: Collection[str] | None = None,
    forbidden: Callable[[str], str | None] = lambda _: None,
) -> Outcome:
    paths = files.keys() if linted is None else linted

    def read(path: str) -> SourceFile:
        if path not in files:
            raise SourceError("cannot read the file")
        return make_source(files[path], Path(path))

    def lint(texts: Mapping[str, str], wanted: Collection[str]) -> dict[str, list[Finding]]:
        return {path: list(look(path, {**files, **texts})) for path in wanted}

    return apply_fixes(lint({}, paths), Workshop(read, lint, forbidden), unsafe=unsafe)


def test_fixes_of_one_round_are_made_together() -> None:
    outcome = run({"a.py": "x = old, old\n"}, replacing("old", "new"))
    assert outcome.texts == {"a.py": "x = new, new\n"}
    assert len(outcome.fixed) == 2
    assert outcome.remaining == {"a.py": []}


def test_what_a_fix_uncovers_is_fixed_in_the_next_round() -> None:
    def look(path: str, texts: Mapping[str, str]) -> Iterator[Finding]:
        yield from replacing("one", "two")(path, texts)
        yield from replacing("two", "three")(path, texts)

    outcome = run({"a.py": "x = one\n"}, look)
    assert outcome.texts == {"a.py": "x = three\n"}
    assert len(outcome.fixed) == 2


def test_fixes_that_meet_are_made_one_after_the_other() -> None:
    outcome = run({"a.py": "x = oldold\n"}, replacing("old", "new"))
    assert outcome.texts == {"a.py": "x = newnew\n"}


def test_several_findings_of_one_queryset_carry_one_fix_that_is_made_once() -> None:
    def look(path: str, texts: Mapping[str, str]) -> Iterator[Finding]:
        if "related" not in texts[path]:
            for _ in range(3):
                yield finding(path, Edit(path, 5, 5, ".related()"))

    outcome = run({"a.py": "x = q\n"}, look)
    assert outcome.texts == {"a.py": "x = q.related()\n"}
    assert len(outcome.fixed) == 3


@pytest.mark.parametrize(
    ("applicability", "unsafe", "made"),
    [
        (Applicability.SAFE, False, True),
        (Applicability.UNSAFE, False, False),
        (Applicability.UNSAFE, True, True),
        (Applicability.DISPLAY_ONLY, True, False),
    ],
)
def test_only_the_fixes_that_were_asked_for_are_made(applicability: Applicability, unsafe: bool, made: bool) -> None:
    outcome = run({"a.py": "x = old\n"}, replacing("old", "new", applicability), unsafe=unsafe)
    assert (outcome.texts == {"a.py": "x = new\n"}) is made
    assert (not outcome.remaining["a.py"]) is made


def test_a_fix_that_leaves_a_syntax_error_is_refused_and_the_others_are_made() -> None:
    def look(path: str, texts: Mapping[str, str]) -> Iterator[Finding]:
        yield from replacing("bad", "(((")(path, texts)
        yield from replacing("old", "new")(path, texts)

    outcome = run({"a.py": "x = bad\ny = old\n"}, look)
    assert outcome.texts == {"a.py": "x = bad\ny = new\n"}
    assert outcome.problems == ["DJQ101: a.py: a fix would leave a syntax error; not made"]
    assert len(outcome.remaining["a.py"]) == 1


def test_fixes_that_leave_a_syntax_error_only_together_are_all_refused() -> None:
    def look(path: str, texts: Mapping[str, str]) -> Iterator[Finding]:
        yield from replacing("one", "1 if 2")(path, texts)
        yield from replacing("else 3", "")(path, texts)

    text = "x = (one else 3)\n"
    outcome = run({"a.py": text}, look)
    assert outcome.texts == {}
    assert len(outcome.remaining["a.py"]) == 2


def test_a_fix_over_two_files_is_made_in_both_and_links_them() -> None:
    def look(path: str, texts: Mapping[str, str]) -> Iterator[Finding]:
        if path == "a.py" and "get" in texts["b.py"]:
            yield finding(path, Edit("a.py", 0, 3, "row"), Edit("b.py", 4, 7, "row"))

    outcome = run({"a.py": "get(1)\n", "b.py": "def get(i): ...\n"}, look, linted=["a.py"])
    assert outcome.texts == {"a.py": "row(1)\n", "b.py": "def row(i): ...\n"}
    assert outcome.groups == [frozenset({"a.py", "b.py"})]
    assert outcome.remaining == {"a.py": []}


def test_a_fix_over_two_files_is_made_in_none_if_it_breaks_one() -> None:
    def look(path: str, texts: Mapping[str, str]) -> Iterator[Finding]:
        yield finding(path, Edit("a.py", 0, 3, "row"), Edit("b.py", 4, 7, "1"))

    outcome = run({"a.py": "get(1)\n", "b.py": "def get(i): ...\n"}, look, linted=["a.py"])
    assert outcome.texts == {}
    assert outcome.problems == ["DJQ101: b.py: a fix would leave a syntax error; not made"]


def test_a_file_that_may_not_be_edited_keeps_the_whole_fix_from_being_made() -> None:
    def look(path: str, texts: Mapping[str, str]) -> Iterator[Finding]:
        yield finding(path, Edit("a.py", 0, 3, "row"), Edit("b.py", 4, 7, "row"))

    files = {"a.py": "get(1)\n", "b.py": "def get(i): ...\n"}
    outcome = run(files, look, linted=["a.py"], forbidden=lambda p: "b is not ours" if p == "b.py" else None)
    assert outcome.texts == {}
    assert outcome.problems == ["DJQ101: b is not ours"]


def test_a_file_that_cannot_be_read_keeps_the_whole_fix_from_being_made() -> None:
    def look(path: str, texts: Mapping[str, str]) -> Iterator[Finding]:
        yield finding(path, Edit("a.py", 0, 3, "row"), Edit("gone.py", 4, 7, "row"))

    outcome = run({"a.py": "get(1)\n"}, look)
    assert outcome.texts == {}
    assert outcome.problems == ["DJQ101: gone.py: cannot read the file"]


def test_a_finding_that_a_fix_in_another_file_settles_is_gone_at_the_end() -> None:
    """b.py has no fix and no place in a.py, so only the last look at everything can tell."""

    def look(path: str, texts: Mapping[str, str]) -> Iterator[Finding]:
        if path == "a.py":
            yield from replacing("old", "new")(path, texts)
        elif "old" in texts["a.py"]:
            yield finding(path)

    outcome = run({"a.py": "old\n", "b.py": "x\n"}, look)
    assert outcome.remaining == {"a.py": [], "b.py": []}


def test_fixes_that_undo_each_other_stop_and_are_told() -> None:
    def look(path: str, texts: Mapping[str, str]) -> Iterator[Finding]:
        yield from replacing("one", "two")(path, texts)
        if "one" not in texts[path]:
            yield from replacing("two", "one")(path, texts)

    outcome = run({"a.py": "x = one\n"}, look)
    assert outcome.problems == ["the fixes undo each other; stopped"]


def test_fixes_without_end_stop_at_the_bound_and_are_told() -> None:
    outcome = run({"a.py": "x = 1\n"}, replacing("= 1", "= y = 1"))
    assert outcome.texts["a.py"].count("y =") == MAX_ROUNDS
    assert outcome.problems == [f"stopped after {MAX_ROUNDS} rounds of fixes; run again for the rest"]


def test_a_second_run_changes_nothing() -> None:
    files = {"a.py": "x = old, oldold\n"}
    first = run(files, replacing("old", "new"))
    assert run({**files, **first.texts}, replacing("old", "new")).texts == {}


def test_new_lines_take_the_newline_of_the_file_and_mixed_ones_stay() -> None:
    outcome = run({"a.py": "x = 1\r\ny = 2\r\nz = 3\n"}, replacing("y = 2", "y = (\n2)"))
    assert outcome.texts == {"a.py": "x = 1\r\ny = (\r\n2)\r\nz = 3\n"}
