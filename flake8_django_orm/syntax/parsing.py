"""Parse Python text, also text in a grammar that is newer than the Python which runs us.

In: text. Out: its `ast`. What only a newer Python can parse is read by libcst, whose grammar does not depend on the
interpreter; `ast` is then given the same text with each such piece replaced by something that this Python knows: an
f-string in nested quotes by an f-string without them, type parameters by nothing. Every line stays on its line, and
columns stay but for what stands behind the few pieces that have no replacement of the same length. libcst is imported
only for such a file.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst

_CANNOT = (SyntaxError, ValueError, RecursionError, MemoryError)
_LAZY = re.compile(r"lazy\s+")
_OLDER_THAN_3_12 = sys.version_info < (3, 12)
_OLDER_THAN_3_14 = sys.version_info < (3, 14)

_Edit = tuple[int, int, str]


def parse_python(text: str) -> ast.Module | None:
    """The `ast` of a text, None where no Python can parse it; warnings about the text stay silent."""
    tree = _parsed(text)
    if tree is not None:
        return tree
    older = in_known_grammar(text)
    return None if older is None else _parsed(older)


def _parsed(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except _CANNOT:
        return None


def in_known_grammar(text: str) -> str | None:
    """The text with what this Python does not know replaced, line by line; None where libcst cannot parse it either."""
    import libcst as cst

    from flake8_django_orm.syntax.spans import node_spans
    from flake8_django_orm.syntax.visitor import walk

    text = text.replace("\f", " ")
    try:
        module = cst.parse_module(text)
        if module.code != text:
            return None
        spans = node_spans(module)
        edits = sorted(edit for node in walk(module) for edit in _edits(node, text, spans))
    except (cst.ParserSyntaxError, RecursionError):
        return None
    pieces: list[str] = []
    at = 0
    for start, end, content in edits:
        if start < at:
            continue  # inside of a piece that is replaced as a whole
        pieces += [text[at:start], content]
        at = end
    return "".join([*pieces, text[at:]])


def _edits(node: cst.CSTNode, text: str, spans: dict[int, tuple[int, int]]) -> Iterator[_Edit]:
    import libcst as cst

    start, end = spans.get(id(node), (0, 0))
    piece = text[start:end]
    match node:
        case cst.FormattedString() | cst.TemplatedString():
            if _parsed(f"({piece})") is None:
                yield start, end, _unknown_text(piece)
        case cst.ListComp(elt=cst.StarredElement()) | cst.SetComp(elt=cst.StarredElement()):
            yield start, end, f"(_{_lines(piece)})"
        case cst.GeneratorExp(elt=cst.StarredElement()):
            yield start, end, f"(_{_lines(piece)})"
        case cst.ClassDef(type_parameters=cst.TypeParameters() as parameters) if _OLDER_THAN_3_12:
            yield _removed(*spans[id(parameters)], text)
        case cst.FunctionDef(type_parameters=cst.TypeParameters() as parameters) if _OLDER_THAN_3_12:
            yield _removed(*spans[id(parameters)], text)
        case cst.TypeAlias(name=name, type_parameters=parameters) if _OLDER_THAN_3_12:
            yield start, spans[id(name)][0], ""
            if parameters is not None:
                yield _removed(*spans[id(parameters)], text)
        case cst.ExceptHandler(type=cst.Tuple(lpar=()) as caught) if _OLDER_THAN_3_14:
            first, last = spans[id(caught)]
            yield first, last, f"({text[first:last]})"
        case cst.ExceptStarHandler(type=cst.Tuple(lpar=()) as caught) if _OLDER_THAN_3_14:
            first, last = spans[id(caught)]
            yield first, last, f"({text[first:last]})"
        case _ if type(node).__name__ == "StarredDictComp":
            yield start, end, f"(_{_lines(piece)})"
        case _:
            lazy = _LAZY.match(piece) if type(node).__name__.startswith("LazyImport") else None
            if lazy is not None and _parsed(piece) is None:
                yield start, start + lazy.end(), ""


def _unknown_text(piece: str) -> str:
    """An f-string of which nothing is known, as long as the piece or of as many lines."""
    lines = _lines(piece)
    return f'f"""{{_}}{lines}"""' if lines else 'f"{_}"'.ljust(len(piece))


def _removed(start: int, end: int, text: str) -> _Edit:
    """Nothing in the place of `text[start:end]`, as long or on as many lines."""
    lines = _lines(text[start:end])
    return start, end, lines.replace(lines[:1], f"\\{lines[:1]}") if lines else " " * (end - start)


def _lines(piece: str) -> str:
    return "".join(re.findall(r"\r\n|\r|\n", piece))
