"""What the GraphQL libraries have in common: a client's query, which may ask for every field of every row.

In: rows, and what resolves the fields of each. Out: events, as from a loop over the rows. Each library's own module
says how its types declare their fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flake8_django_orm.machine import iteration
from flake8_django_orm.machine.frames import Body, Frame
from flake8_django_orm.machine.values import ManagerValue, RowValue, Step, Value, each
from flake8_django_orm.orm.graphql import ROWS_OF_FIELD

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Loop
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.facts import ClassFacts, FunctionFacts
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.readers.execution import Execution
    from flake8_django_orm.syntax.units import Place

#: How many lists may stand inside of each other.
DEPTH = 3


class ClientQuery:
    """One query of a client, in which it asks for everything."""

    def __init__(self, execution: Execution, machine: Machine) -> None:
        self.execution = execution
        self.machine = machine
        self.project = machine.project

    def all_rows(self, model: Model, place: Place) -> Value:
        """The rows that the library fetches for a field by itself."""
        steps = (Step(ROWS_OF_FIELD, place, self.machine.frame),)
        return ManagerValue(model=model, manager=model.managers.get(model.default_manager), steps=steps)

    def narrowing(self, kind: ClassFacts | None) -> FunctionFacts | None:
        """The type's own get_queryset(), which the library calls for the rows of its fields."""
        method = self.project.find_method(kind.key, "get_queryset") if kind is not None else None
        return method if method is not None and self.project.is_own(method.path) else None

    def each_row(self, rows: Value, place: Place, resolve: Callable[[RowValue], None]) -> None:
        """Go over the rows of a list."""

        def resolve_row(row: Value, _: Loop) -> None:
            for one in each(row):
                if isinstance(one, RowValue):
                    resolve(one)

        iteration.loop_over(self.machine, rows, place, resolve_row)

    @contextmanager
    def only_asking_for(self, kind: ClassFacts, name: str, place: Place) -> Iterator[None]:
        """Run a block as what happens when a client asks for the field `name`; what it loads, no other field finds."""
        machine, outer = self.machine, self.machine.frame
        before = machine.store.fork()
        machine.frame = Frame(name, kind.path, parent=outer, call=place, body=Body.FIELD)
        try:
            yield
        finally:
            machine.frame = outer
        machine.store.restore(before)
