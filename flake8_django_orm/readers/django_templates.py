"""The reader of Django templates: runs the tags of a template as the machine's program.

In: a parsed template, its context as values. Out: events. Tags of Django's own are known; those that the project
defines are entered where `{% load %}` tells where they stand; any other tag is opaque.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from flake8_django_orm.machine import iteration, key_uses
from flake8_django_orm.machine.attributes import REQUEST
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Argument,
    Collection,
    Constant,
    FunctionValue,
    Shape,
    Unknown,
    Value,
    loops_of,
)
from flake8_django_orm.readers.template_expressions import (
    Binary,
    Bit,
    Condition,
    Expression,
    Literal,
    Lookup,
    Not,
    Operand,
    TemplateError,
    expression_of,
    keyword_of,
    parse_condition,
)
from flake8_django_orm.readers.template_filters import apply_filter
from flake8_django_orm.readers.template_syntax import Node, Output, Section, Tag
from flake8_django_orm.readers.template_values import (
    arguments_of,
    branches,
    called,
    grouped,
    handed_over,
    known_entries,
    member,
    unpacked,
)
from flake8_django_orm.syntax.units import Place, text_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_django_orm.machine.frames import Loop
    from flake8_django_orm.project.template_libraries import Registered
    from flake8_django_orm.project.templates import TemplateFile
    from flake8_django_orm.readers.rendering import Rendering

#: Blocks that render what they hold, as it stands.
_TRANSPARENT = frozenset(
    {"spaceless", "autoescape", "localize", "localtime", "timezone", "language", "filter", "compress"}
)
#: Tags whose arguments become text.
_TEXT_TAGS = frozenset(
    {"url", "trans", "translate", "cycle", "firstof", "widthratio", "static", "now", "querystring", "resetcycle"}
)
#: Tags that have nothing to do with the context's rows.
_IDLE = frozenset(
    {
        "comment",
        "csrf_token",
        "debug",
        "extends",
        "get_available_languages",
        "get_current_language",
        "get_current_language_bidi",
        "get_current_timezone",
        "get_language_info",
        "get_language_info_list",
        "get_media_prefix",
        "get_static_prefix",
        "lorem",
        "templatetag",
        "verbatim",
    }
)
#: Conditions on the loop that hold in one of its iterations.
_ONE_ITERATION = frozenset({"forloop.first", "forloop.last"})


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


@dataclass(slots=True)
class Scopes:
    """The context: names in nested scopes, the innermost last."""

    base: dict[str, Value]
    inner: list[dict[str, Value]] = field(default_factory=list)

    def get(self, name: str) -> Value | None:
        for scope in reversed(self.inner):
            if name in scope:
                return scope[name]
        return self.base.get(name)

    def set(self, name: str, value: Value) -> None:
        """Bind a name in the innermost scope, as `as name` does."""
        (self.inner[-1] if self.inner else self.base)[name] = value

    @contextmanager
    def pushed(self, names: Mapping[str, Value]) -> Iterator[None]:
        self.inner.append(dict(names))
        try:
            yield
        finally:
            self.inner.pop()

    def flat(self) -> dict[str, Value]:
        """All names, as an included template sees them."""
        found = dict(self.base)
        for scope in self.inner:
            found.update(scope)
        return found


@dataclass(frozen=True, slots=True)
class _Block:
    """One template's version of a block."""

    file: TemplateFile
    section: Section
    framework: bool
    libraries: Mapping[tuple[str, str], Registered]


