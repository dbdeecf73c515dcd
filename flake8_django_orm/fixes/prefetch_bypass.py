"""The fix for a prefetch that is bypassed: what the query did is done in Python, on the rows that are there.

In: a PrefetchBypassed event. Out: an unsafe fix (Python and the database may order texts differently, and the rows are
as old as the prefetch), or None where Python cannot be sure to give the same rows.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import whole_span
from flake8_django_orm.fixes.chains import called_name
from flake8_django_orm.fixes.row_conditions import RowText
from flake8_django_orm.fixes.statements import Surroundings, surroundings
from flake8_django_orm.machine.loading import How
from flake8_django_orm.machine.values import Argument, Constant, Step
from flake8_django_orm.syntax.visitor import walk

if TYPE_CHECKING:
    from flake8_django_orm.machine.events import PrefetchBypassed
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LAZY = frozenset({"all", "filter", "exclude", "order_by", "values", "values_list", "slice"})
_ANSWERS = frozenset({"exists", "count", "first", "last"})
_TAKES_GENERATOR = frozenset({"tuple", "frozenset", "sum", "any", "all", "min", "max", "sorted"})
_TAKES_LIST = frozenset({"len", "bool", "enumerate", "zip", "reversed"})


def use_prefetched_rows(project: Project, event: PrefetchBypassed) -> Fix | None:
    """The fix that reads the prefetched rows instead of querying; None where the result could be another."""
    text = project.text(event.place.path)
    if text is None or event.frame.is_async or not _is_plainly_prefetched(event):
        return None
    chain = _links(event)
    if chain is None:
        return None
    rewriting = _Rewriting(event, chain, text)
    edits = rewriting.edits()
    if not edits or any("#" in text[edit.start : edit.end] for edit in edits):
        return None
    return Fix(Applicability.UNSAFE, f"Use the prefetched rows of {event.relation.name}", tuple(edits))


def _is_plainly_prefetched(event: PrefetchBypassed) -> bool:
    """True if the cache holds all rows of the relation: no Prefetch with a queryset of its own."""
    entry = event.row.loading.get(event.relation.name)
    return entry is not None and entry.how is How.PREFETCHED and entry.queryset is None


def _links(event: PrefetchBypassed) -> tuple[Step, ...] | None:
    """The steps from the related manager on, if they are the links of one expression, each known to the fix."""
    steps = event.queryset.steps
    start = next((n for n in reversed(range(len(steps))) if isinstance(steps[n].place.node, cst.Attribute)), None)
    if start is None:
        return None
    chain = steps[start:]
    for before, step in itertools.pairwise(chain):
        node = step.place.node
        inner = node.func.value if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) else None
        if isinstance(node, cst.Subscript):
            inner = node.value
        if inner is not before.place.node or step.method not in _LAZY | _ANSWERS:
            return None
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value != step.method:
            return None
    return chain


class _Rewriting:
    """One chain on a prefetched manager, taken apart."""

    def __init__(self, event: PrefetchBypassed, chain: tuple[Step, ...], text: str) -> None:
        self.event = event
        self.text = text
        self.source = f"{text[slice(*whole_span(chain[0].place))]}.all()"
        self.links = [step for step in chain[1:] if step.method not in _ANSWERS and step.method != "slice"]
        self.end = self.links[-1].place if self.links else chain[0].place
        self.is_sliced = chain[-1].method == "slice"
        self.is_sound = all(step.method != "slice" for step in chain[:-1])
        self.name = self._row_name(chain[0].place)
        self.about = RowText(event.queryset.model, self.name, text)
        self.conditions: list[str] = []
        self.sort: tuple[str, bool] | None = None
        self.shown: str | None = None  # what values() or values_list() makes of a row

    def edits(self) -> list[Edit]:
        """The replacement of the chain; empty where there is none."""
        if not self.is_sound or not all(self._read(step) for step in self.links):
            return []
        how = self.event.how
        if how in _ANSWERS:
            return self._answer(how)
        around = surroundings(self.end.unit, self.end.node)
        return self._in_place(around) if around is not None else []

    def _row_name(self, place: Place) -> str:
        """A name for a row that the function does not use."""
        used = {part.value for part in walk(place.unit.tree) if isinstance(part, cst.Name)}
        model = _CAMEL.sub("_", self.event.queryset.model.name).lower()
        wanted = (model, "row", "item", f"{model}_row")
        return next((name for name in wanted if name not in used), f"prefetched_{model}")

    # -- taking the chain apart -------------------------------------------------------------------------------

    def _read(self, step: Step) -> bool:
        """Note what a link asks for; False where Python cannot say it."""
        match step.method:
            case "all":
                return True
            case "filter" | "exclude":
                condition = self.about.condition(step.arguments, negated=step.method == "exclude")
                if condition is None or self.shown is not None:
                    return False
                self.conditions.append(condition)
                return True
            case "order_by":
                self.sort = self.about.sort_key(step.arguments)
                return self.sort is not None and self.shown is None
            case "values_list" | "values":
                return self.shown is None and self._show(step.method, step.arguments)
        return False

    def _show(self, method: str, arguments: Sequence[Argument]) -> bool:
        columns = self.about.columns([a for a in arguments if a.name is None or a.name == "flat"])
        if columns is None or any(a.name not in (None, "flat") for a in arguments):
            return False
        if method == "values":
            self.shown = "{" + ", ".join(f'"{name}": {read}' for name, read in columns) + "}"
        elif any(a.name == "flat" for a in arguments):
            flat = next(a for a in arguments if a.name == "flat")
            if not _is_true(flat) or len(columns) != 1:
                return False
            self.shown = columns[0][1]
        else:
            reads = ", ".join(read for _, read in columns)
            self.shown = f"({reads},)" if len(columns) == 1 else f"({reads})"
        return True

    # -- putting it together ----------------------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return f" if {' and '.join(self.conditions)}" if self.conditions else ""

    @property
    def _some(self) -> str:
        """The inside of a comprehension over the rows that fulfil the conditions, in no order."""
        return f"{self.name} for {self.name} in {self.source}{self._where}"

    @property
    def _body(self) -> str:
        """The inside of a comprehension over the rows, in the wanted order."""
        if self.sort is None:
            return f"{self.shown or self.name} for {self.name} in {self.source}{self._where}"
        if self.shown is None and not self.conditions:
            return f"{self.name} for {self.name} in {self._sorted(self.source)}"
        inner = f"({self._some})" if self.conditions else self.source
        return f"{self.shown or self.name} for {self.name} in {self._sorted(inner)}"

    @property
    def _list(self) -> str:
        if self.sort is not None and self.shown is None:
            return self._sorted(f"({self._some})" if self.conditions else self.source)
        if self.sort is not None and self.sort[0] == self.shown:
            # The values are their own order.
            values = f"{self.shown} for {self.name} in {self.source}{self._where}"
            return f"sorted(({values}), reverse=True)" if self.sort[1] else f"sorted({values})"
        return f"[{self._body}]"

    def _sorted(self, rows: str) -> str:
        assert self.sort is not None
        key, downwards = self.sort
        return f"sorted({rows}, key=lambda {self.name}: {key}{', reverse=True' if downwards else ''})"

    def _answer(self, how: str) -> list[Edit]:
        """`exists()`, `count()`, `first()`, `last()`: the whole call."""
        place = self.event.place
        call = place.node
        if self.is_sliced or not isinstance(call, cst.Call) or call.args or not isinstance(call.func, cst.Attribute):
            return []
        if call.func.value is not self.end.node or call.func.attr.value != how:
            return []
        if how == "exists":
            written = (
                f"any({' and '.join(self.conditions)} for {self.name} in {self.source})" if self.conditions else ""
            )
        elif how == "count":
            written = f"len([{self._some}])" if self.conditions else ""
        elif self.shown is not None:
            written = ""
        else:
            written = self._extreme(how)
        return [self._replace(place, written)] if written else []

    def _extreme(self, how: str) -> str:
        """The first or last row: by the order that is asked for, else by the model's own, else by the key."""
        if self.sort is None and self.event.queryset.ordered:
            return f"next(({self._some}), None)" if how == "first" else ""
        key, downwards = self.sort or (f"{self.name}.pk", False)
        function = "min" if (how == "first") is not downwards else "max"
        rows = f"({self._some})" if self.conditions else self.source
        return f"{function}({rows}, key=lambda {self.name}: {key}, default=None)"

    def _replace(self, place: Place, content: str) -> Edit:
        start, end = place.span
        return Edit(place.path, start, end, content)

    def _in_place(self, around: Surroundings) -> list[Edit]:
        """The chain where it is consumed at once; a chain that is kept could meet a queryset method later."""
        if not around.ancestors:
            return []
        node, parent = self.end.node, around.ancestors[-1]
        if self.is_sliced:
            # What is sliced is a list as well; it must still be consumed at once.
            outer = surroundings(self.end.unit, parent)
            return [self._replace(self.end, self._list)] if outer is not None and _consumes(outer, parent) else []
        if isinstance(parent, cst.CompFor) and parent.iter is node:
            return self._in_comprehension(parent)
        if isinstance(parent, cst.Arg):
            call = around.ancestors[-2]
            return self._as_argument(parent, call) if isinstance(call, cst.Call) else []
        return [self._replace(self.end, self._list)] if _consumes(around, node) else []

    def _in_comprehension(self, level: cst.CompFor) -> list[Edit]:
        """`for c in book.chapters.filter(done=True)` as `for c in book.chapters.all() if c.done`."""
        target = level.target
        if level.asynchronous is not None or not isinstance(target, cst.Name):
            return []
        if self.sort is not None or self.shown is not None:
            return [self._replace(self.end, self._list)]
        if any(isinstance(p, cst.Name) and p.value == target.value for s in self.links for p in _values(s)):
            return [self._replace(self.end, self._list)]
        renamed = RowText(self.event.queryset.model, target.value, self.text)
        conditions = [renamed.condition(s.arguments, negated=s.method == "exclude") for s in self.links if s.arguments]
        tests = " and ".join(condition for condition in conditions if condition)
        return [self._replace(self.end, f"{self.source} if {tests}" if tests else self.source)]

    def _as_argument(self, arg: cst.Arg, call: cst.Call) -> list[Edit]:
        """An argument of a function that goes through it at once: `len(...)`, `sum(...)`, `", ".join(...)`."""
        if arg.keyword is not None or arg.star:
            return []
        function = call.func
        alone = len(call.args) == 1
        if isinstance(function, cst.Name):
            name = function.value
            if name == "list" and alone:
                return [self._replace(self.end.at(call), self._list)]
            if name == "set" and alone:
                return [self._replace(self.end.at(call), f"{{{self._body}}}")]
            if name in _TAKES_GENERATOR:
                return [self._replace(self.end, self._body if alone and self._is_comprehension else self._list)]
            return [self._replace(self.end, self._list)] if name in _TAKES_LIST else []
        if isinstance(function, cst.Attribute) and function.attr.value == "extend" and alone:
            return [self._replace(self.end, self._list)]
        joins = isinstance(function, cst.Attribute) and isinstance(function.value, cst.SimpleString)
        if joins and called_name(call) == "join" and alone:
            return [self._replace(self.end, self._body if self._is_comprehension else self._list)]
        return []

    @property
    def _is_comprehension(self) -> bool:
        return self.sort is None or self.shown is not None


