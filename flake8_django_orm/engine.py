"""One file in, findings out: the pipeline that every front end calls.

In: `Settings` and a path (with unsaved text and flake8's tree where there are such). Out: findings, before `noqa` and
per-file ignores, which are the front end's. libcst is imported only for files that hold something worth reading.
"""

from __future__ import annotations

import ast
import gc
import importlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_django_orm.cache.directory import key_of
from flake8_django_orm.cache.identity import tool_identity
from flake8_django_orm.cache.results import Result, ResultCache
from flake8_django_orm.cache.tree import tree_state
from flake8_django_orm.config import LEADS_OUT, leads_out_of
from flake8_django_orm.machine.events import QueryRun
from flake8_django_orm.orm.graphql import of_strawberry
from flake8_django_orm.owners import all_owners
from flake8_django_orm.project.answers import Answers
from flake8_django_orm.project.digests import text_digest
from flake8_django_orm.project.facts import classes_of, functions_of
from flake8_django_orm.project.layout import SKIPPED_DIRECTORIES
from flake8_django_orm.project.project import Project
from flake8_django_orm.project.target_version import target_version
from flake8_django_orm.readers.body_texts import class_text, module_text
from flake8_django_orm.readers.gate import FunctionGate, may_declare, may_declare_defaults
from flake8_django_orm.rules import all_rules
from flake8_django_orm.rules.base import Interest, RuleContext
from flake8_django_orm.source import FileKind, SourceError, SourceFile, file_kind, read_source

if TYPE_CHECKING:
    from flake8_django_orm.cache.directory import CacheDirectory
    from flake8_django_orm.cache.tree import TreeState
    from flake8_django_orm.config import Settings
    from flake8_django_orm.findings import Finding
    from flake8_django_orm.machine.events import Event
    from flake8_django_orm.own_roots import OwnRoots
    from flake8_django_orm.project.facts import ClassFacts, FunctionFacts, ModuleFacts
    from flake8_django_orm.readers.execution import Execution
    from flake8_django_orm.rules.base import Report, Rule
    from flake8_django_orm.syntax.units import Place


