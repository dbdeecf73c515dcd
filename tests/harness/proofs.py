"""Judges what a real Django did with a case: the flagged form costs what the rule says, the fixed form does
not.

In: a case with a proof block, a running `DjangoProcess`. Out: nothing, or a `ProofFailed` that tells what was
measured.

Modes, by the variable `proof` of the block; without it a flagged case is to show "grows", a silent one
"constant": - grows: the flagged form sends more queries for more data; the fixed form the same number for
both, and fewer for the bigger size; both give equal results;
- fewer: the fixed form sends fewer queries than the flagged one at both sizes; equal results;
- constant: every form sends the same number for both sizes; equal results;
- same: all forms give equal results and leave equal rows behind; no matter how many queries;
- raises: the flagged form raises (`raises` names the exception), the fixed form does not;
- lost-update: two calls of the flagged form, the second inside the first, end otherwise than one after the
other; with the fixed form they end the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.harness.case_files import Case, Proof
from tests.harness.django_process import DjangoInterpreter, DjangoProcess

Run = dict[str, Any]
#: What cases may use besides Django, by name; where it is not installed they prove nothing.
_PACKAGES = (
    "rest_framework",
    "django_tables2",
    "graphene_django",
    "strawberry",
    "strawberry_django",
    "polymorphic",
    "import_export",
    "jinja2",
)


class ProofFailed(AssertionError):  # noqa: N818 (a verdict, not a mishap)
    """What was measured is not what the case claims."""


def holds_on(case: Case, interpreter: DjangoInterpreter, database: str = "sqlite") -> bool:
    """Whether the case's options let the proof run on this Django and this database, and its packages are there."""
    options = case.options
    texts = case.texts()
    for package in _PACKAGES:
        if any(package in path or package in text for path, text in texts.items()) and not interpreter.has(package):
            return False
    if options.proof_from is not None and interpreter.django < options.proof_from:
        return False
    if options.proof_before is not None and interpreter.django >= options.proof_before:
        return False
    return not options.proof_backends or database in options.proof_backends


def forms(case: Case) -> dict[str, dict[str, str]]:
    """The texts of the case as it is ("flagged" or "silent"), and after its fixes, the unsafe ones last."""
    found = {"flagged" if case.flagged else "silent": case.texts()}
    if case.fixed:
        found["fixed"] = case.texts(case.fixed)
    if case.fixed_unsafe:
        found["fixed-unsafe"] = case.texts(case.fixed, case.fixed_unsafe)
    return found


def check_proof(case: Case, process: DjangoProcess) -> None:
    """Run every form of the case and judge. Raises ProofFailed; WorkerError where the worker is lost."""
    assert case.proof is not None
    mode = case.proof.mode or ("grows" if case.flagged else "constant")
    if mode == "lost-update":
        _check_race(case, case.proof, process)
        return
    runs = {name: _measured(texts, case.proof, process) for name, texts in forms(case).items()}
    _JUDGES[mode](case, case.proof, runs)


def _measured(texts: Mapping[str, str], proof: Proof, process: DjangoProcess) -> list[Run]:
    answer = process.measure(texts, proof.text, proof.sizes)
    if "error" in answer:
        raise ProofFailed(f"the proof does not run\n{answer['error']}")
    runs: list[Run] = answer["runs"]
    return runs


def _judge_grows(case: Case, proof: Proof, runs: Mapping[str, list[Run]]) -> None:
    _require(case.flagged, "proof = 'grows' is for flagged cases", runs)
    _none_raises(runs)
    small, big = _counts(runs["flagged"])
    _require(small < big, "the flagged form's queries do not grow with the data", runs)
    if case.options.shapes:
        marks = sum(len(source.expected) for source in case.files.values())
        least = marks * (proof.sizes[1] - proof.sizes[0])
        _require(big - small >= least, f"the queries of {marks} findings do not all grow with the data", runs)
    for name, fixed in _repaired(runs):
        small_fixed, big_fixed = _counts(fixed)
        _require(small_fixed == big_fixed, f"the {name} form's queries are not constant", runs)
        _require(big_fixed < big, f"the {name} form does not send fewer queries", runs)
    _equal_results(runs)


