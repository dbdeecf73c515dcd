"""Where a queryset that is built in several steps, statements and functions can take one more call.

In: a queryset's steps. Out: the `Chain` that a fix may edit: the steps that belong to this queryset alone, the
expression behind which a method may be appended, and the calls to which an argument may be added.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import libcst as cst

from flake8_django_orm.machine.frames import Body
from flake8_django_orm.machine.values import Constant, Mode
from flake8_django_orm.orm.admin import CHANGE_LIST
from flake8_django_orm.orm.graphql import ROWS_OF_FIELD
from flake8_django_orm.orm.querysets import Returns, queryset_method
from flake8_django_orm.syntax.names import target_names
from flake8_django_orm.syntax.units import TextPlace
from flake8_django_orm.syntax.visitor import walk

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Frame
    from flake8_django_orm.machine.values import QuerySetValue, Step
    from flake8_django_orm.project.project import Project
    from flake8_django_orm.syntax.units import Place

_PLAIN_DECORATORS = frozenset({"staticmethod", "classmethod"})
_SHORTCUTS = frozenset({"get_object_or_404", "get_list_or_404", "aget_object_or_404", "aget_list_or_404"})


#: What may be chained on: rows of raw() are prefetched too, by Django's own RawQuerySet.
_GROWS = frozenset({Returns.QUERYSET, Returns.RAW_QUERYSET})


@dataclass(frozen=True, slots=True)
class Chain:
    """The editable end of a queryset.

    `steps` are those from its root (`Book.objects`, `author.books`) up to where nothing can be chained any more (a
    slice, get()). `end` is the expression to append to, and stands behind `steps[:length]`; `through` is the
    manager to name first where the expression is a model class. `frame` is the call in which the expression stands.
    """

    steps: tuple[Step, ...]
    length: int
    end: Place
    frame: Frame
    through: str = ""

    def last_call(self, method: str) -> int | None:
        """The index of the last call of `method` before the end, if one may add an argument to it.

        It must stand in the same function as the end, be as certain to run, have arguments, and not be a reset.
        """
        certain = not self.steps[self.length - 1].conditional
        for index in reversed(range(self.length)):
            step = self.steps[index]
            if step.method == method and step.frame is self.frame:
                return index if _takes_arguments(step) and not (certain and step.conditional) else None
        return None

    def is_reset_later(self, method: str) -> bool:
        """True where a later step throws away what would be appended: `.prefetch_related(None)`."""
        return any(step.method == method and _is_reset(step) for step in self.steps[self.length :])


def chain_of(project: Project, queryset: QuerySetValue) -> Chain | None:
    """The chain of a queryset of rows; None where no edit of it is possible or sound."""
    if (queryset.raw and queryset.streamed) or queryset.combined or queryset.mode is not Mode.ROWS:
        return None
    if queryset.steps and queryset.steps[-1].method == CHANGE_LIST:
        return None
    steps = _chainable(_own_steps(queryset.steps))
    groups = [group for group in _expressions(steps) if _is_editable(steps[group[-1]])]
    if is_of_any_model(queryset):
        groups = [group for group in groups if steps[group[-1]].frame is not steps[0].frame]
    if not groups:
        return None
    # What only some ways through the code add to the queryset is no place for what all of its rows need. What one way
    # returns is another queryset than what the others do.
    certain = [
        group
        for group in groups
        if not any(steps[index].conditional for index in group) or _is_returned(steps[group[-1]].place)
    ]
    group = certain[-1] if certain else groups[0]
    last = next((index for index in reversed(group) if steps[index].method != "|"), None)
    if last is None:
        return None
    step = steps[last]
    if step.method == "model":
        return _model_chain(steps, last, queryset)
    if _is_asked_later(step, queryset):
        return None
    outer = _calling_expression(project, queryset, steps, last)
    if outer is not None:
        return Chain(steps, last + 1, outer[0], outer[1])
    return Chain(steps, last + 1, step.place, step.frame)


def _is_returned(place: Place) -> bool:
    return id(place.node) in place.unit.ask(_returned_values, place.unit.tree)


def _returned_values(tree: cst.CSTNode) -> frozenset[int]:
    return frozenset(id(part.value) for part in walk(tree) if isinstance(part, cst.Return))


def _own_steps(steps: Sequence[Step]) -> Sequence[Step]:
    """The steps since the last manager: what its get_queryset() did before belongs to every queryset of it."""
    roots = [index for index, step in enumerate(steps) if _is_root(step)]
    return steps[roots[-1] :] if roots else steps


def _is_root(step: Step) -> bool:
    if isinstance(step.place.node, cst.Attribute) or step.method == "model":
        return True
    return step.method not in ("slice", "|") and queryset_method(step.method) is None


def _chainable(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps before the first one behind which a queryset cannot grow."""
    found = []
    for step in steps:
        described = queryset_method(step.method)
        if step.method == "slice" or not _is_written(step):
            break
        if described is not None and described.returns not in _GROWS and not _is_root(step):
            break
        found.append(step)
    return tuple(found)


