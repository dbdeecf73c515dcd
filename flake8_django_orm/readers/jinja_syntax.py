"""From the text of a Jinja template to jinja2's own syntax tree.

In: text. Out: jinja2's `Template` node, or None where jinja2 is not installed or cannot parse the text. Tags of
extensions that are not known are skipped, and what their blocks hold is kept.
"""

from __future__ import annotations

import re
from typing import Any

#: How many unknown tags one template may have.
_UNKNOWN_TAGS = 12
_UNKNOWN = re.compile(r"Encountered unknown tag '(\w+)'")


def parse_jinja(text: str) -> Any:
    """The tree, or None."""
    try:
        import jinja2
    except ImportError:
        return None
    unknown: list[str] = []
    while len(unknown) <= _UNKNOWN_TAGS:
        environment = jinja2.Environment(
            extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols", *_lenient(text, unknown)]
        )
        try:
            return environment.parse(text)
        except jinja2.TemplateSyntaxError as error:
            found = _UNKNOWN.match(error.message or "")
            if found is None or found[1] in unknown or found[1].startswith("end"):
                return None
            unknown.append(found[1])
        except (RecursionError, ValueError):
            return None
    return None


def _lenient(text: str, names: list[str]) -> list[Any]:
    """An extension that takes tags of these names: as a block where the text closes it."""
    if not names:
        return []
    from jinja2 import lexer, nodes
    from jinja2.ext import Extension

    closed = {name for name in names if re.search(rf"\{{%[-+]?\s*end{name}\b", text)}

    class UnknownTags(Extension):
        tags = set(names)  # noqa: RUF012 (jinja2 declares it so)

        def parse(self, parser: Any) -> Any:
            token = next(parser.stream)
            while parser.stream.current.type not in (lexer.TOKEN_BLOCK_END, lexer.TOKEN_EOF):
                next(parser.stream)
            if token.value not in closed:
                return []
            body = parser.parse_statements((f"name:end{token.value}",), drop_needle=True)
            return nodes.Scope(body, lineno=token.lineno)

    return [UnknownTags]
