"""Run functions of the project as the machine's programs: parse each once, read it with the Python reader.

In: a function's facts (or a closure) and its parameters as values. Out: what it returns. Parsed units are kept for the
whole run, because many roots enter the same helpers.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.machine import definitions
from flake8_django_orm.machine.frames import Frame
from flake8_django_orm.machine.values import UNKNOWN, Collection, Constant, FunctionValue, Shape, Value
from flake8_django_orm.readers.expressions import Closure
from flake8_django_orm.readers.gate import FunctionGate
from flake8_django_orm.readers.python import PythonReader
from flake8_django_orm.syntax.hollow import blank_out, joined
from flake8_django_orm.syntax.names import bound_names
from flake8_django_orm.syntax.units import Place, Unit, parse_unit, parsed

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.facts import Assignment, ClassFacts, FunctionFacts
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.readers.rendering import Templates
    from flake8_django_orm.source import SourceFile

#: Parsed definitions kept at a time: a tree takes about a megabyte a thousand lines.
KEPT_UNITS = 600

_VIEWSET = "rest_framework.viewsets.ViewSetMixin"
_ACTIONS = frozenset({"list", "retrieve", "create", "update", "partial_update", "destroy"})


class _KeptUnits:
    """The units that were asked for last, functions and class bodies alike.

    All of them would be most of the memory that a large project takes.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Unit | None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: str) -> bool:
        return key in self._kept

    def __getitem__(self, key: str) -> Unit | None:
        self._kept.move_to_end(key)
        return self._kept[key]

    def __setitem__(self, key: str, unit: Unit | None) -> None:
        self._kept[key] = unit
        if len(self._kept) > KEPT_UNITS:
            _, dropped = self._kept.popitem(last=False)
            if dropped is not None:
                dropped.forget_places()


