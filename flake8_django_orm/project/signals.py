"""Which models the project's signal receivers listen to: what a bulk operation would pass by.

In: a project. Out: the class names given as `sender=` to receivers of save and delete signals, or EVERY where one of
them listens to all models or the sender cannot be told. Text is parsed, never imported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_django_orm.project.facts import ClassFacts
from flake8_django_orm.syntax.parsing import parse_python

if TYPE_CHECKING:
    from flake8_django_orm.project.models import Model
    from flake8_django_orm.project.project import Project

SIGNALS = ("pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed")
EVERY = "*"


def is_listened_to(project: Project, model: Model) -> bool:
    """True if saving, creating or deleting a row of the model may call a receiver of the project."""
    if not project.is_whole:
        return True
    senders = project.once(_senders, lambda: _senders(project))
    return EVERY in senders or model.name in senders or any(key.rpartition(".")[2] in senders for key in model.mro)


def _senders(project: Project) -> frozenset[str]:
    """The last names of all senders."""
    modules = {facts.path: facts.name for word in SIGNALS for facts in project.modules_mentioning(word)}
    return frozenset(name for path in sorted(modules) for name in _senders_in(project, modules[path], path))


def _senders_in(project: Project, module: str, path: str) -> Iterator[str]:
    tree = parse_python(project.text(path) or "")
    if tree is None:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _connects(node):
            yield _sender(project, module, node)


def _connects(call: ast.Call) -> bool:
    """`post_save.connect(...)`, `signals.post_save.connect(...)` and `receiver(post_save, ...)`."""
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr == "connect":
        return _last_name(function.value) in SIGNALS
    if _last_name(function) != "receiver" or not call.args:
        return False
    first = call.args[0]
    signals = first.elts if isinstance(first, ast.List | ast.Tuple) else [first]
    return any(_last_name(signal) in SIGNALS for signal in signals)


def _sender(project: Project, module: str, call: ast.Call) -> str:
    value = next((keyword.value for keyword in call.keywords if keyword.arg == "sender"), None)
    if isinstance(value, ast.Attribute) and value.attr == "through":
        return ""  # rows of a many-to-many relation
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value.rpartition(".")[2]
    name = _last_name(value)
    if isinstance(value, ast.Name | ast.Attribute):
        found = project.resolve(module, ast.unparse(value))
        if isinstance(found, ClassFacts):
            return found.name
    # A name in capitals or lower case is a setting or variable, which may stand for any model.
    return name if name[:1].isupper() and not name.isupper() else EVERY


def _last_name(node: ast.AST | None) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
