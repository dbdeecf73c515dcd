"""The fix for a row that is fetched twice: the helper takes the object itself, and every call hands it over.

In: a Refetched event. Out: an unsafe fix that rewrites the helper and all of its call sites, or None where one of them
has no object at hand, or where the fetch does more than to fetch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import whole_span
from flake8_django_orm.fixes.references import CallSite, Uses, uses_of_function
from flake8_django_orm.fixes.statements import Surroundings, only_statement, surroundings, uses_of
from flake8_django_orm.machine.events import Refetched
from flake8_django_orm.project.facts import ClassFacts
from flake8_django_orm.readers.execution import Execution
from flake8_django_orm.readers.roots import run_function
from flake8_django_orm.syntax.names import dotted_name
from flake8_django_orm.syntax.units import Place, Unit
from flake8_django_orm.syntax.visitor import walk

if TYPE_CHECKING:
    from flake8_django_orm.project.facts import FunctionFacts
    from flake8_django_orm.project.project import Project

_KEY_SUFFIX = re.compile(r"_?(?:id|pk)$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def pass_object(project: Project, event: Refetched) -> Fix | None:
    """The fix that makes the helper take the row; None where not every caller has it."""
    if event.unsaved_changes or event.extra_conditions or event.hops:
        return None
    uses = uses_of_function(project, event.function)
    if uses is None:
        return None
    arguments = [_argument(site, uses, event) for site in uses.calls]
    if not arguments or not _all_hand_over_rows(project, event, uses, arguments):
        return None
    helper = _Helper(project, event, uses)
    edits = helper.edits()
    if edits is None:
        return None
    for site, argument in zip(uses.calls, arguments, strict=True):
        assert argument is not None
        edits.extend(_call_edits(site, argument, helper.name))
    ordered = tuple(sorted(edits, key=lambda edit: (edit.path, edit.start, edit.end)))
    return Fix(Applicability.UNSAFE, f"Pass the {event.row.model.name} to {event.function.name}()", ordered)


# -- call sites -------------------------------------------------------------------------------------------------------


def _argument(site: CallSite, uses: Uses, event: Refetched) -> cst.Arg | None:
    """The argument that gives the key, `<row>.id`; None where it is another expression, or hidden in `*args`."""
    parameters = uses.definition.params
    names = [p.name.value for p in (*parameters.posonly_params, *parameters.params)]
    if uses.receiver:
        names = names[1:]
    given: dict[str, cst.Arg] = {}
    position = 0
    for arg in site.call.args:
        if arg.star:
            return None
        if arg.keyword is not None:
            given[arg.keyword.value] = arg
        elif position < len(names):
            given[names[position]] = arg
            position += 1
    found = given.get(event.parameter)
    keys = {"pk", "id", event.row.model.primary_key}
    if found is None or not isinstance(found.value, cst.Attribute) or found.value.attr.value not in keys:
        return None
    return found


def _all_hand_over_rows(project: Project, event: Refetched, uses: Uses, arguments: list[cst.Arg | None]) -> bool:
    """True if the machine sees at every call site that the key is that of a row of the model."""
    proven = {(event.place.path, event.place.span)}
    execution = Execution(project)
    read: set[str] = set()
    for site, argument in zip(uses.calls, arguments, strict=True):
        if argument is None:
            return False
        span = site.unit.span(argument.value)
        if (site.unit.path, span) in proven:
            continue
        function = _function_around(project, site.unit, span[0])
        if function is None:
            return False
        if function.key not in read:
            read.add(function.key)
            for other in run_function(project, execution, function, None).events:
                if (
                    isinstance(other, Refetched)
                    and other.function.key == event.function.key
                    and other.parameter == event.parameter
                    and not other.unsaved_changes
                ):
                    proven.add((other.place.path, other.place.span))
        if (site.unit.path, span) not in proven:
            return False
    return True


def _function_around(project: Project, unit: Unit, offset: int) -> FunctionFacts | None:
    """The function or method of the module in whose lines the offset lies."""
    facts, text = project.module(unit.module), project.text(unit.path)
    if facts is None or text is None:
        return None
    row = text.count("\n", 0, offset) + 1
    pending: list[ClassFacts] = list(facts.classes.values())
    functions = list(facts.functions.values())
    while pending:
        owner = pending.pop()
        functions.extend(owner.methods.values())
        pending.extend(owner.classes.values())
    return next((f for f in functions if f.start <= row <= f.end), None)


def _call_edits(site: CallSite, argument: cst.Arg, name: str) -> Iterator[Edit]:
    assert isinstance(argument.value, cst.Attribute)
    path = site.unit.path
    if argument.keyword is not None:
        yield Edit(path, *site.unit.span(argument.keyword), name)
    row_end = whole_span(Place(site.unit, argument.value.value))[1]
    yield Edit(path, row_end, site.unit.span(argument.value)[1], "")


# -- the helper -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Fetch:
    """The fetch in the helper: the expression with its `await`, and where it stands."""

    expression: cst.BaseExpression
    around: Surroundings

    @property
    def bound_to(self) -> str | None:
        """The name to which the fetch is assigned by a line that does nothing else; None for any other use."""
        parent = self.around.ancestors[-1]
        match parent:
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value):
                return name if value is self.expression else None
            case cst.AnnAssign(target=cst.Name(value=name), value=value):
                return name if value is self.expression else None
        return None


class _Helper:
    """The rewriting of the function that fetched the row."""

    def __init__(self, project: Project, event: Refetched, uses: Uses) -> None:
        self.project = project
        self.event = event
        self.unit = uses.unit
        self.definition = uses.definition
        self.text = project.text(uses.unit.path) or ""
        self.name = ""

    def edits(self) -> list[Edit] | None:
        """The edits of the helper; sets `name`, the new parameter. None where the helper cannot take the object."""
        parameter, fetch = self._parameter(), self._fetch()
        if parameter is None or fetch is None:
            return None
        key_uses = self._key_uses(fetch)
        if key_uses is None:
            return None
        removed = self._removed_line(fetch)
        if fetch.bound_to is not None and removed is None:
            return None
        self.name = fetch.bound_to or self._new_name() or ""
        if not self.name or self._collides(fetch):
            return None
        edits = [*self._parameter_edits(parameter), *self._docstring_edits()]
        edits.append(removed if removed is not None else self._edit(fetch.expression, self.name))
        edits.extend(self._edit(node, f"{self.name}.pk") for node in key_uses)
        return edits

    def _edit(self, node: cst.CSTNode, content: str) -> Edit:
        return Edit(self.unit.path, *self.unit.span(node), content)

    def _parameter(self) -> cst.Param | None:
        """The parameter that takes the key; None where it has a default."""
        parameters = self.definition.params
        for one in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params):
            if one.name.value == self.event.parameter:
                return one if one.default is None else None
        return None

    def _fetch(self) -> _Fetch | None:
        """The fetch, if it runs once, straight in the function, and nobody catches its failure."""
        if self.event.fetch_place.path != self.unit.path:
            return None
        wanted = self.event.fetch_place.span
        node = next(
            (n for n in walk(self.definition.body) if isinstance(n, cst.Call) and self.unit.span(n) == wanted), None
        )
        around = surroundings(self.unit, node) if node is not None else None
        if node is None or around is None or around.repeated:
            return None
        if around.nearest(cst.FunctionDef, cst.Lambda) is not self.definition:
            return None
        inside = around.ancestors[around.ancestors.index(self.definition) :]
        if any(isinstance(one, (cst.Try, cst.TryStar, cst.NamedExpr)) for one in inside):
            return None
        parent = around.ancestors[-1]
        if isinstance(parent, cst.Await):
            outer = surroundings(self.unit, parent)
            return None if outer is None else _Fetch(parent, outer)
        return _Fetch(node, around)

    def _key_uses(self, fetch: _Fetch) -> list[cst.CSTNode] | None:
        """The uses of the key besides the fetch; None where it is rebound, or its name means something else within."""
        start, end = self.unit.span(fetch.expression)
        found: list[cst.CSTNode] = []
        for part in walk(self.definition.body):
            if isinstance(part, cst.Param) and part.name.value == self.event.parameter:
                return None
            if isinstance(part, (cst.Global, cst.Nonlocal, cst.Del)):
                return None
        for node, parent in uses_of(self.definition.body, self.event.parameter):
            if isinstance(
                parent, (cst.AssignTarget, cst.AugAssign, cst.AnnAssign, cst.NamedExpr, cst.For, cst.CompFor)
            ):
                if getattr(parent, "target", None) is node:
                    return None
            elif isinstance(parent, (cst.Element, cst.StarredElement, cst.AsName)) and self._is_bound(node):
                return None
            if not start <= self.unit.span(node)[0] < end:
                found.append(node)
        return found

    def _is_bound(self, node: cst.CSTNode) -> bool:
        """True for a name inside of a target: `a, b = ...`, `with x as (a, b)`."""
        around = surroundings(self.unit, node)
        if around is None:
            return True
        for outer, inner in zip(around.ancestors, around.ancestors[1:], strict=False):
            if getattr(outer, "target", None) is inner or isinstance(outer, cst.AsName):
                return True
        return False

    def _removed_line(self, fetch: _Fetch) -> Edit | None:
        """The removal of `name = <fetch>`, the whole line; None where something else would go with it."""
        name = fetch.bound_to
        body = self.definition.body
        if name is None or not isinstance(body, cst.IndentedBlock):
            return None
        line = next((one for one in body.body if only_statement(one) is fetch.around.ancestors[-1]), None)
        if line is None or all(one is line or _is_docstring(one) for one in body.body):
            return None
        statement = only_statement(line)
        assert statement is not None
        start, end = self.unit.span(statement)
        line_start = self.text.rfind("\n", 0, start) + 1
        line_end = self.text.find("\n", end) + 1 or len(self.text)
        # A comment is somebody's thought: it does not go with the line.
        if "#" in self.text[line_start:line_end] or self.text[line_start:start].strip():
            return None
        if _is_first(body, line):
            while self.text[line_end:].split("\n", 1)[0].strip() == "" and "\n" in self.text[line_end:]:
                line_end = self.text.find("\n", line_end) + 1
        return Edit(self.unit.path, line_start, line_end, "")

    def _new_name(self) -> str | None:
        """A name for the object where the helper had none: `member` for `member_id`, else the model's name."""
        short = _KEY_SUFFIX.sub("", self.event.parameter)
        model = _CAMEL.sub("_", self.event.row.model.name).lower()
        return next((n for n in (short, model) if n and n != self.event.parameter and n.isidentifier()), None)

    def _collides(self, fetch: _Fetch) -> bool:
        """True if the new parameter's name means something else in the function, or is bound before the fetch."""
        parameters = {p.name.value for p in walk(self.definition.params) if isinstance(p, cst.Param)}
        if self.name in parameters - {self.event.parameter}:
            return True
        start = self.unit.span(fetch.expression)[0]
        positions = [self.unit.span(node)[0] for node, _ in uses_of(self.definition.body, self.name)]
        inner = any(isinstance(p, cst.Param) and p.name.value == self.name for p in walk(self.definition.body))
        if fetch.bound_to is None:
            return inner or bool(positions)
        own = self._target_position(fetch)
        return inner or any(position < start and position != own for position in positions)

    def _target_position(self, fetch: _Fetch) -> int:
        statement = fetch.around.ancestors[-1]
        return self.unit.span(statement)[0]

    # -- the signature ----------------------------------------------------------------------------------------

    def _parameter_edits(self, parameter: cst.Param) -> Iterator[Edit]:
        start, end = self.unit.span(parameter.name)
        if parameter.annotation is None:
            yield Edit(self.unit.path, start, end, self.name)
            return
        annotation_end = whole_span(Place(self.unit, parameter.annotation.annotation))[1]
        model = self._annotation()
        yield Edit(self.unit.path, start, annotation_end, f"{self.name}: {model}" if model else self.name)

    def _annotation(self) -> str | None:
        """The model as the helper's module names it, in quotes where it is defined later; None where it has no name."""
        step = self.event.fetch.steps[0]
        node = step.place.node
        written = dotted_name(node.value if isinstance(node, cst.Attribute) and step.method != "model" else node)
        found = self.project.resolve(self.unit.module, written) if written else None
        if not isinstance(found, ClassFacts) or found.key != self.event.row.model.key:
            return None
        late = found.path == self.unit.path and found.end >= self.event.function.start
        return f'"{written}"' if late else written

    def _docstring_edits(self) -> Iterator[Edit]:
        """The old parameter's name in the docstring, as a word of its own."""
        body = self.definition.body
        first = body.body[0] if isinstance(body, cst.IndentedBlock) else None
        if first is None or not _is_docstring(first):
            return
        start, end = self.unit.span(first)
        for match in re.finditer(rf"\b{re.escape(self.event.parameter)}\b", self.text[start:end]):
            yield Edit(self.unit.path, start + match.start(), start + match.end(), self.name)


def _is_docstring(line: cst.CSTNode) -> bool:
    statement = only_statement(line)
    return isinstance(statement, cst.Expr) and isinstance(statement.value, (cst.SimpleString, cst.ConcatenatedString))


def _is_first(body: cst.IndentedBlock, line: cst.CSTNode) -> bool:
    return body.body[0] is line
