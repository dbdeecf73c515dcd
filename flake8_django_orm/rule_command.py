"""`flake8-django-orm rule`: what a rule says about itself, from its class docstring.

In: a code or a name. Out: Markdown or JSON on stdout, and an exit code.
"""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

from flake8_django_orm.findings import Applicability
from flake8_django_orm.rules import all_rules
from flake8_django_orm.terminal import CLEAN, ERROR, tell_error

if TYPE_CHECKING:
    from flake8_django_orm.rules import Rule

_FIX = {
    None: "No fix.",
    Applicability.SAFE: "Fix: safe, made by `--fix`.",
    Applicability.UNSAFE: "Fix: unsafe, made by `--fix --unsafe-fixes`.",
    Applicability.DISPLAY_ONLY: "Fix: shown as a suggestion, never made by itself.",
}


def show_rules(wanted: str | None, *, every: bool, as_json: bool) -> int:
    """Print the rule that `wanted` names, by code or by name, or every rule."""
    rules = [rule for rule in _in_order() if every or _is(rule, wanted or "")]
    if not rules:
        tell_error(f"unknown rule {wanted!r}; `rule --all` lists them all")
        return ERROR
    if as_json:
        values = [as_dict(rule) for rule in rules]
        print(json.dumps(values if every else values[0], indent=2))
    else:
        print("\n\n".join(page(rule) for rule in rules))
    return CLEAN


def _in_order() -> list[type[Rule]]:
    return sorted(all_rules(), key=lambda rule: rule.code)


def _is(rule: type[Rule], wanted: str) -> bool:
    return wanted.upper() == rule.code or wanted.lower() == rule.name


def page(rule: type[Rule]) -> str:
    """The rule's page in Markdown."""
    return f"# {rule.name} ({rule.code})\n\n{_default(rule)} {_FIX[rule.applicability]}\n\n{_explanation(rule)}"


def _default(rule: type[Rule]) -> str:
    if rule.only_on_purpose:
        return f"On by default; `--enable {rule.code}` switches it on for {rule.only_on_purpose} too."
    return "On by default." if rule.default_on else f"Off by default; switch it on with `--enable {rule.code}`."


def as_dict(rule: type[Rule]) -> dict[str, Any]:
    """The rule as JSON values."""
    return {
        "code": rule.code,
        "name": rule.name,
        "family": rule.family(),
        "since": rule.since,
        "default_on": rule.default_on,
        "applicability": rule.applicability.value if rule.applicability else None,
        "explanation": _explanation(rule),
    }


def _explanation(rule: type[Rule]) -> str:
    return inspect.cleandoc(rule.__doc__ or "").strip()
