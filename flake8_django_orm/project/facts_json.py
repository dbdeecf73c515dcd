"""Module facts as JSON-able data and back, for the cache on disk.

In: `ModuleFacts`, or what `json.loads` gave for it. Out: the other of the two. Records are lists, to keep
files small. A definition's module and path are those of its module and are not repeated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from flake8_django_orm.project.facts import (
    NO_KEYWORDS,
    Assignment,
    ClassFacts,
    Expr,
    FunctionFacts,
    ImportFacts,
    ModuleFacts,
    Parameter,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_T = TypeVar("_T")


def facts_to_json(facts: ModuleFacts) -> dict[str, Any]:
    """The facts as lists, dicts and plain values."""
    return {
        "name": facts.name,
        "path": facts.path,
        "is_package": facts.is_package,
        "imports": {name: [i.module, i.name, i.type_checking] for name, i in facts.imports.items()},
        "star_imports": list(facts.star_imports),
        "classes": _each(facts.classes, _class_out),
        "functions": _each(facts.functions, _function_out),
        "assignments": _each(facts.assignments, _assignment_out),
        "made_classes": _each(facts.made_classes, _class_out),
    }


def facts_from_json(data: Mapping[str, Any]) -> ModuleFacts:
    """The facts that `facts_to_json` wrote. Raises ValueError for data of any other shape."""
    try:
        reader = _Reader(str(data["name"]), str(data["path"]))
        return ModuleFacts(
            name=reader.module,
            path=reader.path,
            is_package=bool(data["is_package"]),
            imports={name: ImportFacts(*entry) for name, entry in data["imports"].items()},
            star_imports=tuple(data["star_imports"]),
            classes=_each(data["classes"], reader.read_class),
            functions=_each(data["functions"], reader.read_function),
            assignments=_each(data["assignments"], reader.read_assignment),
            made_classes=_each(data["made_classes"], reader.read_class),
        )
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"damaged module facts: {error}") from None


def _each(entries: Mapping[str, Any], convert: Callable[[Any], _T]) -> dict[str, _T]:
    return {name: convert(entry) for name, entry in entries.items()}


def _expr_out(expr: Expr) -> list[Any]:
    record: list[Any] = [expr.kind, expr.value, expr.line]
    if expr.items or expr.keywords:
        record.append([_expr_out(item) for item in expr.items])
    if expr.keywords:
        record.append(_each(expr.keywords, _expr_out))
    return record


def _expr_in(record: list[Any]) -> Expr:
    kind, value, line, *rest = record
    items = tuple(_expr_in(item) for item in rest[0]) if rest else ()
    keywords = _each(rest[1], _expr_in) if len(rest) > 1 else NO_KEYWORDS
    return Expr(kind, value, items, keywords, line)


def _assignment_out(a: Assignment) -> list[Any]:
    return [a.name, _expr_out(a.value), a.start, a.end, a.annotation]


def _parameter_out(p: Parameter) -> list[Any]:
    default = None if p.default is None else _expr_out(p.default)
    return [p.name, p.kind, p.annotation, p.has_default, default]


def _function_out(f: FunctionFacts) -> list[Any]:
    return [
        f.name,
        f.qualname,
        f.start,
        f.end,
        [_parameter_out(p) for p in f.parameters],
        list(f.decorators),
        f.is_async,
        f.is_generator,
        f.returns,
        f.class_name,
    ]


def _class_out(c: ClassFacts) -> list[Any]:
    return [
        c.name,
        c.qualname,
        c.start,
        c.end,
        [_expr_out(base) for base in c.bases],
        [_expr_out(decorator) for decorator in c.decorators],
        _each(c.assignments, _assignment_out),
        _each(c.methods, _function_out),
        _each(c.classes, _class_out),
    ]


class _Reader:
    """Builds definitions of one module from their records."""

    def __init__(self, module: str, path: str) -> None:
        self.module = module
        self.path = path

    def read_assignment(self, record: list[Any]) -> Assignment:
        name, value, start, end, annotation = record
        return Assignment(name, _expr_in(value), start, end, annotation, self.module)

    def read_function(self, record: list[Any]) -> FunctionFacts:
        name, qualname, start, end, parameters, decorators, is_async, is_generator, returns, class_name = record
        return FunctionFacts(
            name=name,
            qualname=qualname,
            module=self.module,
            path=self.path,
            start=start,
            end=end,
            parameters=tuple(_parameter_in(p) for p in parameters),
            decorators=tuple(decorators),
            is_async=is_async,
            is_generator=is_generator,
            returns=returns,
            class_name=class_name,
        )

    def read_class(self, record: list[Any]) -> ClassFacts:
        name, qualname, start, end, bases, decorators, assignments, methods, classes = record
        return ClassFacts(
            name=name,
            qualname=qualname,
            module=self.module,
            path=self.path,
            start=start,
            end=end,
            bases=tuple(_expr_in(base) for base in bases),
            decorators=tuple(_expr_in(decorator) for decorator in decorators),
            assignments=_each(assignments, self.read_assignment),
            methods=_each(methods, self.read_function),
            classes=_each(classes, self.read_class),
        )


def _parameter_in(record: list[Any]) -> Parameter:
    name, kind, annotation, has_default, default = record
    return Parameter(name, kind, annotation, has_default, None if default is None else _expr_in(default))