class DjangoTemplateReader:
    """Reads one template together with its parents."""

    def __init__(self, rendering: Rendering, file: TemplateFile, scopes: Scopes, framework: bool) -> None:
        self.rendering = rendering
        self.machine = rendering.machine
        self.file = file
        self.scopes = scopes
        self.framework = framework
        self.blocks: dict[str, list[_Block]] = {}
        self.above: list[Sequence[_Block]] = []
        self.libraries: dict[tuple[str, str], Registered] = {}
        self.partials: dict[str, tuple[Node, ...]] = {}

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

    def read(self, nodes: Sequence[Node]) -> None:
        """Read nodes in order."""
        for node in nodes:
            self.machine.tick()
            if isinstance(node, Output):
                value = self.evaluate(node.expression)
                self.machine.text(value, self._place(node.expression.start, node.expression.end))
            else:
                try:
                    self._read_tag(node)
                except TemplateError:
                    self.rendering.unseen = True

    # -- expressions --------------------------------------------------------------------------------------------

    def _place(self, start: int, end: int) -> Place:
        return text_place(self.file.path, *self.file.span(start, end))

    def evaluate(self, expression: Expression) -> Value:
        """The value of an expression, its filters applied."""
        value = self._operand(expression.operand)
        place = self._place(expression.start, expression.end)
        for call in expression.filters:
            arguments = [self._operand(call.argument)] if call.argument is not None else []
            applied = apply_filter(self.machine, call.name, value, arguments, {}, place)
            if applied is None:
                applied = self._own_filter(call.name, value, arguments, place)
            value = applied
        return value

    def _own_filter(self, name: str, value: Value, arguments: Sequence[Value], place: Place) -> Value:
        registered = self.libraries.get(("filter", name))
        if registered is not None:
            given = arguments_of([value, *arguments], {}, place)
            return self.machine.call(FunctionValue(facts=registered.function), given, place)
        if not isinstance(value, (Unknown, Constant)):
            handed_over(self.machine, [value, *arguments])
        return Unknown(loops=loops_of(value, *arguments))

    def _operand(self, operand: Operand) -> Value:
        if isinstance(operand, Literal):
            return Constant(operand.value)
        first = operand.parts[0]
        value = called(self.machine, self._name(first.name), self._place(operand.start, first.end))
        for part in operand.parts[1:]:
            place = self._place(operand.start, part.end)
            value = called(self.machine, member(self.machine, value, part.name, place), place)
        return value

    def _name(self, name: str) -> Value:
        found = self.scopes.get(name)
        if found is not None:
            return found
        if self.framework and name == "request":
            return REQUEST
        if self.framework and name == "user":
            return self.machine.read_attribute(REQUEST, "user", self._place(0, 0))
        return UNKNOWN

    def _value_of_bit(self, bit: Bit) -> Value:
        return self.evaluate(expression_of(bit))

    # -- conditions ---------------------------------------------------------------------------------------------

    def _truth(self, condition: Condition) -> bool | None:
        """Evaluate a condition; its outcome where the values given to the template tell."""
        match condition:
            case Not(operand=inner):
                outcome = self._truth(inner)
                return None if outcome is None else not outcome
            case Binary(operator="and" | "or" as operator, left=left, right=right):
                if operator == "and" and self._never_holds(left):
                    return None
                first = self._truth(left)
                if first is (operator == "or"):
                    return first
                with self.machine.conditionally():
                    second = self._truth(right)
                return second if first is not None else None
            case Binary():
                self._compare(condition)
                return None
        value = self.evaluate(condition)
        self.machine.test(value, self._place(condition.start, condition.end))
        return bool(value.value) if isinstance(value, Constant) and not value.loops else None

    def _never_holds(self, condition: Condition) -> bool:
        """Whether a name stands in the way that other views give to their templates and this one does not."""
        match condition:
            case Binary(operator="and", left=left, right=right):
                return self._never_holds(left) or self._never_holds(right)
            case Binary(operator="or", left=left, right=right):
                return self._never_holds(left) and self._never_holds(right)
            case Expression(operand=Lookup(parts=(first,)), filters=()):
                return self._name(first.name) == UNKNOWN and (
                    self.scopes.get(first.name) is None and self.machine.project.views_give(first.name)
                )
        return False

    def _compare(self, condition: Binary) -> None:
        sides = [self._side(side) for side in (condition.left, condition.right)]
        (left, left_place), (right, right_place) = sides
        place = self._place(condition.start, condition.end)
        operator = condition.operator
        negated = operator in ("!=", "is not", "not in")
        if operator in ("in", "not in"):
            key_uses.note_member(self.machine, (left, left_place), place, negated=negated)
            self.machine.contains(right, left, right_place)
        elif operator in ("==", "!=", "is", "is not"):
            pair = ((left, left_place), (right, right_place))
            by_identity = operator in ("is", "is not")
            key_uses.note_compared(self.machine, pair, place, by_identity=by_identity, negated=negated)
        else:
            self.machine.note_use(left)
            self.machine.note_use(right)

    def _side(self, side: Condition) -> tuple[Value, Place]:
        if isinstance(side, Expression):
            return self.evaluate(side), self._place(side.start, side.end)
        self._truth(side)
        return UNKNOWN, self._place(0, 0)

    # -- tags ---------------------------------------------------------------------------------------------------

    def _read_tag(self, tag: Tag) -> None:
        method = _TAGS.get(tag.name)
        if method is not None:
            method(self, tag)
        elif tag.name in _TRANSPARENT and tag.sections:
            self._texts(tag.bits)
            self.read(tag.body)
        elif tag.name in _TEXT_TAGS:
            self._texts(tag.bits)
        elif tag.name not in _IDLE:
            self._own_tag(tag)

    def _texts(self, bits: Sequence[Bit]) -> None:
        """Arguments that become text; `as name` at the end binds text."""
        for bit in self._without_target(bits):
            try:
                keyword = keyword_of(bit)
                value = self.evaluate(keyword[1]) if keyword is not None else self._value_of_bit(bit)
            except TemplateError:
                continue
            self.machine.text(value, self._place(bit.start, bit.end))

    def _without_target(self, bits: Sequence[Bit]) -> Sequence[Bit]:
        if len(bits) > 1 and bits[-2].text == "as":
            self.scopes.set(bits[-1].text, UNKNOWN)
            return bits[:-2]
        return bits

    def _if(self, tag: Tag) -> None:
        self._sections(tag.sections)

    def _sections(self, sections: Sequence[Section]) -> None:
        """`if`, then `elif` and `else` where it does not hold."""
        if not sections:
            return
        section, rest = sections[0], sections[1:]
        if section.name == "else":
            self.read(section.body)
            return
        condition = parse_condition(section.bits)
        outcome = self._truth(condition)
        if outcome is not None:
            self.read(section.body) if outcome else self._sections(rest)
            return
        never = self._never_holds(condition)

        def body() -> None:
            if never:
                return
            with self.machine.leaving(self._ended_by(condition)):
                self.read(section.body)

        branches(self.machine, [body, lambda: self._sections(rest)])

    def _ended_by(self, condition: Condition) -> Sequence[Loop]:
        """The loop of which only one iteration meets the condition."""
        return self.machine.loops[-1:] if _holds_once(condition) else ()

    def _if_changed(self, tag: Tag) -> None:
        self._texts(tag.bits)
        branches(self.machine, [*(partial(self.read, s.body) for s in tag.sections), lambda: None])

    def _if_equal(self, tag: Tag) -> None:
        self._texts(tag.bits)
        branches(self.machine, [*(partial(self.read, s.body) for s in tag.sections), lambda: None])

    def _for(self, tag: Tag) -> None:
        words = [bit.text for bit in tag.bits]
        if "in" not in words[:-1]:
            raise TemplateError(tag.name)
        at = words.index("in")
        names = [name for word in words[:at] for name in word.split(",") if name]
        iterated = tag.bits[at + 1]
        iterable = self._value_of_bit(iterated)
        place = self._place(iterated.start, iterated.end)

        def body(item: Value, loop: Loop) -> None:
            values = [item] if len(names) == 1 else unpacked(self.machine, item, len(names), place)
            counter = Unknown(loops=frozenset({loop.number}))
            with self.scopes.pushed({**dict(zip(names, values, strict=True)), "forloop": counter}):
                self.read(tag.sections[0].body)

        iteration.loop_over(self.machine, iterable, place, body)
        for section in tag.sections[1:]:
            branches(self.machine, [partial(self.read, section.body), lambda: None])

    def _cache(self, tag: Tag) -> None:
        self._texts(tag.bits)
        with self.machine.cached_fragment():
            self.read(tag.body)

    def _with(self, tag: Tag) -> None:
        with self.scopes.pushed(self._bindings(tag.bits)):
            self.read(tag.body)

    def _bindings(self, bits: Sequence[Bit]) -> dict[str, Value]:
        """`a=b c=d`, and the older `b as a and d as c`."""
        found: dict[str, Value] = {}
        for number, bit in enumerate(bits):
            keyword = keyword_of(bit)
            if keyword is not None:
                found[keyword[0]] = self.evaluate(keyword[1])
            elif bit.text == "as" and 0 < number < len(bits) - 1:
                found[bits[number + 1].text] = self._value_of_bit(bits[number - 1])
        return found

    def _block_translate(self, tag: Tag) -> None:
        bindings = self._bindings(tag.bits)
        for value in bindings.values():
            self.machine.text(value, self._place(tag.start, tag.end))
        with self.scopes.pushed(bindings):
            self.read(tag.body)

    def _regroup(self, tag: Tag) -> None:
        words = [bit.text for bit in tag.bits]
        if len(words) != 5 or words[1] != "by" or words[3] != "as":
            raise TemplateError(tag.name)
        iterable = self._value_of_bit(tag.bits[0])
        place = self._place(tag.bits[0].start, tag.bits[2].end)
        path = words[2].partition("|")[0]
        self.scopes.set(words[4], grouped(self.machine, iterable, path, place, calls=True))

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

    # -- tags of the project and of others ----------------------------------------------------------------------

    def _load(self, tag: Tag) -> None:
        words = [bit.text for bit in tag.bits]
        wanted = words[:-2] if len(words) > 2 and words[-2] == "from" else None
        for name in words[-1:] if wanted is not None else words:
            for key, registered in self.rendering.templates.project.template_library(name).items():
                if wanted is None or key[1] in wanted:
                    self.libraries[key] = registered

    def _own_tag(self, tag: Tag) -> None:
        """A tag that the project defines, or one that cannot be seen."""
        target = tag.bits[-1].text if len(tag.bits) > 1 and tag.bits[-2].text == "as" else None
        bits = tag.bits[:-2] if target is not None else tag.bits
        registered = self.libraries.get(("tag", tag.name))
        if registered is None or tag.sections:
            self._opaque(tag, bits)
            value: Value = UNKNOWN
        else:
            value = self._call_tag(registered, bits, self._place(tag.start, tag.end))
        if target is not None:
            self.scopes.set(target, value)
        elif registered is not None:
            self.machine.text(value, self._place(tag.start, tag.end))

    def _call_tag(self, registered: Registered, bits: Sequence[Bit], place: Place) -> Value:
        values: list[Value] = []
        keywords: dict[str, Value] = {}
        if registered.takes_context:
            entries = tuple(self.scopes.flat().items())
            identity = self.machine.store.new_identity()
            values.append(Collection(shape=Shape.DICT, entries=entries, identity=identity, bounded=True))
        for bit in bits:
            keyword = keyword_of(bit)
            if keyword is not None:
                keywords[keyword[0]] = self.evaluate(keyword[1])
            else:
                values.append(self._value_of_bit(bit))
        given: tuple[Argument, ...] = arguments_of(values, keywords, place)
        value = self.machine.call(FunctionValue(facts=registered.function), given, place)
        if registered.template is None:
            return value
        if not all(isinstance(argument.value, (Unknown, Constant)) for argument in given):
            # Given nothing, the tag shows what it fetched itself: that is its own business, as a root.
            shown = known_entries(self.machine, value)
            self.rendering.read(Constant(registered.template), shown, place, framework=False)
        return UNKNOWN

    def _opaque(self, tag: Tag, bits: Sequence[Bit]) -> None:
        self.rendering.unseen = True
        values: list[Value] = []
        for bit in bits:
            try:
                keyword = keyword_of(bit)
                values.append(self.evaluate(keyword[1]) if keyword is not None else self._value_of_bit(bit))
            except TemplateError:
                continue
        handed_over(self.machine, [value for value in values if not isinstance(value, (Unknown, Constant))])
        if tag.sections:
            branches(self.machine, [lambda: self.read(tag.body), lambda: None])


