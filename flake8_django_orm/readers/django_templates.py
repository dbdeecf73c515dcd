"""The reader of Django templates: runs the tags of a template as the machine's program.

In: a parsed template, its context as values. Out: events. Inheritance and inclusion are here; the tags themselves stand
in `django_tags.py`, expressions in `django_expressions.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from flake8_django_orm.machine.values import (
    UNKNOWN,
    Constant,
    Value,
)
from flake8_django_orm.readers.django_tags import DjangoTagReader
from flake8_django_orm.readers.template_expressions import (
    Lookup,
    TemplateError,
)
from flake8_django_orm.readers.template_scopes import Scopes
from flake8_django_orm.readers.template_syntax import Node, Output, Section, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_django_orm.project.template_libraries import Registered
    from flake8_django_orm.project.templates import TemplateFile
    from flake8_django_orm.readers.rendering import Rendering
    from flake8_django_orm.syntax.units import Place


def read_django_template(
    rendering: Rendering,
    file: TemplateFile,
    nodes: tuple[Node, ...],
    context: Mapping[str, Value],
    place: Place,
    framework: bool,
) -> None:
    """Read a template, its parents included."""
    with rendering.inside(file, place):
        reader = DjangoTemplateReader(rendering, file, Scopes(dict(context)), framework)
        reader.read_template(nodes)


@dataclass(frozen=True, slots=True)
class _Block:
    """One template's version of a block."""

    file: TemplateFile
    section: Section
    framework: bool
    libraries: Mapping[tuple[str, str], Registered]


