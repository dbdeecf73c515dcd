"""What a module or class body runs itself, as text: a look at it decides whether it is worth parsing.

In: a file and its facts. Out: the text of the body, with functions, methods and inner classes blanked out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.syntax.hollow import blank_out

if TYPE_CHECKING:
    from flake8_django_orm.project.facts import ClassFacts, FunctionFacts, ModuleFacts
    from flake8_django_orm.source import SourceFile


def module_text(source: SourceFile, facts: ModuleFacts) -> str:
    """The module's text with everything that does not run on import blanked out, class bodies included."""
    inner: list[FunctionFacts | ClassFacts] = [*facts.functions.values(), *facts.classes.values()]
    return blank_out(source.text, (span(source, d) for d in inner))


def class_text(source: SourceFile, owner: ClassFacts) -> str:
    """The class statement with its methods and nested classes blanked out."""
    start, _ = span(source, owner)
    inner: list[FunctionFacts | ClassFacts] = [*owner.methods.values(), *owner.classes.values()]
    ranges = ((first - start, last - start) for first, last in (span(source, d) for d in inner))
    return blank_out(source.rows_text(owner.start, owner.end), ranges)


def span(source: SourceFile, definition: FunctionFacts | ClassFacts) -> tuple[int, int]:
    """The offsets of the whole lines of a definition."""
    return source.row_span(definition.start, definition.end)
