"""Case files are read as `docs/writing-cases.md` says, and what is wrong in one is told with its row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.case_files import Case, CaseError, CaseFile, Options, read_case_file
from tests.harness.marks import Expected

WHOLE = """\
# DJQ101 missing-select-related

> enable: DJQ503

```py models.py
class Book: ...
```

```py proof
shared = 1
```

## A relation is read on every row.

Prose that says why.

```py views.py
def titles(books):
    return [b.author for b in books]  # error: DJQ101
```

```py views.py fixed
def titles(books):
    return [b.author for b in books]
```

```py proof
sizes = (2, 20)
def make(n): ...
def call(): ...
```

## One row is silent.

> django-version: 6.1
> proof-on: django>=6.0, django<6.2, sqlite

```py
x = 1
```

```html templates/book.html
{{ book }}
```

```py /setup.py
y = 1
```
"""


def _write(directory: Path, text: str) -> Path:
    path = directory / "loading" / "missing-select-related.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def whole(tmp_path: Path) -> CaseFile:
    return read_case_file(_write(tmp_path, WHOLE))


@pytest.fixture
def flagged(whole: CaseFile) -> Case:
    return whole.cases[0]


@pytest.fixture
def silent(whole: CaseFile) -> Case:
    return whole.cases[1]


def test_the_title_names_the_rule_and_each_heading_is_a_case(whole: CaseFile) -> None:
    assert (whole.family, whole.code, whole.name) == ("loading", "DJQ101", "missing-select-related")
    assert [case.id for case in whole.cases] == [
        "loading/missing-select-related::A relation is read on every row.",
        "loading/missing-select-related::One row is silent.",
    ]


def test_files_above_the_first_heading_belong_to_every_case(whole: CaseFile) -> None:
    assert all(case.files["app/models.py"].text == "class Book: ...\n" for case in whole.cases)


def test_marks_are_expectations_and_not_text(flagged: Case) -> None:
    views = flagged.files["app/views.py"]
    assert views.expected == (Expected(2, "DJQ101"),)
    assert "error" not in views.text
    assert flagged.flagged


def test_a_fixed_block_is_a_text_of_its_own(flagged: Case) -> None:
    assert set(flagged.fixed) == {"app/views.py"}
    assert flagged.texts(flagged.fixed)["app/models.py"] == "class Book: ...\n"


def test_a_proof_starts_with_what_all_proofs_share(flagged: Case, silent: Case) -> None:
    assert flagged.proof is not None
    assert flagged.proof.text.startswith("shared = 1\n")
    assert flagged.proof.sizes == (2, 20)
    assert silent.proof is None


def test_a_block_without_a_path_is_views_and_a_slash_starts_at_the_root(silent: Case) -> None:
    assert set(silent.files) == {"app/models.py", "app/views.py", "app/templates/book.html", "setup.py"}
    assert not silent.flagged


def test_options_of_a_case_come_on_top_of_those_of_the_file(flagged: Case, silent: Case) -> None:
    assert flagged.options == Options(enable=("DJQ503",))
    assert silent.options == Options(
        enable=("DJQ503",),
        django_version=(6, 1),
        proof_from=(6, 0),
        proof_before=(6, 2),
        proof_backends=("sqlite",),
    )


TITLE = "# DJQ101 missing-select-related\n\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("# Missing select related\n", ":1: the title is not of the form"),
        ("# DJQ101 other-name\n", ":1: the title names 'other-name'"),
        (f"{TITLE}## A.\n```py\nx = 1\n", ":4: the block has no end"),
        (f"{TITLE}## A.\n```rust\n```\n", ":4: a block in 'rust'"),
        (f"{TITLE}## A.\n```py\nx = (\n```\n", ":5: '(' was never closed"),
        (f"{TITLE}## A.\n```py\nx  # error: N+1\n```\n", ":4: row 1: cannot read the mark"),
        (f"{TITLE}## A.\n```py\n```\n```py\n```\n", ":6: a second block for app/views.py"),
        (f"{TITLE}## A.\n```py a.py b.py\n```\n", ":4: a block takes at most one path"),
        (f"{TITLE}## A.\n```py\n```\n```py other.py fixed\n```\n", ":3: a fixed block for app/other.py"),
        (f"{TITLE}## A.\n```html\n```\n", ":4: a block in html needs a path"),
        (f"{TITLE}## A.\n```py\n```\n```py proof\nproof = 'works'\n```\n", ":6: proof = 'works'"),
        (f"{TITLE}## A.\n```py\n```\n```py proof\nsizes = 3\n```\n", ":6: sizes is a pair"),
        (f"{TITLE}## A.\n> enabel: DJQ503\n```py\n```\n", ":3: unknown option 'enabel'"),
        (f"{TITLE}## A.\n> proof-on: oracle\n```py\n```\n", ":3: proof-on 'oracle'"),
        (f"{TITLE}## A.\n> django-version: five\n```py\n```\n", ":3: django-version 'five'"),
        (f"{TITLE}## A.\nOnly prose.\n", ":3: a case without a file of its own"),
        (f"{TITLE}## A.\n```py\n```\n## A.\n```py\n```\n", "two cases are headed 'A.'"),
    ],
)
def test_what_is_wrong_is_told_with_its_row(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(CaseError) as caught:
        read_case_file(_write(tmp_path, text))
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