def _judge_fewer(case: Case, proof: Proof, runs: Mapping[str, list[Run]]) -> None:
    _require(len(runs) > 1, "proof = 'fewer' needs a fixed block", runs)
    _none_raises(runs)
    for name, fixed in _repaired(runs):
        for flagged_count, fixed_count in zip(_counts(runs["flagged"]), _counts(fixed), strict=True):
            _require(fixed_count < flagged_count, f"the {name} form does not send fewer queries", runs)
    _equal_results(runs)


def _judge_constant(case: Case, proof: Proof, runs: Mapping[str, list[Run]]) -> None:
    _none_raises(runs)
    for name, measured in runs.items():
        small, big = _counts(measured)
        _require(small == big, f"the {name} form's queries are not constant", runs)
    _equal_results(runs)


def _judge_same(case: Case, proof: Proof, runs: Mapping[str, list[Run]]) -> None:
    _none_raises(runs)
    _equal_results(runs)
    first, *others = runs.values()
    for other in others:
        for one, two in zip(first, other, strict=True):
            _require(one["state"] == two["state"], "the forms leave different rows behind", runs)


def _judge_raises(case: Case, proof: Proof, runs: Mapping[str, list[Run]]) -> None:
    name = next(iter(runs))
    for run in runs[name]:
        raised = run["raised"] or ""
        _require(bool(raised), f"the {name} form does not raise", runs)
        _require(raised.startswith(proof.raises), f"the {name} form does not raise {proof.raises}", runs)
    for other, measured in _repaired(runs):
        _require(all(run["raised"] is None for run in measured), f"the {other} form raises", runs)


_JUDGES = {
    "grows": _judge_grows,
    "fewer": _judge_fewer,
    "constant": _judge_constant,
    "same": _judge_same,
    "raises": _judge_raises,
}


def _check_race(case: Case, proof: Proof, process: DjangoProcess) -> None:
    """Judge "lost-update": each form's interleaved end state against its end state in turn."""
    for name, texts in forms(case).items():
        answer = process.race(texts, proof.text, proof.sizes)
        if "error" in answer:
            raise ProofFailed(f"the proof does not run\n{answer['error']}")
        in_turn, raced = answer["in turn"], answer["raced"]
        if in_turn["raised"] is not None or not in_turn["wrote"]:
            problem = in_turn["raised"] or "nothing is written"
            raise ProofFailed(f"the {name} form, called twice in turn: {problem}")
        safe = raced["raised"] is None and raced["state"] == in_turn["state"]
        if safe == (name == "flagged"):
            told = "no update is lost" if safe else "an update is lost"
            raise ProofFailed(f"{name} form: {told}\n  in turn: {in_turn}\n  raced:   {raced}")


def _counts(runs: Sequence[Run]) -> tuple[int, int]:
    small, big = (int(run["queries"]) for run in runs)
    return small, big


def _repaired(runs: Mapping[str, list[Run]]) -> list[tuple[str, list[Run]]]:
    return [(name, measured) for name, measured in runs.items() if name.startswith("fixed")]


def _none_raises(runs: Mapping[str, list[Run]]) -> None:
    for name, measured in runs.items():
        for run in measured:
            _require(run["raised"] is None, f"the {name} form raises {run['raised']}", runs)


def _equal_results(runs: Mapping[str, list[Run]]) -> None:
    first, *others = runs.values()
    for other in others:
        for one, two in zip(first, other, strict=True):
            _require(one["result"] == two["result"], "the forms give different results", runs)
    if others:
        _require(any(run["result"] not in (None, []) for run in first), "call() gives nothing to compare", runs)


def _require(condition: bool, claim: str, runs: Mapping[str, list[Run]]) -> None:
    if condition:
        return
    lines = [claim]
    for name, measured in runs.items():
        for run in measured:
            raised = f", raised {run['raised']}" if run["raised"] else ""
            told = f"{run['queries']} queries, gives {run['result']!r}{raised}"
            lines.append(f"  {name}, {run['size']} units: {told}")
        statements = Counter(statement[:160] for statement in measured[-1]["statements"])
        lines += [f"      {count:>3} x {statement}" for statement, count in statements.items()]
    raise ProofFailed("\n".join(lines))
