"""Splicing edits into a text, and choosing the fixes that can be made together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.edits import OverlappingEdits, compatible, edits_by_path, splice


def edit(start: int, end: int, content: str, path: str = "a.py") -> Edit:
    return Edit(path, start, end, content)


def fix(*edits: Edit) -> Fix:
    return Fix(Applicability.SAFE, "message", edits)


def test_edits_are_made_at_their_offsets_in_the_old_text_in_any_order() -> None:
    assert splice("abcdef", [edit(4, 5, "E"), edit(0, 1, "A"), edit(2, 2, "-")]) == "Ab-cdEf"


def test_offsets_count_code_points() -> None:
    assert splice("é😀x", [edit(2, 3, "y")]) == "é😀y"


def test_an_edit_given_twice_is_made_once() -> None:
    assert splice("ab", [edit(1, 1, "-"), edit(1, 1, "-")]) == "a-b"


def test_line_feeds_become_the_newline_of_the_file() -> None:
    assert splice("a\r\nb\r\n", [edit(0, 0, "x\n")], "\r\n") == "x\r\na\r\nb\r\n"


def test_what_is_copied_from_the_text_keeps_the_newline_of_the_file() -> None:
    assert splice("f(\r\na)\r\n", [edit(0, 5, "(\r\na,\n)")], "\r\n") == "(\r\na,\r\n))\r\n"


@pytest.mark.parametrize(
    "edits",
    [
        [edit(0, 3, ""), edit(2, 4, "")],
        [edit(1, 1, "x"), edit(1, 1, "y")],
        [edit(1, 3, "x"), edit(1, 3, "y")],
        [edit(0, 3, ""), edit(1, 1, "x")],
        [edit(0, 7, "")],
        [edit(3, 2, "")],
    ],
    ids=["overlap", "two insertions", "two replacements", "insertion inside", "outside", "backwards"],
)
def test_edits_that_disturb_each_other_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(OverlappingEdits):
        splice("abcdef", edits)


def test_a_fix_that_meets_an_earlier_one_waits() -> None:
    first, second = fix(edit(0, 3, "x")), fix(edit(2, 5, "y"))
    assert compatible([first, second]) == [first]


def test_a_fix_that_only_touches_an_earlier_one_waits_too() -> None:
    first, second = fix(edit(0, 3, "x")), fix(edit(3, 5, "y"))
    assert compatible([first, second]) == [first]


def test_a_fix_is_left_out_as_a_whole() -> None:
    first, second = fix(edit(0, 3, "x")), fix(edit(10, 12, "y"), edit(1, 2, "z"))
    assert compatible([first, second]) == [first]


def test_two_fixes_may_share_an_edit() -> None:
    shared = edit(0, 0, "from django.db.models import F\n")
    first, second = fix(shared, edit(40, 41, "x")), fix(shared, edit(50, 51, "y"))
    assert compatible([first, second]) == [first, second]
    assert edits_by_path([first, second]) == {"a.py": [shared, edit(40, 41, "x"), edit(50, 51, "y")]}


def test_the_same_fix_of_several_findings_counts_once() -> None:
    assert compatible([fix(edit(0, 1, "x")), fix(edit(0, 1, "x"))]) == [fix(edit(0, 1, "x"))]


def test_the_same_offsets_in_two_files_do_not_meet() -> None:
    first, second = fix(edit(0, 3, "x")), fix(edit(0, 3, "y", path="b.py"))
    assert compatible([first, second]) == [first, second]


def test_a_fix_that_disturbs_itself_is_left_out() -> None:
    assert compatible([fix(edit(0, 3, "x"), edit(1, 2, "y"))]) == []


@st.composite
def texts_and_edits(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    text = draw(st.text(max_size=60))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)))
    spans = zip(cuts[::2], cuts[1::2], strict=False)
    edits = [
        edit(start, end, draw(st.text(st.characters(exclude_characters="\r"), max_size=5))) for start, end in spans
    ]
    return text, draw(st.permutations(edits))


@given(texts_and_edits())
def test_splicing_equals_making_the_edits_one_by_one_from_the_end(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    expected = text
    for one in sorted(edits, key=lambda e: -e.start):
        expected = expected[: one.start] + one.content + expected[one.end :]
    assert splice(text, edits) == expected


@given(texts_and_edits(), st.sampled_from(["utf-8", "utf-16-le"]))
def test_what_is_not_edited_keeps_its_bytes(case: tuple[str, list[Edit]], encoding: str) -> None:
    text, edits = case
    rest = splice(text, edits).encode(encoding, "surrogatepass")
    position = 0
    for one in [*sorted(edits, key=lambda e: e.start), edit(len(text), len(text), "")]:
        untouched = text[position : one.start].encode(encoding, "surrogatepass")
        assert rest.startswith(untouched)
        rest = rest[len(untouched) + len(one.content.encode(encoding, "surrogatepass")) :]
        position = one.end
    assert rest == b""


@st.composite
def some_fixes(draw: st.DrawFn) -> list[Fix]:
    offsets = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda pair: (min(pair), max(pair)))
    edits = st.builds(
        lambda span, content, path: Edit(path, span[0], span[1], content),
        offsets,
        st.sampled_from(["", "x", "y"]),
        st.sampled_from(["a.py", "b.py"]),
    )
    return draw(st.lists(st.lists(edits, min_size=1, max_size=3).map(lambda e: fix(*e)), max_size=8))


@given(some_fixes())
def test_compatible_fixes_can_always_be_made_together_and_some_always_can(fixes: list[Fix]) -> None:
    chosen = compatible(fixes)
    for edits in edits_by_path(chosen).values():
        splice("." * 20, edits)
    assert chosen or not any(possible(one) for one in fixes)


def possible(one: Fix) -> bool:
    try:
        for edits in edits_by_path([one]).values():
            splice("." * 20, edits)
    except OverlappingEdits:
        return False
    return True
