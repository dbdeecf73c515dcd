"""A model's `Meta`: its options as Django would read them, inheritance included.

In: a class. Out: the expression of an option with the module in whose scope it stands, and the options that
the index needs as plain values. A model without a `Meta` of its own takes over that of an abstract base,
without `abstract`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.project.django_names import MODEL

if TYPE_CHECKING:
    from flake8_django_orm.project.constants import Constants
    from flake8_django_orm.project.facts import ClassFacts, Expr
    from flake8_django_orm.project.resolve import Resolver


class MetaOptions:
    """Reads `Meta` classes."""

    def __init__(self, resolver: Resolver, constants: Constants) -> None:
        self._resolver = resolver
        self._constants = constants
        self._abstract: dict[str, bool] = {}

    def is_abstract(self, key: str) -> bool:
        """True for a model class whose own `Meta` says `abstract = True`."""
        if key not in self._abstract:
            self._abstract[key] = self._read_abstract(key)
        return self._abstract[key]

    def is_proxy(self, key: str) -> bool:
        """True for a model class whose own `Meta` says `proxy = True`."""
        facts = self._resolver.class_facts(key)
        if facts is None or "Meta" not in facts.classes:
            return False
        return self._truth(facts.classes["Meta"], "proxy")

    def option(self, key: str, name: str) -> tuple[str, Expr] | None:
        """The module and expression of the option, from the model's `Meta` or the one it takes over."""
        meta = self._meta_of(key)
        found = self._resolver.find_class_attribute(meta.key, name) if meta is not None else None
        return None if found is None else (found[0].module, found[1].value)

    def text(self, key: str, name: str) -> str | None:
        """The option's string value."""
        found = self.option(key, name)
        return None if found is None else self._constants.text(*found)

    def ordering(self, key: str) -> tuple[str, ...]:
        """The names to order by; `Lower()` for an expression that is not a plain name."""
        if self.text(key, "order_with_respect_to") is not None:
            return ("_order",)
        found = self.option(key, "ordering")
        if found is None:
            return ()
        return tuple(self._order_name(module, expr) for module, expr in self._constants.elements(*found))

    def unique_sets(self, key: str) -> tuple[tuple[str, ...], ...]:
        """The sets of field names that are unique together, from `unique_together` and unconditional
        constraints.
        """
        sets: list[tuple[str, ...]] = []
        together = self.option(key, "unique_together")
        if together is not None:
            inner = list(self._constants.elements(*together))
            plain = tuple(text for part in inner if (text := self._constants.text(*part)) is not None)
            if plain:
                sets.append(plain)
            sets += [names for part in inner if part[1].kind != "const" and (names := self._constants.texts(*part))]
        constraints = self.option(key, "constraints")
        for module, expr in self._constants.elements(*constraints) if constraints is not None else ():
            names = self._constraint_fields(module, expr)
            if names:
                sets.append(names)
        return tuple(dict.fromkeys(sets))

    def _constraint_fields(self, module: str, expr: Expr) -> tuple[str, ...]:
        last = str(expr.value or "").rpartition(".")[2]
        if expr.kind != "call" or last != "UniqueConstraint" or "condition" in expr.keywords:
            return ()
        return self._constants.texts(module, expr.keywords.get("fields"))

    def _order_name(self, module: str, expr: Expr) -> str:
        text = self._constants.text(module, expr)
        if text is not None:
            return text
        callee = expr.items[0] if expr.kind == "call" and not expr.value and expr.items else None
        if callee is not None and callee.kind == "attribute" and callee.value in {"asc", "desc"}:
            return ("-" if callee.value == "desc" else "") + self._order_name(module, callee.items[0])
        last = str(expr.value or "").rpartition(".")[2]
        if expr.kind == "call" and last in {"F", "OrderBy"} and expr.items:
            return self._order_name(module, expr.items[0])
        return f"{last}()"

    def _read_abstract(self, key: str) -> bool:
        facts = self._resolver.class_facts(key)
        if facts is None or "Meta" not in facts.classes:
            return False
        return self._truth(facts.classes["Meta"], "abstract")

    def _truth(self, meta: ClassFacts, name: str) -> bool:
        """The option as the class itself sees it: Django has reset `abstract` and `proxy` in a base model's
        `Meta`.
        """
        found = self._resolver.find_class_attribute(meta.key, name)
        if found is None:
            return False
        owner, assignment = found
        inherited = owner.key != meta.key and "." in owner.qualname
        return not inherited and self._constants.truth(owner.module, assignment.value)

    def _meta_of(self, key: str) -> ClassFacts | None:
        """The `Meta` that Python finds on the class; Django takes it off concrete models, so theirs is not
        inherited.
        """
        for owner in self._resolver.classes(key):
            if "Meta" not in owner.classes:
                continue
            concrete = MODEL in self._resolver.ancestors(owner.key) and not self.is_abstract(owner.key)
            if owner.key == key or not concrete:
                return owner.classes["Meta"]
        return None
