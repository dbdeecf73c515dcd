"""Asks the real Django, in a worker process, the questions of `tests/fixtures/orm/questions.py`.

In: the name of a question. Out: its answer as plain data, asked once for each Django that there is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.harness.django_process import DjangoInterpreter, DjangoProcess

_DIRECTORY = Path(__file__).parents[1] / "fixtures" / "orm"
_PROOF = """\
from app import questions

make = questions.make
call = questions.{name}
"""


class Oracle:
    """One Django. `ask` starts its worker when the first question comes.

    `questions` is the file with the questions, `models` the one with their models; `beside` are further files of the
    app that they import, by name.
    """

    def __init__(
        self,
        interpreter: DjangoInterpreter,
        questions: Path = _DIRECTORY / "questions.py",
        beside: dict[str, str] | None = None,
    ) -> None:
        self.version = interpreter.django
        self._files = {
            "app/models.py": (_DIRECTORY / "models.py").read_text(encoding="utf-8"),
            "app/questions.py": questions.read_text(encoding="utf-8"),
            **{f"app/{name}": text for name, text in (beside or {}).items()},
        }
        self._process = DjangoProcess(interpreter.python)
        self._answers: dict[str, Any] = {}

    def ask(self, name: str, size: int = 4) -> Any:
        """The answer to a question about a library of `size` books; AssertionError with its traceback if it fails."""
        if name not in self._answers:
            answer = self._process.measure(self._files, _PROOF.format(name=name), [size])
            assert "error" not in answer, answer["error"]
            (run,) = answer["runs"]
            assert run["raised"] is None, f"{name}: {run['raised']}\n{run['traceback']}"
            self._answers[name] = _readable(run["result"])
        return self._answers[name]

    def close(self) -> None:
        """End the worker."""
        self._process.close()


def _readable(value: Any) -> Any:
    """The worker's answer with its dicts as dicts again."""
    if isinstance(value, list) and len(value) == 2 and value[0] == "dict":
        return {key: _readable(item) for key, item in value[1]}
    if isinstance(value, list):
        return [_readable(item) for item in value]
    return value
