"""Annotations that are believed: `book: Book`, `books: QuerySet[Book]`, `list[Book]`, `Book | None`, `HttpRequest`.

In: an annotation's source text. Out: the value that a parameter so annotated has when no caller is seen: its type is
known, what is loaded on it is not.
"""

from __future__ import annotations

import ast
import functools
from typing import TYPE_CHECKING

from flake8_django_orm.machine import definitions
from flake8_django_orm.machine.loading import UNKNOWN_LOADING
from flake8_django_orm.machine.values import (
    UNKNOWN,
    ClassValue,
    Collection,
    ExternalValue,
    Fetched,
    Instance,
    ManagerValue,
    ModelClass,
    QuerySetValue,
    RowValue,
    Shape,
    Value,
)
from flake8_django_orm.project.django_names import MANAGER, QUERYSET

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine

_SHAPES = {
    "list": Shape.LIST,
    "List": Shape.LIST,
    "Sequence": Shape.LIST,
    "Collection": Shape.LIST,
    "Iterable": Shape.ITERATOR,
    "Iterator": Shape.ITERATOR,
    "AsyncIterator": Shape.ITERATOR,
    "set": Shape.SET,
    "Set": Shape.SET,
    "frozenset": Shape.SET,
}
_QUERYSETS = frozenset({"QuerySet", "BaseQuerySet", "Manager", "RelatedManager", "ManyRelatedManager"})
_WRAPPERS = frozenset({"Optional", "Annotated", "Final", "ClassVar", "Awaitable", "Coroutine"})


def value_of(machine: Machine, module: str, text: str) -> Value | None:
    """The value that the annotation promises; None where it promises nothing that matters here."""
    parsed = _parsed(text)
    return _value(machine, module, parsed, 0) if parsed is not None else None


@functools.lru_cache(maxsize=1024)
def _parsed(text: str) -> ast.expr | None:
    """An annotation as an expression; kept, because each call of a function asks for those of its parameters."""
    try:
        return ast.parse(text.strip().strip("\"'"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return None


def _value(machine: Machine, module: str, node: ast.expr, depth: int) -> Value | None:
    if depth > 6:
        return None
    match node:
        case ast.Constant(value=str(text)):
            return value_of(machine, module, text)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            parts = [p for p in (left, right) if not (isinstance(p, ast.Constant) and p.value is None)]
            return _value(machine, module, parts[0], depth + 1) if len(parts) == 1 else None
        case ast.Subscript(value=outer, slice=inner):
            return _generic(machine, module, outer, inner, depth)
        case ast.Name() | ast.Attribute():
            return _named(machine, module, ast.unparse(node))
    return None


def _named(machine: Machine, module: str, dotted: str) -> Value | None:
    found = definitions.resolve(machine, module, dotted)
    match found:
        case ModelClass(model=model):
            return given_row(machine, model.key)
        case ExternalValue(name=name) if name.rsplit(".", 1)[-1] in ("HttpRequest", "Request", "AuthedRequest"):
            return ExternalValue("django.http.HttpRequest()")
        case ClassValue(key=key):
            return Instance(key, machine.store.new_identity())
    return None


def _generic(machine: Machine, module: str, outer: ast.expr, inner: ast.expr, depth: int) -> Value | None:
    name = ast.unparse(outer).rsplit(".", 1)[-1]
    first = inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner
    if name in _WRAPPERS:
        return _value(machine, module, first, depth + 1)
    item = _value(machine, module, first, depth + 1)
    if name in _QUERYSETS and isinstance(item, RowValue):
        return given_queryset(machine, item)
    if name in _SHAPES:
        if isinstance(item, RowValue):
            item = RowValue(model=item.model, result=item.result, fetched=Fetched.ITERATED, loading=UNKNOWN_LOADING)
        return Collection(shape=_SHAPES[name], element=item if item is not None else UNKNOWN)
    return None


def given_row(machine: Machine, key: str) -> Value:
    """A row that comes from outside: its model is known, what is loaded on it is not."""
    model = machine.project.model(key)
    if model is None:
        return UNKNOWN
    return RowValue(
        model=model,
        result=machine.store.new_identity(),
        fetched=Fetched.GIVEN,
        loading=UNKNOWN_LOADING,
    )


def given_by_manager(machine: Machine, key: str, method: str) -> Value | None:
    """`self` in a method of a manager or queryset class that one model has; None for any other class."""
    ancestors = machine.project.ancestors(key)
    is_manager, is_queryset = MANAGER in ancestors, QUERYSET in ancestors
    model = machine.project.model_of_manager(key) if is_manager or is_queryset else None
    if model is None:
        return None
    if not is_manager:
        row = given_row(machine, model.key)
        return given_queryset(machine, row) if isinstance(row, RowValue) else None
    own = (m for m in model.managers.values() if m.manager_class is not None)
    manager = next((m for m in own if key in machine.project.mro(m.manager_class or "")), None)
    return ManagerValue(model=model, manager=manager, plain=method == "get_queryset")


def given_queryset(machine: Machine, item: RowValue) -> QuerySetValue:
    """A queryset that comes from outside."""
    model = item.model
    return QuerySetValue(
        model=model,
        loading=UNKNOWN_LOADING,
        result=machine.store.new_identity(),
        manager=model.managers.get(model.default_manager),
    )
