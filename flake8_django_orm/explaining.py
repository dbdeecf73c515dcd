"""Why something is reported or not: the inferred values on one line, their loading state, and the events there.

In: an engine, a file and a line. Out: lines of text for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine.loading import loaded_paths
from flake8_django_orm.machine.values import (
    Alternatives,
    Collection,
    Constant,
    ExternalValue,
    Fetched,
    Instance,
    ManagerValue,
    ModelClass,
    QuerySetValue,
    RowValue,
    Scalar,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flake8_django_orm.engine import Engine
    from flake8_django_orm.machine.events import Event
    from flake8_django_orm.machine.loading import Loading
    from flake8_django_orm.project.facts import FunctionFacts
    from flake8_django_orm.source import SourceFile
    from flake8_django_orm.syntax.units import Place


def explain(engine: Engine, path: Path, line: int) -> list[str]:
    """What the machine knows at a line; the reason in one line where it knows nothing there."""
    from flake8_django_orm.project.facts import functions_of

    facts = engine.project.module_at(path)
    if facts is None:
        return ["the file cannot be parsed"]
    function = next((f for f in functions_of(facts) if f.start <= line <= f.end), None)
    if function is None:
        return ["the line is in no function: only functions and methods are run as roots"]
    return list(_explained(engine, function, line))


def _explained(engine: Engine, function: FunctionFacts, line: int) -> Iterator[str]:
    from flake8_django_orm.readers.roots import run_function

    execution = engine.execution
    source = execution.source(function.path)
    if source is None:
        return
    seen: dict[tuple[int, int], list[Value]] = {}

    def watch(place: Place, value: Value) -> None:
        if place.path == function.path and _row(source, place) == line:
            seen.setdefault(place.span, []).append(value)

    run = run_function(engine.project, execution, function, engine.settings.django_version, watch)
    yield f"{function.qualname} (lines {function.start} to {function.end}), run as a root"
    if run.cut:
        yield "  the work bound ended it early: what comes late in it was not read"
    shown = {span: values for span, values in seen.items() if _is_telling(source.text[slice(*span)])}
    for span in sorted(shown):
        for words in dict.fromkeys(describe(value, source) for value in shown[span]):
            yield f"  {_shortened(source.text[slice(*span)])}: {words}"
    if not shown:
        yield "  nothing was evaluated on this line: it was not reached, or holds no expression"
    events = [e for e in run.events if e.place.path == function.path and _row(source, e.place) == line]
    for event in events:
        yield f"  event {type(event).__name__}{_about(event)}"
    if not events:
        yield "  no event: nothing here sends a query that a rule could speak of"


def _row(source: SourceFile, place: Place) -> int:
    return source.location(place.span[0]).row


def _is_telling(text: str) -> bool:
    return not text.startswith(("'", '"')) and not text.isdigit()


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else f"{flat[:57]}..."


def _about(event: Event) -> str:
    parts = [f"{name}={value}" for name in ("path", "how", "conditional") if (value := getattr(event, name, None))]
    if event.loops:
        parts.append(f"inside {len(event.loops)} loop(s)")
    return f" ({', '.join(parts)})" if parts else ""


def describe(value: Value, source: SourceFile) -> str:
    """One value in words."""
    match value:
        case Unknown():
            return "unknown"
        case Constant(value=constant):
            return repr(constant)
        case ModelClass(model=model):
            return f"the model {model.label}"
        case RowValue():
            return _row_words(value, source)
        case QuerySetValue():
            return _queryset_words(value, source)
        case ManagerValue(model=model, relation=relation):
            return f"a manager of {model.name} rows" + (f" behind {relation.name}" if relation else "")
        case Scalar(column=column, row=row):
            return f"the column {column} of a {row.model.name} row"
        case Collection(shape=shape, items=items, element=element):
            inner = describe(element, source) if items is None else f"{len(items)} known items"
            return f"a {shape.value} of {inner}"
        case Instance(key=key):
            return f"an object of {key}"
        case ExternalValue(name=name):
            return f"{name}, from outside of the project"
        case Alternatives(values=values):
            return " or ".join(describe(one, source) for one in values)
    return type(value).__name__


def _row_words(row: RowValue, source: SourceFile) -> str:
    path = f", reached by {'.'.join(row.path)}" if row.path else ""
    alone = "" if row.loop is not None or row.fetched is Fetched.ITERATED else ", standing alone"
    bound = ", bound by a loop" if row.loop is not None else ""
    return f"a {row.model.name} row, {row.fetched.value}{path}{bound}{alone}; {_loading_words(row.loading)}"


def _queryset_words(queryset: QuerySetValue, source: SourceFile) -> str:
    built = [s for s in queryset.steps if s.place.path == source.relative]
    where = f", built on line {source.location(built[-1].place.span[1]).row}" if built else ""
    return f"a queryset of {queryset.model.name} {queryset.mode.value}{where}; {_loading_words(queryset.loading)}"


def _loading_words(loading: Loading) -> str:
    if loading.unknown:
        return "what it loads is not known, so nothing is reported on it"
    paths = [".".join(path) for path in loaded_paths(loading)]
    extra = " and all non-null foreign keys" if loading.all_non_null else ""
    return f"loads {', '.join(paths) or 'no relation'}{extra}"
