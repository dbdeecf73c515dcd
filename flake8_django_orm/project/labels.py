"""App labels, and models by their label.

In: a class or a label such as `shop.Book`. Out: the app label of the class, or the class that a label names.
A label comes from `Meta.app_label`, else from the app that holds the module: the `label` of its AppConfig,
else the package's last name. An app is the nearest package above the module that is installed or has `apps`,
`models` or `migrations`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_django_orm.project.gate import model_files
from flake8_django_orm.source import FileKind, file_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from flake8_django_orm.project.facts import ClassFacts, ModuleFacts
    from flake8_django_orm.project.meta import MetaOptions
    from flake8_django_orm.project.overview import Overview
    from flake8_django_orm.project.resolve import Resolver
    from flake8_django_orm.project.searches import FileSearches
    from flake8_django_orm.project.settings_values import SettingsValues
    from flake8_django_orm.project.store import ModuleStore

_APP_CONFIG = "django.apps.AppConfig"
_CONTRIB = ("auth", "contenttypes", "sessions", "admin", "sites", "flatpages", "redirects")
_ALWAYS_INSTALLED = tuple(f"django.contrib.{name}" for name in ("auth", "contenttypes", "sessions", "admin"))


@dataclass(frozen=True, slots=True)
class _App:
    label: str
    auto_field: str | None = None


class Labels:
    """Finds apps and the classes that labels name."""

    def __init__(
        self,
        store: ModuleStore,
        resolver: Resolver,
        settings: SettingsValues,
        meta: MetaOptions,
        searches: FileSearches,
        known: Overview | None,
    ) -> None:
        """`known` is what an earlier run found out of all models, if that still holds."""
        self._store = store
        self._resolver = resolver
        self._settings = settings
        self._meta = meta
        self._searches = searches
        self._known = known
        self._apps: dict[str, _App] = {}

    @cached_property
    def candidates(self) -> tuple[ModuleFacts, ...]:
        """The project's modules that may define models."""
        found = (self._store.facts_at(path) for path in model_files(self._searches.classes))
        return tuple(facts for facts in found if facts is not None)

    @cached_property
    def installed(self) -> tuple[str, ...]:
        """The installed apps' packages that lie in the environment; Django's usual ones where no settings
        tell.
        """
        listed = self._settings.strings("INSTALLED_APPS")
        packages: dict[str, None] = {}
        for entry in listed or _ALWAYS_INSTALLED:
            package = self._package(entry)
            if package is not None and self._store.tree.path_of(package) is None:
                packages[package] = None
        return tuple(packages)

    @cached_property
    def installed_modules(self) -> tuple[ModuleFacts, ...]:
        """The modules with models of the installed apps that lie in the environment."""
        found: dict[str, ModuleFacts] = {}
        for package in self.installed:
            for facts in self._model_modules(f"{package}.models", package, 0):
                found.setdefault(facts.name, facts)
        return tuple(found.values())

    def app_label(self, facts: ClassFacts) -> str:
        """The app label of a model class."""
        return self._meta.text(facts.key, "app_label") or self._app_of(facts.module).label

    def class_by_label(self, label: str) -> ClassFacts | None:
        """The class that `app_label.Name` names; the name's case does not matter.

        Where no app goes by that label, a class of that name counts if its module's path holds the label, or
        if its module lies in no app at all.
        """
        app, _, name = label.rpartition(".")
        named = self._classes_named(name.lower())
        exact = [facts for facts in named if self.app_label(facts) == app]
        found = exact or [f for f in named if app in f.module.split(".") or "." not in f.module]
        if found:
            return min(found, key=_preference)
        return self._contrib_class(app, name)

    def swapped(self, label: str) -> str:
        """The label of the model that stands for `label` in this project: SHOP_BOOK_MODEL names it for `shop.Book`.

        A package that swaps its models only in its own tests is read with those that it brings.
        """
        named = self._settings.string(f"{label.replace('.', '_').upper()}_MODEL") or label
        found = self.class_by_label(named)
        is_test = found is not None and file_kind(found.path) is FileKind.TEST
        return label if found is None or is_test else named

    def _classes_named(self, name: str) -> list[ClassFacts]:
        keys = self.keys_by_name.get(name, ())
        return [facts for key in keys if (facts := self._resolver.class_facts(key)) is not None]

    @cached_property
    def keys_by_name(self) -> Mapping[str, Sequence[str]]:
        """The classes of the modules that may define models, by their names in lower case."""
        if self._known is not None:
            return self._known.keys_by_name
        keys: defaultdict[str, list[str]] = defaultdict(list)
        for module in (*self.candidates, *self.installed_modules):
            for facts in with_nested(module.classes.values()):
                keys[facts.name.lower()].append(facts.key)
        return {name: tuple(found) for name, found in keys.items()}

    def _contrib_class(self, app: str, name: str) -> ClassFacts | None:
        if app not in _CONTRIB:
            return None
        module = self._resolver.module(f"django.contrib.{app}.models")
        if module is None:
            return None
        return next((facts for facts in module.classes.values() if facts.name.lower() == name.lower()), None)

    def auto_field(self, facts: ClassFacts) -> str | None:
        """The class of implicit primary keys that the AppConfig of the model's app asks for, None if it does
        not.
        """
        return self._app_of(facts.module).auto_field

    def _app_of(self, module: str) -> _App:
        """The app that holds the module."""
        if module not in self._apps:
            self._apps[module] = self._find_app(module)
        return self._apps[module]

    def _find_app(self, module: str) -> _App:
        facts = self._resolver.module(module)
        package = module if facts is not None and facts.is_package else module.rpartition(".")[0]
        fallback = package.rpartition(".")[2] or self._store.tree.root.name
        while package:
            config = self._config(package)
            if config is not None:
                label = self._option(config, "label") or self._option(config, "name") or package
                return _App(label.rpartition(".")[2], self._option(config, "default_auto_field"))
            if package in self._installed_packages or self._has(package, "models", "migrations"):
                return _App(package.rpartition(".")[2])
            package = package.rpartition(".")[0]
        return _App(fallback)

    @cached_property
    def _installed_packages(self) -> frozenset[str]:
        return frozenset(self._settings.strings("INSTALLED_APPS"))

    def _has(self, package: str, *names: str) -> bool:
        tree, environment = self._store.tree, self._store.environment
        inner = [f"{package}.{name}" for name in names]
        return any(
            tree.path_of(name) is not None or tree.is_package_name(name) or environment.find(name) is not None
            for name in inner
        )

    def _config(self, package: str) -> ClassFacts | None:
        """The AppConfig in `package.apps` or in the package itself."""
        names = [f"{package}.apps", *([package] if self._has(package, "models") else [])]
        for name in names:
            module = self._resolver.module(name)
            configs = [] if module is None else [c for c in module.classes.values() if self._is_config(c)]
            if configs:
                return self._main_config(configs)
        return None

    def _is_config(self, facts: ClassFacts) -> bool:
        ancestors = self._resolver.ancestors(facts.key)
        return _APP_CONFIG in ancestors or ("name" in facts.assignments and facts.name.endswith("Config"))

    def _main_config(self, configs: Sequence[ClassFacts]) -> ClassFacts:
        for config in configs:
            chosen = config.assignments.get("default")
            if chosen is not None and chosen.value.value is True:
                return config
        return configs[0]

    def _option(self, config: ClassFacts, name: str) -> str | None:
        found = self._resolver.find_class_attribute(config.key, name)
        value = found[1].value.value if found is not None and found[1].value.kind == "const" else None
        return value if isinstance(value, str) and value else None

    def _package(self, entry: str) -> str | None:
        """The package of an INSTALLED_APPS entry, which may name its AppConfig instead."""
        head, _, last = entry.rpartition(".")
        if not last[:1].isupper():
            return entry or None
        module = self._resolver.module(head)
        config = module.classes.get(last) if module is not None else None
        named = self._option(config, "name") if config is not None else None
        return named or head.removesuffix(".apps") or None

    def _model_modules(self, name: str, package: str, depth: int) -> Iterator[ModuleFacts]:
        """The module `name` and, for a package, the modules of the same app that it imports from."""
        facts = self._resolver.module(name)
        if facts is None or depth > 3:
            return
        yield facts
        if facts.is_package:
            imported = dict.fromkeys([*facts.star_imports, *(i.module for i in facts.imports.values())])
            for module in imported:
                if module.startswith(f"{package}.") and module != name:
                    yield from self._model_modules(module, package, depth + 1)


def with_nested(classes: Iterable[ClassFacts]) -> Iterator[ClassFacts]:
    """Every class given and every class inside it, except `Meta`."""
    stack = list(classes)[::-1]
    while stack:
        facts = stack.pop()
        if facts.name != "Meta":
            yield facts
            stack.extend(reversed(list(facts.classes.values())))


def _preference(facts: ClassFacts) -> tuple[bool, bool, str]:
    """Project before environment, ordinary files before tests."""
    return (file_kind(facts.path) is FileKind.TEST, facts.path.startswith("/"), facts.key)
