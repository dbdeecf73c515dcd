"""The import planner: what a fix writes for `F`, and the import that it adds."""
# ruff: noqa: E501

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from flake8_django_orm.findings import Applicability, Fix
from flake8_django_orm.fixes.imports import plan_import
from tests.fixes.running import fixed, make_project

MODELS = "from django.db import models\n"


def planned(root: Path, text: str) -> tuple[str, str] | None:
    """What is written at the mark `HERE` for django.db.models.F, and the file with the planned edits."""
    text = textwrap.dedent(text)
    project = make_project(root, {"app/models.py": MODELS, "app/views.py": text})
    plan = plan_import(project, "app/views.py", "django.db.models", "F", text.index("HERE"))
    if plan is None:
        return None
    return plan.name, fixed(project, Fix(Applicability.SAFE, "", plan.edits), "app/views.py")


THERE = {
    "a name that is imported": ("from django.db.models import Q, F\n\ndef f():\n    HERE\n", "F"),
    "a name that is imported under another": ("from django.db.models import F as Field\nHERE\n", "Field"),
    "the module": ("from django.db import models\n\ndef f():\n    HERE\n", "models.F"),
    "the module under another name": ("from django.db import models as m\nHERE\n", "m.F"),
    "the whole path": ("import django.db.models\nimport django.utils\nHERE\n", "django.db.models.F"),
    "the whole path under another name": ("import django.db.models as dj\nHERE\n", "dj.F"),
    "an import in the same function": ("def f():\n    from django.db.models import F\n    HERE\n", "F"),
    "the module where the name is taken": (
        "from django.db import models\nfrom app import F\n\ndef f():\n    HERE\n",
        "models.F",
    ),
    "the module where a parameter takes the name": (
        "from django.db import models\nfrom django.db.models import F\n\ndef f(F):\n    HERE\n",
        "models.F",
    ),
    "a class does not hide names from its methods": (
        "from django.db.models import F\n\nclass A:\n    F = 1\n    def f(self):\n        HERE\n",
        "F",
    ),
}


@pytest.mark.parametrize(("text", "name"), THERE.values(), ids=THERE.keys())
def test_what_is_imported_is_used(tmp_path: Path, text: str, name: str) -> None:
    assert planned(tmp_path, text) == (name, text)


ADDED = {
    "merged in order": (
        "from django.db.models import Count, Q\n\nHERE\n",
        "from django.db.models import Count, F, Q\n\nHERE\n",
    ),
    "merged at the end of what is in no order": (
        "from django.db.models import Q, Count\n\nHERE\n",
        "from django.db.models import Q, Count, F\n\nHERE\n",
    ),
    "merged one a line": (
        "from django.db.models import (\n    Count,\n    Q,\n)\n\nHERE\n",
        "from django.db.models import (\n    Count,\n    F,\n    Q,\n)\n\nHERE\n",
    ),
    "merged one a line, comments kept": (
        "from django.db.models import (\n    # sums\n    Count,  # rows\n    Q  # conditions\n)\n\nHERE\n",
        "from django.db.models import (\n    # sums\n    Count,  # rows\n    Q,  # conditions\n    F\n)\n\nHERE\n",
    ),
    "merged into one line in parentheses": (
        "from django.db.models import (Count, Avg,)\nHERE\n",
        "from django.db.models import (Count, Avg, F,)\nHERE\n",
    ),
    "beside Django's other imports": (
        "import os\n\nfrom django.conf import settings\nfrom django.utils import timezone\n\nfrom app import x\n\nHERE\n",
        "import os\n\nfrom django.conf import settings\nfrom django.db.models import F\n"
        "from django.utils import timezone\n\nfrom app import x\n\nHERE\n",
    ),
    "before the project's own imports": (
        "import os\n\nfrom app.models import Book\n\nHERE\n",
        "import os\n\nfrom django.db.models import F\n\nfrom app.models import Book\n\nHERE\n",
    ),
    "behind the standard library": (
        "import os\n\nHERE\n",
        "import os\n\nfrom django.db.models import F\n\nHERE\n",
    ),
    "behind others": (
        "import requests\n\nHERE\n",
        "import requests\nfrom django.db.models import F\n\nHERE\n",
    ),
    "behind the docstring": (
        '"""What this is."""\n\nHERE\n',
        '"""What this is."""\n\nfrom django.db.models import F\n\nHERE\n',
    ),
    "behind a __future__ import": (
        '"""What this is."""\n\nfrom __future__ import annotations\n\nHERE\n',
        '"""What this is."""\n\nfrom __future__ import annotations\n\nfrom django.db.models import F\n\nHERE\n',
    ),
    "before the first definition": (
        "# license\n\ndef f():\n    HERE\n",
        "# license\n\nfrom django.db.models import F\n\n\ndef f():\n    HERE\n",
    ),
    "never into a try block": (
        "try:\n    import json\nexcept ImportError:\n    json = None\nimport os\n\nHERE\n",
        "try:\n    import json\nexcept ImportError:\n    json = None\nimport os\n\nfrom django.db.models import F\n\nHERE\n",
    ),
    "an import for type checkers does not count": (
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from django.db.models import F\n\ndef f():\n    HERE\n",
        "from typing import TYPE_CHECKING\n\nfrom django.db.models import F\n\n"
        "if TYPE_CHECKING:\n    from django.db.models import F\n\ndef f():\n    HERE\n",
    ),
    "an import in a try block does not count": (
        "try:\n    from django.db import models\nexcept ImportError:\n    pass\n\ndef f():\n    HERE\n",
        "from django.db.models import F\n\n"
        "try:\n    from django.db import models\nexcept ImportError:\n    pass\n\ndef f():\n    HERE\n",
    ),
}


@pytest.mark.parametrize(("text", "after"), ADDED.values(), ids=ADDED.keys())
def test_an_import_is_added(tmp_path: Path, text: str, after: str) -> None:
    assert planned(tmp_path, text) == ("F", after)


def test_a_taken_name_leads_to_the_module(tmp_path: Path) -> None:
    text = "F = 1\n\ndef f():\n    HERE\n"
    assert planned(tmp_path, text) == ("models.F", f"from django.db import models\n\n{text}")


REFUSED = {
    "both names are taken": "from app import models\n\nF = 1\n\ndef f():\n    HERE\n",
    "the function binds both names": "def f(models):\n    F = 1\n    HERE\n",
    "both names come from a star import": "from x import *\n\nprint(F, models)\nHERE\n",
    "an import that may not happen binds the name": (
        "try:\n    from django.db.models import F\nexcept ImportError:\n    F = models = None\nHERE\n"
    ),
    "the file does not parse": "def (:\nHERE\n",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_no_plan_where_the_name_cannot_be_had(tmp_path: Path, text: str) -> None:
    assert planned(tmp_path, text) is None


def test_a_plan_is_exact_behind_wide_characters(tmp_path: Path) -> None:
    text = 'é = "😀"; from django.db.models import Q\n\nHERE\n'
    after = 'é = "😀"; from django.db.models import F, Q\n\nHERE\n'
    assert planned(tmp_path, text) == ("F", after)
