"""What `{% load shop_tags %}` brings: the tags and filters that a templatetags module registers.

In: the name of a library. Out: its functions by the name under which templates call them, with how they were
registered. The module is read as text; what is registered in another way than by decorating a function is not seen.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_django_orm.syntax.parsing import parse_python

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flake8_django_orm.project.facts import FunctionFacts
    from flake8_django_orm.project.store import ModuleStore

_KINDS = frozenset({"simple_tag", "inclusion_tag", "filter", "assignment_tag", "simple_block_tag"})


@dataclass(frozen=True, slots=True)
class Registered:
    """A function that templates call: as a tag or as a filter. `template` is that of an inclusion tag."""

    kind: str
    function: FunctionFacts
    takes_context: bool = False
    template: str | None = None


class TemplateLibraries:
    """The templatetags modules of one project."""

    def __init__(self, store: ModuleStore) -> None:
        self._store = store
        self._found: dict[str, Mapping[tuple[str, str], Registered]] = {}

    def load(self, name: str) -> Mapping[tuple[str, str], Registered]:
        """What a library registers, by ("tag" or "filter", name); nothing for a library that the project lacks."""
        if name not in self._found:
            ending = f"templatetags/{name.replace('.', '/')}.py"
            paths = [p for p in self._store.tree.files if p == ending or p.endswith(f"/{ending}")]
            # Two libraries of one name: Django takes the one of the app that is installed last, which is not known
            # here.
            self._found[name] = dict(self._registered(paths[0])) if len(paths) == 1 else {}
        return self._found[name]

    def _registered(self, path: str) -> Iterator[tuple[tuple[str, str], Registered]]:
        facts = self._store.facts_at(path)
        tree = parse_python(self._store.text(path) or "")
        if facts is None or tree is None:
            return
        for node in tree.body:
            function = facts.functions.get(node.name) if isinstance(node, ast.FunctionDef) else None
            if function is None or not isinstance(node, ast.FunctionDef):
                continue
            for decorator in node.decorator_list:
                found = _registration(decorator, function)
                if found is not None:
                    yield found


def _registration(decorator: ast.expr, function: FunctionFacts) -> tuple[tuple[str, str], Registered] | None:
    call = decorator if isinstance(decorator, ast.Call) else None
    named = call.func if call is not None else decorator
    if not isinstance(named, ast.Attribute) or named.attr not in _KINDS:
        return None
    keywords = {k.arg: k.value for k in call.keywords} if call is not None else {}
    positional = call.args if call is not None else []
    name, template = _text(keywords.get("name")), None
    if named.attr == "inclusion_tag":
        template = _text(positional[0] if positional else keywords.get("filename"))
        if template is None:
            return None
    elif positional:
        name = _text(positional[0]) or name
    context = keywords.get("takes_context")
    takes_context = isinstance(context, ast.Constant) and context.value is True
    key = ("filter" if named.attr == "filter" else "tag", name or function.name)
    return key, Registered(named.attr, function, takes_context, template)


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
