"""How far from a loop something happens, in calls of the project's own code.

In: a frame and a loop around it. Out: a number of calls. A function's loop has its body there and then; where a
template, an owner or a stub of ours loops, the body is the first code of the project that it calls for each row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.machine.frames import Body

if TYPE_CHECKING:
    from flake8_django_orm.machine.frames import Frame, Loop
    from flake8_django_orm.project.project import Project


def calls_from_body(project: Project, loop: Loop, frame: Frame) -> int:
    """How many calls lead from the body of the loop to the frame; 0 in the body itself."""
    below: list[Frame] = []
    while frame is not loop.frame and frame.parent is not None:
        below.append(frame)
        frame = frame.parent
    called = sum(_is_code(project, one) for one in below)
    return called if _is_code(project, loop.frame) else max(called - 1, 0)


def _is_code(project: Project, frame: Frame) -> bool:
    """Whether the frame runs code of the project, rather than declarations, a template or a stub."""
    return frame.body in (Body.FUNCTION, Body.MODULE, Body.CLASS) and not project.is_stub(frame.path)
