"""Expressions for the Python reader: each `visit_<Node>` gives the value of its expression.

In: libcst expressions and the names bound so far. Out: the machine's values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import libcst as cst

from flake8_django_orm.machine import (
    definitions,
    existence,
    fed_lookups,
    iteration,
    key_uses,
    mappings,
    outcomes,
    querysets,
    rows,
)
from flake8_django_orm.machine.events import FilteredInPython
from flake8_django_orm.machine.frames import Repeats
from flake8_django_orm.machine.machine import Machine, unknown
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Argument,
    ClassValue,
    Collection,
    Comparison,
    Constant,
    Expression,
    ExternalValue,
    FunctionValue,
    Method,
    ModelClass,
    ModuleValue,
    PlainData,
    QuerySetValue,
    RowValue,
    Shape,
    SuperValue,
    Unknown,
    Value,
    alternatives,
    each,
    loops_of,
)
from flake8_django_orm.project.models import Model
from flake8_django_orm.readers import column_tests
from flake8_django_orm.readers.decisions import decided
from flake8_django_orm.syntax.names import dotted_name, mentioned_names
from flake8_django_orm.syntax.units import Place, Unit
from flake8_django_orm.syntax.visitor import LeanVisitor, children

if TYPE_CHECKING:
    from flake8_django_orm.machine.outcomes import Learned

#: Binary and augmented operators as text; others do nothing to rows.
OPERATORS: dict[type[cst.CSTNode], str] = {
    cst.Add: "+",
    cst.AddAssign: "+",
    cst.Subtract: "-",
    cst.SubtractAssign: "-",
    cst.Multiply: "*",
    cst.MultiplyAssign: "*",
    cst.Divide: "/",
    cst.DivideAssign: "/",
    cst.FloorDivide: "//",
    cst.FloorDivideAssign: "//",
    cst.Modulo: "%",
    cst.ModuloAssign: "%",
    cst.Power: "**",
    cst.PowerAssign: "**",
    cst.BitOr: "|",
    cst.BitOrAssign: "|",
    cst.BitAnd: "&",
    cst.BitAndAssign: "&",
}

#: Comparison operators as text, where one lookup says the same.
COMPARISONS: dict[type[cst.CSTNode], str] = {
    cst.Equal: "==",
    cst.NotEqual: "!=",
    cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=",
    cst.LessThan: "<",
    cst.LessThanEqual: "<=",
    cst.In: "in",
    cst.Is: "is",
    cst.IsNot: "is not",
}

_CONSTANT_NAMES = {"None": Constant(None), "True": Constant(True), "False": Constant(False)}


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A nested function or lambda with the names that were bound around it."""

    reader: ExpressionReader
    node: cst.FunctionDef | cst.Lambda
    env: dict[str, Value]


