"""A class under an owner's eyes: its attributes and methods as values, and the places where its body declares them.

In: a machine and a class. Out: values and places. Methods are looked up along the class's order of bases, our stubs of
the framework's bases included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_django_orm.machine.values import UNKNOWN, Argument, FunctionValue, Instance, Value
from flake8_django_orm.readers.class_bodies import assigned_value, class_body, value_place
from flake8_django_orm.syntax.units import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    import libcst as cst

    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.facts import ClassFacts
    from flake8_django_orm.readers.execution import Execution
    from flake8_django_orm.syntax.units import Unit


@dataclass(frozen=True, slots=True)
class OwnedClass:
    """One class of the project, with an instance of it as the machine sees it."""

    machine: Machine
    execution: Execution
    facts: ClassFacts
    instance: Instance

    @property
    def place(self) -> Place:
        """The class statement; where nothing more exact can be said."""
        unit, node = self._body(self.facts)
        return Place(unit, node)

    @property
    def name_place(self) -> Place:
        """The name in the class statement: where the framework's own doings are shown."""
        unit, node = self._body(self.facts)
        return Place(unit, node.name)

    def declaration(self, name: str) -> Place | None:
        """The value that the nearest class body assigns to `name`; None where only a method or a stub has it."""
        found = self.machine.project.find_class_attribute(self.facts.key, name)
        if found is None or not self.machine.project.is_own(found[0].path):
            return None
        unit, node = self._body(found[0])
        value = assigned_value(node.body.body, name)  # what a fix edits stands in the class, see `plain_statements`
        return Place(unit, value) if value is not None else value_place(self.execution, found[0], name)

    def attribute(self, name: str) -> Value:
        """`self.name`, a property run, a method bound."""
        return self.machine.read_attribute(self.instance, name, self.place)

    def call(self, name: str, arguments: Sequence[Value | Argument] = ()) -> Value:
        """`self.name(*arguments)`; unknown where the class has no such method."""
        method = self.machine.project.find_method(self.facts.key, name)
        if method is None:
            return UNKNOWN
        function = FunctionValue(facts=method, bound=self.instance)
        given = tuple(one if isinstance(one, Argument) else Argument(one) for one in arguments)
        return self.machine.call(function, given, self.name_place)

    def ask(self, name: str, row: Value) -> Value:
        """`self.name(row)` where the class has a method of that name that takes a row; unknown elsewhere."""
        method = self.machine.project.find_method(self.facts.key, name)
        if method is None or method.is_property:
            return UNKNOWN
        taken = [p for p in method.parameters if p.kind == "positional"][not method.is_static :]
        return self.call(name, (row,) if taken else ())

    def defines(self, name: str) -> bool:
        """Whether the project (not a stub of ours) defines the method for this class."""
        method = self.machine.project.find_method(self.facts.key, name)
        return method is not None and self.machine.project.is_own(method.path)

    def _body(self, facts: ClassFacts) -> tuple[Unit, cst.ClassDef]:
        return class_body(self.execution, facts)


def owned_class(machine: Machine, execution: Execution, facts: ClassFacts) -> OwnedClass:
    """The class with a new instance of it."""
    return OwnedClass(machine, execution, facts, Instance(facts.key, machine.store.new_identity()))
