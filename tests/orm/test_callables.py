"""The tables of known callables against the standard library and Django: names exist, lines are true."""

from __future__ import annotations

import builtins
import collections
import importlib
import itertools
import operator
from collections.abc import Callable
from typing import Any

import pytest

from flake8_django_orm.orm import callables
from flake8_django_orm.orm.callables import CLOCKS, GENERATORS, INNOCENT, ITERATING, Gives

#: Names that only newer versions have than the oldest that the tests run on.
NEWER = {
    "django.db.models.FETCH_ONE",
    "django.db.models.FETCH_PEERS",
    "django.db.models.FETCH_RAISE",
    "django.db.models.aprefetch_related_objects",
    "django.db.models.fetch_modes.FETCH_ONE",
    "django.db.models.fetch_modes.FETCH_PEERS",
    "django.db.models.fetch_modes.FETCH_RAISE",
    "django.db.models.query.aprefetch_related_objects",
    "django.shortcuts.aget_list_or_404",
    "django.shortcuts.aget_object_or_404",
    "itertools.batched",
    "uuid.uuid6",
    "uuid.uuid7",
    "uuid.uuid8",
}

#: Packages that are not installed for the tests, and what needs a database driver or a configured project.
ELSEWHERE = ("django.contrib.gis", "more_itertools", "rest_framework", "structlog", "tqdm", "typing_extensions")

NAMES = sorted(
    {name.removesuffix(".*") for name in INNOCENT}
    | set(callables.TURNS_INTO_TEXT)
    | set(callables.RENDERS)
    | set(ITERATING)
    | set(callables.FETCHING)
    | set(callables.PREFETCHES_OBJECTS)
    | set(CLOCKS)
    | set(GENERATORS)
    | set(callables.FETCH_MODES)
    | callables.TRANSACTIONS
    | callables.ON_COMMIT
    | callables.F_NAMES
    | callables.PREFETCH_NAMES
    | callables.GENERIC_PREFETCH_NAMES
    | callables.USER_MODEL_GETTERS
)