class Engine:
    """Lints the files of one project. Keeps what it learned of the project from one file to the next."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._tree = self._tree_state()
        self.project = self._project(settings.overlays)
        self._rules = [rule() for rule in all_rules() if rule.code in settings.codes]
        self._elsewhere = Interest.of(self._rules)
        self._in_tests = Interest.of(rule for rule in self._rules if rule.in_tests)
        self._gate = FunctionGate(self.project)
        self._execution: Execution | None = None
        self._counts: Counter[str] = Counter()
        self._directories: dict[Path, bool] = {}
        self._results = None if settings.cache is None or settings.overlays else self._kept_results(settings.cache)

    def _project(self, overlays: Mapping[Path, str]) -> Project:
        settings = self.settings
        return Project(
            settings.root,
            environment=settings.environment,
            overlays=overlays,
            cache=settings.cache,
            is_whole=not settings.partial,
            state=self._tree,
        )

    def _tree_state(self) -> TreeState | None:
        """The state of the project's files, for what is kept: as somebody knows it already, or as it is now."""
        settings = self.settings
        if settings.tree is not None or settings.cache is None:
            return settings.tree
        return tree_state(settings.root, SKIPPED_DIRECTORIES)

    @property
    def statistics(self) -> Mapping[str, int]:
        """Counters of the work done so far: functions seen, read and parsed, bounds reached."""
        return {**self._counts, **(self._execution.statistics if self._execution is not None else {})}

    @cached_property
    def django_version(self) -> tuple[int, int]:
        """The version that the user named, else the one that the project's metadata tells, else the oldest
        supported."""
        if self.settings.django_version is not None:
            return self.settings.django_version
        managed = [path.parent for path in self.project.files_named("manage.py")]
        return target_version([self.settings.root, *managed])

    def prepare(self) -> None:
        """Read the models of the project and load what runs its functions."""
        self._gate.prepare()
        self.project.keep_searches()
        if self.project.changes is not None:
            self.project.changes.prepare()
        importlib.import_module("flake8_django_orm.readers.roots")

    def check(self, path: Path, text: str | None = None, tree: ast.Module | None = None) -> list[Finding]:
        """The findings of one file, in the order of their places.

        Raises SourceError, with one clear line, for a file that cannot be read or parsed.
        """
        return list(self.result(path, text, tree).findings)

    def result(self, path: Path, text: str | None = None, tree: ast.Module | None = None) -> Result:
        """The findings as `check` gives them, and the other files of the project that were read for them."""
        if not self._rules:
            return Result()
        with _rare_collections():
            return self._result(self._source(path, text), tree)

    def _result(self, source: SourceFile, tree: ast.Module | None) -> Result:
        self._counts["files"] += 1
        results = self._results
        if results is None and not self.settings.dependents:
            self._counts["files read"] += 1
            return Result(tuple(self._checked(source, tree)))
        digest = text_digest(source.text)
        kept = results.find(source.relative, digest, self._answers) if results is not None else None
        if kept is not None:
            self.project.keep_searches()
            return kept
        self._counts["files read"] += 1
        with self.project.listening() as questions:
            findings = tuple(self._checked(source, tree))
        result = Result(findings, frozenset(self._answers.paths_of(questions)) - {source.relative})
        if results is not None:
            results.keep(source.relative, digest, result, questions, self._answers)
            self.project.keep_searches()
        return result

    def _checked(self, source: SourceFile, tree: ast.Module | None) -> list[Finding]:
        interest = self._interest(source.relative)
        if not self._may_speak(source, interest):
            return []
        self._counts["files parsed"] += 1
        facts = self.project.module_at(source.path, tree)
        if facts is None:
            raise SourceError(_syntax_error(source.text))
        # A subclass may show what its base class shows, at the same place.
        found = list(self._findings(source, facts, interest))
        findings = {finding.sort_key: finding for finding in reversed(found)}
        return [findings[key] for key in sorted(findings)]

    def _kept_results(self, directory: CacheDirectory) -> ResultCache:
        """The results of earlier runs that were made as this one would make them."""
        made_by = [
            tool_identity(),
            ",".join(sorted(self.settings.codes)),
            ",".join(sorted(self.settings.on_purpose)),
            ".".join(map(str, self.django_version)),
            "partial" if self.settings.partial else "",
            self.project.environment_fingerprint(),
        ]
        return ResultCache(directory, key_of(*made_by), self.project.changes)

    @cached_property
    def _answers(self) -> Answers:
        return Answers(self.project, self._gate.questions)

    def _source(self, path: Path, text: str | None) -> SourceFile:
        overlay = self.settings.overlays.get(path)
        if overlay is None and self._leads_out(path):
            raise SourceError(LEADS_OUT)
        if text is None:
            if overlay is None:
                return read_source(path, self.project.relative(path))
            text = overlay
        relative = self.project.relative(path)
        if self.project.text(relative) != text:
            self.project = self._project({**self.settings.overlays, path: text})
            self._gate, self._execution = FunctionGate(self.project), None
            self.__dict__.pop("_own_roots", None)
            self._results = None  # text that is not on disk: nothing to be kept
        return SourceFile(path, relative, text)

    def _leads_out(self, path: Path) -> bool:
        """As `leads_out_of` the root; directories hold many files and are looked at once."""
        root, directory = self.settings.root, path.parent
        if directory not in self._directories:
            self._directories[directory] = leads_out_of(root, directory)
        return self._directories[directory] or (os.path.islink(path) and leads_out_of(root, path))

    def with_own_newlines(self, path: Path, text: str) -> str:
        """The text of a file as it is on disk where it differs from `text`, as flake8 gives it, by its newlines only.

        flake8's lines all end in line feeds. Other newlines would be an unsaved change, for which the whole project is
        looked at anew.
        """
        on_disk = self.project.text(self.project.relative(path))
        if on_disk is None or on_disk == text:
            return text
        return on_disk if on_disk.replace("\r\n", "\n").replace("\r", "\n") == text else text

    def _interest(self, path: str) -> Interest:
        return self._in_tests if file_kind(path) in (FileKind.TEST, FileKind.MIGRATION) else self._elsewhere

    def _may_speak(self, source: SourceFile, interest: Interest) -> bool:
        """Whether the file's text may hold anything that its rules look for; asked before the file is parsed."""
        return (
            interest.code
            or (interest.expressions and self._gate.file_may_store(source.relative, source.text))
            or (interest.declarations and may_declare(source.text))
        )

    def _findings(self, source: SourceFile, facts: ModuleFacts, interest: Interest) -> Iterator[Finding]:
        context = RuleContext(self.project, self.django_version, facts.path, self.settings.on_purpose)
        told: set[tuple[str, Place, Place]] = set()
        for scope, events in self._roots(source, facts, interest):
            reports = [
                (rule, report)
                for event in events
                for rule in interest.rules
                if isinstance(event, rule.listens)
                for report in rule.check(event, context)
            ]
            if reports:
                from flake8_django_orm.reporting import to_findings, without_doubles

                # A class whose method sends a query may be driven by the framework too: the method has said so by
                # itself. And one access, to which two functions hand their rows, has one cure.
                own = list(self._own_roots.without_theirs(without_doubles(reports)))
                own = [(rule, report) for rule, report in own if _told_once(rule, report) not in told]
                told |= {said for rule, report in own if (said := _told_once(rule, report)) is not None}
                yield from to_findings(own, self.execution, facts.path, scope)

    @property
    def execution(self) -> Execution:
        """Parses and runs the project's functions; made when the first one is needed."""
        if self._execution is None:
            from flake8_django_orm.readers.execution import Execution

            self._execution = Execution(self.project, self._gate)
        return self._execution

    @cached_property
    def _own_roots(self) -> OwnRoots:
        from flake8_django_orm.own_roots import OwnRoots

        return OwnRoots(self.project, self.execution, self.django_version, self._rules)

    def _roots(
        self, source: SourceFile, facts: ModuleFacts, interest: Interest
    ) -> Iterator[tuple[str, Iterable[Event]]]:
        """The events of every root of the file, with the qualified name of its scope."""
        if interest.code or interest.expressions:
            yield from self._functions(source, facts, interest)
            yield from self._bodies(source, facts, interest)
        if interest.code:
            yield from self._owned(facts)
        for owner in classes_of(facts) if interest.declarations else ():
            if may_declare_defaults(owner):
                from flake8_django_orm.readers.declarations import declared_fields

                yield owner.qualname, declared_fields(self.project, self.execution, owner)

    def _functions(
        self, source: SourceFile, facts: ModuleFacts, interest: Interest
    ) -> Iterator[tuple[str, Iterable[Event]]]:
        for function in functions_of(facts):
            self._counts["functions"] += 1
            if not self._worth_reading(source, function, interest):
                continue
            from flake8_django_orm.readers.roots import run_function

            self._counts["functions read"] += 1
            run = run_function(self.project, self.execution, function, self.django_version)
            self._counts["work bound reached"] += run.cut
            self._counts["calls not entered (depth bound)"] += run.depth_cuts
            yield function.qualname, run.events

    def _owned(self, facts: ModuleFacts) -> Iterator[tuple[str, Iterable[Event]]]:
        """What the framework does with the file's classes."""
        for found in filter(self._may_be_driven, classes_of(facts)):
            for owner in all_owners():
                if owner.has_pieces(found) and owner.owns(self.project, found):
                    from flake8_django_orm.owners.running import run_owner

                    self._counts["classes run"] += 1
                    run = run_owner(self.project, self.execution, found, owner, self.django_version)
                    self._counts["work bound reached"] += run.cut
                    yield found.qualname, run.events

    def _bodies(
        self, source: SourceFile, facts: ModuleFacts, interest: Interest
    ) -> Iterator[tuple[str, Iterable[Event]]]:
        """What runs on import: the module's own statements and those of its classes."""
        if not interest.code or self._gate.part_queries(facts.path, source.text):
            if self._runs_on_import(facts, module_text(source, facts), interest):
                from flake8_django_orm.readers.bodies import run_module_body

                yield "", run_module_body(self.project, self.execution, source, facts)
            for owner in classes_of(facts):
                if self._runs_on_import(facts, class_text(source, owner), interest):
                    from flake8_django_orm.readers.bodies import run_class_body

                    yield owner.qualname, run_class_body(self.project, self.execution, owner)

    def _runs_on_import(self, facts: ModuleFacts, text: str, interest: Interest) -> bool:
        """Whether these statements of the module are worth reading."""
        if interest.code:
            return self._gate.import_may_query(facts.path, text)
        return self._gate.may_store(facts.path, facts.name, text)

    def _worth_reading(self, source: SourceFile, function: FunctionFacts, interest: Interest) -> bool:
        text = source.rows_text(function.start, function.end)
        if interest.code:
            return self._gate.passes(function, text) or self._is_entry(function)
        return self._gate.may_store(function.path, function.module, text)

    def _is_entry(self, function: FunctionFacts) -> bool:
        """Whether the framework calls the method on a class that one of the owners drives."""
        if function.class_name is None:
            return False
        found = self.project.class_facts(f"{function.module}.{function.class_name}")
        if found is None or not self._may_be_driven(found):
            return False
        owners = (owner for owner in all_owners() if function.name in owner.entries)
        return any(owner.owns(self.project, found) for owner in owners)

    def _may_be_driven(self, found: ClassFacts) -> bool:
        """Whether the class extends one from outside of the project, or is decorated by a library that drives what it
        decorates. A framework drives no other, and owners, which bring libcst with them, need not be asked of it."""
        if self._is_decorated(found):
            return True
        if not found.bases:
            return False
        others = (name for name in self.project.ancestors(found.key) if not name.startswith("builtins."))
        above = map(self.project.class_facts, others)
        return any(facts is None or not self.project.is_own(facts.path) for facts in above)

    def _is_decorated(self, found: ClassFacts) -> bool:
        facts = self.project.module(found.module) if found.decorators else None
        return facts is not None and any(of_strawberry(facts, str(one.value or "")) for one in found.decorators)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let Python look for cyclic garbage less often in a block.

    Each look goes over all syntax trees that are kept, which hold no cycles; it took a sixth of the time. The settings
    are the process's, so they are put back for whoever comes next.
    """
    usual = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _syntax_error(text: str) -> str:
    try:
        ast.parse(text)
    except SyntaxError as error:
        return f"syntax error in line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"cannot be parsed: {error}"
    return "cannot be parsed"


def _told_once(rule: Rule, report: Report) -> tuple[str, Place, Place] | None:
    """What a file tells once, whichever of its roots lead there: a query with the loop that repeats it, an access that
    is cured where it stands; None for any other report."""
    event = report.event
    if rule.cured_at_access:
        return rule.code, report.place, report.place
    return (rule.code, report.place, event.loops[-1].place) if isinstance(event, QueryRun) and event.loops else None
