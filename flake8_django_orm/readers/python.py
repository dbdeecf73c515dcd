"""The Python reader: visits the statements of one function and drives the machine.

In: a parsed unit, the function's parameters as values. Out: what the function returns; the machine collects events.
The visitor methods carry libcst's names; expressions are in `readers/expressions.py`, patterns in
`readers/patterns.py`, which this class extends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import libcst as cst

from flake8_django_orm.machine import iteration, relations
from flake8_django_orm.machine.events import QuerySetDiscarded
from flake8_django_orm.machine.frames import Loop, Repeats
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Alternatives,
    Collection,
    Constant,
    ExternalValue,
    Fetched,
    FunctionValue,
    PlainData,
    QuerySetValue,
    RowValue,
    Shape,
    Unknown,
    Value,
    alternatives,
    each,
)
from flake8_django_orm.orm.callables import TRANSACTIONS
from flake8_django_orm.readers import column_tests
from flake8_django_orm.readers.decisions import decided, missing_relation, narrowed
from flake8_django_orm.readers.guards import (
    catches_conflict,
    catches_fault,
    catches_missing,
    in_transaction,
    missed_query,
    names_lock,
)
from flake8_django_orm.readers.operators import OPERATORS
from flake8_django_orm.readers.patterns import PatternReader
from flake8_django_orm.syntax.names import always_leaves, block_statements, bound_names, may_stop_early, target_names

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.machine.outcomes import Known
    from flake8_django_orm.syntax.units import Unit

Environment = dict[str, Value]

#: So many states of the store joined count as one step of work.
STATES_A_STEP = 200


class PythonReader(PatternReader):
    """Reads one function body (or module body) as the machine's program."""

    def __init__(self, machine: Machine, unit: Unit, module: str, env: Environment, **context: Any) -> None:
        super().__init__(machine, unit, module, env, **context)
        self.returned: list[Value] = []
        self.alive = True
        self.tries = 0

    def read_body(self, body: cst.BaseSuite | Sequence[cst.CSTNode]) -> Value:
        """Run the statements; the function's value: what it returns, or an iterator of what it yields."""
        self._block(self.unit.ask(block_statements, body) if isinstance(body, cst.BaseSuite) else body)
        if self.yielded:
            pattern = alternatives(iteration.generalise(value) for value in self.yielded)
            return Collection(shape=Shape.ITERATOR, element=pattern, identity=self.machine.store.new_identity())
        return alternatives(self.returned, self.machine.conditions) if self.returned else Constant(None)

    # -- blocks and branches ------------------------------------------------------------------------------------

    def _block(self, statements: Sequence[cst.CSTNode]) -> None:
        conditions, known = self.machine.conditions, self.machine.known
        for statement in statements:
            if not self.alive:
                break
            self.visit(statement)
        self.machine.conditions, self.machine.known = conditions, known

    def _suite(self, body: cst.BaseSuite) -> None:
        """A guarded suite; one that always leaves its loops runs at most once in them."""
        left = self.unit.ask(always_leaves, body)
        statements = self.unit.ask(block_statements, body)
        if left is None or (left is cst.Raise and self.tries):
            self._block(statements)
            return
        frame = self.machine.frame
        own = [loop for loop in self.machine.loops if loop.frame is frame]
        with self.machine.leaving(own[-1:] if left is cst.Break else own):
            self._block(statements)

    def _branches(self, options: Sequence[Callable[[], None]], *, conditional: bool = True) -> None:
        """Run each option from the same state, then go on with what holds after any of those that fall through."""
        machine = self.machine
        env, store = dict(self.env), machine.store.fork()
        ends: list[tuple[Environment, object]] = []
        left = False
        for option in options:
            self.env, self.alive = dict(env), True
            machine.store.restore(store)
            if conditional:
                with machine.conditionally():
                    option()
            else:
                option()
            if self.alive:
                ends.append((self.env, machine.store.fork()))
            else:
                left = True
        self.alive = bool(ends)
        if not ends:
            return
        machine.store.join([snapshot for _, snapshot in ends])  # type: ignore[misc]
        machine.work += len(ends) * machine.store.size // STATES_A_STEP
        self.env = _join_environments([one for one, _ in ends], machine.conditions)
        if left and conditional:
            # What follows a guard clause runs only where the guard did not hold.
            machine.conditions += 1

    def visit_If(self, node: cst.If) -> None:
        outcome = decided(self, node.test)
        told = narrowed(self, node.test) if outcome is None else None
        learned = self.truth(node.test)
        missing = missing_relation(self, node.test)
        orelse = node.orelse
        stays: list[Known] = []
        transaction = in_transaction(node.test)

        def body() -> None:
            if told is not None:
                self.env[told[0]] = told[1]
            known, opened = self.machine.knowing(learned.when_true), self.machine.transaction(transaction is True)
            with known, opened, self._lacking(missing, when=True):
                self._suite(node.body)
            if self.alive:
                stays.append(learned.when_true)

        def otherwise() -> None:
            if told is not None:
                self.env[told[0]] = told[2]
            known, opened = self.machine.knowing(learned.when_false), self.machine.transaction(transaction is False)
            with known, opened, self._lacking(missing, when=False):
                if type(orelse) is cst.If:
                    self.visit_If(orelse)
                elif orelse is not None:
                    self._suite(orelse.body)
            if self.alive:
                stays.append(learned.when_false)

        if outcome is None:
            self._branches([body, otherwise])
            self.machine.learn(stays)
        elif outcome:
            self._suite(node.body)
        else:
            otherwise()

    def _lacking(self, missing: tuple[RowValue, str, bool] | None, *, when: bool) -> AbstractContextManager[None]:
        """A block that only rows without a relation come to, if it is the one behind that outcome of the test."""
        if missing is None or missing[2] is not when:
            return nullcontext()
        return relations.without_relation(self.machine, missing[0], missing[1])

    def visit_Match(self, node: cst.Match) -> None:
        subject = self.evaluate(node.subject)
        self.machine.note_use(subject)  # a pattern may ask for any attribute

        def run(case: cst.MatchCase) -> Callable[[], None]:
            def option() -> None:
                self.match(case.pattern, subject)
                if case.guard is not None:
                    self.truth(case.guard)
                self._suite(case.body)

            return option

        self._branches([*(run(case) for case in node.cases), lambda: None])

    def visit_Try(self, node: cst.Try | cst.TryStar) -> None:
        before_env, before = dict(self.env), self.machine.store.fork()
        if node.handlers:
            self.tries += 1
            self.machine.tries += 1
        first = len(self.machine.events)
        with self.machine.guarded(any(catches_conflict(handler) for handler in node.handlers)):
            self._block(self.unit.ask(block_statements, node.body))
        missed = missed_query(self.machine.events[first:])
        tried_env, tried = dict(self.env), self.machine.store.fork()
        if node.handlers:
            self.tries -= 1
            self.machine.tries -= 1
        if self.alive and node.orelse is not None:
            self._block(self.unit.ask(block_statements, node.orelse.body))
        after_env, after, after_alive = dict(self.env), self.machine.store.fork(), self.alive

        def handle(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> Callable[[], None]:
            def option() -> None:
                # An exception may come at any point of the body; none of the `else` block is met here.
                self.machine.store.join([before, tried])
                self.env = _join_environments([before_env, tried_env], self.machine.conditions)
                if handler.name is not None and isinstance(handler.name.name, cst.Name):
                    self.env[handler.name.name.value] = UNKNOWN
                known: Known = {}
                if missed is not None and catches_missing(handler):
                    known = {missed.order: False}
                    # What the body does with the row, it did not do.
                    self.machine.store.note_model_query(missed.queryset.model.key, missed.order)
                fault = catches_fault(handler)
                with self.machine.conditionally(), self.machine.knowing(known), self.machine.recovering(fault):
                    self._suite(handler.body)
                if self.alive:
                    stays.append(known)

            return option

        def fall_through() -> None:
            self.machine.store.restore(after)
            self.env, self.alive = dict(after_env), after_alive
            if self.alive:
                stays.append({})

        stays: list[Known] = []
        self._branches([fall_through, *(handle(h) for h in node.handlers)], conditional=False)
        self.machine.learn(stays)
        if node.finalbody is not None:
            alive, self.alive = self.alive, True
            self._block(self.unit.ask(block_statements, node.finalbody.body))
            self.alive = self.alive and alive

    visit_TryStar = visit_Try

    def visit_With(self, node: cst.With) -> None:
        opened = False
        locked = any(names_lock(item.item) for item in node.items)
        for item in node.items:
            value = self.evaluate(item.item)
            opened = opened or _opens_transaction(value)
            if item.asname is not None:
                self.assign(item.asname.name, _entered(value), node)
        with self.machine.transaction(opened), self.machine.guarded(locked):
            self._block(self.unit.ask(block_statements, node.body))

    # -- loops --------------------------------------------------------------------------------------------------

    def visit_For(self, node: cst.For) -> None:
        iterable = self.evaluate(node.iter)
        repeats, result = iteration.repeats(self.machine, iterable)
        place = self.place(node.iter)
        if self.unit.ask(always_leaves, node.body) is not None:
            repeats = Repeats.BOUNDED
        loop = self.machine.new_loop(place, repeats, result, is_async=node.asynchronous is not None)
        item = self.machine.element(iterable, loop, place)
        filtered = column_tests.of_loop(node.target, self.unit.ask(block_statements, node.body))
        if filtered is not None and node.orelse is None:
            self.note_filtered(iterable, filtered, place)
        before = dict(self.env)
        self._enter_loop(loop, node.body)
        self._iteration(loop, node.target, item, node.body)
        carried = self._carried(before, node.body)
        if carried:
            self.env.update(carried)
            self._iteration(loop, node.target, iteration.bind(self.machine, _unbound(item), loop), node.body)
        stops_early = self.unit.ask(may_stop_early, node.body)
        certain = isinstance(iterable, Collection) and bool(iterable.items) and not stops_early
        self._leave_loop(loop, before, stops_early=stops_early, certain=certain)
        if node.orelse is not None:
            self._block(self.unit.ask(block_statements, node.orelse.body))

    def visit_While(self, node: cst.While) -> None:
        leaves = self.unit.ask(always_leaves, node.body) is not None
        loop = self.machine.new_loop(self.place(node.test), Repeats.BOUNDED if leaves else Repeats.POLLING)
        before = dict(self.env)
        self._enter_loop(loop, node.body)
        with self.machine.looping(loop):
            self.truth(node.test)
            self._block(self.unit.ask(block_statements, node.body))
            self.alive = True
        self._leave_loop(loop, before, stops_early=True)
        if node.orelse is not None:
            self._block(self.unit.ask(block_statements, node.orelse.body))

    def _iteration(self, loop: Loop, target: cst.BaseExpression, item: Value, body: cst.BaseSuite) -> None:
        with self.machine.looping(loop):
            self.assign(target, item, target)
            self._block(self.unit.ask(block_statements, body))
            self.alive = True

    def _enter_loop(self, loop: Loop, body: cst.BaseSuite) -> None:
        """What the body binds may have changed since the iteration before: it depends on the loop."""
        for name in self.unit.ask(bound_names, body):
            if name in self.env:
                value = self.env[name]
                self.env[name] = replace(value, loops=value.loops | {loop.number})

    def _carried(self, before: Environment, body: cst.BaseSuite) -> Environment:
        """Names that hold something else in the next iteration: each with both of its values."""
        carried: Environment = {}
        for name in self.unit.ask(bound_names, body):
            old, new = before.get(name), self.env.get(name)
            if old is None or new is None or old == new or not _matters(new):
                continue
            carried[name] = alternatives([old, *(_unbound(one) for one in each(new))])
        return carried

    def _leave_loop(self, loop: Loop, before: Environment, *, stops_early: bool, certain: bool = False) -> None:
        """What holds behind the loop; `certain`: its body ran at least once."""
        self.machine.store.leave_rows(loop.number, every_row=not stops_early and loop.repeats is Repeats.ROWS)
        if not certain:
            self.env = _join_environments([before, self.env], self.machine.conditions)

    # -- simple statements --------------------------------------------------------------------------------------

    def visit_Expr(self, node: cst.Expr) -> None:
        called = node.value.expression if type(node.value) is cst.Await else node.value
        self.machine.dropped_places.add(self.place(called))
        value = self.evaluate(node.value)
        if type(value) in _QUERYSETS and all(_made_by(one, node.value) for one in each(value)):
            queryset = each(value)[0]
            self.machine.emit(QuerySetDiscarded, self.place(node.value), queryset=queryset, tried=self.tries > 0)

    def visit_Assign(self, node: cst.Assign) -> None:
        value = self.evaluate(node.value)
        for target in node.targets:
            self.assign(target.target, value, node)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, self.evaluate(node.value), node)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        operator = OPERATORS.get(type(node.operator), "")
        target = node.target
        if type(target) is cst.Attribute:
            base = self.evaluate(target.value)
            old = self.machine.read_attribute(base, target.attr.value, self.place(target))
            value = self.operate(old, operator, self.evaluate(node.value), node, target, node.value)
            self.machine.assign_attribute(base, target.attr.value, value, self.place(node), augmented=True)
            return
        old = self.evaluate(target)
        value = self.operate(old, operator, self.evaluate(node.value), node, target, node.value)
        self.assign(target, value, node)

    def visit_Return(self, node: cst.Return) -> None:
        value = self.evaluate(node.value) if node.value is not None else Constant(None)
        self.machine.note_queryset_use(value, "returned", self.place(node))
        self.machine.lose(value, to_caller=self.machine.frame.parent is not None)
        self.returned.append(value)
        self.alive = False

    def visit_Raise(self, node: cst.Raise) -> None:
        if node.exc is not None:
            self.evaluate(node.exc)
        self.alive = False

    def visit_Break(self, node: cst.Break) -> None:
        self.alive = False

    visit_Continue = visit_Break

    def visit_Assert(self, node: cst.Assert) -> None:
        self.truth(node.test)

    def visit_Del(self, node: cst.Del) -> None:
        for name in target_names(node.target):
            self.env.pop(name, None)

    def visit_Pass(self, node: cst.Pass) -> None:
        return

    visit_Global = visit_Nonlocal = visit_Pass

    def visit_Import(self, node: cst.Import) -> None:
        for alias in node.names:
            self.import_name(alias)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        self.import_from(node)

    # `lazy import a` (PEP 810) binds the same names.
    visit_LazyImport = visit_Import
    visit_LazyImportFrom = visit_ImportFrom

    def visit_TypeAlias(self, node: cst.TypeAlias) -> None:
        self.env[node.name.value] = UNKNOWN

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.env[node.name.value] = FunctionValue(closure=self.closure(node), place=self.place(node))

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.env[node.name.value] = UNKNOWN


