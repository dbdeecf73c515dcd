"""Render calls: a context of rows handed to a template.

In: the name of a function of Django's, or a template, and the arguments. Out: a value; what the template does with
the rows is read by the template readers, through `machine.programs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine.values import UNKNOWN, Argument, Constant, TemplateValue, Unknown, Value, loops_of
from flake8_django_orm.orm import callables

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.syntax.units import Place

_NAMES = ("template_name", "template", "template_name_list")


def is_known(name: str) -> bool:
    """Whether `call` may have an answer for a function of that name."""
    return (
        name in callables.TEMPLATE_GETTERS
        or name in callables.TEMPLATE_MAKERS
        or name in callables.CONTEXTS
        or name in callables.RENDERS
    )


def call(machine: Machine, name: str, arguments: tuple[Argument, ...], place: Place) -> Value | None:
    """A call of render() and its kin, or of get_template(); None for any other function."""
    if name in callables.TEMPLATE_GETTERS:
        return TemplateValue(names=_given(arguments, 0, *_NAMES) or UNKNOWN)
    if name in callables.TEMPLATE_MAKERS:
        return _made(arguments)
    if name in callables.CONTEXTS:
        return _given(arguments, callables.CONTEXTS[name], "dict_") or Constant(None)
    described = callables.RENDERS.get(name)
    if described is None:
        return None
    template, context, keyword = described
    return render(machine, _given(arguments, template, *_NAMES) or UNKNOWN, arguments, context, place, keyword)


def render(
    machine: Machine,
    names: Value,
    arguments: tuple[Argument, ...],
    position: int,
    place: Place,
    keyword: str = "context",
) -> Value:
    """Render the template of that name with the context among the arguments."""
    context = _given(arguments, position, keyword)
    seen = machine.programs.render(machine, names, UNKNOWN if context is None else context, place)
    for argument in arguments:
        machine.note_use(argument.value)
        if not (seen and argument.value is context):
            machine.lose(argument.value)
    return Unknown(loops=loops_of(*(a.value for a in arguments)))


def _made(arguments: tuple[Argument, ...]) -> Value:
    """A template that is made from its text."""
    for argument in arguments[:1]:
        if isinstance(argument.value, Constant) and isinstance(argument.value.value, str):
            return TemplateValue(names=argument.value, written=argument.place)
    return TemplateValue()


def _given(arguments: tuple[Argument, ...], position: int, *keywords: str) -> Value | None:
    """An argument by keyword or position."""
    named = next((a.value for a in arguments if a.name in keywords), None)
    positional = [a.value for a in arguments if a.name is None]
    if named is not None:
        return named
    return positional[position] if position < len(positional) else None
