"""From the text of a Django template to a light tree of blocks.

In: text. Out: outputs (`{{ ... }}`) and tags with their sections, all with offsets. The lexer is Django's own. A tag is
a block where the text closes it somewhere (`{% endx %}`), so unknown tags need no table. Raises TemplateError for a
template whose blocks do not match.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.template.base import DebugLexer, TokenType
from django.utils.text import smart_split_re

from flake8_django_orm.readers.template_expressions import Bit, Expression, TemplateError, parse_expression

#: Tags that split a block into sections, by the block that they may stand in; unknown blocks take any of them.
_SECTIONS = {
    "if": frozenset({"elif", "else"}),
    "for": frozenset({"empty"}),
    "ifchanged": frozenset({"else"}),
    "ifequal": frozenset({"else"}),
    "ifnotequal": frozenset({"else"}),
    "blocktranslate": frozenset({"plural"}),
    "blocktrans": frozenset({"plural"}),
}
_ANY_SECTION = frozenset({"elif", "else", "empty", "plural"})
#: Blocks of Django's own that never split.
_WHOLE = frozenset({"block", "with", "filter", "spaceless", "autoescape", "cache", "comment", "localize", "language"})
#: Django's own blocks: without an end they are errors.
_BLOCKS = frozenset(_SECTIONS) | _WHOLE | {"verbatim", "localtime", "timezone", "partialdef"}
_MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Output:
    """`{{ expression }}`."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a block: `name` and `bits` are those of the tag that opens it."""

    name: str
    bits: tuple[Bit, ...]
    body: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Tag:
    """`{% name bits %}` at `[start, end)`; a block has at least one section, any other tag none."""

    name: str
    bits: tuple[Bit, ...]
    start: int
    end: int
    sections: tuple[Section, ...] = ()

    @property
    def body(self) -> tuple[Node, ...]:
        """Everything inside of a block."""
        return tuple(node for section in self.sections for node in section.body)


Node = Output | Tag


@dataclass(slots=True)
class _Open:
    """A block that is still open while the tokens are read."""

    name: str
    bits: tuple[Bit, ...]
    start: int
    end: int
    section: tuple[str, tuple[Bit, ...]]
    sections: list[Section] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)

    def split(self, name: str, bits: tuple[Bit, ...]) -> None:
        self.sections.append(Section(*self.section, tuple(self.nodes)))
        self.section, self.nodes = (name, bits), []

    def closed(self) -> Tag:
        self.split("", ())
        return Tag(self.name, self.bits, self.start, self.end, tuple(self.sections))


def parse_template(text: str) -> tuple[Node, ...]:
    """The nodes of a template, in order."""
    words = list(_words(text))
    closed = {bits[0].text.removeprefix("end") for is_tag, bits in words if is_tag and bits[0].text.startswith("end")}
    outer = _Open("", (), 0, 0, ("", ()))
    stack = [outer]
    for is_tag, bits in words:
        top = stack[-1]
        name = bits[0].text
        if top.name == "comment" and not (is_tag and name == "endcomment"):
            continue
        if not is_tag:
            top.nodes.append(Output(parse_expression(name, bits[0].start)))
        elif name.startswith("end") and name.removeprefix("end") in closed:
            if len(stack) == 1 or top.name != name.removeprefix("end"):
                raise TemplateError(name)
            stack.pop()
            stack[-1].nodes.append(top.closed())
        elif name in _SECTIONS.get(top.name, _ANY_SECTION) and top is not outer and top.name not in _WHOLE:
            top.split(name, bits[1:])
        elif name in closed or name in _BLOCKS:
            if len(stack) > _MAX_DEPTH:
                raise TemplateError("too deep")
            stack.append(_Open(name, bits[1:], bits[0].start, bits[-1].end, (name, bits[1:])))
        else:
            top.nodes.append(Tag(name, bits[1:], bits[0].start, bits[-1].end))
    if len(stack) > 1:
        raise TemplateError(stack[-1].name)
    return tuple(outer.nodes)


def _words(text: str) -> Iterator[tuple[bool, tuple[Bit, ...]]]:
    """The tags (True) with their words, and the outputs with their one expression, in order."""
    for token in DebugLexer(text).tokenize():
        if token.token_type not in (TokenType.BLOCK, TokenType.VAR) or not token.contents or token.position is None:
            continue
        start, end = token.position
        inner = text[start + 2 : end - 2]
        at = start + 2 + len(inner) - len(inner.lstrip())
        content = inner.strip()
        if token.token_type is TokenType.VAR:
            yield False, (Bit(content, at, at + len(content)),)
        else:
            words = smart_split_re.finditer(content)
            yield True, tuple(Bit(m.group(), at + m.start(), at + m.end()) for m in words)