_QUERYSETS = frozenset({QuerySetValue, Alternatives})


def _made_by(value: Value, node: cst.BaseExpression) -> bool:
    """Whether the value is a queryset that the expression itself made."""
    return isinstance(value, QuerySetValue) and bool(value.steps) and value.steps[-1].place.node is node


def _entered(value: Value) -> Value:
    """What `with value as name` binds: most context managers give something else than themselves."""
    return value if isinstance(value, (Collection, PlainData)) else Unknown(loops=value.loops)


def _opens_transaction(value: Value) -> bool:
    return isinstance(value, ExternalValue) and value.name.removesuffix("()") in TRANSACTIONS


def _matters(value: Value) -> bool:
    return not isinstance(value, (Unknown, Constant))


def _unbound(value: Value) -> Value:
    """A row of the iteration before: a read on it is not counted again."""
    if isinstance(value, RowValue) and value.loop is not None:
        return replace(value, loop=None, fetched=Fetched.SINGLE)
    return value


def _join_environments(environments: Sequence[Environment], conditions: int) -> Environment:
    if len(environments) == 1:
        return environments[0]
    first, *others = environments
    joined = dict(first)
    # Most names hold the same object on all branches, and a long function has thousands of them.
    differing = {name: None for one in others for name, value in one.items() if first.get(name) is not value}
    for name in differing:
        joined[name] = _joined([one[name] for one in environments if name in one], conditions)
    return joined


def _joined(values: Sequence[Value], conditions: int) -> Value:
    # What no branch touched met long before, behind fewer conditions.
    first = values[0]
    for value in values:
        if value is not first:
            return alternatives(values, conditions)
    return first
