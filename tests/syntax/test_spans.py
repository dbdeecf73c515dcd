"""Spans on demand: the same places as libcst's PositionProvider gives, without its cost."""

from __future__ import annotations

from pathlib import Path

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from flake8_django_orm.source import SourceFile
from flake8_django_orm.syntax.spans import node_spans

SOURCES = {
    "chains": "x = (\n    Book.objects\n    .filter(a=1)  # why\n    .order_by('b')\n)\n",
    "a definition with decorators": "@first\n@second(1)\nasync def f(a, *, b=2) -> int:\n    return await a(b)\n",
    "loops and comprehensions": "for a, b in zip(x, y):\n    z = [c.d for c in a if c for e in c]\nelse:\n    pass\n",
    "wide characters": 'é = "😀"; y = call(é)[0]\n',
    "CRLF and tabs": "if a:\r\n\tb = c.d(\r\n\t\te,\r\n\t)\r\n",
    "parentheses and comments": "value = ((a.b((c), d)))  # end\nwith (open(a) as f, g() as h):\n    pass\n",
    "strings": "x = f'{a.b!r:>{w}} {c[\"d\"]}' 'and' r'more'\n",
    "no final newline": "lambda x: x.y",
    "a backslash": "a = b + \\\n    c.d\n",
    "match": "match a.b:\n    case C(x=1) if d.e:\n        f()\n    case _:\n        pass\n",
}


@pytest.mark.parametrize("text", SOURCES.values(), ids=SOURCES.keys())
def test_every_node_has_the_span_that_position_provider_gives(text: str) -> None:
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    spans = node_spans(wrapper.module)
    source = SourceFile(path=Path("x.py"), relative="x.py", text=text)
    positions = wrapper.resolve(PositionProvider)
    assert len(positions) > 5
    for node, wanted in positions.items():
        if isinstance(node, (cst.Module, cst.EmptyLine, cst.Newline, cst.TrailingWhitespace)):
            continue  # nothing is ever reported there, and libcst's last newline is its own
        start, end = (source.location(offset) for offset in spans[id(node)])
        assert (start.row, start.column - 1) == (wanted.start.line, wanted.start.column), node
        assert (end.row, end.column - 1) == (wanted.end.line, wanted.end.column), node
