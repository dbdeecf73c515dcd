"""The tags of Django templates: branches, loops, scopes, and those that the project defines.

In: the nodes of a parsed template. Out: events. Tags of Django are known; those that the project defines are entered
where `{% load %}` tells where they stand; any other tag is opaque.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from flake8_django_orm.machine import iteration
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Alternatives,
    Argument,
    Collection,
    Constant,
    FunctionValue,
    QuerySetValue,
    RowValue,
    Shape,
    Unknown,
    Value,
    alternatives,
)
from flake8_django_orm.readers.django_expressions import DjangoExpressionReader
from flake8_django_orm.readers.template_expressions import (
    Binary,
    Bit,
    Condition,
    Expression,
    Literal,
    Lookup,
    TemplateError,
    keyword_of,
    parse_condition,
)
from flake8_django_orm.readers.template_syntax import Node, Output, Section, Tag
from flake8_django_orm.readers.template_values import (
    arguments_of,
    branches,
    grouped,
    handed_over,
    known_entries,
    unpacked,
)

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Frame, Loop
    from flake8_django_orm.project.template_libraries import Registered
    from flake8_django_orm.syntax.units import Place


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


class DjangoTagReader(DjangoExpressionReader):
    """Reads nodes in order."""

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

    # -- tags ---------------------------------------------------------------------------------------------------

    def _read_tag(self, tag: Tag) -> None:
        handler = self._handler(tag.name)
        if handler is not None:
            handler(tag)
        elif tag.name in _TRANSPARENT and tag.sections:
            self._texts(tag.bits)
            self.read(tag.body)
        elif tag.name in _TEXT_TAGS:
            self._texts(tag.bits)
        elif tag.name not in _IDLE:
            self._own_tag(tag)

    def _handler(self, name: str) -> Callable[[Tag], None] | None:
        """The method that reads the tags of a name."""
        method = _TAGS.get(name)
        return partial(method, self) if method is not None else None

    # -- branches and loops -------------------------------------------------------------------------------------

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
            callers = self.machine.frame.ancestors()
            context = known_entries(self.machine, value)
            shown = {name: _left_to_tag(one, callers) for name, one in context.items()}
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


_TAGS: dict[str, Callable[[DjangoTagReader, Tag], None]] = {
    "if": DjangoTagReader._if,
    "ifchanged": DjangoTagReader._if_changed,
    "ifequal": DjangoTagReader._if_equal,
    "ifnotequal": DjangoTagReader._if_equal,
    "for": DjangoTagReader._for,
    "cache": DjangoTagReader._cache,
    "with": DjangoTagReader._with,
    "blocktranslate": DjangoTagReader._block_translate,
    "blocktrans": DjangoTagReader._block_translate,
    "regroup": DjangoTagReader._regroup,
    "load": DjangoTagReader._load,
}


def _left_to_tag(value: Value, callers: Sequence[Frame]) -> Value:
    """What an inclusion tag shows, for the template that calls it: what a queryset lacks that the tag makes itself, of
    no row that it is given, is told at the tag, once for all its callers."""
    match value:
        case QuerySetValue(source_row=None, steps=steps) if steps and not any(s.frame in callers for s in steps):
            return replace(value, loading=replace(value.loading, unknown=True))
        case RowValue(origin=QuerySetValue() as origin) if _left_to_tag(origin, callers) is not origin:
            return replace(value, loading=replace(value.loading, unknown=True))
        case Collection(element=element):
            return replace(value, element=_left_to_tag(element, callers))
        case Alternatives(values=parts, conditions=depth):
            return alternatives((_left_to_tag(one, callers) for one in parts), depth)
    return value


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
