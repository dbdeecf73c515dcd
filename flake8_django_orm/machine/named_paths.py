"""The names that a call on a queryset gives: lookup paths in keywords, in texts, in F(), Q() and aggregates.

In: a step of a chain, or the queryset that it stands on. Out: each path with where it stands and what it may lead to;
the names that earlier steps of the chain have added to the model's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_django_orm.machine.values import Argument, Collection, Constant, Expression, Mode, PrefetchValue, Value
from flake8_django_orm.orm.expressions import AGGREGATES, PATH_FUNCTIONS
from flake8_django_orm.orm.lookup_paths import walk
from flake8_django_orm.orm.querysets import Names, queryset_method

if TYPE_CHECKING:
    from flake8_django_orm.machine.values import QuerySetValue, Step
    from flake8_django_orm.orm.lookup_paths import Walk
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

#: Keywords of methods that name no lookup.
_OPTIONS = frozenset({"defaults", "create_defaults"})
_ONE_FIELD = frozenset({"dates", "datetimes"})
_ADDING = frozenset({"annotate", "alias", "values", "values_list", "aggregate"})


@dataclass(frozen=True, slots=True)
class NamedPath:
    """One path as it is written, without the "-" of an order. `names` tells what it may lead to."""

    path: str
    names: Names
    place: Place | None


def named_paths(step: Step) -> Iterator[NamedPath]:
    """The paths that the call names, literals only."""
    described = queryset_method(step.method)
    if described is None:
        return
    names = described.names
    if step.method in _ONE_FIELD:
        yield from _texts(step.arguments[:1], Names.FIELDS)
    elif names in (Names.RELATIONS, Names.ATTRIBUTES, Names.FIELDS):
        yield from _texts(step.arguments, names)
        yield from _in_expressions(step.arguments)
    elif names is Names.ORDER:
        yield from _orders(step.arguments)
        yield from _in_expressions(step.arguments)
    elif names is Names.LOOKUPS:
        for argument in step.arguments:
            if argument.name and not argument.name.startswith("*") and argument.name not in _OPTIONS:
                yield NamedPath(argument.name, Names.LOOKUPS, argument.place)
        yield from _in_expressions(a for a in step.arguments if a.name not in _OPTIONS)
    elif step.method in ("update", "aupdate"):
        for argument in step.arguments:
            if argument.name and not argument.name.startswith("*"):
                yield NamedPath(argument.name, Names.COLUMNS, argument.place)
        yield from _in_expressions(step.arguments)
    elif names is Names.EXPRESSIONS:
        yield from _in_expressions(step.arguments)


def eager_walks(project: Project, queryset: QuerySetValue, step: Step) -> Iterator[tuple[NamedPath, Walk]]:
    """Where the paths of select_related() and prefetch_related() lead from the queryset's model; nothing where names
    that are not known may be among the rows'."""
    if step.method not in ("select_related", "prefetch_related") or queryset.combined:
        return
    if queryset.mode is Mode.ROWS and (added := added_names(queryset, step)) is not None:
        for named in named_paths(step):
            yield named, walk(project, queryset.model, named.path, named.names, added)


def _literal(argument: Argument) -> Iterator[tuple[Value, Place | None]]:
    if argument.name is None:
        yield argument.value, argument.place
    elif argument.name == "*" and isinstance(argument.value, Collection) and argument.value.items is not None:
        for item in argument.value.items:
            yield item, argument.place


def _texts(arguments: Sequence[Argument], names: Names) -> Iterator[NamedPath]:
    for argument in arguments:
        for value, place in _literal(argument):
            match value:
                case Constant(value=str(text)):
                    yield NamedPath(text, names, place)
                case PrefetchValue(path=str(text)):
                    yield NamedPath(text, Names.ATTRIBUTES, place)


def _orders(arguments: Sequence[Argument]) -> Iterator[NamedPath]:
    for named in _texts(arguments, Names.ORDER):
        name = named.path[1:] if named.path[:1] in ("-", "+") else named.path
        if name != "?" and "." not in name:
            yield NamedPath(name, Names.ORDER, named.place)


def _in_expressions(arguments: Iterator[Argument] | Sequence[Argument]) -> Iterator[NamedPath]:
    for argument in arguments:
        if isinstance(argument.value, Expression):
            yield from expression_paths(argument.value)


