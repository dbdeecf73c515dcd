"""What every rule is: a code, a name, documentation, the kinds of event it listens to, and a `check`.

In: events and a `RuleContext`. Out: `Report`s, which the engine turns into findings with positions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flake8_django_orm.machine.events import Event, FieldDeclared
from flake8_django_orm.machine.frames import Body

if TYPE_CHECKING:
    from flake8_django_orm.findings import Applicability, Fix
    from flake8_django_orm.machine.frames import Loop
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place


@dataclass(frozen=True, slots=True)
class RelatedPlace:
    """A further place of a report, with what stands there."""

    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a rule has to say about an event. `place` is where the trouble shows; the engine chooses the anchor from it.

    `message` is one line and names the access and what to add. `relations` are lookup paths for the JSON output.
    `cure` is the call of the queryset that the advice is to change, where that is not its last one.
    """

    event: Event
    place: Place
    message: str
    fix: Fix | None = None
    model: str | None = None
    relations: tuple[str, ...] = ()
    related: tuple[RelatedPlace, ...] = ()
    cure: Place | None = None
    own_frame: bool = False  # `place` stands in the root's own frame although the event happened deeper


@dataclass(frozen=True, slots=True)
class RuleContext:
    """What a rule may ask besides its event: the project, the target version, lines for its messages.

    `on_purpose` are the codes that the user named on purpose: their rules say also what is off by default.
    """

    project: Project
    django_version: tuple[int, int] | None
    path: str
    on_purpose: frozenset[str] = frozenset()

    def line_of(self, place: Place) -> str:
        """`line 12`, or `line 12 of shop/views.py` for a place in another file than the linted one."""
        # A chain broken over lines is known by the line of its last method's name, where a fix goes.
        start, _ = place.name_span
        text = self.project.text(place.path) or ""
        row = text.count("\n", 0, start) + 1
        return f"line {row}" if place.path == self.path else f"line {row} of {place.path}"

    def name_of(self, loop: Loop) -> str:
        """`the loop on line 12`; for one that no code of the project spells, what makes the framework run it."""
        line = self.line_of(loop.place)
        return f"the loop on {line}" if self.is_written(loop) else f"the loop that the framework runs for {line}"

    def is_written(self, loop: Loop) -> bool:
        """Whether the project spells the loop, in code or in a template."""
        return loop.frame.body is not Body.OWNER and not self.project.is_stub(loop.frame.path)


class Rule:
    """Base of all rules. The docstring of a rule is its page: fixed headings, in the order of docs/adding-a-rule.md."""

    code: ClassVar[str] = ""
    name: ClassVar[str] = ""
    since: ClassVar[str] = "0.1.0"
    applicability: ClassVar[Applicability | None] = None
    default_on: ClassVar[bool] = True
    only_on_purpose: ClassVar[str] = ""  # of a rule that is on: the part of what it says that is off by default
    listens: ClassVar[type[Event] | tuple[type[Event], ...]] = Event
    in_tests: ClassVar[bool] = True  # whether it speaks in test and migration files
    cured_at_access: ClassVar[bool] = False  # its cure stands where the trouble shows, whatever leads there
    of_expressions: ClassVar[bool] = False  # speaks only of rows to which a database expression was assigned

    def check(self, event: Any, context: RuleContext) -> Iterator[Report]:
        """Yield what is wrong with one event; nothing where the rule has no certainty."""
        raise NotImplementedError
        yield

    @classmethod
    def family(cls) -> str:
        """The digit of its family: "1" for DJQ101."""
        return cls.code[3]


@dataclass(frozen=True, slots=True)
class Interest:
    """What some rules have to be told of: what any code does, what code does that stores database expressions on rows,
    and what class bodies declare."""

    rules: tuple[Rule, ...]
    code: bool
    expressions: bool
    declarations: bool

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> Interest:
        """The interest of these rules."""
        rules = tuple(rules)
        heard = [(rule, rule.listens if isinstance(rule.listens, tuple) else (rule.listens,)) for rule in rules]
        running = [rule for rule, kinds in heard if any(kind is not FieldDeclared for kind in kinds)]
        return cls(
            rules,
            code=not all(rule.of_expressions for rule in running),
            expressions=any(rule.of_expressions for rule in running),
            declarations=any(issubclass(FieldDeclared, kinds) for _, kinds in heard),
        )
