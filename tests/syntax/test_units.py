"""A unit is one definition of a file, parsed as it stands; offsets of its nodes are offsets of the file."""

from __future__ import annotations

import ast
import re

import libcst as cst
from hypothesis import given
from hypothesis import strategies as st

from flake8_django_orm.syntax.hollow import blank_out, joined
from flake8_django_orm.syntax.units import Place, Unit, parse_unit
from flake8_django_orm.syntax.visitor import walk


def unit_of(text: str, start_of: str, end_of: str | None = None) -> Unit:
    start = text.index(start_of)
    start = text.rfind("\n", 0, start) + 1
    end = len(text) if end_of is None else text.index(end_of)
    unit = parse_unit("shop/views.py", "shop.views", "f", text, start, end)
    assert unit is not None
    return unit


def texts_of(unit: Unit, text: str, kind: type[cst.CSTNode]) -> list[str]:
    nodes = [node for statement in unit.body for node in walk(statement) if isinstance(node, kind)]
    return [text[slice(*Place(unit, node).span)] for node in nodes]


def test_a_function_at_the_top_of_the_file() -> None:
    text = "import os\n\n\ndef f(a):\n    return a.b(1)\n"
    assert texts_of(unit_of(text, "def f"), text, cst.Call) == ["a.b(1)"]


def test_an_indented_method_keeps_its_columns() -> None:
    text = "class C:\n    @staticmethod\n    def f(a):\n        '''Two\nlines.'''\n        return a.b(1)\n\n    x = 1\n"
    unit = unit_of(text, "    @staticmethod", "\n    x = 1")
    assert texts_of(unit, text, cst.Call) == ["a.b(1)"]
    assert texts_of(unit, text, cst.FunctionDef) == ["def f(a):\n        '''Two\nlines.'''\n        return a.b(1)"]


def test_a_form_feed_moves_nothing() -> None:
    text = "def f(a):\n\f\n    return a.b(1)\n"
    assert texts_of(unit_of(text, "def f"), text, cst.Call) == ["a.b(1)"]


def test_tabs_and_carriage_returns() -> None:
    text = "class C:\r\n\tdef f(self):\r\n\t\treturn self.b(1)\r\n"
    assert texts_of(unit_of(text, "\tdef f"), text, cst.Call) == ["self.b(1)"]


def test_what_cannot_be_parsed_is_none() -> None:
    assert parse_unit("x.py", "x", "f", "def f(:\n", 0, 8) is None
    assert parse_unit("x.py", "x", "f", "    def f(:\n", 0, 12) is None


def test_a_question_of_syntax_is_asked_once() -> None:
    unit = unit_of("def f():\n    pass\n", "def f")
    asked: list[cst.CSTNode] = []

    def question(node: cst.CSTNode) -> int:
        asked.append(node)
        return len(asked)

    node = unit.body[0]
    assert [unit.ask(question, node), unit.ask(question, node)] == [1, 1]


def test_blanked_definitions_leave_everything_else_where_it_was() -> None:
    text = "a = 1\n@d\ndef f():\n    return 2\nb = 3\nclass C: pass\nc = 4\n"
    hollow = blank_out(text, [(text.index("@d"), text.index("b = 3")), (text.index("class"), text.index("c = 4"))])
    assert len(hollow) == len(text)
    assert [hollow.index(line) for line in ("a = 1", "b = 3", "c = 4")] == [
        text.index(n) for n in ("a = 1", "b = 3", "c = 4")
    ]
    compile(hollow, "hollow", "exec")
    assert "return" not in hollow
    assert "class" not in hollow


@given(
    st.lists(
        st.sampled_from(["def f():\n    x = 1\n", "@d\ndef g(a):\n    '''\n'''\n", "x = 1\n", "async def h(): ...\n"])
    )
)
def test_blanking_any_definitions_keeps_the_length_and_compiles(pieces: list[str]) -> None:
    text = "".join(pieces)
    ranges = []
    at = 0
    for piece in pieces:
        if "def" in piece:
            ranges.append((at, at + len(piece)))
        at += len(piece)
    hollow = blank_out(text, ranges)
    assert len(hollow) == len(text)
    assert hollow.count("\n") == len(pieces)
    compile(hollow, "hollow", "exec")


_PIECES = ["x = 1\n", "\n", "# why\n", "if x:\n    y = 2\n    z = [\n        3,\n    ]\n", "def f():\n    return 1\n"]


@given(st.lists(st.sampled_from(_PIECES), min_size=1), st.data())
def test_neighbours_are_blanked_out_as_one_line(pieces: list[str], data: st.DataObject) -> None:
    text = "".join(pieces)
    statements = [n for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.Assign, ast.FunctionDef))]
    chosen = [n for n in statements if data.draw(st.booleans())]
    starts = [0, *(at + 1 for at, sign in enumerate(text) if sign == "\n")]
    ranges = [(starts[n.lineno - 1], starts[n.end_lineno or n.lineno]) for n in chosen]
    hollow = blank_out(text, joined(text, ranges))
    assert len(hollow) == len(text)
    compile(hollow, "hollow", "exec")
    kept = {ast.unparse(n) for n in statements if n not in chosen}
    assert {ast.unparse(n) for n in ast.walk(ast.parse(hollow)) if isinstance(n, (ast.Assign, ast.FunctionDef))} == kept


def test_a_whole_class_of_fields_becomes_one_line() -> None:
    text = "class C:\n" + "    # one\n    a = 1\n\n" * 40 + "    b = 2\n"
    ranges = [(m.start(), m.end()) for m in re.finditer(r"    a = 1\n", text)]
    assert blank_out(text, joined(text, ranges)).count("\n") == 5
