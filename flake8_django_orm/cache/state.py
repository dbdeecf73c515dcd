"""A state of a project's files, as results name the one in which they held.

In: the digest of the tree, and how the files differ from an earlier state. Out: the same as JSON-able data, and back;
and what was written to from one state to another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class State:
    """`tree` is the digest of all files' stamps. Where it is known how the files came to be so, `base` is that of an
    earlier state, and `edits` has what tells the texts of the files that were written to since from all others, by path
    below the root, "" for a file that is gone. `models` is a digest of what was told of all models, `words` one of the
    names that models, relations and managers had."""

    tree: str
    base: str | None = None
    edits: Mapping[str, str] = field(default_factory=dict)
    models: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """The files with another text than in an earlier state: by path, what told their text from others then, "" for a
    file that was not there. `redeclared` has what those of them tell that declare something else. Something else may be
    told of `models`, `words` (their names and those of relations and managers) and `settings`; of `files`, some came or
    went."""

    before: Mapping[str, str]
    redeclared: tuple[Any, ...] = ()
    models: bool = False
    words: bool = False
    settings: bool = False
    files: bool = False


def state_to_json(state: State) -> Any:
    """The state as JSON-able data."""
    return [state.tree, state.base, dict(state.edits), state.models, state.words]


def state_from_json(data: Any) -> State | None:
    """The state; None for None, and for what is none."""
    match data:
        case [str(tree), str() | None as base, dict(edits), str(models), str(words)]:
            return State(tree, base, {str(path): str(text) for path, text in edits.items()}, models, words)
    return None
