"""Calls as text: append a method to a chain, add arguments to a call, in the style of what stands there.

In: the place of an expression, its file's text, and what to write. Out: edits that only insert, so no comment is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Edit
from flake8_django_orm.syntax.visitor import children
from flake8_django_orm.syntax.words import quotes_of

if TYPE_CHECKING:
    from flake8_django_orm.syntax.units import Place

_COMMENT = re.compile(r"[ \t]*#[^\r\n]*")
_NEXT_LINK = re.compile(r"(?:[ \t]*#[^\r\n]*)?(?P<lead>[ \t]*\\?\r?\n(?:[ \t]*\r?\n)*[ \t]*)\.")


def quoted(name: str, place: Place) -> str:
    """`name` as a string literal in the quotes that the expression at `place`, else its definition, uses most."""
    unit = place.unit
    around = _more_usual(quotes_of(unit.whole)) if unit.whole else unit.ask(_usual_quote, unit.tree)
    quote = unit.ask(_usual_quote, place.node) or around or '"'
    return f"{quote}{name}{quote}"


def _usual_quote(node: cst.CSTNode) -> str | None:
    return _more_usual(list(_quotes(node)))


def _more_usual(quotes: Sequence[str]) -> str | None:
    single, double = quotes.count("'"), quotes.count('"')
    if single == double == 0:
        return None
    return "'" if single > double else '"'


def _quotes(node: cst.CSTNode) -> Iterator[str]:
    """The quotes of every string; those inside of an f-string's braces had no choice."""
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, cst.SimpleString):
            yield current.quote
        elif isinstance(current, cst.FormattedString):
            yield current.start.lstrip("fFrR")
        else:
            pending.extend(children(current))


def operator_token(operator: cst.BaseBinaryOp | cst.BaseAugOp) -> str:
    """`+`, `//`, `+=`."""
    token: str = operator._get_token()  # type: ignore[union-attr]
    return token


def whole_span(place: Place) -> tuple[int, int]:
    """The span of an expression with its own parentheses."""
    start, end = place.span
    for bracket in (*getattr(place.node, "lpar", ()), *getattr(place.node, "rpar", ())):
        first, last = place.unit.span(bracket)
        start, end = min(start, first), max(end, last)
    return start, end


def append_calls(place: Place, text: str, calls: Sequence[str]) -> Edit:
    """Put `.call` behind the expression, for each call: on lines of their own where the links of the chain stand so."""
    end = place.span[1]
    lead = _line_of_its_own(place, text)
    at = _behind_comment(text, end) if lead else end
    return Edit(place.path, at, at, "".join(f"{lead}.{call}" for call in calls))


def _line_of_its_own(place: Place, text: str) -> str:
    """The line break and indentation before the last link of the chain, or the next; "" where they share a line."""
    node = place.node
    link = node.func if isinstance(node, cst.Call) else node
    if isinstance(link, cst.Attribute):
        before = place.unit.span(link.dot.whitespace_before)[0]
        gap = text[before : place.unit.span(link.dot)[0]]
        if "\n" in gap:
            return _lead(gap)
    following = _NEXT_LINK.match(text, place.span[1])
    return _lead(following["lead"]) if following else ""


def _lead(gap: str) -> str:
    indentation = gap.rsplit("\n", 1)[1]
    return f" \\\n{indentation}" if "#" not in gap and "\\" in gap else f"\n{indentation}"


def _behind_comment(text: str, offset: int) -> int:
    """The end of a comment that follows on the line, else `offset`."""
    comment = _COMMENT.match(text, offset)
    return comment.end() if comment else offset


def add_arguments(place: Place, text: str, arguments: Sequence[str]) -> tuple[Edit, ...]:
    """Put further arguments behind those of the call at `place`: one a line where the last one stands so."""
    call = place.node
    assert isinstance(call, cst.Call)
    if not call.args:
        at = place.span[1] - 1
        return (Edit(place.path, at, at, ", ".join(arguments)),)
    last = call.args[-1]
    comma = place.unit.span(last.comma)[1] if isinstance(last.comma, cst.Comma) else None
    return add_items(place.path, text, place.unit.span(last), comma, arguments)


def add_items(path: str, text: str, last: tuple[int, int], comma: int | None, items: Sequence[str]) -> tuple[Edit, ...]:
    """Put items behind the last one of a bracketed list; `comma` is the end of the comma behind it, if any."""
    start, end = last
    line = text.rfind("\n", 0, start) + 1
    indentation = text[line:start]
    if indentation.strip() or line == 0:
        if comma is None:
            return (Edit(path, end, end, "".join(f", {one}" for one in items)),)
        return (Edit(path, comma, comma, "".join(f" {one}," for one in items)),)
    if comma is not None:
        at = _behind_comment(text, comma)
        return (Edit(path, at, at, "".join(f"\n{indentation}{one}," for one in items)),)
    added = ",".join(f"\n{indentation}{one}" for one in items)
    at = _behind_comment(text, end)
    if at == end:
        return (Edit(path, end, end, f",{added}"),)
    return Edit(path, end, end, ","), Edit(path, at, at, added)
