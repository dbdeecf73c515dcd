"""Pieces of text that libcst need not see are blanked out; every offset of what is left stays.

Definitions that are blanked out are tested where units are, in `test_units.py`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flake8_django_orm.syntax.hollow import without_tables
from flake8_django_orm.syntax.units import parse_unit
from flake8_django_orm.syntax.visitor import walk


def table(row: str, rows: int = 300) -> str:
    return f"CODES = [\n{row * rows}]\nbooks = Book.objects.all()\n"


@pytest.mark.parametrize(
    "row",
    [
        "    ('aaa', \"Ghotuo\"),\n",
        "    [b'aaa', r'Alb\\anian'],\n",
        "    (1, -2.5, None, True),\n",
        "    {'code': 'aaa', 'rate': 3},\n",
        "    ('it\\'s', 'a, b'),\r\n",
    ],
)
def test_a_long_table_of_literals_keeps_its_first_and_last_rows(row: str) -> None:
    text = table(row)
    shown = without_tables(text)
    assert len(shown) == len(text)
    assert shown.count(row.strip()) == 6
    assert shown.index("books") == text.index("books")
    codes = ast.parse(shown).body[0]
    assert isinstance(codes, ast.Assign)
    assert isinstance(codes.value, ast.List)
    assert len(codes.value.elts) == 6


def test_a_long_table_of_a_dict_stays_a_dict() -> None:
    text = "CODES = {\n" + "".join(f"    'a{number}': ('x', {number}),\n" for number in range(200)) + "}\n"
    assert list(ast.literal_eval(without_tables(text).removeprefix("CODES = "))) == [
        "a0", "a1", "a2", "a197", "a198", "a199",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("    ('aaa', _('Ghotuo')),\n", id="a call may do anything"),
        pytest.param("    ('aaa', Ghotuo),\n", id="a name may hold anything"),
        pytest.param("    f'{book.author}',\n", id="an f-string reads what it names"),
        pytest.param("    'aaa',\n", id="only() may be handed a hundred names"),
        pytest.param("    ('aaa', 'bbb')\n", id="without a comma the text goes on in the next row"),
        pytest.param("    ('aaa', 'bbb'\n    ),\n", id="rows of several lines are not looked for"),
    ],
)
def test_rows_that_are_more_than_literals_stay(row: str) -> None:
    text = table(row)
    assert without_tables(text) == text


def test_short_tables_stay() -> None:
    text = table("    ('aaa', 1),\n", rows=90) + "\n" * 200
    assert without_tables(text) == text


def test_libcst_gets_few_nodes_of_a_table() -> None:
    text = "def codes():\n    return [\n" + "        ('aaa', 'Ghotuo'),\n" * 5000 + "    ]\n"
    unit = parse_unit("shop/codes.py", "shop.codes", "codes", text, 0, len(text))
    assert unit is not None
    assert sum(1 for statement in unit.body for _ in walk(statement)) < 200
    assert unit.span(unit.body[0])[1] == len(text) - 1


ROWS = st.sampled_from(["'a',", "('a', 1),", "x,", "", "'''", "'a'", "[", "],", "# no", "{'a': 1},", "'a': 'b',"])


@given(st.lists(st.tuples(ROWS, st.integers(1, 150)), max_size=6))
def test_only_rows_go_and_every_other_line_stays_where_it_was(runs: list[tuple[str, int]]) -> None:
    text = "".join(f"    {row}\n" * times for row, times in runs)
    shown = without_tables(text)
    assert len(shown) == len(text)
    assert all(new in (old, " ") for old, new in zip(text, shown, strict=True))


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(lambda size: "    ('aaaaaaaa', 'b\n" * size, id="strings that are not closed"),
        pytest.param(lambda size: "    (" + "'a'," * size * 10 + "\n" * 200, id="a bracket that is not closed"),
        pytest.param(lambda size: "'" * size * 10 + "\n" * 200, id="quotes"),
    ],
)
def test_hostile_text_takes_time_in_line_with_its_length(hostile: Callable[[int], str]) -> None:
    def seconds(size: int) -> float:
        start = process_time()
        without_tables(hostile(size))
        return process_time() - start

    assert seconds(8000) < 40 * max(seconds(1000), 0.001)
