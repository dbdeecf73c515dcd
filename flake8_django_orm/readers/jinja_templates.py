"""The reader of Jinja templates: runs jinja2's syntax tree as the machine's program.

In: a parsed template and its context as values. Out: events. Macros are run at their calls, blocks where the parent
shows them. What is not known (globals, filters and tests of others) is opaque.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from flake8_django_orm.machine import iteration, key_uses
from flake8_django_orm.machine.attributes import REQUEST
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Argument,
    Collection,
    Constant,
    ExternalValue,
    FunctionValue,
    Method,
    Shape,
    Unknown,
    Value,
    alternatives,
    loops_of,
)
from flake8_django_orm.readers.template_filters import apply_filter
from flake8_django_orm.readers.template_values import branches, handed_over, member, unpacked
from flake8_django_orm.syntax.units import Place, text_place

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Loop
    from flake8_django_orm.project.templates import TemplateFile
    from flake8_django_orm.readers.rendering import Rendering

_COMPARED = {"eq": "==", "ne": "!=", "in": "in", "notin": "not in"}
#: Functions that make text of their arguments, or nothing at all.
_TEXT_CALLS = frozenset(
    {"_", "gettext", "ngettext", "pgettext", "npgettext", "url", "static", "format", "str", "csrf_input"}
)
_MACRO_DEPTH = 8


def read_jinja_template(
    rendering: Rendering, file: TemplateFile, parsed: nodes.Template, context: Mapping[str, Value], place: Place
) -> None:
    """Read a template, its parents included."""
    with rendering.inside(file, place):
        JinjaReader(rendering, file, dict(context)).read_template(parsed)


@dataclass(frozen=True, slots=True)
class _Macro:
    """A macro with the file in which it stands."""

    node: nodes.Macro | nodes.CallBlock
    file: TemplateFile
    names: Mapping[str, _Macro | Mapping[str, Any]]


class JinjaReader:
    """Reads one template with its parents, and the macros that it imports."""

    def __init__(self, rendering: Rendering, file: TemplateFile, names: dict[str, Value]) -> None:
        self.rendering = rendering
        self.machine = rendering.machine
        self.file = file
        self.env = names
        self.macros: dict[str, Any] = {}
        self.blocks: dict[str, list[tuple[TemplateFile, nodes.Block]]] = {}
        self.above: list[Sequence[tuple[TemplateFile, nodes.Block]]] = []
        self.depth = 0

    # -- whole templates ----------------------------------------------------------------------------------------

    def read_template(self, template: nodes.Template) -> None:
        """Read a template; where it extends another one, that one with the blocks of this."""
        extends = template.find(nodes.Extends)
        if extends is None:
            self.read(template.body)
            return
        for block in template.find_all(nodes.Block):
            self.blocks.setdefault(block.name, []).append((self.file, block))
        self.read([node for node in template.body if isinstance(node, _DEFINITIONS)])
        parent = self.rendering.file(self.evaluate(extends.template), self.file.name)
        parsed = self._parsed(parent)
        if parent is None or parsed is None:
            self.rendering.unseen = True
            self.read([node for node in template.body if isinstance(node, nodes.Block)])
            return
        with self._in_file(parent, self._place(extends)):
            self.read_template(parsed)

    def _parsed(self, file: TemplateFile | None) -> nodes.Template | None:
        if file is None or file.path in self.rendering.running or len(self.rendering.running) > 8:
            return None
        parsed: nodes.Template | None = self.rendering.templates.parsed(file, "jinja")
        return parsed

    @contextmanager
    def _in_file(self, file: TemplateFile, place: Place) -> Iterator[None]:
        before = self.file
        with self.rendering.inside(file, place):
            self.file = file
            try:
                yield
            finally:
                self.file = before

    def read(self, body: Sequence[nodes.Node]) -> None:
        """Read statements in order."""
        for node in body:
            self.machine.tick()
            method: Callable[[Any], None] | None = getattr(self, f"read_{type(node).__name__.lower()}", None)
            if method is not None:
                method(node)
            else:
                self.read(list(node.iter_child_nodes(only=("body",))))

    def _place(self, node: nodes.Node, word: str = "") -> Place:
        """Jinja tells the line of a node only: the word in it, else the line."""
        text = self.rendering.templates.text(self.file.path)
        lines = text.split("\n")
        number = min(max(node.lineno, 1), len(lines)) - 1
        start = sum(len(line) + 1 for line in lines[:number])
        line = lines[number]
        found = re.search(rf"\b{re.escape(word)}\b", line) if word else None
        if found is not None:
            return text_place(self.file.path, start + found.start(), start + found.end())
        indent = len(line) - len(line.lstrip())
        return text_place(self.file.path, start + indent, start + len(line.rstrip()))

    # -- statements ---------------------------------------------------------------------------------------------

    def read_output(self, node: nodes.Output) -> None:
        for part in node.nodes:
            if not isinstance(part, nodes.TemplateData):
                self.machine.text(self.evaluate(part), self._place(part))

    def read_exprstmt(self, node: nodes.ExprStmt) -> None:
        self.evaluate(node.node)

    def read_for(self, node: nodes.For) -> None:
        iterable = self.evaluate(node.iter)
        place = self._place(node)

        def body(item: Value, loop: Loop) -> None:
            with self._scope():
                self._assign(node.target, item, place)
                self.env["loop"] = Unknown(loops=frozenset({loop.number}))
                if node.test is not None:
                    self._truth(node.test)
                    with self.machine.conditionally():
                        self.read(node.body)
                else:
                    self.read(node.body)

        iteration.loop_over(self.machine, iterable, place, body)
        if node.else_:
            branches(self.machine, [lambda: self.read(node.else_), lambda: None])

    def read_if(self, node: nodes.If) -> None:
        self._if(node.test, node.body, list(node.elif_), node.else_)

    def _if(self, test: nodes.Node, body: list[nodes.Node], rest: list[nodes.If], orelse: list[nodes.Node]) -> None:
        outcome = self._truth(test)

        def otherwise() -> None:
            if rest:
                self._if(rest[0].test, rest[0].body, rest[1:], orelse)
            else:
                self.read(orelse)

        never = outcome is None and self._never_holds(test)

        def then() -> None:
            if never:
                return
            once = isinstance(test, nodes.Getattr) and test.attr in ("first", "last") and _is_name(test.node, "loop")
            with self.machine.leaving(self.machine.loops[-1:] if once else ()):
                self.read(body)

        if outcome is None:
            branches(self.machine, [then, otherwise])
        elif outcome:
            then()
        else:
            otherwise()

    def read_assign(self, node: nodes.Assign) -> None:
        self._assign(node.target, self.evaluate(node.node), self._place(node))

    def read_assignblock(self, node: nodes.AssignBlock) -> None:
        self.read(node.body)
        self._assign(node.target, UNKNOWN, self._place(node))

    def read_with(self, node: nodes.With) -> None:
        values = [self.evaluate(value) for value in node.values]
        with self._scope():
            for target, value in zip(node.targets, values, strict=True):
                self._assign(target, value, self._place(node))
            self.read(node.body)

    def read_scope(self, node: nodes.Scope) -> None:
        with self._scope():
            self.read(node.body)

    def read_macro(self, node: nodes.Macro) -> None:
        self.macros[node.name] = _Macro(node, self.file, self.macros)
        self.env.pop(node.name, None)

    def read_callblock(self, node: nodes.CallBlock) -> None:
        self.macros["caller"] = _Macro(node, self.file, self.macros)
        self.evaluate(node.call)
        self.macros.pop("caller", None)

    def read_filterblock(self, node: nodes.FilterBlock) -> None:
        self.read(node.body)

    def read_block(self, node: nodes.Block) -> None:
        versions = [*self.blocks.get(node.name, ())]
        if (self.file, node) not in versions:
            versions.append((self.file, node))
        self._read_versions(versions)

    def _read_versions(self, versions: Sequence[tuple[TemplateFile, nodes.Block]]) -> None:
        file, block = versions[0]
        frame, before = self.machine.frame, self.file
        self.above.append(versions[1:])
        # The template that overrides a block is one of the running ones.
        self.machine.frame = next((one for one in frame.ancestors() if one.path == file.path), frame)
        self.file = file
        try:
            with self._scope():
                self.read(block.body)
        finally:
            self.above.pop()
            self.machine.frame, self.file = frame, before

    def read_include(self, node: nodes.Include) -> None:
        names = self.evaluate(node.template)
        context = dict(self.env) if node.with_context else {}
        self.rendering.read(names, context, self._place(node))

    def read_import(self, node: nodes.Import) -> None:
        self.macros[node.target] = self._imported(node)
        self.env.pop(node.target, None)

    def read_fromimport(self, node: nodes.FromImport) -> None:
        found = self._imported(node)
        for name in node.names:
            original, target = name if isinstance(name, tuple) else (name, name)
            self.env.pop(target, None)
            if original in found:
                self.macros[target] = found[original]
            else:
                self.env[target] = UNKNOWN

    def _imported(self, node: nodes.Import | nodes.FromImport) -> dict[str, Any]:
        """The macros of another template."""
        file = self.rendering.file(self.evaluate(node.template), self.file.name)
        parsed = self._parsed(file)
        if file is None or parsed is None:
            return {}
        reader = JinjaReader(self.rendering, file, dict(self.env) if node.with_context else {})
        with self.rendering.inside(file, self._place(node)):
            reader.read([one for one in parsed.body if isinstance(one, _DEFINITIONS)])
        return reader.macros

    @contextmanager
    def _scope(self) -> Iterator[None]:
        before, self.env = self.env, dict(self.env)
        try:
            yield
        finally:
            self.env = before

    def _assign(self, target: nodes.Node, value: Value, place: Place) -> None:
        if isinstance(target, nodes.Name):
            self.env[target.name] = value
        elif isinstance(target, nodes.Tuple):
            for inner, part in zip(target.items, unpacked(self.machine, value, len(target.items), place), strict=True):
                self._assign(inner, part, place)

    # -- expressions --------------------------------------------------------------------------------------------

    def evaluate(self, node: nodes.Node) -> Value:
        """The value of an expression."""
        self.machine.tick()
        method: Callable[[Any], Value] | None = getattr(self, f"value_{type(node).__name__.lower()}", None)
        if method is not None:
            return method(node)
        values = [self.evaluate(child) for child in node.iter_child_nodes() if isinstance(child, nodes.Expr)]
        return Unknown(loops=loops_of(*values))

    def value_name(self, node: nodes.Name) -> Value:
        found = self.env.get(node.name)
        if found is not None:
            return found
        if node.name == "request":
            return REQUEST
        return UNKNOWN

    def value_const(self, node: nodes.Const) -> Value:
        return Constant(node.value)

    def value_getattr(self, node: nodes.Getattr) -> Value:
        return member(self.machine, self.evaluate(node.node), node.attr, self._place(node, node.attr))

    def value_getitem(self, node: nodes.Getitem) -> Value:
        value = self.evaluate(node.node)
        place = self._place(node)
        if isinstance(node.arg, nodes.Slice):
            start = self.evaluate(node.arg.start) if node.arg.start is not None else None
            stop = self.evaluate(node.arg.stop) if node.arg.stop is not None else None
            return self.machine.slice(value, (start, stop), place)
        return self.machine.index(value, self.evaluate(node.arg), place)

    def value_list(self, node: nodes.List | nodes.Tuple) -> Value:
        shape = Shape.LIST if isinstance(node, nodes.List) else Shape.TUPLE
        return Collection(shape=shape, items=tuple(self.evaluate(item) for item in node.items), bounded=True)

    value_tuple = value_list

    def value_dict(self, node: nodes.Dict) -> Value:
        entries = [(self.evaluate(pair.key), self.evaluate(pair.value)) for pair in node.items]
        known = tuple((key.value, value) for key, value in entries if isinstance(key, Constant))
        if len(known) != len(entries):
            return UNKNOWN
        return Collection(shape=Shape.DICT, entries=known, bounded=True)

    def value_condexpr(self, node: nodes.CondExpr) -> Value:
        found: list[Value] = []
        options = [node.expr1, *([node.expr2] if node.expr2 is not None else [])]
        self._truth(node.test)
        branches(self.machine, [partial(self._keep, found, one) for one in options])
        return alternatives(found)

    def _keep(self, found: list[Value], node: nodes.Node) -> None:
        found.append(self.evaluate(node))

    def value_and(self, node: nodes.And | nodes.Or) -> Value:
        left = self.evaluate(node.left)
        self.machine.test(left, self._place(node))
        with self.machine.conditionally():
            right = self.evaluate(node.right)
        return alternatives([left, right])

    value_or = value_and

    def value_not(self, node: nodes.Not) -> Value:
        self._truth(node.node)
        return UNKNOWN

    def value_compare(self, node: nodes.Compare) -> Value:
        left, left_place = self.evaluate(node.expr), self._place(node.expr)
        values = [left]
        for operand in node.ops:
            right, place = self.evaluate(operand.expr), self._place(operand.expr)
            values.append(right)
            operator = _COMPARED.get(operand.op)
            negated = operand.op in ("ne", "notin")
            if operator in ("in", "not in"):
                key_uses.note_member(self.machine, (left, left_place), self._place(node), negated=negated)
                self.machine.contains(right, left, place)
            elif operator is not None:
                pair = ((left, left_place), (right, place))
                key_uses.note_compared(self.machine, pair, self._place(node), by_identity=False, negated=negated)
            else:
                self.machine.note_use(left)
                self.machine.note_use(right)
        return Unknown(loops=loops_of(*values))

    def value_concat(self, node: nodes.Concat) -> Value:
        for part in node.nodes:
            self.machine.text(self.evaluate(part), self._place(part))
        return UNKNOWN

    def value_test(self, node: nodes.Test) -> Value:
        value = self.evaluate(node.node)
        for argument in node.args:
            self.evaluate(argument)
        return Unknown(loops=loops_of(value))

    def value_filter(self, node: nodes.Filter) -> Value:
        value = self.evaluate(node.node) if node.node is not None else UNKNOWN
        arguments = [self.evaluate(argument) for argument in node.args]
        keywords = {str(keyword.key): self.evaluate(keyword.value) for keyword in node.kwargs}
        place = self._place(node, node.name)
        applied = apply_filter(self.machine, node.name, value, arguments, keywords, place)
        if applied is not None:
            return applied
        if not isinstance(value, (Unknown, Constant)):
            handed_over(self.machine, [value, *arguments])
        return Unknown(loops=loops_of(value, *arguments))

    def value_call(self, node: nodes.Call) -> Value:
        arguments = [Argument(self.evaluate(argument), None, self._place(argument)) for argument in node.args]
        arguments.extend(Argument(self.evaluate(k.value), k.key, self._place(k.value)) for k in node.kwargs)
        place = self._place(node, node.node.attr if isinstance(node.node, nodes.Getattr) else "")
        if isinstance(node.node, nodes.Name) and node.node.name == "super" and self.above:
            if self.above[-1]:
                self._read_versions(self.above[-1])
            return UNKNOWN
        macro = self._macro(node.node)
        if macro is not None:
            self._call_macro(macro, arguments, place)
            return UNKNOWN
        if isinstance(node.node, nodes.Name) and node.node.name in _TEXT_CALLS:
            for argument in arguments:
                self.machine.text(argument.value, place)
            return UNKNOWN
        callee = self.evaluate(node.node)
        if isinstance(callee, (FunctionValue, Method)) or not isinstance(callee, (Unknown, ExternalValue, Constant)):
            return self.machine.call(callee, tuple(arguments), place)
        values = [argument.value for argument in arguments]
        handed_over(self.machine, [value for value in values if not isinstance(value, (Unknown, Constant))])
        return Unknown(loops=loops_of(callee, *values))

    # -- macros -------------------------------------------------------------------------------------------------

    def _macro(self, node: nodes.Node) -> _Macro | None:
        found: Any = None
        if isinstance(node, nodes.Name) and node.name not in self.env:
            found = self.macros.get(node.name)
        elif isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
            module = self.macros.get(node.node.name)
            found = module.get(node.attr) if isinstance(module, dict) else None
        return found if isinstance(found, _Macro) else None

    def _call_macro(self, macro: _Macro, arguments: Sequence[Argument], place: Place) -> None:
        if self.depth >= _MACRO_DEPTH:
            for argument in arguments:
                self.machine.escape(argument.value)
            return
        positional = [argument.value for argument in arguments if argument.name is None]
        named = {argument.name: argument.value for argument in arguments if argument.name is not None}
        env = dict(self.env) if macro.file is self.file else {}
        defaults = dict(zip([a.name for a in macro.node.args][::-1], macro.node.defaults[::-1], strict=False))
        for number, parameter in enumerate(macro.node.args):
            given = positional[number] if number < len(positional) else named.get(parameter.name)
            if given is None:
                given = self.evaluate(defaults[parameter.name]) if parameter.name in defaults else UNKNOWN
            env[parameter.name] = given
        before = (self.env, self.macros, self.file)
        caller = self.macros.get("caller")
        self.env, self.depth = env, self.depth + 1
        self.macros = {**macro.names, **({"caller": caller} if caller is not None else {})}
        try:
            if macro.file is self.file or macro.file.path in self.rendering.running:
                self.file = macro.file
                self.read(macro.node.body)
            else:
                with self._in_file(macro.file, place):
                    self.read(macro.node.body)
        finally:
            self.depth -= 1
            self.env, self.macros, self.file = before

    # -- conditions ---------------------------------------------------------------------------------------------

    def _truth(self, node: nodes.Node) -> bool | None:
        """Evaluate a condition; its outcome where the values given to the template tell."""
        if isinstance(node, nodes.Not):
            outcome = self._truth(node.node)
            return None if outcome is None else not outcome
        if isinstance(node, nodes.And) and self._never_holds(node.left):
            return None
        if isinstance(node, (nodes.And, nodes.Or)):
            stops = isinstance(node, nodes.Or)
            first = self._truth(node.left)
            if first is stops:
                return first
            with self.machine.conditionally():
                second = self._truth(node.right)
            return second if first is not None else None
        value = self.evaluate(node)
        self.machine.test(value, self._place(node))
        return bool(value.value) if isinstance(value, Constant) and not value.loops else None

    def _never_holds(self, node: nodes.Node) -> bool:
        """Whether a name stands in the way that other views give to their templates and this one does not."""
        match node:
            case nodes.And():
                return self._never_holds(node.left) or self._never_holds(node.right)
            case nodes.Or():
                return self._never_holds(node.left) and self._never_holds(node.right)
            case nodes.Name():
                return node.name not in self.env and self.machine.project.views_give(node.name)
        return False


_DEFINITIONS = (nodes.Macro, nodes.Import, nodes.FromImport, nodes.Assign)


def _is_name(node: nodes.Node, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.name == name
