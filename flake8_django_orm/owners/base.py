"""What every owner is: a test whether a class is its own, and a run that drives the machine as the framework would.

In: a class of the project. Out: nothing; the machine collects the events. The class is the root: a finding belongs to
it when queryset, loop and access meet in it. Importing the owners imports neither libcst nor Django.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.owners.classes import OwnedClass
    from flake8_django_orm.project.facts import ClassFacts
    from flake8_django_orm.project.project import Project


class Owner:
    """Base of all owners."""

    #: A class is run as a root only if its own body names one of these: then it holds a piece of the chain itself,
    #: and a base class that holds them all is the root, not each of its subclasses.
    pieces: frozenset[str] = frozenset()

    #: Methods that the framework calls: with one in the class's own body, the method is the root.
    entries: frozenset[str] = frozenset()

    def owns(self, project: Project, facts: ClassFacts) -> bool:
        """Whether the framework loops for this class."""
        raise NotImplementedError

    def run(self, machine: Machine, owned: OwnedClass) -> None:
        """Do what the framework does with the class."""
        raise NotImplementedError

    def has_pieces(self, facts: ClassFacts) -> bool:
        """Whether the class's own body holds a piece of the chain."""
        return not self.pieces.isdisjoint((*facts.assignments, *facts.methods))
