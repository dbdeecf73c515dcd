"""Which joins the aggregates of a queryset bring in, and which aggregates another one's join makes too large.

In: a queryset and the annotate() or aggregate() that is called on it. Out: its aggregates, each with the multi-valued
relations that it goes through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_django_orm.machine.named_paths import added_names, expression_paths
from flake8_django_orm.machine.values import Constant, Expression
from flake8_django_orm.orm.expressions import AGGREGATES, MULTIPLIED
from flake8_django_orm.orm.lookup_paths import walk

if TYPE_CHECKING:
    from flake8_django_orm.machine.values import Argument, QuerySetValue, Step
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

Hops = frozenset[tuple[str, ...]]
_STEPS = frozenset({"annotate", "alias", "aggregate", "aaggregate"})


@dataclass(frozen=True, slots=True)
class Aggregated:
    """One aggregate over a path that is given as a text. `hops` are the multi-valued relations on its way, each by its
    path; `step` is the call in which it stands and `place` its own.
    """

    function: str
    path: str
    hops: Hops
    step: Step
    place: Place | None
    distinct: bool

    @property
    def text(self) -> str:
        return f'{self.function}("{self.path}")'


def aggregates(project: Project, queryset: QuerySetValue, step: Step) -> list[Aggregated] | None:
    """The aggregates of the queryset and of the step; None where a path leads out of what is known."""
    if queryset.raw or queryset.combined or any(one.method == "extra" for one in queryset.steps):
        return None
    # Where a name that is added is not known (`**counts`), those of the model are known all the same: Django lets no
    # annotation take them.
    added = added_names(queryset, step) or frozenset()
    found: list[Aggregated] = []
    for one in (*queryset.steps, step):
        if one.method in ("values", "values_list"):
            return None  # rows are grouped otherwise from here on
        if one.method in _STEPS:
            for expression, place in _aggregate_expressions(one.arguments):
                made = _aggregated(project, queryset, one, expression, place, added)
                if made is None:
                    return None
                found.append(made)
    return found


def _aggregate_expressions(arguments: Sequence[Argument]) -> Iterator[tuple[Expression, Place | None]]:
    for argument in arguments:
        value = argument.value
        if isinstance(value, Expression):
            if value.function.rsplit(".", 1)[-1] in AGGREGATES:
                yield value, argument.place
            else:
                yield from _aggregate_expressions(value.arguments)


def _aggregated(
    project: Project,
    queryset: QuerySetValue,
    step: Step,
    expression: Expression,
    place: Place | None,
    added: frozenset[str],
) -> Aggregated | None:
    hops: set[tuple[str, ...]] = set()
    for named in expression_paths(expression):
        found = walk(project, queryset.model, named.path, named.names, added - {named.path})
        if not found.sure or found.reason:
            return None
        hops.update(found.many)
    first = expression.arguments[0].value if expression.arguments else None
    path = first.value if isinstance(first, Constant) and isinstance(first.value, str) else ""
    distinct = any(a.name == "distinct" and a.value != Constant(False) for a in expression.arguments)
    name = expression.function.rsplit(".", 1)[-1]
    return Aggregated(name, path, frozenset(hops), step, place, distinct)


def multiplied(found: Sequence[Aggregated]) -> list[tuple[Aggregated, tuple[str, ...]]]:
    """The counts and sums that come out too large, each with the path of a join that repeats their rows."""
    wrong = []
    for one in found:
        if one.function not in MULTIPLIED or one.distinct or not one.path or one.path == "*" or not one.hops:
            continue
        others = sorted(hop for other in found for hop in other.hops if hop not in one.hops)
        if others:
            wrong.append((one, others[0]))
    return wrong
