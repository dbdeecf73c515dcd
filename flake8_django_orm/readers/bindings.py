"""Names that statements bind: assignment to a target of any shape, and imports inside of functions.

In: a target and the value that it gets. Out: nothing; the environment holds it.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from flake8_django_orm.machine import (
    definitions,
    iteration,
    mappings,
)
from flake8_django_orm.machine.values import (
    UNKNOWN,
    Collection,
    ModuleValue,
    QuerySetValue,
    Unknown,
    Value,
    alternatives,
    each,
    loops_of,
)
from flake8_django_orm.readers.evaluation import Evaluator
from flake8_django_orm.syntax.names import dotted_name


class BindingReader(Evaluator):
    """Binds names, attributes and items."""

    def assign(self, target: cst.CSTNode, value: Value, statement: cst.CSTNode) -> None:
        """Bind a target: a name, an attribute, an item, or several by unpacking."""
        if type(target) is cst.Name:  # most targets
            self.env[target.value] = value
            return
        match target:
            case cst.Attribute():
                base = self.evaluate(target.value)
                self.machine.assign_attribute(base, target.attr.value, value, self.place(statement))
            case cst.Subscript():
                self._assign_item(target, value)
            case cst.Tuple() | cst.List():
                self._unpack(target.elements, value, statement)
            case cst.StarredElement():
                self.assign(target.value, Collection(element=iteration.generalise(value)), statement)

    def _unpack(self, elements: Sequence[cst.BaseElement], value: Value, statement: cst.CSTNode) -> None:
        targets = [e if isinstance(e, cst.StarredElement) else e.value for e in elements]
        parts = [self._items(one, targets, statement) for one in each(value)]
        for number, target in enumerate(targets):
            self.assign(target, alternatives(part[number] for part in parts), statement)

    def _items(self, value: Value, targets: Sequence[cst.CSTNode], statement: cst.CSTNode) -> Sequence[Value]:
        """What unpacking a value gives each of the targets; a starred one takes any number of items."""
        if isinstance(value, Collection) and value.items is not None and len(value.items) == len(targets):
            return value.items
        item: Value
        pattern: Value
        item = pattern = Unknown(loops=loops_of(value))
        if isinstance(value, (QuerySetValue, Collection)):
            pattern = iteration.pattern_of(self.machine, value, self.place(statement))
            item = iteration.choose(self.machine, pattern, UNKNOWN)
        return [pattern if isinstance(target, cst.StarredElement) else item for target in targets]

    def _assign_item(self, target: cst.Subscript, value: Value) -> None:
        container = self.evaluate(target.value)
        key: Value = UNKNOWN
        if len(target.slice) == 1 and isinstance(target.slice[0].slice, cst.Index):
            key = self.evaluate(target.slice[0].slice.value)
        self.machine.note_use(value)
        if not isinstance(target.value, cst.Name):
            self.machine.lose(value)  # an attribute's container has readers elsewhere
        for one in each(container):
            if isinstance(one, Collection):
                mappings.put_item(self.machine, one, key, value)
            else:
                self.machine.escape(value)

    # -- imports inside functions -------------------------------------------------------------------------------

    def import_name(self, alias: cst.ImportAlias) -> None:
        """`import a.b` and `import a.b as c`."""
        dotted = dotted_name(alias.name)
        bound = alias.evaluated_alias
        module = dotted if bound else dotted.split(".", 1)[0]
        found = self.machine.project.resolve_import(module, None)
        value = definitions.from_definition(self.machine, found, module) if found is not None else ModuleValue(module)
        self.env[bound or module] = value

    def import_from(self, node: cst.ImportFrom) -> None:
        """`from m import n as k`, relative ones included."""
        if isinstance(node.names, cst.ImportStar):
            return
        module = self._absolute(node)
        for alias in node.names:
            name = dotted_name(alias.name)
            found = self.machine.project.resolve_import(module, name)
            value = definitions.from_definition(self.machine, found, module) if found is not None else UNKNOWN
            self.env[alias.evaluated_alias or name] = value

    def _absolute(self, node: cst.ImportFrom) -> str:
        name = dotted_name(node.module) if node.module is not None else ""
        if not node.relative:
            return name
        is_package = self.machine.project.module_path(self.module).endswith("__init__.py")
        parts = self.module.split(".")
        drop = len(node.relative) - is_package
        base = parts[: len(parts) - drop] if drop else parts
        return ".".join([*base, name] if name else base)