def _resolved(dotted: str) -> Any:
    """What a dotted name leads to: the longest prefix that can be imported, then its attributes."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for name in parts[length:]:
            found = getattr(found, name)
        return found
    raise ImportError(dotted)


@pytest.mark.parametrize("dotted", [name for name in NAMES if not name.startswith(ELSEWHERE)])
def test_every_name_exists(dotted: str) -> None:
    try:
        found = _resolved(dotted)
    except (AttributeError, ImportError):
        assert dotted in NEWER
    else:
        assert found is not None


KINDS: dict[Gives, tuple[type, ...]] = {
    Gives.LIST: (list, collections.deque),
    Gives.TUPLE: (tuple,),
    Gives.SET: (set, frozenset),
    Gives.KEYS: (dict,),
    Gives.DICT: (dict,),
}


NUMBERS = [3, 1, 2]
PAIRS = [(1, 10), (2, 20)]

#: How to call the functions that want more, or something else, than a list of numbers.
CALLS: dict[str, Callable[[Any], Any]] = {
    "builtins.dict": lambda function: function(PAIRS),
    "builtins.filter": lambda function: function(bool, NUMBERS),
    "builtins.map": lambda function: function(str, NUMBERS),
    "builtins.next": lambda function: function(iter(NUMBERS)),
    "builtins.str.join": lambda function: function(", ", ["a", "b"]),
    "collections.OrderedDict": lambda function: function(PAIRS),
    "functools.reduce": lambda function: function(max, NUMBERS),
    "heapq.nlargest": lambda function: function(2, NUMBERS),
    "heapq.nsmallest": lambda function: function(2, NUMBERS),
    "itertools.accumulate": lambda function: function(NUMBERS, max),
    "itertools.batched": lambda function: function(NUMBERS, 2),
    "itertools.chain.from_iterable": lambda function: function([NUMBERS, NUMBERS]),
    "itertools.combinations": lambda function: function(NUMBERS, 2),
    "itertools.combinations_with_replacement": lambda function: function(NUMBERS, 2),
    "itertools.compress": lambda function: function(NUMBERS, [1, 1, 1]),
    "itertools.dropwhile": lambda function: function(operator.not_, NUMBERS),
    "itertools.filterfalse": lambda function: function(operator.not_, NUMBERS),
    "itertools.groupby": lambda function: function(NUMBERS, bool),
    "itertools.islice": lambda function: function(NUMBERS, 2),
    "itertools.starmap": lambda function: function(max, PAIRS),
    "itertools.takewhile": lambda function: function(bool, NUMBERS),
    "random.sample": lambda function: function(NUMBERS, 2),
}


@pytest.fixture(autouse=True)
def numbers_in_their_order() -> None:
    """Some functions order what they are given."""
    NUMBERS[:] = [3, 1, 2]


HERE = [name for name in ITERATING if not name.startswith(ELSEWHERE) and not ITERATING[name].is_async]


@pytest.mark.parametrize("dotted", HERE)
def test_what_iterating_functions_give(dotted: str) -> None:
    if dotted in NEWER and not hasattr(itertools, dotted.rpartition(".")[2]):
        pytest.skip("not in this Python")
    line = ITERATING[dotted]
    given = CALLS.get(dotted, lambda function: function(NUMBERS))(_resolved(dotted))
    if line.lazy:
        assert iter(given) is given
        first = next(given)
    if line.gives in KINDS:
        assert isinstance(given, KINDS[line.gives])
    elif line.gives is Gives.ELEMENT:
        assert given in (1, 2, 3)
    elif line.gives is Gives.SCALAR:
        assert not isinstance(given, list | tuple | dict)
    elif line.gives is Gives.NUMBERED:
        assert first == (0, 3)
    elif line.gives is Gives.ZIPPED:
        assert first == (3,)
    elif line.gives in (Gives.PAIRS, Gives.BATCHES):
        assert set(first) <= {1, 2, 3}
    elif line.gives is Gives.GROUPS:
        key, group = first
        assert (key, next(group)) == (True, 3)
    elif line.gives is Gives.ITERATOR:
        assert first in (1, 2, 3)


def test_innocent_names_and_prefixes() -> None:
    assert callables.is_innocent("builtins.print")
    assert callables.is_innocent("django.contrib.messages.success")
    assert callables.is_innocent("builtins.sorted")
    assert not callables.is_innocent("builtins.setattr")
    assert not callables.is_innocent("django.contrib.messagesx.success")
    assert not callables.is_innocent("shop.services.recalculate")


def test_builtins_that_change_or_run_are_not_innocent() -> None:
    for name in ("setattr", "delattr", "exec", "eval", "globals", "super", "__import__"):
        assert hasattr(builtins, name)
        assert not callables.is_innocent(f"builtins.{name}"), name


@pytest.mark.parametrize("dotted", [name for name, works in {**CLOCKS, **GENERATORS}.items() if works])
def test_what_works_as_a_default_can_be_called_without_arguments(dotted: str) -> None:
    if dotted in NEWER and not hasattr(importlib.import_module("uuid"), dotted.rpartition(".")[2]):
        pytest.skip("not in this Python")
    if dotted.startswith("django.utils.timezone"):
        pytest.skip("asks the settings for the time zone")
    assert _resolved(dotted)() is not None
    assert callables.works_as_default(dotted)


@pytest.mark.parametrize("dotted", [name for name, works in GENERATORS.items() if not works])
def test_what_needs_arguments_does_not_work_as_a_default(dotted: str) -> None:
    if dotted in NEWER:
        pytest.skip("not in this Python")
    assert not callables.works_as_default(dotted)
    if dotted == "django.utils.crypto.get_random_string" or "hashers" in dotted:
        return
    with pytest.raises(TypeError):
        _resolved(dotted)()


def test_clocks_and_generators_give_another_value_each_time() -> None:
    assert callables.changes_each_call("uuid.uuid4")
    assert callables.changes_each_call("django.utils.timezone.now")
    assert not callables.changes_each_call("builtins.dict")


def test_lookups() -> None:
    assert callables.iterating("builtins.sorted") is ITERATING["builtins.sorted"]
    assert callables.iterating("builtins.print") is None
    fetched = callables.fetching("django.shortcuts.get_object_or_404")
    assert fetched is not None
    assert fetched.gives is callables.Fetch.ROW