def expression_paths(expression: Expression) -> Iterator[NamedPath]:
    """The paths of F(), Q() and aggregates inside an expression; those of another queryset's (OuterRef) left out."""
    name = expression.function.rsplit(".", 1)[-1]
    if name == "OuterRef":
        return
    for argument in expression.arguments:
        value = argument.value
        if isinstance(value, Expression):
            yield from expression_paths(value)
        elif name in ("Q", "When", "FilteredRelation") and argument.name and not argument.name.startswith("*"):
            if argument.name not in ("then", "condition"):
                yield NamedPath(argument.name, Names.LOOKUPS, argument.place)
        elif (
            name in PATH_FUNCTIONS
            and argument is expression.arguments[0]
            and argument.name is None
            and isinstance(value, Constant)
            and isinstance(value.value, str)
            and value.value != "*"
        ):
            yield NamedPath(value.value, Names.FIELDS, argument.place)


def added_names(queryset: QuerySetValue, step: Step | None = None) -> frozenset[str] | None:
    """The names that a queryset's steps (and `step`, whose own may be used in it) add; None where one is not known."""
    found: set[str] = set(queryset.loading.annotations)
    for one in (*queryset.steps, *((step,) if step is not None else ())):
        if one.method in ("extra", "union", "raw"):
            return None
        if one.method in _ONE_FIELD:
            found |= {"datefield", "plain_field", "datetimefield"}
        if one.method == "prefetch_related":
            attributes = _filled_attributes(one)
            if attributes is None:
                return None
            found |= attributes
        if one.method not in _ADDING:
            continue
        for argument in one.arguments:
            if argument.name is not None and argument.name.startswith("*"):
                if argument.name == "**" or one.method not in ("values", "values_list"):
                    return None
            elif argument.name is not None:
                found.add(argument.name)
            elif isinstance(argument.value, Expression):
                found.add(default_alias(argument.value))
            elif not isinstance(argument.value, Constant):
                return None
    return frozenset(found)


def _filled_attributes(step: Step) -> set[str] | None:
    """The `to_attr` names of a prefetch_related() call, inner ones included; None where they are not known."""
    found: set[str] = set()
    for argument in step.arguments:
        if argument.name not in (None, "*"):
            return None
        literal = list(_literal(argument))
        if argument.name == "*" and not literal:
            return None
        for value, _ in literal:
            if isinstance(value, PrefetchValue) and value.known:
                found |= {value.to_attr} if value.to_attr else set()
                for inner in value.queryset.steps if value.queryset is not None else ():
                    found |= _filled_attributes(inner) or set() if inner.method == "prefetch_related" else set()
            elif not isinstance(value, Constant):
                return None
    return found


def default_alias(expression: Expression) -> str:
    """`books__count` for an aggregate without a name of its own; "" where Django makes none up."""
    name = expression.function.rsplit(".", 1)[-1]
    first = expression.arguments[0].value if expression.arguments else None
    if name in AGGREGATES and isinstance(first, Constant) and isinstance(first.value, str):
        return f"{first.value}__{name.lower()}"
    return ""


def negated_paths(step: Step) -> Iterator[NamedPath]:
    """The lookups of exclude() and of ~Q(): those under an odd number of negations."""
    described = queryset_method(step.method)
    if described is not None and described.names is Names.LOOKUPS:
        yield from _negated(step.arguments, negated=step.method == "exclude", keywords=True)


def _negated(arguments: Sequence[Argument], *, negated: bool, keywords: bool) -> Iterator[NamedPath]:
    for argument in arguments:
        value = argument.value
        if argument.name is None and isinstance(value, Expression):
            name = value.function.rsplit(".", 1)[-1]
            if name in ("~", "|", "&", "Q"):
                turned = negated != (name == "~")
                yield from _negated(value.arguments, negated=turned, keywords=name == "Q")
        elif keywords and negated and argument.name and not argument.name.startswith("*"):
            # Django makes isnull of a comparison with None.
            path = f"{argument.name}__isnull" if value == Constant(None) else argument.name
            yield NamedPath(path, Names.LOOKUPS, argument.place)
