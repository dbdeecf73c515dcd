"""The door to the project index: every question that the machine, the owners and the rules ask about the
linted project.

In: a root directory, the roots of the Python environment, unsaved buffers. Out: facts, definitions and
models, on demand.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_django_orm.cache.directory import key_of
from flake8_django_orm.cache.identity import tool_identity
from flake8_django_orm.project.asking import Asking, asked
from flake8_django_orm.project.changes import Changes
from flake8_django_orm.project.constants import Constants
from flake8_django_orm.project.context_names import ContextNames
from flake8_django_orm.project.context_processors import ContextProcessors
from flake8_django_orm.project.definitions import Definition, External, ModuleRef
from flake8_django_orm.project.django_names import MANAGER, MODEL, QUERYSET
from flake8_django_orm.project.environment import Environment, find_environment
from flake8_django_orm.project.facts import ClassFacts, FunctionFacts
from flake8_django_orm.project.field_arguments import FieldArguments
from flake8_django_orm.project.fields import FieldReader
from flake8_django_orm.project.kept_overview import KeptOverview
from flake8_django_orm.project.labels import Labels, with_nested
from flake8_django_orm.project.layout import SourceTree
from flake8_django_orm.project.meta import MetaOptions
from flake8_django_orm.project.model_graph import ModelGraph
from flake8_django_orm.project.overview import Overview, overview_of
from flake8_django_orm.project.redeclared import Redeclarations
from flake8_django_orm.project.resolve import Resolver
from flake8_django_orm.project.searches import FileSearches
from flake8_django_orm.project.settings_values import SettingsValues
from flake8_django_orm.project.store import LIBRARY, ModuleStore
from flake8_django_orm.project.template_libraries import Registered, TemplateLibraries
from flake8_django_orm.project.templates import TemplateFile, TemplateFiles
from flake8_django_orm.source import FileKind, SourceFile, file_kind

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Mapping, Sequence

    from flake8_django_orm.cache.directory import CacheDirectory
    from flake8_django_orm.cache.tree import TreeState
    from flake8_django_orm.project.facts import Assignment, ModuleFacts
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.project.overview import ModelSummary

__all__ = ["Definition", "External", "ModuleRef", "Project"]


_LIBRARY = LIBRARY.as_posix()
_ORM_CLASSES = frozenset({MODEL, MANAGER, QUERYSET})


class Project(Asking):
    """The index of one project. Safe to share by all files of a run; nothing is read before it is asked for."""

    def __init__(
        self,
        root: Path,
        *,
        environment: Sequence[Path] | None = None,
        overlays: Mapping[Path, str] | None = None,
        cache: CacheDirectory | None = None,
        is_whole: bool = True,
        state: TreeState | None = None,
    ) -> None:
        """`environment` holds site-packages directories, None means: find them. `overlays` are unsaved
        buffers by path. `cache` keeps the facts of modules from one run to the next. `state` is the state of the root's
        files, where it is known.

        `is_whole` is false where the root holds a part of the project only. What is not there may then be elsewhere:
        whoever concludes something from an absence (no receiver, no further name, no other caller) asks this first.
        """
        super().__init__()
        self.is_whole = is_whole
        self.root = Path(os.path.abspath(root))
        self._overlays = dict(overlays or {})
        self._given_environment = environment
        self._cache = cache
        self._state = state

    # modules and text

    def relative(self, path: Path) -> str:
        """`path` as the facts write it: POSIX, relative to the root, absolute for a file outside of it."""
        return self._store.key_of(path)

    @asked
    def text(self, path: str) -> str | None:
        """The text of a file of the project or its environment by its path in the facts; None if there is
        none.

        An unsaved buffer wins over the file. Files outside of the root and the environment are not read.
        """
        return self._store.text(path)

    def environment_fingerprint(self) -> str:
        """The packages of the environment with their versions, in one text."""
        return self._environment.fingerprint()

    def function_at(self, path: str, qualname: str) -> FunctionFacts | None:
        """The function or method of that name in a file of the project."""
        found = self._definition(path, qualname)
        return found if isinstance(found, FunctionFacts) else None

    def class_at(self, path: str, qualname: str) -> ClassFacts | None:
        """The class of that name in a file of the project."""
        found = self._definition(path, qualname)
        return found if isinstance(found, ClassFacts) else None

    def _definition(self, path: str, qualname: str) -> FunctionFacts | ClassFacts | None:
        """What the environment defines is told by its packages' versions, and by nothing else."""
        facts = self._store.facts_at(path) if self.is_own(path) else None
        return None if facts is None else _definition(facts, qualname)

    def source(self, path: str) -> SourceFile | None:
        """The text of a file with its line table. It is not noted as asked: who uses a part of it notes which."""
        if path not in self._sources:
            text = self._store.text(path)
            self._sources[path] = None if text is None else SourceFile(self.root / path, path, text)
        return self._sources[path]

    @asked
    def has_assignment(self, path: str, name: str, text: str) -> bool:
        """Whether a module or one of its classes assigns to the name, in these very words."""
        facts, source = self._store.facts_at(path), self.source(path)
        if facts is None or source is None:
            return False
        owners: list[ModuleFacts | ClassFacts] = [facts, *with_nested(facts.classes.values())]
        found = (owner.assignments.get(name) for owner in owners)
        return any(one is not None and source.rows_text(one.start, one.end) == text for one in found)

    def definition_text(self, path: str, qualname: str) -> str:
        """The lines of a function, or those of a class without its methods; "" where there is none of that name."""
        found, source = self._definition(path, qualname), self.source(path)
        if found is None or source is None:
            return ""
        pieces: list[str] = []
        row = found.start
        inner = found.methods.values() if isinstance(found, ClassFacts) else ()
        for method in sorted(inner, key=lambda method: method.start):
            pieces.append(source.rows_text(row, method.start - 1))
            row = max(row, method.end + 1)
        return "".join([*pieces, source.rows_text(row, found.end)])

    def is_own(self, path: str) -> bool:
        """Whether the file of these facts belongs to the project itself, not to its environment or our stubs."""
        return self._store.is_project_path(path)

    def is_stub(self, path: str) -> bool:
        """Whether the file is one of our stubs of what Django and common packages do with rows."""
        return path.startswith(_LIBRARY)

    def is_readable(self, function: FunctionFacts) -> bool:
        """Whether the machine may enter a function: the project's own code and our stubs, and of the environment only
        the methods of models, managers and querysets. Other packages are there on one machine and not on the next, and
        a report must not depend on that.
        """
        if self.is_own(function.path) or self.is_stub(function.path):
            return True
        if function.class_name is None:
            return False
        ancestors = self.ancestors(f"{function.module}.{function.class_name}")
        return not _ORM_CLASSES.isdisjoint(ancestors)

    def module_name(self, path: Path) -> str:
        """The dotted name of the module at `path`."""
        relative = self._tree.relative(path)
        return path.stem if relative is None else self._tree.name_of(relative)

    @asked
    def module(self, name: str) -> ModuleFacts | None:
        """The facts of a module of the project or its environment; None if there is none or it does not
        parse.
        """
        return self._resolver.module(name)

    @asked
    def module_path(self, name: str) -> str:
        """The path of a module's file as the facts write it; "" where it is not read."""
        found = self._resolver.module(name)
        return "" if found is None else found.path

    def module_at(self, path: Path, parsed: ast.Module | None = None) -> ModuleFacts | None:
        """The facts of the file at `path`; None for a file that is not there or has a syntax error. `parsed` is its
        tree, where somebody has it already.
        """
        return self._store.facts_at(self._store.key_of(path), parsed=parsed)

    @asked
    def is_imported(self, path: str) -> bool:
        """Whether a module is there to be imported: it stands in a package or beside a `models.py`, or another module
        of the project imports it. Anything else is a program of its own, fed to an interpreter or a shell.
        """
        folder, _, file = path.rpartition("/")
        if folder and any(self._tree.holds(f"{folder}/{name}") for name in ("__init__.py", "models.py")):
            return True
        name = self.module_name(self.root / path)
        return any(
            found.module == name or (found.name is not None and f"{found.module}.{found.name}" == name)
            for other in self.modules_mentioning(file.removesuffix(".py"))
            if other.path != path
            for found in other.imports.values()
        )

    def files(self) -> Sequence[Path]:
        """The project's Python files, sorted, as absolute paths."""
        return [self.root / path for path in self._tree.files]

    def files_that_store(self) -> Sequence[str]:
        """The files outside of tests and migrations that may put a database expression on a row, as the facts write
        their paths."""
        return self._searches.storing()

    def files_named(self, name: str) -> Sequence[Path]:
        """Those of `files` that have the name, whatever their directories."""
        inner = f"/{name}"
        return [self.root / path for path in self._tree.files if path == name or path.endswith(inner)]

    @asked
    def modules_mentioning(self, word: str) -> Iterable[ModuleFacts]:
        """The project's modules whose text has `word` as a whole identifier, in the order of their paths."""
        found = (self._store.facts_at(path) for path in self._searches.mentioning(word))
        return [facts for facts in found if facts is not None]

    # names

    @asked
    def resolve(self, module: str, dotted: str) -> Definition | None:
        """What a dotted name means in the scope of a module; None for a name that is not bound there."""
        return self._resolver.resolve(module, dotted)

    @asked
    def resolve_import(self, module: str, name: str | None) -> Definition | None:
        """What `from module import name` binds; what `import module as x` binds if `name` is None."""
        return self._resolver.resolve_import(module, name)

    @asked
    def class_facts(self, key: str) -> ClassFacts | None:
        """The class by its dotted name."""
        return self._resolver.class_facts(key)

    @asked
    def mro(self, key: str) -> tuple[str, ...]:
        """The keys of a class and its bases in the project and the environment, nearest first."""
        return self._resolver.mro(key)

    @asked
    def ancestors(self, key: str) -> tuple[str, ...]:
        """Like `mro`, with the names of external bases in their places; "?" stands for a base that cannot be
        told.
        """
        return self._resolver.ancestors(key)

    @asked
    def find_method(self, class_key: str, name: str) -> FunctionFacts | None:
        """The function that a class or the nearest of its bases defines under `name`."""
        return self._resolver.find_method(class_key, name)

    @asked
    def find_class_attribute(self, class_key: str, name: str) -> tuple[ClassFacts, Assignment] | None:
        """The assignment to `name` in a class or the nearest of its bases, with the class that has it."""
        return self._resolver.find_class_attribute(class_key, name)

    # templates

    @asked
    def template(self, name: str, language: str | None = None) -> TemplateFile | None:
        """The file that Django would load for a template's name; None where the project has none.

        `language` is that of the template which names it, "django" or "jinja": its engine looks in its own directories.
        """
        return self._templates.find(name, language)

    @asked
    def views_give(self, name: str) -> bool:
        """Whether some view gives its template this name: one that lacks it in another view's has no value there."""
        return self._context_names.is_given(name)

    @asked
    def is_context_processor(self, path: str, name: str) -> bool:
        """Whether the settings name the function of that file as a context processor."""
        return self._context_processors.is_one(path, name)

    @asked
    def templates_of_processors(self, name: str) -> tuple[str, ...]:
        """The templates that show what a context processor gives them under the name."""
        return self._context_processors.templates_of(name)

    @asked
    def template_library(self, name: str) -> Mapping[tuple[str, str], Registered]:
        """The tags and filters that a library of the project registers, by ("tag" or "filter", name)."""
        return self._template_libraries.load(name)

    # models

    @asked
    def model(self, key: str) -> Model | None:
        """The model by the dotted name of its class; None for a class that is not a model."""
        return self._graph.model(key)

    @asked
    def model_by_label(self, label: str) -> Model | None:
        """The model by `app_label.Name`."""
        found = self._labels.class_by_label(label)
        return None if found is None else self.model(found.key)

    @asked
    def swapped_model(self, label: str) -> Model | None:
        """The model that stands for `label` in this project, as the package swapper finds it."""
        return self.model_by_label(self._labels.swapped(label))

    @asked
    def concrete_of(self, key: str) -> Model | None:
        """The one model of the project that completes the abstract model `key`; None where there are none or several,
        or may be others that are not at hand.

        Models of test files do not count, nor do models that extend another one of those found.
        """
        if key not in self._completed:
            found = [m for m in self.overview.summaries if key in m.lineage and not (m.abstract or m.proxy)]
            self._completed[key] = self._only_one(found) if self.is_whole else None
        return self._completed[key]

    def _only_one(self, found: Iterable[ModelSummary]) -> Model | None:
        """The model that all others of those found extend, those of test files left out; None if there is none."""
        by_key = {model.key: model for model in found if file_kind(model.path) is not FileKind.TEST}
        roots = [model for model in by_key.values() if not any(k in by_key for k in model.lineage if k != model.key)]
        return self.model(roots[0].key) if len(roots) == 1 else None

    @cached_property
    def _completed(self) -> dict[str, Model | None]:
        return {}

    @asked
    def model_of_manager(self, key: str) -> Model | None:
        """The model whose rows a manager or queryset class hands out; None where no model has it, or several do.

        The class may be made for a model and all that extend it; models of test files do not count.
        """
        if key not in self._managed:
            self._managed[key] = self._only_one(m for m in self.overview.summaries if key in m.manager_classes)
        return self._managed[key]

    @cached_property
    def _managed(self) -> dict[str, Model | None]:
        return {}

    @asked
    def user_model(self) -> Model | None:
        """The model that AUTH_USER_MODEL names in the project's settings, Django's own User by default."""
        found = self._graph.user_class()
        return None if found is None else self.model(found.key)

    @asked
    def database_engines(self) -> frozenset[str]:
        """The backends that the settings name in DATABASES; empty where one of them is not told."""
        return self._settings.database_engines()

    @asked
    def models(self) -> Sequence[Model]:
        """Every model class of the project, abstract ones included; models of the environment come by name
        only.
        """
        found = (self.model(key) for key in self._graph.project_keys)
        return [model for model in found if model is not None]

    @asked
    def relation_names(self) -> frozenset[str]:
        """Every attribute name of a relation of any model of the project and its installed apps."""
        return self.overview.relation_names

    @asked
    def manager_names(self) -> frozenset[str]:
        """Every attribute name of a manager of any model of the project and its installed apps."""
        return self.overview.manager_names

    @cached_property
    def overview(self) -> Overview:
        """What all models tell together, as an earlier run found it out if that still holds."""
        if self._known is not None:
            return self._known
        found = overview_of(self._graph, self._labels, self._resolver, self._read_bodies)
        if self._kept is not None and not self._overlays:
            self._kept.keep(found, self._resolver)
        return found

    @cached_property
    def changes(self) -> Changes | None:
        """What was written to since results were kept; None where nothing is kept or the files' state is not known."""
        if self._cache is None or self._state is None or self._overlays:
            return None
        return Changes(
            self._cache,
            self._cache_key,
            self._state,
            self._store,
            self._searches,
            self._read_bodies,
            lambda: self.overview,
            Redeclarations(self._store, self._searches),
        )

    def _read_bodies(self) -> frozenset[str]:
        """The project's files in which this run has read bodies of functions for models."""
        return frozenset(filter(self._store.is_project_path, self._field_arguments.files))

    def keep_searches(self) -> None:
        """Keep what searches of all files found, where new ones were made, for the next run."""
        if not self._overlays:
            self._searches.keep()

    @cached_property
    def model_paths(self) -> Mapping[str, str]:
        """The files of the project's models, by the keys of these."""
        return {model.key: model.path for model in self.overview.summaries}

    @cached_property
    def _known(self) -> Overview | None:
        return None if self._kept is None else self._kept.find()

    @cached_property
    def _kept(self) -> KeptOverview | None:
        if self._cache is None:
            return None
        return KeptOverview(self._cache, self._cache_key, self._store, self._searches)

    # the parts, made when they are first needed

    @cached_property
    def _sources(self) -> dict[str, SourceFile | None]:
        return {}

    @cached_property
    def _tree(self) -> SourceTree:
        return SourceTree(self.root, self._overlays, self._state)

    @cached_property
    def _searches(self) -> FileSearches:
        stamps = dict(self._state.stamps) if self._state is not None else {}
        for path in self._overlays:
            stamps.pop(str(path), None)
        return FileSearches(self._store, self._cache, self._cache_key, stamps)

    @cached_property
    def _cache_key(self) -> str:
        """The project's name in the cache, the same for all of its checkouts."""
        whole = "" if self.is_whole else "partial"
        return key_of(tool_identity(), self.root.name, whole, self.environment_fingerprint())

    @cached_property
    def _environment(self) -> Environment:
        given = self._given_environment
        return Environment(find_environment(self.root) if given is None else given)

    @cached_property
    def _store(self) -> ModuleStore:
        return ModuleStore(self._tree, self._environment, self._overlays, self._cache)

    @cached_property
    def _resolver(self) -> Resolver:
        return Resolver(self._store, lambda module, call: self._graph.dynamic_class(module, call))

    @cached_property
    def _settings(self) -> SettingsValues:
        return SettingsValues(self._store, self._resolver, self._searches)

    @cached_property
    def _context_names(self) -> ContextNames:
        return ContextNames(self._context_processors)

    @cached_property
    def _context_processors(self) -> ContextProcessors:
        return ContextProcessors(self._store, self._templates, self._searches)

    @cached_property
    def _templates(self) -> TemplateFiles:
        return TemplateFiles(self._store, self._settings, self._searches)

    @cached_property
    def _template_libraries(self) -> TemplateLibraries:
        return TemplateLibraries(self._store)

    @cached_property
    def _constants(self) -> Constants:
        return Constants(self._resolver, self._settings)

    @cached_property
    def _meta(self) -> MetaOptions:
        return MetaOptions(self._resolver, self._constants)

    @cached_property
    def _labels(self) -> Labels:
        return Labels(self._store, self._resolver, self._settings, self._meta, self._searches, self._known)

    @cached_property
    def _field_arguments(self) -> FieldArguments:
        return FieldArguments(self._store, self._resolver)

    @cached_property
    def _graph(self) -> ModelGraph:
        fields = FieldReader(self._resolver, self._constants, self._field_arguments)
        return ModelGraph(
            self._resolver,
            self._settings,
            self._labels,
            self._constants,
            self._meta,
            fields,
            self._environment.default_auto_field(),
            is_whole=self.is_whole,
            known=self._known,
        )


def _definition(facts: ModuleFacts, qualname: str) -> FunctionFacts | ClassFacts | None:
    outer, _, name = qualname.rpartition(".")
    if not outer:
        return facts.functions.get(name) or facts.classes.get(name)
    owner = facts.class_named(outer)
    return None if owner is None else owner.methods.get(name) or owner.classes.get(name)