_TAGS: dict[str, Callable[[DjangoTemplateReader, Tag], None]] = {
    "if": DjangoTemplateReader._if,
    "ifchanged": DjangoTemplateReader._if_changed,
    "ifequal": DjangoTemplateReader._if_equal,
    "ifnotequal": DjangoTemplateReader._if_equal,
    "for": DjangoTemplateReader._for,
    "cache": DjangoTemplateReader._cache,
    "with": DjangoTemplateReader._with,
    "blocktranslate": DjangoTemplateReader._block_translate,
    "blocktrans": DjangoTemplateReader._block_translate,
    "regroup": DjangoTemplateReader._regroup,
    "include": DjangoTemplateReader._include,
    "block": DjangoTemplateReader._block,
    "partialdef": DjangoTemplateReader._partial_definition,
    "partial": DjangoTemplateReader._partial,
    "load": DjangoTemplateReader._load,
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


def _holds_once(condition: Condition) -> bool:
    """Whether the condition is met in one iteration of the loop at most."""
    match condition:
        case Expression(operand=Lookup() as operand, filters=()):
            return operand.dotted in _ONE_ITERATION
        case Binary(operator="and", left=left, right=right):
            return _holds_once(left) or _holds_once(right)
        case Binary(operator="==", left=Expression(operand=Lookup() as operand), right=Expression(operand=Literal())):
            return operand.dotted in ("forloop.counter", "forloop.counter0", "forloop.revcounter")
    return False