def _consumes(around: Surroundings, node: cst.CSTNode) -> bool:
    """True if the node around takes a list as it takes a queryset, and keeps neither."""
    parent = around.ancestors[-1]
    match parent:
        case cst.For(iter=iterated) | cst.CompFor(iter=iterated):
            return iterated is node and parent.asynchronous is None
        case cst.If(test=test) | cst.IfExp(test=test) | cst.While(test=test):
            return test is node
        case cst.UnaryOperation(operator=cst.Not()) | cst.StarredElement():
            return True
        case cst.AugAssign(operator=cst.AddAssign(), value=value):
            return value is node
        case cst.ComparisonTarget(operator=cst.In() | cst.NotIn()):
            return True
        case cst.Subscript(value=value):
            return value is node
        case cst.Arg(keyword=None, star=""):
            call = around.ancestors[-2]
            name = called_name(call) if isinstance(call, cst.Call) and isinstance(call.func, cst.Name) else ""
            return name in {"list", "set"} | _TAKES_GENERATOR | _TAKES_LIST
    return False


def _values(step: Step) -> list[cst.CSTNode]:
    return [part for argument in step.arguments if argument.place is not None for part in walk(argument.place.node)]


def _is_true(argument: Argument) -> bool:
    node = argument.place.node if argument.place is not None else None
    return (isinstance(node, cst.Name) and node.value == "True") or argument.value == Constant(True)
