"""Names to definitions: scopes, imports, re-exports, star imports, aliases, class members and the order of
bases.

In: a module's name and a dotted name as it is written there. Out: a `Definition`, or None for a name that is
not bound. Cycles of imports, aliases and bases end the search instead of repeating it.
"""

from __future__ import annotations

import builtins
import sys
from typing import TYPE_CHECKING

from flake8_django_orm.project.definitions import Definition, External, ModuleRef
from flake8_django_orm.project.django_names import canonical, exports, is_read_module
from flake8_django_orm.project.facts import (
    Assignment,
    ClassFacts,
    Expr,
    FunctionFacts,
    ImportFacts,
    ModuleFacts,
)
from flake8_django_orm.project.linearise import linearise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from flake8_django_orm.project.store import ModuleStore

_MAX_STEPS = 40
#: Packages for which `library/` has stubs.
_STUBBED = frozenset(
    {"django", "django_filters", "django_tables2", "drf_writable_nested", "import_export", "rest_framework"}
)
_MAX_DEPTH = 12
_BUILTINS = frozenset(dir(builtins))
_Trail = frozenset[tuple[str, str]]
_START: _Trail = frozenset()


class Resolver:
    """Answers what names mean.

    `dynamic` gives the class that a call such as `get_user_model()` in a module returns, None for other
    calls.
    """

    def __init__(self, store: ModuleStore, dynamic: Callable[[str, Expr], ClassFacts | None]) -> None:
        self._store = store
        self._dynamic = dynamic
        self._modules: dict[str, ModuleFacts | None] = {}
        self._resolved: dict[tuple[str, str], Definition | None] = {}
        self._bases: dict[str, tuple[str, ...]] = {}
        self._classes: dict[str, ClassFacts | None] = {}
        self._orders: dict[str, tuple[str, ...]] = {}
        self._mros: dict[str, tuple[str, ...]] = {}
        self._methods: dict[tuple[str, str], FunctionFacts | None] = {}
        self._attributes: dict[tuple[str, str], tuple[ClassFacts, Assignment] | None] = {}
        self._linearising: set[str] = set()
        self._calling: set[tuple[str, str]] = set()
        self._active: set[tuple[str, str]] = set()
        #: What anybody ever asked for: names of modules' namespaces, and of classes' members.
        self.asked_names: set[str] = set()
        self.asked_members: set[str] = set()

    # modules

    def module(self, name: str) -> ModuleFacts | None:
        """The facts of a module of the project or, failing that, of the environment."""
        if name not in self._modules:
            self._modules[name] = self._find_module(name, "")
        return self._modules[name]

    def _find_module(self, name: str, near: str) -> ModuleFacts | None:
        if not name:
            return None
        top = name.partition(".")[0]
        if top in _STUBBED:
            stub = self._store.library_module(name)
            if stub is not None:
                return stub
        if top == "django":
            return self._store.environment_module(name) if is_read_module(name) else None
        found = self._store.project_module(name)
        if found is not None:
            return found
        if top in sys.stdlib_module_names and self._store.tree.path_of(top) is None:
            return None
        return self._store.environment_module(name) or self._store.alias_module(name, near)

    def _module_from(self, name: str, near: ModuleFacts) -> ModuleFacts | None:
        """The module that `name` means when it is imported in the module `near`."""
        found = self.module(name)
        if found is not None and found.name != name:
            return self._find_module(name, near.path)
        return found

    def _is_module(self, name: str) -> bool:
        if self.module(name) is not None:
            return True
        if name.partition(".")[0] == "django":
            return False
        return self._store.tree.is_package_name(name) or self._store.environment.is_namespace(name)

    # names

    def resolve(self, module: str, dotted: str) -> Definition | None:
        """What the dotted name means in the module's scope."""
        key = (module, dotted)
        if key in self._resolved:
            return self._resolved[key]
        if key in self._active or len(self._active) > _MAX_DEPTH:
            return None
        self._active.add(key)
        try:
            facts = self.module(module)
            found = None if facts is None else self._dotted(facts, dotted, _START)
        finally:
            self._active.discard(key)
        if not self._active:  # an answer found while others are pending may be cut short
            self._resolved[key] = found
        return found

    def resolve_import(self, module: str, name: str | None) -> Definition | None:
        """What `from module import name` binds, or `import module as x` if `name` is None."""
        return self._imported(ImportFacts(module, name), None, _START)

    def _dotted(self, facts: ModuleFacts, dotted: str, trail: _Trail) -> Definition | None:
        head, *rest = dotted.split(".")
        found = self._name(facts, head, trail)
        for part in rest:
            if found is None:
                return None
            found = self._member(found, part, trail)
        return found

    def _name(self, facts: ModuleFacts, name: str, trail: _Trail) -> Definition | None:
        found = self._global(facts, name, trail)
        if found is None and name in _BUILTINS:
            return External(f"builtins.{name}")
        return found

    def _global(self, facts: ModuleFacts, name: str, trail: _Trail) -> Definition | None:
        """What the module's own namespace holds under `name`."""
        mark = (facts.name, name)
        if mark in trail or len(trail) > _MAX_STEPS:
            return None
        self.asked_names.add(name)
        trail = trail | {mark}
        if name in facts.classes:
            return facts.classes[name]
        if name in facts.functions:
            return facts.functions[name]
        return self._bound(facts, name, trail)

    def _bound(self, facts: ModuleFacts, name: str, trail: _Trail) -> Definition | None:
        """What an import, an assignment or a star import binds `name` to."""
        if name in facts.imports:
            found = self._imported(facts.imports[name], facts, trail)
            if found is not None or name not in facts.assignments:
                return found
        if name in facts.assignments:
            return self._assigned(facts, facts.assignments[name], trail)
        found = self._starred(facts, name, trail)
        if found is None and facts.is_package and self._is_module(f"{facts.name}.{name}"):
            return self._reference(f"{facts.name}.{name}")
        return found

    def _imported(self, target: ImportFacts, near: ModuleFacts | None, trail: _Trail) -> Definition | None:
        if target.name is None:
            return self._reference(target.module, near)
        facts = self.module(target.module) if near is None else self._module_from(target.module, near)
        if facts is None:
            return self._outside(target.module, target.name)
        found = self._global(facts, target.name, trail)
        if found is not None:
            return found
        inner = f"{facts.name}.{target.name}"
        if facts.is_package and self._is_module(inner):
            return self._reference(inner)
        if self._store.is_project_path(facts.path):
            return None
        return self._external(f"{target.module}.{target.name}")

    def _outside(self, module: str, name: str) -> Definition | None:
        """`from module import name` for a module without facts: a namespace package, or not read at all."""
        inner = f"{module}.{name}"
        if self._is_module(inner):
            return self._reference(inner)
        if self._store.tree.path_of(module) is not None and not module.startswith("django."):
            return None  # a file of the project that does not parse
        return self._external(inner)

    def _external(self, dotted: str) -> Definition:
        """A name outside: our stub of it where there is one, else the name itself."""
        name = canonical(dotted)
        module, _, last = name.rpartition(".")
        if module.partition(".")[0] in _STUBBED:
            stub = self._store.library_module(module)
            if stub is not None and (found := stub.classes.get(last) or stub.functions.get(last)) is not None:
                return found
        return External(name)

    def _reference(self, module: str, near: ModuleFacts | None = None) -> Definition:
        facts = self.module(module) if near is None else self._module_from(module, near)
        if facts is not None:
            return ModuleRef(facts.name)
        return ModuleRef(module) if self._is_module(module) else External(canonical(module))

    def _assigned(self, facts: ModuleFacts, assignment: Assignment, trail: _Trail) -> Definition | None:
        """The assignment itself, or what it is another name for."""
        value = assignment.value
        if value.kind == "name" and isinstance(value.value, str):
            return self._dotted(facts, value.value, trail) or assignment
        if value.kind == "call":
            mark = (facts.name, assignment.name)
            if mark in self._calling:
                return assignment
            self._calling.add(mark)
            try:
                return self._dynamic(facts.name, value) or self.made_class(facts.name, value) or assignment
            finally:
                self._calling.discard(mark)
        return assignment

    def made_class(self, module: str, call: Expr) -> ClassFacts | None:
        """The class that a function of the project defines and returns, for a call of the function."""
        found = self.resolve(module, str(call.value)) if call.value else None
        maker = self.module(found.module) if isinstance(found, FunctionFacts) else None
        return maker.made_classes.get(f"{found.name}()") if maker is not None and found is not None else None

    def _starred(self, facts: ModuleFacts, name: str, trail: _Trail) -> Definition | None:
        if name.startswith("_"):
            return None
        for module in reversed(facts.star_imports):
            inner = self._module_from(module, facts)
            if inner is not None:
                found = self._global(inner, name, trail)
                if found is not None:
                    return found
            elif exports(module, name):
                return self._external(f"{module}.{name}")
        return None

    def _member(self, owner: Definition, name: str, trail: _Trail) -> Definition | None:
        if isinstance(owner, ModuleRef):
            facts = self.module(owner.name)
            if facts is not None:
                return self._imported(ImportFacts(owner.name, name), None, trail)
            inner = f"{owner.name}.{name}"
            return self._reference(inner) if self._is_module(inner) else None
        if isinstance(owner, External):
            inner = f"{owner.name}.{name}"
            if not owner.name.startswith("builtins.") and self._is_module(inner):
                return self._reference(inner)
            return self._external(inner)
        if isinstance(owner, ClassFacts):
            return self.class_member(owner.key, name)
        return None

    # classes

    def class_facts(self, key: str) -> ClassFacts | None:
        """The class with this key; nested classes included."""
        if key not in self._classes:
            self._classes[key] = self._find_class(key)
        return self._classes[key]

    def _find_class(self, key: str) -> ClassFacts | None:
        parts = key.split(".")
        for size in range(len(parts) - 1, 0, -1):
            facts = self.module(".".join(parts[:size]))
            if facts is None or facts.name != ".".join(parts[:size]):
                continue
            return _nested(facts, parts[size:])
        return None

    def class_member(self, key: str, name: str) -> Definition | None:
        """The nested class, method or assignment `name` of the class or of its bases, aliases followed."""
        self.asked_members.add(name)
        for owner in self.classes(key):
            if name in owner.classes:
                return owner.classes[name]
            if name in owner.methods:
                return owner.methods[name]
            if name in owner.assignments:
                return self._class_assignment(owner, owner.assignments[name])
        return None

    def _class_assignment(self, owner: ClassFacts, assignment: Assignment) -> Definition:
        value = assignment.value
        if value.kind != "name" or not isinstance(value.value, str) or value.value == assignment.name:
            return assignment
        self.asked_members.add(value.value)
        own = owner.methods.get(value.value) or owner.classes.get(value.value)
        return own or self.resolve(owner.module, value.value) or assignment

    def classes(self, key: str) -> Iterator[ClassFacts]:
        """The classes of `mro(key)`."""
        for name in self.mro(key):
            facts = self.class_facts(name)
            if facts is not None:
                yield facts

    def mro(self, key: str) -> tuple[str, ...]:
        """The keys of the class and of its bases in the project and the environment, nearest first."""
        if key not in self._mros:
            self._mros[key] = tuple(name for name in self.ancestors(key) if self.class_facts(name) is not None)
        return self._mros[key]

    def ancestors(self, key: str) -> tuple[str, ...]:
        """Like `mro`, with the names of external bases among the keys."""
        if key not in self._orders:
            self._orders[key] = linearise(key, self.bases)
        return self._orders[key]

    def bases(self, key: str) -> tuple[str, ...]:
        """The direct bases of a class as keys and external names; "?" stands for one that cannot be told."""
        if key not in self._bases:
            self._bases[key] = ("?",) if key in self._linearising else self._read_bases(key)
        return self._bases[key]

    def _read_bases(self, key: str) -> tuple[str, ...]:
        facts = self.class_facts(key)
        if facts is None:
            return ()
        self._linearising.add(key)
        try:
            names = [name for base in facts.bases for name in self._base_names(facts, base)]
        finally:
            self._linearising.discard(key)
        return tuple(dict.fromkeys(name for name in names if name != key))

    def _base_names(self, facts: ClassFacts, base: Expr) -> Sequence[str]:
        if base.kind == "call":
            return self._called_base(facts, base)
        if base.kind != "name" or not isinstance(base.value, str):
            return ["?"]
        return self._definition_names(self.base_definition(facts, base.value))

    def base_definition(self, facts: ClassFacts, dotted: str) -> Definition | None:
        """What the name of a base class means: `class Book(Book)` means the imported one."""
        outer = facts.qualname.rpartition(".")[0]
        if outer and "." not in dotted:
            holder = self.class_facts(f"{facts.module}.{outer}")
            if holder is not None and dotted in holder.classes and dotted != facts.name:
                return holder.classes[dotted]
        if dotted == facts.qualname:
            module = self.module(facts.module)
            return None if module is None else self._bound(module, dotted, _START)
        return self.resolve(facts.module, dotted)

    def _definition_names(self, found: Definition | None) -> Sequence[str]:
        if isinstance(found, ClassFacts):
            return [found.key]
        if isinstance(found, External):
            return [] if found.name == "builtins.object" else [found.name]
        if isinstance(found, Assignment) and found.value.kind == "call":
            return self._call_names(found.module, found.value)
        return ["?"]

    def _called_base(self, facts: ClassFacts, base: Expr) -> Sequence[str]:
        found = self._dynamic(facts.module, base) or self.made_class(facts.module, base)
        if found is not None:
            return [found.key]
        return self._call_names(facts.module, base)

    def _call_names(self, module: str, call: Expr) -> Sequence[str]:
        """The classes that a call makes a base of: `M.from_queryset(Q)` gives `M`, `with_metaclass(T, B)`
        gives `B`.
        """
        callee = str(call.value or "")
        owner, _, last = callee.rpartition(".")
        if last == "from_queryset" and owner:
            return self._definition_names(self.resolve(module, owner))
        if last == "with_metaclass":
            names: list[str] = []
            for item in call.items[1:]:
                known = item.kind == "name" and isinstance(item.value, str)
                names += self._definition_names(self.resolve(module, str(item.value))) if known else ["?"]
            return names
        return ["?"]

    def find_method(self, key: str, name: str) -> FunctionFacts | None:
        """The function that the class or the nearest of its bases defines under `name`."""
        if (key, name) in self._methods:
            return self._methods[key, name]
        self.asked_members.add(name)
        found = self._find_method(key, name)
        if not self._active:  # see `resolve`
            self._methods[key, name] = found
        return found

    def _find_method(self, key: str, name: str) -> FunctionFacts | None:
        for owner in self.classes(key):
            if name in owner.methods:
                return owner.methods[name]
            if name in owner.assignments:
                found = self._class_assignment(owner, owner.assignments[name])
                return found if isinstance(found, FunctionFacts) else None
        return None

    def find_class_attribute(self, key: str, name: str) -> tuple[ClassFacts, Assignment] | None:
        """The assignment to `name` in the class or the nearest of its bases, with the class that has it."""
        if (key, name) not in self._attributes:
            self.asked_members.add(name)
            self._attributes[key, name] = self._find_attribute(key, name)
        return self._attributes[key, name]

    def _find_attribute(self, key: str, name: str) -> tuple[ClassFacts, Assignment] | None:
        for owner in self.classes(key):
            if name in owner.assignments:
                return owner, owner.assignments[name]
            if name in owner.methods or name in owner.classes:
                return None
        return None


def _nested(facts: ModuleFacts, parts: Sequence[str]) -> ClassFacts | None:
    found = facts.classes.get(parts[0]) or facts.made_classes.get(parts[0])
    for part in parts[1:]:
        if found is None:
            return None
        found = found.classes.get(part)
    return found
