"""The order in which Python searches a class and its bases.

In: a class and a function that gives the direct bases of one. Out: the linearisation by C3, or depth first
without repetition where C3 has no answer. Cycles and endless chains are cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MAX_CLASSES = 400


def linearise(name: str, bases: Callable[[str], Sequence[str]]) -> tuple[str, ...]:
    """`name` and all its bases, nearest first."""
    order = _depth_first(name, bases)
    if all(len(bases(current)) < 2 for current in order) and len(order) < _MAX_CLASSES:
        return order  # one line of classes: nothing to merge
    merged: dict[str, tuple[str, ...]] = {}
    for current in reversed(_topological(order, bases)):
        direct = [base for base in bases(current) if base in merged]
        joined = _merge([list(merged[base]) for base in direct] + [list(direct)])
        if joined is None:
            return order
        merged[current] = (current, *joined)
    return merged.get(name, order)


def _depth_first(name: str, bases: Callable[[str], Sequence[str]]) -> tuple[str, ...]:
    order: dict[str, None] = {}
    stack = [name]
    while stack and len(order) < _MAX_CLASSES:
        current = stack.pop()
        if current not in order:
            order[current] = None
            stack.extend(reversed(bases(current)))
    return tuple(order)


def _topological(names: Sequence[str], bases: Callable[[str], Sequence[str]]) -> list[str]:
    """The names with every class before its bases; a base that would close a cycle is left where it stands."""
    known = set(names)
    state: dict[str, bool] = {}
    finished: list[str] = []
    stack: list[tuple[str, bool]] = [(name, False) for name in reversed(names)]
    while stack:
        name, done = stack.pop()
        if done:
            if not state[name]:
                state[name] = True
                finished.append(name)
        elif name not in state:
            state[name] = False
            stack.append((name, True))
            stack.extend((base, False) for base in bases(name) if base in known and base not in state)
    return finished[::-1]


def _merge(sequences: list[list[str]]) -> list[str] | None:
    """The C3 merge; None where the sequences contradict each other."""
    merged: list[str] = []
    pending = [sequence for sequence in sequences if sequence]
    while pending:
        blocked = {name for sequence in pending for name in sequence[1:]}
        head = next((sequence[0] for sequence in pending if sequence[0] not in blocked), None)
        if head is None:
            return None
        merged.append(head)
        pending = [rest for s in pending if (rest := s[1:] if s[0] == head else s)]
    return merged
