"""`flake8-django-orm explain PATH:LINE`: what is known at a line, printed for a person.

In: a place as text. Out: lines on stdout, and an exit code.
"""

from __future__ import annotations

from pathlib import Path

from flake8_django_orm.config import ConfigurationError, Settings, explicit_root, project_root
from flake8_django_orm.engine import Engine
from flake8_django_orm.explaining import explain
from flake8_django_orm.rules import all_rules
from flake8_django_orm.source import SourceError, read_source
from flake8_django_orm.terminal import CLEAN, ERROR, tell_error


def explain_line(place: str, *, root: str | None) -> int:
    """Print what the machine knows at `PATH:LINE`."""
    name, _, number = place.rpartition(":")
    if not name or not number.isdecimal():
        tell_error(f"{place!r} is not of the form PATH:LINE")
        return ERROR
    path = Path(name).absolute()
    try:
        rows = read_source(path).row_count
    except SourceError as error:
        tell_error(f"{name}: {error}")
        return ERROR
    if not 1 <= int(number) <= rows:
        tell_error(f"{name} has {rows} lines, line {number} is not one of them")
        return ERROR
    try:
        base = explicit_root(root) if root else project_root(path)
    except ConfigurationError as error:
        tell_error(str(error))
        return ERROR
    codes = frozenset(rule.code for rule in all_rules())
    engine = Engine(Settings(root=base, codes=codes, on_purpose=codes))
    for line in explain(engine, path, int(number)):
        print(line)
    return CLEAN
