"""The answers to questions that were noted earlier: whether a kept result still rests on them.

In: questions as `Project` notes them, perhaps read from a cache that anybody may have written. Out: digests of the
answers, and the files that they come from. A question of an unknown kind has no answer; asking never raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flake8_django_orm.project.asking import QUESTIONS, Question
from flake8_django_orm.project.digests import Digests, text_digest
from flake8_django_orm.project.facts import Assignment, ClassFacts, FunctionFacts, ModuleFacts
from flake8_django_orm.project.models import Model
from flake8_django_orm.project.template_libraries import Registered
from flake8_django_orm.project.templates import TemplateFile

if TYPE_CHECKING:
    from flake8_django_orm.project.project import Project


#: A large project asks some hundred thousand questions; to answer one again takes little time.
_REMEMBERED = 50_000
#: So many hexadecimal digits tell an answer from the one before.
_SIZE = 16


class Answers:
    """What one project answers now. `others` answers the kinds of question that `Project` itself does not know."""

    def __init__(self, project: Project, others: Mapping[str, Callable[..., object]]) -> None:
        self._project = project
        self._others = others
        self._digests = Digests()
        self._digest = lru_cache(maxsize=_REMEMBERED)(self._ask)
        self._paths = lru_cache(maxsize=_REMEMBERED)(lambda question: frozenset(self._paths_of(question)))

    def answer_digest(self, question: Question) -> str | None:
        """The digest of the answer; None where none can be given."""
        return self._digest(question)

    def file_digest(self, path: str) -> str:
        """The digest of a file's text; "" where it cannot be read."""
        source = self._project.source(path)
        return "" if source is None else text_digest(source.text)

    def paths_of(self, questions: Iterable[Question]) -> list[str]:
        """The project's files from which the answers to the questions were read."""
        return sorted(frozenset().union(*map(self._paths, questions)))

    def _paths_of(self, question: Question) -> Iterator[str]:
        kind, *words = question
        found: set[str] = set()
        if kind in ("text", "definition_text"):
            found.add(str(words[0]))
        elif kind in QUESTIONS:
            found.update(self._paths_in(getattr(self._project, kind)(*words)))
        if kind in ("mro", "ancestors", "find_method", "find_class_attribute"):
            found.update(self._paths_of_classes(self._project.mro(str(words[0]))))
        return (path for path in found if path and self._project.is_own(path))

    def _ask(self, question: Question) -> str | None:
        kind, *words = question
        ask = getattr(self._project, kind) if kind in QUESTIONS else self._others.get(str(kind))
        if ask is None:
            return None
        try:
            return self._digests.digest(ask(*words))[:_SIZE]
        except (TypeError, ValueError, AttributeError):  # words that no question of this kind has
            return None

    def _paths_in(self, answer: Any) -> Iterator[str]:
        match answer:
            case Model(key=key, path=path, mro=mro, relations=relations):
                targets = [r.target for r in relations.values() if r.target is not None and r.target != key]
                yield path
                yield from self._paths_of_classes([*mro, *targets])
            case (
                ClassFacts(path=path)
                | FunctionFacts(path=path)
                | ModuleFacts(path=path)
                | TemplateFile(path=path)
                | Registered(function=FunctionFacts(path=path))
            ):
                yield path
            case Assignment(module=module):
                yield self._project.module_path(module)
            case str() | None:
                return
            case Mapping():
                for value in answer.values():
                    yield from self._paths_in(value)
            case tuple() | list():
                for value in answer:
                    yield from self._paths_in(value)

    def _paths_of_classes(self, keys: Iterable[str]) -> Iterator[str]:
        models = self._project.model_paths
        for key in keys:
            if key in models:
                yield models[key]  # without reading the file
            elif (facts := self._project.class_facts(key)) is not None:
                yield facts.path
