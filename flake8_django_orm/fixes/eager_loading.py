"""The fix for missing eager loading: relations added to a queryset where it is built, merged into what is there.

In: the queryset whose rows lack relations, and the attribute paths to these. Out: a fix, or the words for a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.findings import Applicability, Edit, Fix
from flake8_django_orm.fixes.call_text import Call, add_arguments, append_calls, quoted
from flake8_django_orm.fixes.chains import Chain, called_name, chain_of, other_calls
from flake8_django_orm.fixes.lookups import Lookup, Lookups, Path, lookups, united
from flake8_django_orm.machine.values import PrefetchValue
from flake8_django_orm.orm.querysets import CHUNK_SIZE

if TYPE_CHECKING:
    from flake8_django_orm.machine.values import QuerySetValue
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place


def add_loading(
    project: Project, origin: QuerySetValue, paths: Sequence[Path], *, shared: bool | None = None
) -> Fix | None:
    """The fix that makes `origin` load `paths` (attribute names from its model) too; None where none is sound.

    `shared`: other code uses the same queryset, and would load more than it needs; the fix is then unsafe. None means:
    it is shared where the edited expression stands in a function that the root calls.
    """
    additions = _plan(project, origin, paths)
    if not additions:
        return None
    edits: dict[Edit, None] = {}
    words: list[str] = []
    for addition in additions:
        made = addition.edits(project)
        if made is None:
            return None
        edits.update(dict.fromkeys(made))
        words.extend(addition.words)
    if shared is None:
        shared = any(addition.chain.frame.parent is not None for addition in additions)
    applicability = Applicability.UNSAFE if shared else Applicability.SAFE
    return Fix(applicability, f"Add {_enumerated(words)}", tuple(sorted(edits, key=lambda e: (e.path, e.start))))


def describe_loading(project: Project, origin: QuerySetValue, paths: Sequence[Path]) -> str:
    """What has to be added, in Django's words: `select_related("detail")`, `prefetch_related("chapters__editor")`.

    It says the same as the fix, and what a reader has to write where there is no fix.
    """
    additions = _plan(project, origin, paths)
    if additions:
        return " and ".join(addition.description for addition in additions)
    found = lookups(project, origin, paths)
    if not found:
        joined = tuple("__".join(path) for path in paths)
        return f"prefetch_related({_listed(joined)})"
    return _calls(united(found))


def needed_besides(origin: QuerySetValue, words: str) -> str:
    """What iterator() has to be given with the loading that `words` describe, as the end of a message."""
    steps = [step for step in origin.steps if step.method == "iterator"]
    asked = [step.place.node for step in steps if isinstance(step.place.node, cst.Call)]
    bare = bool(asked) and called_name(asked[-1]) == "iterator" and not asked[-1].args
    return ", and chunk_size to iterator()" if bare and origin.streamed and "prefetch_related(" in words else ""


def loading_place(project: Project, origin: QuerySetValue, paths: Sequence[Path] = ()) -> Place | None:
    """The expression that the fix for `paths` edits: where a message may point; None where nothing can be edited."""
    additions = _plan(project, origin, paths) if paths else None
    if additions:
        return additions[0].chain.end
    chain = chain_of(project, origin)
    return chain.end if chain is not None else None


# -- planning ---------------------------------------------------------------------------------------------------------


def _plan(project: Project, origin: QuerySetValue, paths: Sequence[Path]) -> list[_Addition] | None:
    """What to add to which queryset: to the origin, or to the querysets inside of its Prefetch objects."""
    chain = chain_of(project, origin)
    if chain is None or _is_prefetched_manager(origin):
        return None
    found = lookups(project, origin, paths)
    if found is None:
        return None
    own: list[Lookup] = []
    additions: list[_Addition] = []
    inner: dict[str, tuple[QuerySetValue, list[Path]]] = {}
    for lookup in found:
        if lookup.inner is not None and _is_at_hand(project, lookup.inner.queryset, chain):
            inner.setdefault(lookup.inner.prefix, (lookup.inner.queryset, []))[1].append(lookup.inner.rest)
        else:
            own.append(lookup)
    if own:
        additions.append(_Addition(origin, chain, united(own)))
    for prefix, (queryset, rests) in inner.items():
        deeper = _plan(project, queryset, rests)
        if not deeper:
            return None
        additions.extend(one.inside(prefix) for one in deeper)
    return additions


def _is_at_hand(project: Project, queryset: QuerySetValue, outer: Chain) -> bool:
    """True if the inner queryset of a Prefetch is built in the same function as the outer one."""
    chain = chain_of(project, queryset)
    return chain is not None and chain.end.unit is outer.end.unit


def _is_prefetched_manager(origin: QuerySetValue) -> bool:
    """`author.books.all()` of a prefetched author: select_related there would throw the prefetch away."""
    row, relation = origin.source_row, origin.relation
    return (
        row is not None and relation is not None and not origin.refined and row.loading.get(relation.name) is not None
    )


class _Addition:
    """Lookups to add to one queryset."""

    def __init__(self, queryset: QuerySetValue, chain: Chain, wanted: Lookups, prefix: str = "") -> None:
        self.queryset = queryset
        self.chain = chain
        self.wanted = wanted
        self.prefix = prefix
        self.words: list[str] = []

    def inside(self, prefix: str) -> _Addition:
        """The same, as seen from the queryset whose Prefetch of `prefix` holds this one."""
        return _Addition(self.queryset, self.chain, self.wanted, f"{prefix}__{self.prefix}" if self.prefix else prefix)

    @property
    def description(self) -> str:
        return _calls(self.wanted) + self._where

    @property
    def _where(self) -> str:
        return f" inside Prefetch({_listed((self.prefix,))})" if self.prefix else ""

    def edits(self, project: Project) -> list[Edit] | None:
        """The edits, and `words` that tell them; None where the queryset cannot take the lookups."""
        wanted, loading = self.wanted, self.queryset.loading
        if wanted.select and loading.all_non_null:
            # A named relation would replace the bare select_related() and lose what that one joins.
            return None
        text = project.text(self.chain.end.path)
        if text is None or any(self._is_hurt(call) for call in other_calls(self.chain, self.queryset)):
            return None
        edits: list[Edit] = []
        appended: list[Call] = []
        for method, names in (("select_related", wanted.select), ("prefetch_related", wanted.prefetch)):
            if not names:
                continue
            index = self.chain.last_call(method)
            if self.chain.is_reset_later(method) or (
                method == "prefetch_related" and self._comes_too_early(names, index)
            ):
                return None
            place = self.chain.end if index is None else self.chain.steps[index].place
            arguments = [quoted(name, place, text) for name in names]
            if index is None:
                appended.append((method, arguments))
                self.words.append(f"{method}({_listed(names)}){self._where}")
            else:
                edits.extend(add_arguments(place, text, arguments))
                self.words.append(f"{_listed(names)} to {method}(){self._where}")
        if appended:
            through: list[Call] = [(self.chain.through, None)] if self.chain.through else []
            edits.append(append_calls(self.chain.end, text, [*through, *appended]))
        further = self._further_edits(text)
        return None if further is None else [*edits, *further]

    def _comes_too_early(self, names: Sequence[str], index: int | None) -> bool:
        """A plain path before the Prefetch object of the same relation makes Django raise ValueError."""
        at = self.chain.length - 1 if index is None else index
        for step in self.chain.steps[at + 1 :]:
            for argument in step.arguments:
                value = argument.value
                if isinstance(value, PrefetchValue) and (value.queryset is not None or value.to_attr):
                    own = value.path or ""
                    if not own or any(name == own or name.startswith(f"{own}__") for name in names):
                        return True
        return False

    def _is_hurt(self, call: cst.Call) -> bool:
        """True if a call that another way through the code makes on the same queryset would raise after the edits."""
        name = called_name(call)
        if name == "prefetch_related":
            return bool(self.wanted.prefetch) and any(not isinstance(a.value, cst.SimpleString) for a in call.args)
        if name in ("only", "defer", "select_for_update"):
            return bool(self.wanted.select)
        if name == "iterator":
            return bool(self.wanted.prefetch)
        return name in ("union", "intersection", "difference")

    def _further_edits(self, text: str) -> list[Edit] | None:
        """The keys that an only() must name, and the chunk size without which iterator() refuses a prefetch."""
        edits: list[Edit] = []
        if self.wanted.columns:
            place = self._call("only")
            if place is None:
                return None
            edits.extend(add_arguments(place, text, [quoted(name, place, text) for name in self.wanted.columns]))
            self.words.append(f"{_listed(self.wanted.columns)} to only()")
        if self.wanted.prefetch and self.queryset.streamed:
            place = self._call("iterator")
            if place is None:
                return None
            assert isinstance(place.node, cst.Call)
            if not place.node.args and called_name(place.node) == "iterator":
                edits.extend(add_arguments(place, text, [f"chunk_size={CHUNK_SIZE}"]))
                self.words.append("chunk_size to iterator()")
        return edits

    def _call(self, method: str) -> Place | None:
        """The last call of a method on this queryset, in the file that is edited."""
        for step in reversed(self.queryset.steps):
            if step.method == method:
                editable = isinstance(step.place.node, cst.Call) and step.place.path == self.chain.end.path
                return step.place if editable else None
        return None


def _enumerated(words: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _calls(wanted: Lookups) -> str:
    calls = [
        f"{method}({_listed(names)})"
        for method, names in (("select_related", wanted.select), ("prefetch_related", wanted.prefetch))
        if names
    ]
    return ".".join(calls)
