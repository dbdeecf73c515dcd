"""The plain data that the project index keeps of a Python module, extracted from its `ast` without importing
it.

In: nothing. Out: the frozen dataclasses below. Everything here survives a trip through JSON (lists come back
as tuples). Lines are 1-based; `start`/`end` of a definition cover its decorators and its last line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


NO_KEYWORDS: Mapping[str, Expr] = MappingProxyType({})  # one for all: there are hundreds of thousands of expressions


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression of a class or module body, as far as the index needs to understand it.

    `kind` is one of:
    - "const": `value` is a str, int, float, bool or None (bytes and Ellipsis are "other");
    - "name": `value` is a dotted name such as `models.ForeignKey`;
    - "call": `value` is the dotted name of the callee ("" if it is not a dotted name: then `items[0]` is the
      callee expression and the positional arguments follow); `items` the positional arguments, `keywords` the
      named ones, and what follows `**` under the key "**";
    - "attribute": only as the callee of a call, `value` is the attribute's name and `items[0]` the call it is
      read from: `desc` of `F("title").desc()`;
    - "list", "tuple", "set": `items` are the elements; `[*a, b]` is the "concat" of `a` and `[b]`;
    - "dict": `items` are alternating keys and values;
    - "concat": `items` are the operands of `+` or `|`;
    - "other": anything else (f-strings, lambdas, comparisons, ...).
    `line` is the line of the expression, 0 where it does not matter.
    """

    kind: str
    value: str | int | float | bool | None = None
    items: tuple[Expr, ...] = ()
    keywords: Mapping[str, Expr] = field(default_factory=lambda: NO_KEYWORDS)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Assignment:
    """`name = value` or `name: annotation = value` in a class or module body; the last one of a name wins.

    `value` is "other" for a bare annotation. `module` is the module in whose scope the names of `value` are
    read.
    """

    name: str
    value: Expr
    start: int
    end: int
    annotation: str | None = None
    module: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function. `kind` is "positional", "keyword", "varargs" or "kwargs"; `annotation` is
    source text.
    """

    name: str
    kind: str = "positional"
    annotation: str | None = None
    has_default: bool = False
    default: Expr | None = None


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """A function or method: where it is and how it is called. Its body is read by the machine, from the
    source text.
    """

    name: str
    qualname: str  # "Book.title" or "helper" or "outer.<locals>.inner"
    module: str
    path: str
    start: int
    end: int
    parameters: tuple[Parameter, ...] = ()
    decorators: tuple[str, ...] = ()  # dotted names, calls without their arguments: "property", "admin.display"
    is_async: bool = False
    is_generator: bool = False
    returns: str | None = None  # the annotation's source text
    class_name: str | None = None  # qualified name of the class in whose body it stands

    @property
    def key(self) -> str:
        """A name that is unique in the project: `module:qualname`."""
        return f"{self.module}:{self.qualname}"

    @property
    def is_static(self) -> bool:
        return "staticmethod" in self.decorators

    @property
    def is_classmethod(self) -> bool:
        return "classmethod" in self.decorators

    @property
    def is_property(self) -> bool:
        return any(d.rsplit(".", 1)[-1] in {"property", "cached_property"} for d in self.decorators)

    @property
    def is_cached_property(self) -> bool:
        return any(d.rsplit(".", 1)[-1] == "cached_property" for d in self.decorators)


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """A class statement. `bases` are dotted names as written; a base that is a call keeps its `Expr` in
    `base_calls`.

    `from_queryset` and `as_manager` calls among the bases or assignments are understood by the resolver.
    """

    name: str
    qualname: str
    module: str
    path: str
    start: int
    end: int
    bases: tuple[Expr, ...] = ()
    decorators: tuple[Expr, ...] = ()
    assignments: Mapping[str, Assignment] = field(default_factory=dict)
    methods: Mapping[str, FunctionFacts] = field(default_factory=dict)
    classes: Mapping[str, ClassFacts] = field(default_factory=dict)  # nested ones, `Meta` among them

    @property
    def key(self) -> str:
        """The dotted name of the class: `shop.models.Book`."""
        return f"{self.module}.{self.qualname}"


@dataclass(frozen=True, slots=True)
class ImportFacts:
    """What an import binds: `import a.b as c` -> module "a.b", name None; `from m import n as k` -> module
    "m", name "n".

    Relative imports are already absolute here. `type_checking` is true under `if TYPE_CHECKING:`.
    """

    module: str
    name: str | None = None
    type_checking: bool = False


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """Everything the index knows of one module."""

    name: str
    path: str
    is_package: bool = False
    imports: Mapping[str, ImportFacts] = field(default_factory=dict)
    star_imports: tuple[str, ...] = ()
    classes: Mapping[str, ClassFacts] = field(default_factory=dict)
    functions: Mapping[str, FunctionFacts] = field(default_factory=dict)
    assignments: Mapping[str, Assignment] = field(default_factory=dict)
    made_classes: Mapping[str, ClassFacts] = field(default_factory=dict)  # by the function that returns one, `make()`

    def class_named(self, qualname: str) -> ClassFacts | None:
        """The class of that qualified name, a nested one by `Outer.Inner`."""
        classes, found = self.classes, None
        for name in qualname.split("."):
            found = classes.get(name)
            if found is None:
                return None
            classes = found.classes
        return found


def functions_of(facts: ModuleFacts) -> Iterator[FunctionFacts]:
    """The module's functions and the methods of its classes, in source order."""
    found = [*facts.functions.values(), *(m for c in classes_of(facts) for m in c.methods.values())]
    yield from sorted(found, key=lambda function: function.start)


def classes_of(facts: ModuleFacts | ClassFacts) -> Iterator[ClassFacts]:
    """The classes of a module, nested ones after their owners."""
    for owner in facts.classes.values():
        yield owner
        yield from classes_of(owner)