class Execution:
    """Parses and runs functions; one for each run of the linter."""

    def __init__(self, project: Project, gate: FunctionGate | None = None) -> None:
        self.project = project
        self.gate = FunctionGate(project) if gate is None else gate
        self._units = _KeptUnits()
        self._templates: Templates | None = None
        self._parsed_before = Counter(parsed)

    @property
    def statistics(self) -> Mapping[str, int]:
        """The units and lines that libcst parsed since this was made."""
        return {name: count - self._parsed_before[name] for name, count in parsed.items()}

    def source(self, path: str) -> SourceFile | None:
        """The text of a file of the project or its environment, with its line table."""
        return self.project.source(path)

    def unit(self, facts: FunctionFacts) -> Unit | None:
        """The parsed function, None where its text cannot be had or parsed."""
        key = f"{facts.path}:{facts.qualname}:{facts.start}"
        self.project.note("definition_text", facts.path, facts.qualname)
        if key in self._units:
            return self._units[key]
        unit = self._units[key] = self._parse(facts)
        return unit

    def text_of(self, facts: FunctionFacts) -> str:
        """The function's source lines, "" where they cannot be had."""
        self.project.note("definition_text", facts.path, facts.qualname)
        source = self.source(facts.path)
        if source is None:
            return ""
        return source.rows_text(facts.start, facts.end)

    def may_query(self, facts: FunctionFacts) -> bool:
        """Whether a function that is handed no rows may still touch the database."""
        return self.gate.may_query(facts)

    def is_root(self, facts: FunctionFacts) -> bool:
        """Whether the function is read for itself when its file is linted."""
        return self.gate.passes(facts, self.text_of(facts))

    def assigned_value(self, machine: Machine, module: str, path: str, assignment: Assignment) -> Value:
        """The value of an assignment in a class or module body, read by the reader where its words name a query."""
        source = self.source(path)
        if source is None:
            return UNKNOWN
        text = source.rows_text(assignment.start, assignment.end)
        self.project.note("has_assignment", path, assignment.name, text)
        if not self.gate.statement_queries(text):
            return UNKNOWN
        start, end = source.row_span(assignment.start, assignment.end)
        key = f"{path}:{assignment.start}:{assignment.name}"
        if key not in self._units:
            self._units[key] = parse_unit(path, module, assignment.name, source.text, start, end)
        unit = self._units[key]
        if unit is None:
            return UNKNOWN
        reader = PythonReader(machine, unit, module, {})
        for line in unit.body:
            reader.read_body(line.body if isinstance(line, cst.SimpleStatementLine) else [line])
        return reader.env.get(assignment.name, UNKNOWN)

    def render(self, machine: Machine, names: Value, context: Value, place: Place) -> bool:
        """Read a template with its context."""
        return self._all_templates().render(machine, names, context, place)

    def tabulate(self, machine: Machine, table: Value, rows: Value, place: Place) -> Value:
        """Show rows in a table of declared columns."""
        from flake8_django_orm.readers.tables import show_table

        return show_table(self, machine, table, rows, place)

    def export(self, machine: Machine, how: str, resource: Value, rows: Value, place: Place) -> Value:
        """Write rows by a resource of declared fields."""
        from flake8_django_orm.readers.resources import export_rows

        return export_rows(self, machine, how, resource, rows, place)

    def _all_templates(self) -> Templates:
        """The template readers are loaded with the first template."""
        if self._templates is None:
            from flake8_django_orm.readers.rendering import Templates

            self._templates = Templates(self.project)
        return self._templates

    def class_unit(self, facts: ClassFacts) -> Unit | None:
        """The class statement, parsed with its methods, nested classes and plain assignments blanked out, see
        `gate.plain_statements`; a value that is missed there is parsed by itself, see `assignment_unit`."""
        key = f"class {facts.path}:{facts.qualname}:{facts.start}"
        self.project.note("definition_text", facts.path, facts.qualname)
        if key not in self._units:
            source = self.source(facts.path)
            if source is None:
                return None
            methods = [*facts.methods.values()]
            named: dict[str, ClassFacts | Assignment] = {**facts.classes, **facts.assignments}
            plain: list[ClassFacts | Assignment] = [named[name] for name in self.gate.plain_statements(facts)]
            unit = self._hollow_class(source, facts, [*methods, *plain])
            # A statement that something else needs for its syntax cannot be left out.
            self._units[key] = unit or self._hollow_class(source, facts, methods)
        return self._units[key]

    def _hollow_class(
        self, source: SourceFile, facts: ClassFacts, left_out: Sequence[FunctionFacts | ClassFacts | Assignment]
    ) -> Unit | None:
        ranges = joined(source.text, (source.row_span(one.start, one.end) for one in left_out))
        start, end = source.row_span(facts.start, facts.end)
        text = blank_out(source.text, ranges)
        whole = self.project.definition_text(facts.path, facts.qualname)
        return parse_unit(facts.path, facts.module, facts.qualname, text, start, end, whole)

    def assignment_unit(self, facts: ClassFacts, name: str) -> Unit | None:
        """The statement by which the class's own body assigns to the name, parsed by itself."""
        assignment = facts.assignments.get(name)
        source = self.source(facts.path)
        self.project.note("definition_text", facts.path, facts.qualname)
        if assignment is None or source is None:
            return None
        key = f"{facts.path}:{facts.qualname}.{name}:{assignment.start}"
        if key not in self._units:
            start, end = source.row_span(assignment.start, assignment.end)
            whole = self.project.definition_text(facts.path, facts.qualname)
            self._units[key] = parse_unit(facts.path, facts.module, name, source.text, start, end, whole)
        return self._units[key]

    def _parse(self, facts: FunctionFacts) -> Unit | None:
        source = self.source(facts.path)
        if source is None:
            return None
        start, end = source.row_span(facts.start, facts.end)
        return parse_unit(facts.path, facts.module, facts.qualname, source.text, start, end)

    def removals(self, facts: FunctionFacts) -> list[tuple[str, bool]]:
        """The literal keys that the function takes out of dicts, and whether a condition stands before it."""
        from flake8_django_orm.readers.class_bodies import removed_names

        unit = self.unit(facts)
        node = definition_of(unit) if unit is not None else None
        return unit.ask(removed_names, node.body) if unit is not None and node is not None else []

    def serialize(self, machine: Machine, how: str, serializer: Value, rows: Value, place: Place) -> Value:
        """Read rows as a serializer does: all of them, or the fields of one."""
        from flake8_django_orm.readers import serializers

        if how == "read_fields":
            return serializers.read_fields(self, machine, serializer, rows, place)
        each_row = how == "represent_each"
        return serializers.represent(self, machine, serializer, rows, place, each_row=each_row)

    def run(self, machine: Machine, function: FunctionValue, values: dict[str, Value]) -> Value:
        """The machine's `execute`: run a function's body with its parameters bound."""
        if isinstance(function.closure, Closure):
            return _run_closure(machine, function.closure, values)
        facts = function.facts
        unit = self.unit(facts) if facts is not None else None
        if facts is None or unit is None:
            return UNKNOWN
        node = definition_of(unit)
        if node is None:
            return UNKNOWN
        return function_reader(machine, unit, facts, node, values).read_body(node.body)

    def run_root(
        self, machine: Machine, unit: Unit, facts: FunctionFacts, node: cst.FunctionDef, values: dict[str, Value]
    ) -> None:
        """Run the body of a function for itself: an inclusion tag goes on to its template, a context processor to all
        that use what it gives."""
        returned = function_reader(machine, unit, facts, node, values).read_body(node.body)
        if any(decorator.endswith("inclusion_tag") for decorator in facts.decorators):
            self._all_templates().show_inclusion(machine, facts, returned, Place(unit, node.name))
        if self.project.is_context_processor(facts.path, facts.qualname):
            self._all_templates().show_everywhere(machine, returned, Place(unit, node.name))


