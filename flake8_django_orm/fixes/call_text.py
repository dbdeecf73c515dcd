"""Calls as text: append a method to a chain, add arguments to a call, in the style of what stands there.

In: the place of an expression, its file's text, and what to write. Out: edits that only insert, so no comment is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Edit
from flake8_django_orm.syntax.visitor import children, walk
from flake8_django_orm.syntax.words import quotes_of

if TYPE_CHECKING:
    from flake8_django_orm.syntax.units import Place

#: A call that is no longer than this stays on its line: to break it would win next to nothing.
_SHORT = 50
#: What any file's lines may be as long as.
_ANY_LINE = 120
#: A method and its arguments; None for a name that is not called.
Call = tuple[str, Sequence[str] | None]

_COMMENT = re.compile(r"[ \t]*#[^\r\n]*")
_NEXT_LINK = re.compile(r"(?:[ \t]*#[^\r\n]*)?(?P<lead>[ \t]*\\?\r?\n(?:[ \t]*\r?\n)*[ \t]*)\.")


def quoted(name: str, place: Place, text: str = "") -> str:
    """`name` as a string literal in the quotes that the expression at `place`, else its definition, else the whole
    file's text uses most."""
    unit = place.unit
    quote = unit.ask(_usual_quote, place.node)
    if quote is None:
        quote = _more_usual(quotes_of(unit.whole)) if unit.whole else unit.ask(_usual_quote, unit.tree)
    if quote is None:
        quote = "'" if text.count("'") > text.replace('"""', "").count('"') else '"'
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


def append_calls(place: Place, text: str, calls: Sequence[Call]) -> Edit:
    """Put `.method(arguments)` behind the expression, for each call: on lines of their own where the links of the chain
    stand so; one argument a line where the line would get too long."""
    lead = _line_of_its_own(place, text)
    at = _behind_comment(text, place.span[1]) if lead else place.span[1]
    margin = lead.rpartition("\n")[2] if lead else _margin(text, at)
    line = text[text.rfind("\n", 0, at) + 1 : at]
    content = ""
    for number, (method, arguments) in enumerate(calls, 1):
        call = f".{method}" if arguments is None else f".{method}({', '.join(arguments)})"
        line = margin if lead else line
        rest = _rest_of_line(text, at) if number == len(calls) and not lead else ""
        if arguments and len(call) > _SHORT and _is_too_long(line + call + rest, text, place):
            call = f".{method}({_one_a_line(arguments, margin)})"
            line = f"{margin})"
        else:
            line += call
        content += lead + call
    return Edit(place.path, at, at, content)


def laid_out(callee: str, arguments: Sequence[str], place: Place, text: str) -> str:
    """`callee(arguments)` in the place of the expression or statement: one argument a line where it gets too long."""
    start, end = place.span
    call = f"{callee}({', '.join(arguments)})"
    line = text[text.rfind("\n", 0, start) + 1 : start] + call + _rest_of_line(text, end)
    if not arguments or "\n" in call or not _is_too_long(line, text, place):
        return call
    return f"{callee}({_one_a_line(arguments, _margin(text, start))})"


def moved_out(text: str, inner: tuple[int, int], outer: tuple[int, int]) -> str:
    """The inner expression as it is written in the place of the outer one: the lines that follow its first one go as
    far to the left as that one does."""
    start, end = inner
    code = text[start:end]
    first, rest = text[text.rfind("\n", 0, start) + 1 : start], _margin(text, outer[0])
    if "\n" not in code or first.strip() or not first.startswith(rest) or '"""' in code or "'''" in code:
        return code
    lines = code.split("\n")
    surplus = len(first) - len(rest)
    if any(line.strip() and not line.startswith(first) for line in lines[1:]):
        return code
    return "\n".join([lines[0], *(line[surplus:] for line in lines[1:])])


def _is_too_long(line: str, text: str, place: Place) -> bool:
    """Whether the line is longer than nearly all that the file has; 120 characters it may have in any case."""
    if len(line) <= _ANY_LINE:
        return False
    lengths = sorted(len(one) for one in text.splitlines() if one.strip())
    usual = lengths[len(lengths) * 98 // 100] if lengths else 0
    return len(line) > usual and not _is_in_a_string(place)


def _one_a_line(arguments: Sequence[str], margin: str) -> str:
    deeper = _deeper(margin)
    return "".join(f"\n{deeper}{one}," for one in arguments) + f"\n{margin}"


def _deeper(margin: str) -> str:
    return margin + ("\t" if margin.endswith("\t") else "    ")


def _margin(text: str, offset: int) -> str:
    """The indentation of the line."""
    line = text[text.rfind("\n", 0, offset) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _rest_of_line(text: str, offset: int) -> str:
    end = text.find("\n", offset)
    return text[offset : end if end >= 0 else len(text)].rstrip("\r")


def _is_in_a_string(place: Place) -> bool:
    """True inside of the braces of an f-string, which before Python 3.12 must stay on one line."""
    strings = place.unit.ask(_format_strings, place.unit.tree)
    return any(place.node is part for string in strings for part in walk(string))


def _format_strings(tree: cst.CSTNode) -> tuple[cst.FormattedString, ...]:
    return tuple(part for part in walk(tree) if isinstance(part, cst.FormattedString))


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
    start, end = place.span
    line = text[text.rfind("\n", 0, start) + 1 : end] + ", ".join(["", *arguments]) + _rest_of_line(text, end)
    if not {"\n", "#"} & set(text[start:end]) and _is_too_long(line, text, place):
        return _spread(place, text, call.args, arguments)
    return add_items(place.path, text, place.unit.span(last), comma, arguments)


def _spread(place: Place, text: str, present: Sequence[cst.Arg], added: Sequence[str]) -> tuple[Edit, ...]:
    """Put the arguments of a call on lines of their own, and further ones behind them."""
    margin = _margin(text, place.span[0])
    deeper = _deeper(margin)
    edits: list[Edit] = []
    for argument in present:
        at = place.unit.span(argument)[0]
        gap = len(text[:at].rstrip(" \t"))
        edits.append(Edit(place.path, gap, at, f"\n{deeper}"))
    last = present[-1]
    has_comma = isinstance(last.comma, cst.Comma)
    end = place.unit.span(last.comma if has_comma else last)[1]  # type: ignore[arg-type]
    content = "".join(f"\n{deeper}{one}," for one in added)
    edits.append(Edit(place.path, end, place.span[1] - 1, f"{'' if has_comma else ','}{content}\n{margin}"))
    return tuple(edits)


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