class ExpressionReader(LeanVisitor):
    """Evaluates expressions in an environment of local names."""

    def __init__(
        self,
        machine: Machine,
        unit: Unit,
        module: str,
        env: dict[str, Value],
        *,
        class_key: str | None = None,
        receiver: str | None = None,
        local_names: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__()
        self.machine = machine
        self.unit = unit
        self.module = module
        self.env = env
        self.class_key = class_key
        self.receiver = receiver
        self.local_names = local_names
        self.yielded: list[Value] = []

    # -- the door -----------------------------------------------------------------------------------------------

    def evaluate(self, node: cst.CSTNode) -> Value:
        """The value of an expression."""
        self.machine.tick()
        value = self.visit(node)
        if not isinstance(value, Value):
            return UNKNOWN
        if self.machine.watch is not None:
            self.machine.watch(self.place(node), value)
        return value

    def place(self, node: cst.CSTNode) -> Place:
        return Place(self.unit, node)

    def truth(self, node: cst.BaseExpression) -> Learned:
        """Evaluate an expression for its truth; what either outcome tells of the queries before."""
        if isinstance(node, cst.BooleanOperation):
            stops = decided(self, node.left) is isinstance(node.operator, cst.Or)
            left = self.truth(node.left)
            if stops:
                return left
            joined = outcomes.either if isinstance(node.operator, cst.Or) else outcomes.both
            with self.machine.conditionally():
                return joined(left, self.truth(node.right))
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
            return self.truth(node.expression).negated()
        value = self.evaluate(node)
        learned = self._tested(value, node)
        existence.note_tested(self.machine, self.place(node))
        return learned

    def _tested(self, value: Value, node: cst.BaseExpression) -> Learned:
        self.machine.last_query = 0
        self.machine.test(value, self.place(node))
        return outcomes.of_truth(self.machine, value, self.machine.last_query)

    def visit_other(self, node: cst.CSTNode) -> Value:
        """An expression of no interest in itself: its parts are evaluated, the whole is unknown."""
        values = [self.evaluate(child) for child in children(node) if isinstance(child, cst.BaseExpression)]
        return unknown(*values)

    # -- names and literals -------------------------------------------------------------------------------------

    def visit_Name(self, node: cst.Name) -> Value:
        name = node.value
        if name in _CONSTANT_NAMES:
            return _CONSTANT_NAMES[name]
        found = self.env.get(name)
        if found is not None:
            return found
        if name in self.local_names:
            return UNKNOWN
        return definitions.resolve(self.machine, self.module, name)

    def visit_SimpleString(self, node: cst.SimpleString) -> Value:
        return self.unit.ask(_literal, node)

    def visit_ConcatenatedString(self, node: cst.ConcatenatedString) -> Value:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        if isinstance(left, Constant) and isinstance(right, Constant) and type(left.value) is type(right.value):
            return Constant(left.value + right.value)
        return unknown(left, right)

    def visit_Integer(self, node: cst.Integer) -> Value:
        return self.unit.ask(_literal, node)

    def visit_Float(self, node: cst.Float) -> Value:
        return self.unit.ask(_literal, node)

    def visit_FormattedString(self, node: cst.FormattedString) -> Value:
        values = []
        texts: list[str | None] = []
        for part in node.parts:
            if isinstance(part, cst.FormattedStringExpression):
                value = self.evaluate(part.expression)
                self.machine.text(value, self.place(part.expression))
                values.append(value)
                plain = isinstance(value, Constant) and isinstance(value.value, str) and part.format_spec is None
                texts.append(value.value if plain and isinstance(value, Constant) and not part.conversion else None)
            elif isinstance(part, cst.FormattedStringText):
                texts.append(part.value if "\\" not in part.value and "{" not in part.value else None)
        known = [text for text in texts if text is not None]
        return Constant("".join(known)) if len(known) == len(texts) else PlainData(loops=loops_of(*values))

    def visit_TemplatedString(self, node: cst.TemplatedString) -> Value:
        """A t-string keeps its values as they are: whoever gets it may read them."""
        for part in node.parts:
            if isinstance(part, cst.TemplatedStringExpression):
                self.machine.escape(self.evaluate(part.expression))
        return UNKNOWN

    # -- containers ---------------------------------------------------------------------------------------------

    def _elements(self, elements: Sequence[cst.BaseElement]) -> tuple[Value, ...] | None:
        """The values of a display's elements; None where one is unpacked from something unknown."""
        values: list[Value] = []
        known = True
        for element in elements:
            value = self.evaluate(element.value)
            if isinstance(element, cst.StarredElement):
                if isinstance(value, Collection) and value.items is not None:
                    values.extend(value.items)
                    continue
                known = False
                value = alternatives(
                    iteration.pattern_of(self.machine, one, self.place(element.value)) for one in each(value)
                )
            self.machine.note_use(value)
            values.append(value)
        return tuple(values) if known else None

    def _display(self, shape: Shape, elements: Sequence[cst.BaseElement]) -> Value:
        identity = self.machine.store.new_identity() if shape is not Shape.TUPLE else 0
        items = self._elements(elements)
        if items is None:
            values = [self.evaluate(e.value) for e in elements]
            pattern = alternatives(
                iteration.pattern_of(self.machine, value, self.place(element.value))
                if isinstance(element, cst.StarredElement)
                else value
                for element, value in zip(elements, values, strict=True)
            )
            return Collection(shape=shape, element=iteration.generalise(pattern), identity=identity)
        return Collection(shape=shape, items=items, identity=identity, bounded=True)

    def visit_List(self, node: cst.List) -> Value:
        return self._display(Shape.LIST, node.elements)

    def visit_Tuple(self, node: cst.Tuple) -> Value:
        return self._display(Shape.TUPLE, node.elements)

    def visit_Set(self, node: cst.Set) -> Value:
        return self._display(Shape.SET, node.elements)

    def visit_Dict(self, node: cst.Dict) -> Value:
        entries: list[tuple[Any, Value]] = []
        known = True
        values: list[Value] = []
        for element in node.elements:
            value = self.evaluate(element.value)
            self.machine.note_use(value)
            if isinstance(element, cst.DictElement):
                key = self.evaluate(element.key)
                values.append(value)
                if isinstance(key, Constant):
                    entries.append((key.value, value))
                    continue
            elif isinstance(value, Collection) and value.entries is not None:
                entries.extend(value.entries)
                continue
            known = False
        identity = self.machine.store.new_identity()
        if known:
            return Collection(shape=Shape.DICT, entries=tuple(entries), identity=identity, bounded=True)
        pattern = alternatives([*values, *(v for _, v in entries)]) if values or entries else UNKNOWN
        return Collection(shape=Shape.DICT, element=iteration.generalise(pattern), identity=identity)

    # -- comprehensions -----------------------------------------------------------------------------------------

    def visit_ListComp(self, node: cst.ListComp) -> Value:
        return self._gathering(node, Shape.LIST)

    def visit_SetComp(self, node: cst.SetComp) -> Value:
        return self._gathering(node, Shape.SET)

    def visit_GeneratorExp(self, node: cst.GeneratorExp) -> Value:
        return self._gathering(node, Shape.ITERATOR)

    def _gathering(self, node: cst.ListComp | cst.SetComp | cst.GeneratorExp, shape: Shape) -> Value:
        made = self._comprehension(node.for_in, [node.elt], shape)
        level = node.for_in
        if not isinstance(made, Collection) or level.ifs or level.inner_for_in is not None:
            return made
        gathered = fed_lookups.of_rows(self.machine, made.element, self.place(level.iter), self.place(node))
        return replace(made, gathered=gathered)

    def visit_DictComp(self, node: cst.DictComp) -> Value:
        return self._comprehension(node.for_in, [node.value, node.key], Shape.DICT)

    def _comprehension(
        self, for_in: cst.CompFor, parts: Sequence[cst.BaseExpression], shape: Shape, *, once: bool = False
    ) -> Value:
        outer = dict(self.env)
        values = self._comprehension_level(for_in, parts, once)
        self.env = outer
        made = [iteration.generalise(value) for value in values]
        identity = self.machine.store.new_identity() if shape is not Shape.ITERATOR else 0
        return Collection(shape=shape, element=made[0], key=made[1] if len(made) > 1 else UNKNOWN, identity=identity)

    def _comprehension_level(self, level: cst.CompFor, parts: Sequence[cst.BaseExpression], once: bool) -> list[Value]:
        machine = self.machine
        iterable = self.evaluate(level.iter)
        repeats, result = iteration.repeats(machine, iterable)
        place = self.place(level.iter)
        loop = machine.new_loop(
            place, Repeats.BOUNDED if once else repeats, result, is_async=level.asynchronous is not None
        )
        item = machine.element(iterable, loop, place)
        for asked, attribute in column_tests.of_comprehension(level):
            self.note_filtered(iterable, attribute, asked, place)
        with machine.looping(loop):
            self.assign(level.target, item, level.target)
            conditions = machine.conditions
            for test in level.ifs:
                self.truth(test.test)
                machine.conditions = conditions + 1
            if level.inner_for_in is not None:
                values = self._comprehension_level(level.inner_for_in, parts, once)
            else:
                values = [self.evaluate(part) for part in parts]
                for value in values:
                    machine.note_use(value)
            machine.conditions = conditions
        machine.store.leave_rows(loop.number, every_row=repeats is Repeats.ROWS and not once)
        return values

    def note_filtered(self, rows: Value, attribute: str, test: cst.CSTNode, looped: Place) -> None:
        """Note a loop over the rows of a queryset that goes on only with those of a certain value in a column."""
        if isinstance(rows, QuerySetValue) and attribute in rows.model.columns:
            self.machine.emit(FilteredInPython, self.place(test), queryset=rows, column=attribute, looped=looped)

    # -- access -------------------------------------------------------------------------------------------------

    def visit_Attribute(self, node: cst.Attribute) -> Value:
        return self.machine.read_attribute(self.evaluate(node.value), node.attr.value, self.place(node))

    def visit_Subscript(self, node: cst.Subscript) -> Value:
        value = self.evaluate(node.value)
        if len(node.slice) != 1:
            return unknown(value)
        inner = node.slice[0].slice
        if isinstance(inner, cst.Slice):
            bounds = (
                self.evaluate(inner.lower) if inner.lower is not None else None,
                self.evaluate(inner.upper) if inner.upper is not None else None,
            )
            if inner.step is not None and isinstance(value, QuerySetValue):
                # A step evaluates the queryset and gives a list.
                pattern = iteration.pattern_of(self.machine, value, self.place(node), "list")
                return Collection(element=pattern)
            return self.machine.slice(value, bounds, self.place(node))
        assert isinstance(inner, cst.Index)
        return self.machine.index(value, self.evaluate(inner.value), self.place(node))

    def visit_Call(self, node: cst.Call) -> Value:
        if isinstance(node.func, cst.Name) and node.func.value == "super" and not node.args:
            return self._super()
        if isinstance(node.func, cst.Name) and node.func.value == "super" and len(node.args) == 2:
            return self._super_after(*(self.evaluate(arg.value) for arg in node.args))
        callee = self.evaluate(node.func)
        if callee == ExternalValue("builtins.locals"):
            for value in tuple(self.env.values()):
                self.machine.escape(value)
        if callee == ExternalValue("builtins.next") and node.args and isinstance(node.args[0].value, cst.GeneratorExp):
            generator = node.args[0].value
            made = self._comprehension(generator.for_in, [generator.elt], Shape.ITERATOR, once=True)
            return iteration.choose(self.machine, made.element, UNKNOWN) if isinstance(made, Collection) else UNKNOWN
        by_method = all(isinstance(one, Method) for one in each(callee))
        return self.machine.call(callee, self.arguments(node.args, by_method=by_method), self.place(node))

    def arguments(self, args: Sequence[cst.Arg], *, by_method: bool = False) -> tuple[Argument, ...]:
        """The arguments of a call, evaluated in order.

        `**kwargs` of the function that is read may bring any name. To a function of the project it surely brings none
        that its signature has; to a method of the ORM each name says something (`by_method`).
        """
        found: list[Argument] = []
        for arg in args:
            value = self.evaluate(arg.value)
            name = arg.keyword.value if arg.keyword is not None else arg.star or None
            exact = name == "**" and isinstance(value, Collection) and (value.bounded or not by_method)
            entries = mappings.entries_of(self.machine, value) if exact and isinstance(value, Collection) else None
            if entries is not None:
                found.extend(Argument(v, k, self.place(arg.value)) for k, v in entries)
                continue
            if name == "**" and isinstance(value, Collection):
                known = mappings.literal_entries(self.machine, value)
                found.extend(Argument(v, k, self.place(arg.value)) for k, v in known.items())
            if name == "*":
                value = self._spread(value, self.place(arg.value))
            found.append(Argument(value, name, self.place(arg.value)))
        return tuple(found)

    def _spread(self, value: Value, place: Place) -> Value:
        """What `*value` hands over: the rows of a queryset, fetched here, not the queryset."""
        return alternatives(
            Collection(element=iteration.pattern_of(self.machine, one, place, "list"))
            if isinstance(one, QuerySetValue)
            else one
            for one in self.machine.ways(value)
        )

    def _super(self) -> Value:
        receiver = self.env.get(self.receiver) if self.receiver else None
        if receiver is None or self.class_key is None:
            return UNKNOWN
        return SuperValue(receiver, self.class_key)

    def _super_after(self, after: Value, receiver: Value) -> Value:
        """`super(Book, self)`."""
        match after:
            case ClassValue(key=key) | ModelClass(model=Model(key=key)):
                return SuperValue(receiver, key)
        return UNKNOWN

    # -- operators ----------------------------------------------------------------------------------------------

    def visit_Await(self, node: cst.Await) -> Value:
        return self.evaluate(node.expression)

    def visit_UnaryOperation(self, node: cst.UnaryOperation) -> Value:
        if isinstance(node.operator, cst.Not):
            learned = self.truth(node.expression)
            return outcomes.as_value(learned.negated())
        value = self.evaluate(node.expression)
        if (
            isinstance(node.operator, cst.Minus)
            and isinstance(value, Constant)
            and isinstance(value.value, (int, float))
        ):
            return Constant(-value.value)
        if isinstance(value, Expression) and isinstance(node.operator, cst.BitInvert):
            return replace(value, function="~", arguments=(Argument(value, place=self.place(node.expression)),))
        return value if isinstance(value, Expression) else unknown(value)

    def visit_BooleanOperation(self, node: cst.BooleanOperation) -> Value:
        stops = decided(self, node.left) is isinstance(node.operator, cst.Or)
        left = self.evaluate(node.left)
        learned = self._tested(left, node.left)
        if stops:
            return left
        for one in each(left):
            if isinstance(one, RowValue):
                self.machine.note_use(one)  # it may be what the whole expression gives
        known = learned.when_false if isinstance(node.operator, cst.Or) else learned.when_true
        with self.machine.conditionally(), self.machine.knowing(known):
            right = self.evaluate(node.right)
        return alternatives([left, right], self.machine.conditions)

    def visit_IfExp(self, node: cst.IfExp) -> Value:
        outcome = decided(self, node.test)
        if outcome is not None:
            return self.evaluate(node.body if outcome else node.orelse)
        learned = self.truth(node.test)
        with self.machine.conditionally():
            store = self.machine.store.fork()
            with self.machine.knowing(learned.when_true):
                body = self.evaluate(node.body)
            after = self.machine.store.fork()
            self.machine.store.restore(store)
            with self.machine.knowing(learned.when_false):
                orelse = self.evaluate(node.orelse)
            self.machine.store.join([after, self.machine.store.fork()])
        return alternatives([body, orelse], self.machine.conditions)

    def visit_Comparison(self, node: cst.Comparison) -> Value:
        left, left_node = self.evaluate(node.left), node.left
        values = [left]
        for target in node.comparisons:
            right = self.evaluate(target.comparator)
            values.append(right)
            self._compared((left, self.place(left_node)), target.operator, (right, self.place(target.comparator)), node)
            left, left_node = right, target.comparator
        if len(node.comparisons) == 1:
            operator = COMPARISONS.get(type(node.comparisons[0].operator), "")
            compared = Comparison(left=values[0], operator=operator, right=values[1], loops=loops_of(*values))
            existence.note_compared(self.machine, compared, self.place(node.left), self.place(node))
            return compared
        return unknown(*values)

    def _compared(
        self, left: tuple[Value, Place], operator: cst.BaseCompOp, right: tuple[Value, Place], node: cst.Comparison
    ) -> None:
        negated = isinstance(operator, (cst.NotEqual, cst.IsNot, cst.NotIn))
        if isinstance(operator, (cst.In, cst.NotIn)):
            key_uses.note_member(self.machine, left, self.place(node), negated=negated)
            self.machine.contains(right[0], left[0], right[1])
        elif isinstance(operator, (cst.Equal, cst.NotEqual, cst.Is, cst.IsNot)):
            by_identity = isinstance(operator, (cst.Is, cst.IsNot))
            place = self.place(node)
            key_uses.note_compared(self.machine, (left, right), place, by_identity=by_identity, negated=negated)
        else:
            self.machine.note_use(left[0])
            self.machine.note_use(right[0])

    def visit_BinaryOperation(self, node: cst.BinaryOperation) -> Value:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        operator = OPERATORS.get(type(node.operator), "")
        return self.operate(left, operator, right, node, node.left, node.right)

    def operate(
        self,
        left: Value,
        operator: str,
        right: Value,
        node: cst.CSTNode,
        left_node: cst.CSTNode,
        right_node: cst.CSTNode,
    ) -> Value:
        """`left <operator> right`."""
        if operator == "%" and isinstance(left, Constant) and isinstance(left.value, str):
            parts = right.items if isinstance(right, Collection) and right.items is not None else (right,)
            for part in parts:
                self.machine.text(part, self.place(right_node))
            return constant_text(left.value, parts) or unknown(right)
        if operator in ("|", "&") and isinstance(left, QuerySetValue):
            return querysets.combine(self.machine, left, right, self.place(node))
        if isinstance(left, Collection) and isinstance(right, QuerySetValue) and operator == "+":
            # `rows += queryset` takes its rows into the list.
            pattern = iteration.pattern_of(self.machine, right, self.place(right_node), "list")
            right = Collection(element=pattern)
        if isinstance(left, Collection) and isinstance(right, Collection) and operator in ("+", "|"):
            return self._joined(left, right, node)
        if isinstance(left, Expression) or isinstance(right, Expression):
            return _expression(left, operator, right)
        for side in (left, right):
            self.machine.note_use(side)
            if any(isinstance(one, Collection) for one in each(side)):
                self.machine.lose(side)  # the sum of both is not followed
        worked_out = rows.arithmetic(
            left, operator, right, self.place(node), self.place(left_node), self.place(right_node)
        )
        return worked_out if worked_out is not None else unknown(left, right)

    def _joined(self, left: Collection, right: Collection, node: cst.CSTNode) -> Value:
        if left.items is not None and right.items is not None and not self._is_filled(left, right):
            return Collection(shape=left.shape, items=left.items + right.items, bounded=True)
        place = self.place(node)
        parts = [iteration.pattern_of(self.machine, one, place) for one in (left, right) if one.items != ()]
        pattern = alternatives(parts) if parts else UNKNOWN
        return Collection(shape=left.shape, element=pattern, identity=self.machine.store.new_identity())

    def _is_filled(self, *containers: Collection) -> bool:
        return any(c.identity and self.machine.store.members(c.identity) for c in containers)

    def visit_NamedExpr(self, node: cst.NamedExpr) -> Value:
        value = self.evaluate(node.value)
        self.assign(node.target, value, node)
        return value

    def visit_Yield(self, node: cst.Yield) -> Value:
        if node.value is None:
            return UNKNOWN
        if isinstance(node.value, cst.From):
            source = self.evaluate(node.value.item)
            place = self.place(node.value.item)
            value = alternatives(iteration.pattern_of(self.machine, one, place) for one in each(source))
        else:
            value = self.evaluate(node.value)
        self.machine.note_use(value)
        self.machine.lose(value)
        self.yielded.append(value)
        return UNKNOWN

    def visit_Lambda(self, node: cst.Lambda) -> Value:
        return FunctionValue(closure=self.closure(node), place=self.place(node))

    def closure(self, node: cst.FunctionDef | cst.Lambda) -> Closure:
        """A nested function with the names around it; it sees later bindings too, as Python's cells do."""
        for name in self.unit.ask(mentioned_names, node):
            if name in self.env:
                self.machine.note_queryset_use(self.env[name], "handed", self.place(node))
                self.machine.capture(self.env[name])
        return Closure(self, node, self.env)

    # -- binding names ------------------------------------------------------------------------------------------

    def assign(self, target: cst.CSTNode, value: Value, statement: cst.CSTNode) -> None:
        """Bind a target: a name, an attribute, an item, or several by unpacking."""
        match target:
            case cst.Name(value=name):
                self.env[name] = value
            case cst.Attribute():
                base = self.evaluate(target.value)
                self.machine.assign_attribute(base, target.attr.value, value, self.place(statement))
            case cst.Subscript():
                self._assign_item(target, value)
            case cst.Tuple() | cst.List():
                self._unpack(target.elements, value, statement)
            case cst.StarredElement():
                self.assign(target.value, Collection(element=iteration.generalise(value)), statement)

    def _unpack(self, elements: Sequence[cst.BaseElement], value: Value, statement: cst.CSTNode) -> None:
        targets = [e if isinstance(e, cst.StarredElement) else e.value for e in elements]
        parts = [self._items(one, targets, statement) for one in each(value)]
        for number, target in enumerate(targets):
            self.assign(target, alternatives(part[number] for part in parts), statement)

    def _items(self, value: Value, targets: Sequence[cst.CSTNode], statement: cst.CSTNode) -> Sequence[Value]:
        """What unpacking a value gives each of the targets; a starred one takes any number of items."""
        if isinstance(value, Collection) and value.items is not None and len(value.items) == len(targets):
            return value.items
        item: Value
        pattern: Value
        item = pattern = Unknown(loops=loops_of(value))
        if isinstance(value, (QuerySetValue, Collection)):
            pattern = iteration.pattern_of(self.machine, value, self.place(statement))
            item = iteration.choose(self.machine, pattern, UNKNOWN)
        return [pattern if isinstance(target, cst.StarredElement) else item for target in targets]

    def _assign_item(self, target: cst.Subscript, value: Value) -> None:
        container = self.evaluate(target.value)
        key: Value = UNKNOWN
        if len(target.slice) == 1 and isinstance(target.slice[0].slice, cst.Index):
            key = self.evaluate(target.slice[0].slice.value)
        self.machine.note_use(value)
        if not isinstance(target.value, cst.Name):
            self.machine.lose(value)  # an attribute's container has readers elsewhere
        for one in each(container):
            if isinstance(one, Collection):
                mappings.put_item(self.machine, one, key, value)
            else:
                self.machine.escape(value)

    # -- imports inside functions -------------------------------------------------------------------------------

    def import_name(self, alias: cst.ImportAlias) -> None:
        """`import a.b` and `import a.b as c`."""
        dotted = dotted_name(alias.name)
        bound = alias.evaluated_alias
        module = dotted if bound else dotted.split(".", 1)[0]
        found = self.machine.project.resolve_import(module, None)
        value = definitions.from_definition(self.machine, found, module) if found is not None else ModuleValue(module)
        self.env[bound or module] = value

    def import_from(self, node: cst.ImportFrom) -> None:
        """`from m import n as k`, relative ones included."""
        if isinstance(node.names, cst.ImportStar):
            return
        module = self._absolute(node)
        for alias in node.names:
            name = dotted_name(alias.name)
            found = self.machine.project.resolve_import(module, name)
            value = definitions.from_definition(self.machine, found, module) if found is not None else UNKNOWN
            self.env[alias.evaluated_alias or name] = value

    def _absolute(self, node: cst.ImportFrom) -> str:
        name = dotted_name(node.module) if node.module is not None else ""
        if not node.relative:
            return name
        is_package = self.machine.project.module_path(self.module).endswith("__init__.py")
        parts = self.module.split(".")
        drop = len(node.relative) - is_package
        base = parts[: len(parts) - drop] if drop else parts
        return ".".join([*base, name] if name else base)


def constant_text(template: str, parts: Sequence[Value]) -> Constant | None:
    """`"%s/list.html" % label` where all parts are literals; None where one is not, or the text does not take them."""
    values = [part.value for part in parts if isinstance(part, Constant) and isinstance(part.value, (str, int))]
    if len(values) != len(parts) or template.count("%") != len(values):
        return None
    try:
        return Constant(template % tuple(values))
    except (TypeError, ValueError):
        return None


def _literal(node: cst.SimpleString | cst.Integer | cst.Float) -> Constant:
    return Constant(node.evaluated_value)


def _expression(left: Value, operator: str, right: Value) -> Expression:
    """`F("n") + 1`, `Q(...) | Q(...)`: still a database expression, naming the columns of both sides."""
    return Expression(
        function=operator,
        columns=tuple(name for part in (left, right) if isinstance(part, Expression) for name in part.columns),
        arguments=(Argument(left), Argument(right)),
        loops=loops_of(left, right),
    )