def _is_written(step: Step) -> bool:
    """False for what another function does to a queryset: get_list_or_404() filters, and gives a list."""
    node = step.place.node
    return _is_root(step) or not isinstance(node, cst.Call) or called_name(node) == step.method


def _expressions(steps: Sequence[Step]) -> list[list[int]]:
    """The indexes of steps, those that are links of one expression together: `Book.visible_to(user).order_by("title")`
    is one with what visible_to() chains."""
    groups: list[list[int]] = []
    for index, step in enumerate(steps):
        if groups and _continues(step, steps[groups[-1][-1]]):
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def _continues(step: Step, before: Step) -> bool:
    if not _is_editable(step):  # what a template asks of a property's queryset takes no arguments
        return _encloses(step.place, before.place)
    inner, outer = before.frame.ancestors(), step.frame.ancestors()
    within = [before.place, *(f.call for f in inner if f.call is not None and f not in outer)]
    around = [step.place, *(f.call for f in outer if f.call is not None and f not in inner)]
    return any(_encloses(one, other) for one in around for other in within)


def is_of_any_model(queryset: QuerySetValue) -> bool:
    """`cls.objects.filter(...)` in a function that is called for this model and for others: no line of it can take what
    the rows of one of them need."""
    steps = _own_steps(queryset.steps)
    if not steps or queryset.source_row is not None or not isinstance(steps[0].place.node, cst.Attribute):
        return False
    place, frame = steps[0].place, steps[0].frame
    root = frame.ancestors()[-1]
    if frame is root or (frame.path, frame.qualname.rpartition(".")[0]) == (root.path, root.qualname):
        return False
    definition = next((node for node in place.unit.body if isinstance(node, cst.FunctionDef)), None)
    if definition is None:
        return False
    parameters = definition.params
    names = {one.name.value for one in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params)}
    return _base_name(place.node) in names


def _encloses(outer: Place, inner: Place) -> bool:
    if outer.unit is not inner.unit:
        return False
    (start, end), (inner_start, inner_end) = outer.span, inner.span
    return start <= inner_start and inner_end <= end


def _is_editable(step: Step) -> bool:
    if step.method == ROWS_OF_FIELD:
        return False
    return not PurePosixPath(step.place.path).is_absolute() and not isinstance(step.place, TextPlace)


def _takes_arguments(step: Step) -> bool:
    node = step.place.node
    if not (isinstance(node, cst.Call) and node.args and _is_editable(step)) or _is_reset(step):
        return False
    return not any(arg.star == "**" for arg in node.args)


def _is_reset(step: Step) -> bool:
    return [argument.value for argument in step.arguments] == [Constant(None)]


def _model_chain(steps: tuple[Step, ...], last: int, queryset: QuerySetValue) -> Chain | None:
    """`get_object_or_404(Book, ...)`: the class may be written as a queryset of its default manager."""
    step, model = steps[last], queryset.model
    node = step.place.node
    name = node.attr.value if isinstance(node, cst.Attribute) else node.value if isinstance(node, cst.Name) else ""
    if name != model.name or not _is_shortcut_argument(step.place):
        return None
    return Chain(steps, last + 1, step.place, step.frame, through=model.default_manager)


def _is_shortcut_argument(place: Place) -> bool:
    for node in walk(place.unit.tree):
        if isinstance(node, cst.Call) and node.args and node.args[0].value is place.node:
            return called_name(node) in _SHORTCUTS
    return False


def _is_asked_later(step: Step, queryset: QuerySetValue) -> bool:
    """`queryset = Book.current` in a class body: a manager of the project's own may look at the time, the tenant or the
    request, and a call behind it would ask it once for all, when the module is imported."""
    facts = queryset.manager
    plain = facts is not None and facts.known and not facts.manager_class
    in_function = step.frame.body is Body.FUNCTION and step.frame.qualname == step.place.unit.qualname
    return not plain and not in_function and isinstance(step.place.node, cst.Attribute)


# -- other uses of the same queryset -----------------------------------------------------------------------------------


def other_calls(chain: Chain, queryset: QuerySetValue) -> Iterator[cst.Call]:
    """Methods called on the names that hold the chain's end, in its function, that are no steps of `queryset`.

    `if short: books = books.only("title")` is one for the queryset of the other way.
    """
    parts = list(walk(chain.end.unit.tree))
    own = {id(step.place.node) for step in queryset.steps}
    names = _names_of(chain.end.node, parts)
    for part in parts:
        if isinstance(part, cst.Call) and id(part) not in own and _base_name(part) in names:
            yield part


