"""Class attributes of models read as managers.

In: the expression of a class attribute and its module. Out: a `ManagerFacts` with the manager's class and the
queryset class behind it, or None for what is not a manager. Known forms: `X()`, `X.from_queryset(Q)()`,
`Q.as_manager()`, also where `X` is a name that a module gave to one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.project import django_names as names
from flake8_django_orm.project.definitions import Definition, External
from flake8_django_orm.project.facts import Assignment, ClassFacts, Expr
from flake8_django_orm.project.models import ManagerFacts

if TYPE_CHECKING:
    from flake8_django_orm.project.resolve import Resolver

#: Managers of Django and of common packages whose rows come without anything loaded along.
_DJANGO_MANAGERS = frozenset(
    {
        names.MANAGER,
        "django.contrib.sites.managers.CurrentSiteManager",
        "model_utils.managers.InheritanceManager",
        "mptt.managers.TreeManager",
        "mptt.models.TreeManager",
        "treebeard.al_tree.AL_NodeManager",
        "treebeard.mp_tree.MP_NodeManager",
        "treebeard.ns_tree.NS_NodeManager",
    }
)
#: They make a manager of the class that they are given.
_MANAGER_MAKERS = frozenset({"django_scopes.ScopedManager", "django_scopes.manager.ScopedManager"})


class ManagerReader:
    """Reads managers."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def read(self, name: str, module: str, value: Expr) -> ManagerFacts | None:
        """The manager that a class attribute `name = value` holds; None if it holds something else."""
        if value.kind == "name":
            found = self._resolver.resolve(module, str(value.value))
            if isinstance(found, Assignment) and found.value.kind == "call":
                return self.read(name, found.module, found.value)
            return None
        if value.kind != "call":
            return None
        callee = str(value.value or "")
        owner, _, last = callee.rpartition(".")
        if last == "as_manager" and owner:
            return self._from_queryset_class(name, self._resolver.resolve(module, owner))
        if not callee:
            return self._instance_of_call(name, module, value.items[0]) if value.items else None
        found = self._resolver.resolve(module, callee)
        if isinstance(found, Assignment) and found.value.kind == "call":
            return self._instance_of_call(name, found.module, found.value)
        if isinstance(found, External) and found.name in _MANAGER_MAKERS:
            made = value.keywords.get("_manager_class")
            return ManagerFacts(name) if made is None else self._instance(name, self._named(module, made))
        if found is None and (name == "objects" or callee.endswith("Manager")):
            return ManagerFacts(name, known=False)  # imported in the class body, or made somewhere that is not seen
        return self._instance(name, found)

    def _named(self, module: str, value: Expr) -> Definition | None:
        return self._resolver.resolve(module, str(value.value)) if value.kind == "name" else None

    def _instance(self, name: str, found: Definition | None) -> ManagerFacts | None:
        """The manager for the call of a class."""
        if isinstance(found, External):
            if found.name in _DJANGO_MANAGERS:
                return ManagerFacts(name)
            if found.name.startswith(("django.", "builtins.")) or not found.name.endswith("Manager"):
                return None
            return ManagerFacts(name, known=False)
        if isinstance(found, ClassFacts) and self.is_manager_class(found.key):
            queryset, known = self._queryset_of(found.key)
            return ManagerFacts(name, found.key, queryset, known and self._fully_known(found.key))
        return None

    def _instance_of_call(self, name: str, module: str, made: Expr) -> ManagerFacts | None:
        """The manager for the call of what `Base.from_queryset(Q)`, or a function of the project, made."""
        owner, _, last = str(made.value or "").rpartition(".")
        if made.kind != "call" or last != "from_queryset" or not owner:
            found = self._resolver.made_class(module, made) if made.kind == "call" else None
            unseen = ManagerFacts(name, known=False) if name == "objects" else None
            return self._instance(name, found) if found is not None else unseen
        base = self._instance(name, self._resolver.resolve(module, owner))
        queryset = self._queryset_argument(module, made)
        if base is None:
            return ManagerFacts(name, None, queryset[0], known=False)
        return ManagerFacts(name, base.manager_class, queryset[0], base.known and queryset[1])

    def _from_queryset_class(self, name: str, found: Definition | None) -> ManagerFacts | None:
        if isinstance(found, External):
            return ManagerFacts(name, known=found.name == names.QUERYSET)
        if isinstance(found, ClassFacts):
            return ManagerFacts(name, None, found.key, self._fully_known(found.key))
        return ManagerFacts(name, known=False)

    def is_manager_class(self, key: str) -> bool:
        """True for a class that comes down to Django's Manager, or to one of a package that could not be
        read.
        """
        ancestors = self._resolver.ancestors(key)
        if any(name in _DJANGO_MANAGERS for name in ancestors):
            return True
        outside = [name for name in ancestors if self._resolver.class_facts(name) is None]
        return any(name.endswith("Manager") and not name.startswith("django.") for name in outside)

    def _queryset_of(self, key: str) -> tuple[str | None, bool]:
        """The queryset class that a manager class hands out, as in `_queryset_argument`."""
        for owner in self._resolver.classes(key):
            declared = owner.assignments.get("_queryset_class")
            if declared is not None:
                return self._queryset_named(owner.module, declared.value)
            for base in owner.bases:
                made = self._made_by_call(owner, base)
                if made is not None:
                    return self._queryset_argument(*made)
        return None, True

    def _made_by_call(self, owner: ClassFacts, base: Expr) -> tuple[str, Expr] | None:
        """The `from_queryset` call behind a base class, with its module."""
        module, value = owner.module, base
        if base.kind == "name":
            found = self._resolver.base_definition(owner, str(base.value))
            if not isinstance(found, Assignment):
                return None
            module, value = found.module, found.value
        called = value.kind == "call" and str(value.value or "").endswith(".from_queryset")
        return (module, value) if called else None

    def _queryset_argument(self, module: str, made: Expr) -> tuple[str | None, bool]:
        """The key of the queryset class in a `from_queryset` call, None for Django's own, and whether it is
        known.
        """
        expr = made.items[0] if made.items else made.keywords.get("queryset_class")
        return (None, False) if expr is None else self._queryset_named(module, expr)

    def _queryset_named(self, module: str, expr: Expr) -> tuple[str | None, bool]:
        found = self._resolver.resolve(module, str(expr.value)) if expr.kind == "name" else None
        if isinstance(found, ClassFacts):
            return found.key, self._fully_known(found.key)
        return None, isinstance(found, External) and found.name == names.QUERYSET

    def _fully_known(self, key: str) -> bool:
        """True when every base of the class could be read, down to Django."""
        for name in self._resolver.ancestors(key):
            if name == "?" or (self._resolver.class_facts(name) is None and not _is_harmless(name)):
                return False
        return True


def _is_harmless(name: str) -> bool:
    top = name.partition(".")[0]
    return top in {"django", "builtins", "typing", "abc", "typing_extensions", "collections"}
