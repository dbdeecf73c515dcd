"""Which statements of a class body only hold plain data: they need not be parsed to know what running the body does.

In: a class, its file, and what tells a text that may matter. Out: names of assignments and nested classes that can be
left out. A class of forty fields often is read for the sake of one statement. What is hard to tell stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flake8_django_orm.orm.admin import EDITED_BY_FIXES
from flake8_django_orm.syntax.hollow import blank_out
from flake8_django_orm.syntax.words import code_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from flake8_django_orm.project.facts import Assignment, ClassFacts, FunctionFacts
    from flake8_django_orm.source import SourceFile

_WORD = re.compile(r"[A-Za-z_]\w*")


def plain_names(facts: ClassFacts, source: SourceFile, matters: Callable[[Assignment, str], bool]) -> frozenset[str]:
    """The names of the assignments and nested classes that no other statement of the body needs.

    `matters` says of an assignment, with its lines, whether running it may do or show anything.
    """
    texts = {name: source.rows_text(one.start, one.end) for name, one in facts.assignments.items()}
    plain = {
        name
        for name, one in facts.assignments.items()
        if _stands_alone(one, texts[name]) and name not in EDITED_BY_FIXES and not matters(one, texts[name])
    }
    words = {name: frozenset(_WORD.findall(text)) for name, text in texts.items()}
    # Statements hand values to each other by name: what one that stays names, or names one that stays, stays too.
    named = set(_WORD.findall(_other_statements(facts, source)))
    pending = [name for name in facts.assignments if name not in plain or name in named]
    plain -= named
    while pending:
        kept = pending.pop()
        named |= words[kept]
        reached = {name for name in plain if name in words[kept] or kept in words[name]}
        plain -= reached
        pending.extend(reached)
    return frozenset(plain | (facts.classes.keys() - facts.assignments.keys() - named))


def _other_statements(facts: ClassFacts, source: SourceFile) -> str:
    """The rest of the body: loops, calls and whatever else is neither an assignment nor a definition."""
    known: list[Assignment | FunctionFacts | ClassFacts] = [*facts.assignments.values(), *facts.methods.values()]
    known.extend(facts.classes.values())
    start, end = source.row_span(facts.start, facts.end)
    ranges = (source.row_span(one.start, one.end) for one in known)
    return code_of(blank_out(source.text[start:end], ((first - start, last - start) for first, last in ranges)))


def _stands_alone(assignment: Assignment, text: str) -> bool:
    """Whether the lines hold this statement and nothing else: no other one, no `if`, nothing between its parts."""
    if ";" in text or assignment.value.kind == "concat":  # `names += [...]` reaches back to the first assignment
        return False
    return re.match(rf"[ \t]*{re.escape(assignment.name)}[ \t]*[:=]", text) is not None
