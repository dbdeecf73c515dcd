"""Templates as programs: find the file that a render call names, read it with the reader of its language.

In: a template's name and a context, both as values of the machine. Out: events, seen from the function that renders.
A template runs in a frame of its own, under the frame that renders it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from flake8_django_orm.machine.frames import Body, Frame
from flake8_django_orm.machine.values import Collection, Constant, Shape, TemplateValue, Value, each
from flake8_django_orm.project.facts import FunctionFacts
from flake8_django_orm.project.templates import written_template
from flake8_django_orm.readers.template_values import branches, known_entries, may_hold_rows

if TYPE_CHECKING:
    from flake8_django_orm.machine.machine import Machine
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.project.templates import TemplateFile
    from flake8_django_orm.syntax.units import Place

#: Templates inside of templates: includes, parents, inclusion tags.
DEPTH_BOUND = 10
#: What the templates of one root may cost besides its own code, in the units of the machine's work bound.
TEMPLATE_WORK = 30_000
#: Parsed templates kept at a time.
KEPT_TEMPLATES = 300
#: A template of more characters is data rather than a page.
_MAX_LENGTH = 400_000


@dataclass(slots=True)
class Rendering:
    """One rendering of a template with all that it includes. `unseen` is set where something could not be read."""

    templates: Templates
    machine: Machine
    running: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)  # of the running templates
    unseen: bool = False

    @contextmanager
    def inside(self, file: TemplateFile, place: Place) -> Iterator[None]:
        """Run a block in the frame of a template that is rendered from `place`."""
        from flake8_django_orm.machine.machine import Entered

        frame = Frame(qualname=file.name, path=file.path, parent=self.machine.frame, call=place, body=Body.TEMPLATE)
        facts = FunctionFacts(name=file.name, qualname=file.name, module="", path=file.path, start=1, end=1)
        self.running.append(file.path)
        try:
            with self.machine.entered(frame, Entered(facts, {})):
                yield
        finally:
            self.running.pop()

    def read(self, names: Value, context: Mapping[str, Value], place: Place, *, framework: bool = True) -> None:
        """Read the template of that name (of each of them, where it may be one of several).

        `framework`: the template belongs to this view, so that what the framework puts into the context is of interest.
        """
        options = each(names)
        if len(options) == 1:
            self._read_option(options[0], context, place, framework)
        else:
            branches(self.machine, [partial(self._read_option, one, context, place, framework) for one in options])

    def _read_option(self, names: Value, context: Mapping[str, Value], place: Place, framework: bool) -> None:
        file = self.file(names)
        if file is None or file.path in self.running or len(self.running) >= DEPTH_BOUND:
            self.unseen = True
            return
        self.templates.read(self, file, context, place, framework)

    def file(self, names: Value, base: str = "") -> TemplateFile | None:
        """The first template that exists of a name or a list of names; `./` is seen from the template `base`."""
        if isinstance(names, TemplateValue) and names.written is not None and isinstance(names.names, Constant):
            return self.templates.written(names.written, str(names.names.value))
        for name in _names(names):
            found = self.templates.find(name, base, self.languages[-1] if self.languages else None)
            if found is not None:
                return found
        return None


def _names(value: Value) -> Sequence[str]:
    match value:
        case Constant(value=str(name)):
            return [name]
        case TemplateValue(names=names):
            return _names(names)
        case Collection(items=tuple() as items):
            return [name for item in items for name in _names(item)]
    return []


class Templates:
    """The templates of one project, parsed; one for each run of the linter."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._parsed: OrderedDict[tuple[str, str], Any] = OrderedDict()

    def render(self, machine: Machine, names: Value, context: Value, place: Place, *, framework: bool = True) -> bool:
        """Render in the machine's running frame. True where all that the context may meet was read."""
        machine.allow_more(TEMPLATE_WORK)
        rendering = Rendering(self, machine)
        rendering.read(names, known_entries(machine, context), place, framework=framework)
        return not rendering.unseen

    def show_inclusion(self, machine: Machine, facts: FunctionFacts, returned: Value, place: Place) -> None:
        """What an inclusion tag does with the context that its function returns."""
        name = facts.path.removesuffix(".py").rpartition("templatetags/")[2].replace("/", ".")
        for registered in self.project.template_library(name).values():
            if registered.function.key == facts.key and registered.template is not None:
                template = Constant(registered.template)
                self.render(machine, template, returned, place, framework=False)

    def show_everywhere(self, machine: Machine, returned: Value, place: Place) -> None:
        """What the templates do with the names that a context processor gives to all of them."""
        for name, value in known_entries(machine, returned).items():
            entry = Collection(shape=Shape.DICT, entries=((name, value),))
            for template in self.project.templates_of_processors(name) if may_hold_rows(value) else ():
                before = machine.store.fork()
                self.render(machine, Constant(template), entry, place, framework=False)
                machine.store.restore(before)

    def find(self, name: str, base: str = "", language: str | None = None) -> TemplateFile | None:
        """The file of a template's name, `language` being that of the template which names it."""
        if name.startswith(("./", "../")):
            name = f"{base.rpartition('/')[0]}/{name}".lstrip("/")
        return self.project.template(name, language) if language is not None else self.project.template(name)

    def written(self, place: Place, text: str) -> TemplateFile | None:
        """The template that a string in Python makes."""
        self.project.note("text", place.path)
        source = self.project.text(place.path)
        return None if source is None else written_template(place.path, source, place.span, text)

    def read(
        self,
        rendering: Rendering,
        file: TemplateFile,
        context: Mapping[str, Value],
        place: Place,
        framework: bool,
    ) -> None:
        """Read one template with the reader of its language; the other one where it does not parse."""
        jinja_first = file.is_jinja or rendering.languages[-1:] == ["jinja"]
        languages = ("jinja", "django") if jinja_first else ("django", "jinja")
        for language in languages if file.written is None else ("django",):
            parsed = self.parsed(file, language)
            if parsed is None:
                continue
            rendering.languages.append(language)
            if language == "django":
                from flake8_django_orm.readers.django_templates import read_django_template

                read_django_template(rendering, file, parsed, context, place, framework)
            else:
                from flake8_django_orm.readers.jinja_templates import read_jinja_template

                read_jinja_template(rendering, file, parsed, context, place)
            rendering.languages.pop()
            return
        rendering.unseen = True

    def parsed(self, file: TemplateFile, language: str) -> Any:
        """The template's tree in one of the two languages; None where it is none, or cannot be read."""
        path = file.path
        if file.written is not None:
            return _parse(file.written.text, language)
        key = (path, language)
        self.project.note("text", path)
        if key not in self._parsed:
            text = self.project.text(path)
            usable = text is not None and len(text) <= _MAX_LENGTH
            self._parsed[key] = _parse(text, language) if usable and text is not None else None
            if len(self._parsed) > KEPT_TEMPLATES:
                self._parsed.popitem(last=False)
        self._parsed.move_to_end(key)
        return self._parsed[key]

    def text(self, path: str) -> str:
        """The text of a template that was parsed."""
        return self.project.text(path) or ""


def _parse(text: str, language: str) -> Any:
    if language == "jinja":
        from flake8_django_orm.readers.jinja_syntax import parse_jinja

        return parse_jinja(text)
    from flake8_django_orm.readers.template_expressions import TemplateError
    from flake8_django_orm.readers.template_syntax import parse_template

    try:
        return parse_template(text)
    except (TemplateError, RecursionError):
        return None
