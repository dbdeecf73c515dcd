"""Runs two forms of a `views.py` on the real Django: the code as it was and the code after a fix.

In: the two texts; `call()` of the proof is the function `answer()` of the views. Out: nothing, or a failed assertion.
"""

from __future__ import annotations

import textwrap
from typing import Any

from tests.fixes.models import MAKE, MODELS
from tests.harness.django_process import DjangoProcess

CALL = "\ndef call():\n    return answer()\n"
SIZES = (4, 9)


def measured(django: DjangoProcess, views: str, *, proof: str = MAKE + CALL) -> list[dict[str, Any]]:
    """What Django did with `answer()` of these views, for two sizes of data."""
    files = {"app/models.py": MODELS, "app/views.py": textwrap.dedent(views)}
    answer = django.measure(files, proof, SIZES)
    assert "error" not in answer, answer["error"]
    runs: list[dict[str, Any]] = answer["runs"]
    return runs


def assert_cured(django: DjangoProcess, before: str, after: str, *, proof: str = MAKE + CALL) -> None:
    """Equal results; the old form's queries grow with the data, the new form's do not."""
    old, new = measured(django, before, proof=proof), measured(django, after, proof=proof)
    for run in (*old, *new):
        assert run["raised"] is None, run
    assert [run["result"] for run in old] == [run["result"] for run in new]
    assert old[-1]["result"], "nothing to compare"
    assert old[0]["queries"] < old[1]["queries"]
    assert new[0]["queries"] == new[1]["queries"], new[1]["statements"]
