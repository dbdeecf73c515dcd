"""What guards a block against other requests: a lock that is held, a handler for their conflicts, a test whether a
transaction is open.

In: the syntax of `with` items, `except` clauses and tests. Out: yes or no; the query whose absence of rows a handler
catches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import libcst as cst

from flake8_django_orm.machine.events import Event, QueryRun
from flake8_django_orm.syntax.names import dotted_name
from flake8_django_orm.syntax.visitor import walk

#: Words of a name: `RLock` and `advisory_lock` hold the word lock, `unblock` does not.
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LOCKS = frozenset({"lock", "locked", "locks", "rlock", "mutex", "semaphore"})
#: Exceptions by which code is told what is not there, or not of the kind that it asked for.
_ANSWERS = frozenset(
    {"DoesNotExist", "ObjectDoesNotExist", "MultipleObjectsReturned", "KeyError", "IndexError", "LookupError"}
    | {"AttributeError", "ValueError", "TypeError", "StopIteration"}
)
_TESTS = frozenset({cst.UnaryOperation, cst.Attribute, cst.Call})
_CONFLICTS = frozenset({"IntegrityError", "DatabaseError", "Exception", "UniqueViolation"})


def names_lock(item: cst.BaseExpression) -> bool:
    """True if a `with` item is named like a lock: `cache.lock("x")`, `advisory_lock(1)`, `self._lock`."""
    names = (node.value for node in walk(item) if isinstance(node, cst.Name))
    return any(word.lower() in _LOCKS for name in names for word in _WORDS.findall(name))


def in_transaction(test: cst.BaseExpression) -> bool | None:
    """What the outcome of a test says of the transaction around it: True where it holds inside of one only
    (`connection.in_atomic_block`), False where outside only (`transaction.get_autocommit()`), None for other tests."""
    if type(test) not in _TESTS:
        return None  # said before `match` asks libcst's classes, which answer isinstance() slowly
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            outcome = in_transaction(inner)
            return None if outcome is None else not outcome
        case cst.Attribute(attr=cst.Name(value="in_atomic_block")):
            return True
        case cst.Call(func=func) if dotted_name(func).rpartition(".")[2] == "get_autocommit":
            return False
    return None


def catches_conflict(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
    """True if the handler catches what a second row of the same key raises."""
    return handler.type is None or any(name in _CONFLICTS for name in _caught(handler))


def catches_fault(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
    """True if the handler is for what goes wrong: not for an answer that comes as an exception, as a missing key."""
    return not any(name in _ANSWERS for name in _caught(handler))


def catches_missing(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
    """True if the handler catches that get() found no row, and nothing else."""
    names = _caught(handler)
    return bool(names) and all(name in ("DoesNotExist", "ObjectDoesNotExist") for name in names)


def _caught(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> Sequence[str]:
    kind = handler.type
    kinds = [element.value for element in kind.elements] if isinstance(kind, cst.Tuple) else [kind] if kind else []
    return [dotted_name(one).rpartition(".")[2] for one in kinds]


def missed_query(events: Iterable[Event]) -> QueryRun | None:
    """The query of a `try` block that raises where there is no row, if there is one of them only."""
    found = [event for event in events if isinstance(event, QueryRun) and event.how == "get"]
    return found[0] if len({event.order for event in found}) == 1 else None
