"""Statements that set attributes, found without parsing: what a function stores on the objects that it holds.

In: source text. Out: whether there are such statements, and what they assign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flake8_django_orm.syntax.words import without_strings

#: `row.n =`, `row.n +=`, `row.n, x =`, `setattr(`.
STORES = re.compile(r"\.\s*[A-Za-z_]\w*\s*(?:,[^=\n]*)?(?:[-+*/%&|^@]|//|\*\*|<<|>>)?=(?!=)|\bsetattr\s*\(")
_STORES_OR_BRACKET = re.compile(rf"(?P<stores>{STORES.pattern})|[()\[\]{{}}]")
#: A call of something whose name has a capital.
MAKES = re.compile(r"(?<![\w.])((?:[A-Za-z_]\w*\.)*[A-Z]\w*)\s*\(")
#: Without this word in its file no function can name an expression that it did not get from another one.
SOURCE = "django"
#: Characters of an assigned value that are looked at.
_LONGEST = 400


def makes_and_stores(text: str) -> bool:
    """Whether a file of this text may put a database expression on a row: something is called whose name has a capital
    where an attribute is set."""
    return SOURCE in text and any(MAKES.search(assigned) for assigned in stored(text))


def sets_attribute(text: str) -> bool:
    """Whether some statement assigns to an attribute; `call(book.author, pages=1)` does not."""
    return STORES.search(text) is not None and any(_statements_that_store(without_strings(text)))


def _statements_that_store(code: str) -> Iterator[re.Match[str]]:
    """Where attributes are set in some code, strings left out: an assignment stands in no brackets."""
    depth = 0
    for found in _STORES_OR_BRACKET.finditer(code):
        depth = max(depth + sum((one in "([{") - (one in ")]}") for one in found[0]), 0)
        if found["stores"] is not None and (depth == 0 or found[0].endswith("(")):
            yield found


def stored(text: str) -> Iterator[str]:
    """What is assigned to attributes: the rest of each statement, brackets closed."""
    if STORES.search(text) is None:
        return
    text = without_strings(text)
    for stores in _statements_that_store(text):
        depth, end = int(stores[0].endswith("(")), stores.end()
        for end in range(stores.end(), min(len(text), stores.end() + _LONGEST)):
            depth += (text[end] in "([{") - (text[end] in ")]}")
            if depth <= 0 and text[end] == "\n":
                break
        yield text[stores.end() : end]