class DjangoTemplateReader(DjangoTagReader):
    """Reads one template together with its parents."""

    def __init__(self, rendering: Rendering, file: TemplateFile, scopes: Scopes, framework: bool) -> None:
        super().__init__(rendering, file, scopes, framework)
        self.blocks: dict[str, list[_Block]] = {}
        self.above: list[Sequence[_Block]] = []
        self.partials: dict[str, tuple[Node, ...]] = {}

    def _handler(self, name: str) -> Callable[[Tag], None] | None:
        method = _TAGS.get(name)
        return partial(method, self) if method is not None else super()._handler(name)

    # -- whole templates ----------------------------------------------------------------------------------------

    def read_template(self, nodes: tuple[Node, ...]) -> None:
        """Read the nodes; where the template extends another one, that one with the blocks of this."""
        extends = next((node for node in nodes if isinstance(node, Tag) and node.name == "extends"), None)
        self._load_libraries(nodes)
        if extends is None or not extends.bits:
            self.read(nodes)
            return
        found = list(_blocks_in(nodes))
        for section in found:
            block = _Block(self.file, section, self.framework, dict(self.libraries))
            self.blocks.setdefault(_block_name(section), []).append(block)
        parent = self.rendering.file(self._value_of_bit(extends.bits[0]), self.file.name)
        parsed = self._parsed(parent)
        if parent is None or parsed is None or len(self.rendering.running) > 8:
            # The parent is not the project's own. It will show these blocks; around them there is no loop.
            self.rendering.unseen = True
            for section in (node.sections[0] for node in nodes if isinstance(node, Tag) and node.name == "block"):
                self._read_versions(self.blocks[_block_name(section)])
            return
        with self._in_file(parent, self._place(extends.start, extends.end), framework=False):
            self.libraries = {}
            self.read_template(parsed)

    def _parsed(self, file: TemplateFile | None) -> tuple[Node, ...] | None:
        if file is None or file.path in self.rendering.running:
            return None
        parsed: tuple[Node, ...] | None = self.rendering.templates.parsed(file, "django")
        return parsed

    @contextmanager
    def _in_file(self, file: TemplateFile, place: Place, *, framework: bool) -> Iterator[None]:
        before = (self.file, self.framework, self.libraries)
        with self.rendering.inside(file, place):
            self.file, self.framework = file, framework
            try:
                yield
            finally:
                self.file, self.framework, self.libraries = before

    def _load_libraries(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            if isinstance(node, Tag) and node.name == "load":
                self._load(node)

    # -- templates inside of templates --------------------------------------------------------------------------

    def _include(self, tag: Tag) -> None:
        if not tag.bits:
            raise TemplateError(tag.name)
        words = [bit.text for bit in tag.bits]
        given = self._bindings(tag.bits[2:]) if "with" in words[1:] else {}
        only = "only" in words[1:]
        context = given if only else {**self.scopes.flat(), **given}
        names = self._value_of_bit(tag.bits[0])
        place = self._place(tag.start, tag.end)
        if isinstance(names, Constant) and isinstance(names.value, str) and names.value.startswith("."):
            file = self.rendering.file(names, self.file.name)
            names = Constant(file.name) if file is not None else UNKNOWN
        partial = words[0].strip("\"'").rpartition("#")[2]
        if words[0].strip("\"'").startswith("#") and partial in self.partials:
            self.read(self.partials[partial])
            return
        self.rendering.read(names, context, place, framework=self.framework)

    def _block(self, tag: Tag) -> None:
        section = tag.sections[0] if tag.sections else None
        if section is None:
            raise TemplateError(tag.name)
        own = _Block(self.file, section, self.framework, dict(self.libraries))
        self._read_versions([*self.blocks.get(_block_name(section), ()), own])

    def _read_versions(self, versions: Sequence[_Block]) -> None:
        """Read the block of the template that is furthest down; `block.super` reads the next one."""
        block = versions[0]
        self.above.append(versions[1:])
        try:
            if block.file is self.file:
                self._read_block(block)
            else:
                place = self._place(block.section.bits[0].start, block.section.bits[0].end)
                with self._in_block_file(block, place):
                    self._read_block(block)
        finally:
            self.above.pop()

    def _read_block(self, block: _Block) -> None:
        with self.scopes.pushed({"block": UNKNOWN}):
            self.libraries = {**self.libraries, **block.libraries}
            for node in block.section.body:
                if _is_super(node) and self.above[-1]:
                    self._read_versions(self.above[-1])
                else:
                    self.read([node])

    @contextmanager
    def _in_block_file(self, block: _Block, place: Place) -> Iterator[None]:
        """Go back to the template that overrides a block: its frame is one of the running ones."""
        before = (self.file, self.framework, self.libraries)
        outer = self.machine.frame
        frames = outer.ancestors()
        self.machine.frame = next((frame for frame in frames if frame.path == block.file.path), outer)
        self.file, self.framework = block.file, block.framework
        try:
            yield
        finally:
            self.machine.frame = outer
            self.file, self.framework, self.libraries = before

    def _partial_definition(self, tag: Tag) -> None:
        if tag.bits and tag.sections:
            self.partials[tag.bits[0].text] = tag.body
            if any(bit.text == "inline" for bit in tag.bits[1:]):
                self.read(tag.body)

    def _partial(self, tag: Tag) -> None:
        self.read(self.partials.get(tag.bits[0].text, ()) if tag.bits else ())


_TAGS: dict[str, Callable[[DjangoTemplateReader, Tag], None]] = {
    "include": DjangoTemplateReader._include,
    "block": DjangoTemplateReader._block,
    "partialdef": DjangoTemplateReader._partial_definition,
    "partial": DjangoTemplateReader._partial,
}


def _blocks_in(nodes: Sequence[Node]) -> Iterator[Section]:
    """The blocks that a template defines, nested ones included."""
    for node in nodes:
        if isinstance(node, Tag):
            if node.name == "block" and node.sections and node.sections[0].bits:
                yield node.sections[0]
            yield from _blocks_in(node.body)


def _block_name(section: Section) -> str:
    return section.bits[0].text if section.bits else ""


def _is_super(node: Node) -> bool:
    operand = node.expression.operand if isinstance(node, Output) else None
    return isinstance(operand, Lookup) and operand.dotted == "block.super"
