"""Writes fixed blocks of a case file anew, when somebody asks for it.

In: a case, the texts that its fixes made. Out: the case file, changed on disk. Marks and silent blocks are
never touched.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.harness.case_files import PACKAGE, Case


def update_fixed_blocks(case: Case, texts: Mapping[str, str], *, unsafe: bool) -> None:
    """Replace the fixed (or fixed-unsafe) blocks of `case` by `texts`, or add them behind the case's last
    block that is no proof.
    """
    kind = "fixed-unsafe" if unsafe else "fixed"
    before = case.texts(case.fixed) if unsafe else case.texts()
    blocks = case.fixed_unsafe if unsafe else case.fixed
    changed = {path: text for path, text in texts.items() if text != before[path] or path in blocks}
    lines = case.file.path.read_text(encoding="utf-8").split("\n")
    # Blocks that were written for cases above have moved this one: its heading tells where it is now.
    start = lines.index(f"## {case.heading}") + 1
    end = _end(lines, start)
    body = lines[start:end]
    for path, text in changed.items():
        _put(body, _info(path, kind), text)
    case.file.path.write_text("\n".join([*lines[:start], *body, *lines[end:]]), encoding="utf-8")


def _info(path: str, kind: str) -> str:
    language = path.rsplit(".", 1)[-1]
    written = path.removeprefix(f"{PACKAGE}/") if path.startswith(f"{PACKAGE}/") else f"/{path}"
    return f"```{language} {written} {kind}"


def _end(lines: list[str], start: int) -> int:
    """The row of the next heading that does not stand in a block."""
    fenced = False
    for row in range(start, len(lines)):
        if lines[row].startswith("```"):
            fenced = not fenced
        elif lines[row].startswith("## ") and not fenced:
            return row
    return len(lines)


def _put(body: list[str], info: str, text: str) -> None:
    content = text.removesuffix("\n").split("\n")
    if info in body:
        row = body.index(info)
        body[row + 1 : body.index("```", row)] = content
        return
    opened = [row for row, line in enumerate(body) if line.startswith("```") and line != "```"]
    last = next((row for row in reversed(opened) if not body[row].endswith(" proof")), None)
    end = body.index("```", last) + 1 if last is not None else 0
    body[end:end] = ["", info, *content, "```"]
