"""Fixed blocks can be written anew; everything else of a case file stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.case_files import Case, read_case_file
from tests.harness.updating import update_fixed_blocks

TEXT = """\
# DJQ101 a-rule

## First.

```py views.py
x = 1  # error: DJQ101
```

```py views.py fixed
x = 0
```

Prose.

## Second.

```py
y = 1  # error: DJQ101
```
"""


@pytest.fixture
def cases(tmp_path: Path) -> list[Case]:
    path = tmp_path / "loading" / "a-rule.md"
    path.parent.mkdir()
    path.write_text(TEXT, encoding="utf-8")
    return read_case_file(path).cases


def test_a_block_that_is_there_gets_the_new_text(cases: list[Case]) -> None:
    update_fixed_blocks(cases[0], {"app/views.py": "x = 2\nz = 3\n"}, unsafe=False)
    text = cases[0].file.path.read_text(encoding="utf-8")
    assert text == TEXT.replace("x = 0\n", "x = 2\nz = 3\n")


def test_a_block_that_is_missing_is_added_to_its_case(cases: list[Case]) -> None:
    update_fixed_blocks(cases[1], {"app/views.py": "y = 2\n"}, unsafe=True)
    text = cases[0].file.path.read_text(encoding="utf-8")
    assert text == TEXT + "\n```py views.py fixed-unsafe\ny = 2\n```\n"
    assert read_case_file(cases[0].file.path).cases[1].fixed_unsafe["app/views.py"].text == "y = 2\n"


def test_what_did_not_change_gets_no_block(cases: list[Case]) -> None:
    update_fixed_blocks(cases[1], {"app/views.py": "y = 1\n"}, unsafe=False)
    assert cases[0].file.path.read_text(encoding="utf-8") == TEXT
