"""Questions of pure syntax: what a block binds, whether it always leaves, whether its loop may stop early."""

from __future__ import annotations

import libcst as cst
import pytest

from flake8_django_orm.syntax.names import always_leaves, bound_names, dotted_name, may_stop_early


def loop(text: str) -> cst.For:
    body = "".join(f"    {line}\n" for line in text.splitlines())
    node = cst.parse_module(f"for x in y:\n{body}").body[0]
    assert isinstance(node, cst.For)
    return node


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        ("return x", cst.Return),
        ("raise E", cst.Raise),
        ("break", cst.Break),
        ("continue", None),
        ("a()\nbreak", cst.Break),
        ("if a:\n    return 1", None),
        ("if a:\n    return 1\nelse:\n    raise E", cst.Return),
        ("if a:\n    return 1\nelse:\n    break", cst.Break),
        ("with a:\n    return 1", cst.Return),
        ("while a:\n    return 1", None),
    ],
)
def test_a_block_that_leaves_its_loop_on_every_way(text: str, leaves: type[cst.CSTNode] | None) -> None:
    assert always_leaves(loop(text).body) is leaves


@pytest.mark.parametrize(
    ("text", "early"),
    [
        ("a()", False),
        ("if a:\n    break", True),
        ("if a:\n    return", True),
        ("for b in c:\n    break", False),
        ("for b in c:\n    return", True),
        ("def f():\n    return 1", False),
    ],
)
def test_a_loop_that_may_end_before_its_last_row(text: str, early: bool) -> None:
    assert may_stop_early(loop(text).body) is early


def test_bound_names_do_not_enter_inner_scopes() -> None:
    text = (
        "a = 1\nb, (c, *d) = x\nfor e in f: g = 1\nwith h as i: pass\nimport j.k, l as m\n"
        "def n(o):\n    p = 1\n[q for q in r]\n(s := 1)"
    )
    assert bound_names(loop(text).body) == {*"abcdegijmns"}


def test_dotted_names() -> None:
    assert dotted_name(cst.parse_expression("a.b.c")) == "a.b.c"
    assert dotted_name(cst.parse_expression("a().b")) == ""