def called_name(call: cst.Call) -> str:
    """The name of the function or method that is called; "" for anything else."""
    return call.func.attr.value if isinstance(call.func, cst.Attribute) else getattr(call.func, "value", "")


def _names_of(end: cst.CSTNode, parts: Sequence[cst.CSTNode]) -> set[str]:
    """The names to which a chain is bound that goes through `end`, or through one of these names."""
    bound = [
        (name, part.value)
        for part in parts
        if isinstance(part, (cst.Assign, cst.AnnAssign, cst.NamedExpr)) and part.value is not None
        for target in (part.targets if isinstance(part, cst.Assign) else [part])
        for name in target_names(target.target)
    ]
    names: set[str] = set()
    grown = True
    while grown:
        found = {name for name, value in bound if end in _links(value) or _base_name(value) in names}
        grown = not found <= names
        names |= found
    return names


def _links(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The expressions of a chain, the whole of it first."""
    found = [node]
    while isinstance(node, (cst.Call, cst.Attribute, cst.Subscript)):
        node = node.func if isinstance(node, cst.Call) else node.value
        found.append(node)
    return found


def _base_name(node: cst.CSTNode) -> str:
    base = _links(node)[-1]
    return base.value if isinstance(base, cst.Name) else ""


# -- calls of the project's own functions that give a queryset --------------------------------------------------------


def _calling_expression(
    project: Project, queryset: QuerySetValue, steps: Sequence[Step], last: int
) -> tuple[Place, Frame] | None:
    """`Book.objects.published()` where the step at `last` stands in published(): the call, which gives that queryset.

    So does the call of a function of another file, whose other callers are then left as they are.
    """
    step = steps[last]
    if any(later.frame is step.frame for later in steps[last + 1 :]):
        return None
    frame, node = step.frame, step.place.node
    chained = [one.place.node for one in steps[: last + 1]]
    found: tuple[Place, Frame] | None = None
    while frame.parent is not None and frame.call is not None and _may_be_continued(project, queryset, frame):
        unit = found[0].unit if found is not None else step.place.unit
        if unit.qualname != frame.qualname or not _returns(unit.body, node, chained):
            break
        found = (frame.call, frame.parent)
        node, frame = frame.call.node, frame.parent
    return found


def _may_be_continued(project: Project, queryset: QuerySetValue, frame: Frame) -> bool:
    """True if a method may be called on what the call of `frame` gives."""
    call = frame.call
    if call is None or isinstance(call, TextPlace) or not _is_project_path(call.path):
        return False
    return _is_queryset_method(project, queryset, frame) or (
        call.path != frame.path and isinstance(call.node, cst.Call) and _gives_a_new_queryset(project, frame)
    )


def _gives_a_new_queryset(project: Project, frame: Frame) -> bool:
    """True if nothing stands between the function and its caller: a decorator may keep what it gives."""
    facts = project.function_at(frame.path, frame.qualname)
    plain = facts is not None and set(facts.decorators) <= _PLAIN_DECORATORS
    return plain and frame.body is Body.FUNCTION and not frame.is_async


def _is_project_path(path: str) -> bool:
    return not PurePosixPath(path).is_absolute()


def _is_queryset_method(project: Project, queryset: QuerySetValue, frame: Frame) -> bool:
    """True if the frame runs a method of the queryset's own manager or queryset class, or one that it overrides."""
    name = frame.qualname.rsplit(".", 1)[-1]
    facts = queryset.manager
    if facts is None or name == "get_queryset":
        return False
    keys = [key for own in (facts.manager_class, facts.queryset_class) if own for key in project.mro(own)]
    methods = (project.find_method(key, name) for key in keys)
    return any(m is not None and m.key == frame.function and not m.is_property for m in methods)


def _returns(body: Sequence[cst.BaseStatement], node: cst.CSTNode, chained: Sequence[cst.CSTNode]) -> bool:
    """True if all that the function returns is the expression `node`, straight or through a name it is bound to."""
    parts = [part for statement in body for part in walk(statement)]
    returned = [part.value for part in parts if isinstance(part, cst.Return)]
    if len(returned) != 1:
        return False
    value = returned[0]
    if value is node:
        return True
    if not isinstance(value, cst.Name):
        return False
    bound = [
        part.value
        for part in parts
        if isinstance(part, cst.Assign)
        and any(isinstance(t.target, cst.Name) and t.target.value == value.value for t in part.targets)
    ]
    return node in bound and all(one in chained or _is_chained(one) for one in bound)


def _is_chained(node: cst.BaseExpression) -> bool:
    if not (isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute)):
        return False
    described = queryset_method(node.func.attr.value)
    return described is not None and described.returns is Returns.QUERYSET
