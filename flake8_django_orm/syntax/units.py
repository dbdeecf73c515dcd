"""Parse one definition out of a file: in goes the file's text and a range of lines, out comes a `Unit`.

A function is parsed as `if 1:` plus its raw lines: columns stay, no line is dedented (that would break multi-line
strings). Offsets of the unit map to the file by one addition. A form feed becomes a space of the same width, because
libcst drops form feeds when it writes code, and spans come from the writing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import libcst as cst

from flake8_django_orm.syntax.hollow import without_tables
from flake8_django_orm.syntax.names import count_names
from flake8_django_orm.syntax.spans import node_spans

_PREFIX = "if 1:\n"
#: The work of this process so far: libcst is what costs most.
parsed: Counter[str] = Counter()
Node = TypeVar("Node", bound=cst.CSTNode)
Answer = TypeVar("Answer")


@dataclass(slots=True, eq=False)
class Unit:
    """A parsed piece of one file. `shift` is what must be added to an offset in `tree`'s code to get the file's
    offset. `whole` is the text of the definition of which the piece shows a part only, "" where it shows all."""

    path: str
    module: str
    qualname: str
    tree: cst.Module
    body: Sequence[cst.BaseStatement]
    shift: int
    whole: str = ""
    _spans: dict[int, tuple[int, int]] | None = None
    _answers: dict[tuple[object, int], Any] = field(default_factory=dict)
    _places: dict[int, Place] = field(default_factory=dict)

    def place(self, node: cst.CSTNode) -> Place:
        """The place of a node of this unit: one object however often the node is visited."""
        place = self._places.get(id(node))
        if place is None:
            place = self._places[id(node)] = Place(self, node)
        return place

    def ask(self, question: Callable[[Node], Answer], node: Node) -> Answer:
        """The answer to a question of pure syntax about a node, worked out once however often the node is visited."""
        key = (question, id(node))
        if key not in self._answers:
            self._answers[key] = question(node)
        answer: Answer = self._answers[key]
        return answer

    def forget_places(self) -> None:
        """Let Python free the tree as soon as nobody holds it: places hold the unit that holds them."""
        self._places.clear()

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """The file's offsets `[start, end)` of a node of this unit, its own parentheses left out."""
        if self._spans is None:
            self._spans = node_spans(self.tree)
        start, end = self._spans[id(node)]
        return start + self.shift, end + self.shift


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a unit: the machine's way to say where, turned into offsets only for what ends up in a finding."""

    unit: Unit
    node: cst.CSTNode

    @property
    def path(self) -> str:
        return self.unit.path

    @property
    def span(self) -> tuple[int, int]:
        return self.unit.span(self.node)

    @property
    def callee_span(self) -> tuple[int, int]:
        """The part of a call that is called: `timezone.now` of `timezone.now()`; the whole span of anything else."""
        return self.unit.span(self.node.func) if isinstance(self.node, cst.Call) else self.span

    @property
    def name_span(self) -> tuple[int, int]:
        """The last name of a chain: `filter` in `Book.objects.filter(x=1)`; the whole span of anything else."""
        named = self.node.func if isinstance(self.node, cst.Call) else self.node
        return self.unit.span(named.attr) if isinstance(named, cst.Attribute) else self.span

    @property
    def base(self) -> Place | None:
        """The place of `book.author` in `book.author.name`; None for what is no attribute."""
        return Place(self.unit, self.node.value) if type(self.node) is cst.Attribute else None

    @property
    def awaited(self) -> Place:
        """The place of `call()` in `await call()`; this place for what is not awaited."""
        return Place(self.unit, self.node.expression) if type(self.node) is cst.Await else self

    @property
    def mentions(self) -> int:
        """How often the name that stands here is mentioned in the unit; 0 for what is no name."""
        if not isinstance(self.node, cst.Name):
            return 0
        return self.unit.ask(count_names, self.unit.tree).get(self.node.value, 0)

    def at(self, node: cst.CSTNode) -> Place:
        """The place of another node of the same unit."""
        return Place(self.unit, node)


_NO_NODE = cst.Pass()
_NO_UNIT = Unit("", "", "", cst.Module([]), [], 0)


@dataclass(frozen=True, slots=True)
class TextPlace(Place):
    """A piece of a file that libcst does not parse, such as a template: its path and offsets, no node."""

    file: str = ""
    offsets: tuple[int, int] = (0, 0)

    @property
    def path(self) -> str:
        return self.file

    @property
    def span(self) -> tuple[int, int]:
        return self.offsets


def text_place(path: str, start: int, end: int) -> TextPlace:
    """The place of `[start, end)` in a file that libcst does not parse."""
    return TextPlace(_NO_UNIT, _NO_NODE, path, (start, end))


def parse_unit(path: str, module: str, qualname: str, text: str, start: int, end: int, whole: str = "") -> Unit | None:
    """Parse `text[start:end]`, whole lines that hold one definition, or a part of the one of the text `whole`. None
    where libcst cannot parse it. Of a long table of literals the tree shows the first and last rows only."""
    piece = without_tables(text[start:end].replace("\f", " "))
    parsed["units parsed"] += 1
    parsed["lines parsed"] += sum(not line.isspace() for line in piece.splitlines(keepends=True))
    indented = piece[:1] in (" ", "\t")
    try:
        tree = cst.parse_module(_PREFIX + piece if indented else piece)
    except (cst.ParserSyntaxError, RecursionError):
        return None
    body: Sequence[cst.BaseStatement] = [s for s in tree.body if isinstance(s, cst.BaseStatement)]
    shift = start
    if indented:
        shift -= len(_PREFIX)
        wrapper = body[0]
        if not (isinstance(wrapper, cst.If) and isinstance(wrapper.body, cst.IndentedBlock)):
            return None
        body = wrapper.body.body
    return Unit(path, module, qualname, tree, body, shift, whole)