def definition_of(unit: Unit) -> cst.FunctionDef | None:
    """The function definition of a unit."""
    return next((s for s in unit.body if type(s) is cst.FunctionDef), None)


def function_reader(
    machine: Machine, unit: Unit, facts: FunctionFacts, node: cst.FunctionDef, values: dict[str, Value]
) -> PythonReader:
    """A reader for the body of one function, its parameters bound."""
    positional = [p.name for p in facts.parameters if p.kind == "positional"]
    class_key = f"{facts.module}.{facts.class_name}" if facts.class_name else None
    return PythonReader(
        machine,
        unit,
        facts.module,
        dict(values),
        class_key=class_key,
        receiver=positional[0] if positional and class_key and not facts.is_static else None,
        local_names=unit.ask(bound_names, node.body),
    )


#: Defaults that may be looked at in each call, although Python looks at them once.
_SIMPLE = (cst.Name, cst.SimpleString, cst.Integer, cst.Float)


def _run_closure(machine: Machine, closure: Closure, values: dict[str, Value]) -> Value:
    """A nested function or lambda: arguments come by position ("0", "1") or name."""
    node, outer = closure.node, closure.reader
    env = dict(closure.env)
    positional = (*node.params.posonly_params, *node.params.params)
    spread = values.get("*")
    for number, parameter in enumerate((*positional, *node.params.kwonly_params)):
        given = values.get(parameter.name.value, values.get(str(number)) if number < len(positional) else None)
        if given is None and isinstance(parameter.default, _SIMPLE) and spread is None and "**" not in values:
            given = outer.evaluate(parameter.default)
        env[parameter.name.value] = UNKNOWN if given is None else given
    if isinstance(node.params.star_arg, cst.Param):
        further = [value for name, value in values.items() if name.isdigit() and int(name) >= len(positional)]
        rest = Collection(shape=Shape.TUPLE, items=tuple(further), bounded=True)
        env[node.params.star_arg.name.value] = rest if spread is None else spread
    if node.params.star_kwarg is not None:
        env[node.params.star_kwarg.name.value] = UNKNOWN
    local = outer.unit.ask(bound_names, node.body) if isinstance(node, cst.FunctionDef) else frozenset()
    reader = PythonReader(
        machine,
        outer.unit,
        outer.module,
        env,
        class_key=outer.class_key,
        receiver=outer.receiver,
        local_names=outer.local_names | local,
    )
    if isinstance(node, cst.Lambda):
        return reader.evaluate(node.body)
    return reader.read_body(node.body)


def root_frame(facts: FunctionFacts) -> Frame:
    """The frame of a function that is run for itself."""
    return Frame(qualname=facts.qualname, path=facts.path, is_async=facts.is_async, function=facts.key)


def receiver_value(machine: Machine, facts: FunctionFacts) -> Value:
    """What `self` or `cls` is where no caller is seen."""
    from flake8_django_orm.machine.annotated import given_by_manager, given_row
    from flake8_django_orm.machine.values import Instance, ModelClass

    key = f"{facts.module}.{facts.class_name}"
    found = definitions.class_value(machine, key)
    if facts.is_classmethod:
        return found
    if isinstance(found, ModelClass):
        # An abstract model has the relations that others point at it only where a model completes it.
        completed = machine.project.concrete_of(key) if found.model.abstract else None
        return given_row(machine, completed.key if completed is not None else key)
    given = given_by_manager(machine, key, facts.name)
    if given is not None:
        return given
    instance = Instance(key, machine.store.new_identity())
    if _VIEWSET in machine.project.ancestors(key) and _is_action(facts):
        machine.settled[instance.identity, "action"] = Constant(facts.name)
        machine.store.set_member(instance.identity, "action", Constant(facts.name))
    return instance


def _is_action(facts: FunctionFacts) -> bool:
    """A method that a viewset's router calls under its own name."""
    return facts.name in _ACTIONS or any(d.rsplit(".", 1)[-1] == "action" for d in facts.decorators)
