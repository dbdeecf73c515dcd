"""Which functions are worth parsing: a look at their words, before libcst is imported.

In: the text of a function and what the index knows of relation, manager and model names. Out: yes or no. A function that
passes only costs time; one that does not pass is never read as a root (it is still entered when a root calls it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_django_orm.project.project import Project

_WORD = re.compile(r"[A-Za-z_]\w*")

#: Words without which hardly any function touches the database.
QUERY_WORDS = frozenset(
    {
        "objects",
        "_default_manager",
        "_base_manager",
        "get_queryset",
        "queryset",
        "select_related",
        "prefetch_related",
        "prefetch_related_objects",
        "get_object_or_404",
        "get_list_or_404",
        "aget_object_or_404",
        "aget_list_or_404",
        "get_user_model",
        "save",
        "asave",
        "atomic",
    }
)
_LOOPS = frozenset({"for", "map", "sorted", "filter", "join"})


@dataclass(frozen=True, slots=True)
class Gate:
    """The words that let a function pass in one project."""

    words: frozenset[str]
    relations: frozenset[str]

    def passes(self, text: str) -> bool:
        """Whether the function may do something that a rule has an opinion on."""
        found = set(_WORD.findall(text))
        if not self.words.isdisjoint(found):
            return True
        return not _LOOPS.isdisjoint(found) and not self.relations.isdisjoint(found)

    def queries(self, text: str) -> bool:
        """Whether the function's own words name a manager, a model or a query."""
        return not self.words.isdisjoint(_WORD.findall(text))


def gate_of(project: Project) -> Gate:
    """The gate of a project: its managers, many-valued relations and models by name."""
    models = project.models()
    many = {r.name for m in models for r in m.relations.values() if not r.kind.single_valued}
    return Gate(
        words=QUERY_WORDS | project.manager_names() | frozenset(many) | frozenset(m.name for m in models),
        relations=project.relation_names(),
    )
