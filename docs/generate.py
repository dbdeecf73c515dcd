"""`python docs/generate.py`: writes what the documentation takes from the software.

In: the docstrings of the rules, what the linter says about the demo project, what the demo measures. Out: one
page a rule and their index in `docs/rules/`, and the parts of the README between `<!-- name:begin -->` and
`<!-- name:end -->`. A test holds that the files are what this script would write.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from flake8_django_orm.findings import Applicability  # noqa: E402
from flake8_django_orm.rule_command import page  # noqa: E402
from flake8_django_orm.rules import Rule, all_rules  # noqa: E402
from tests.demo.__main__ import copy_demo, measure, repair, run_linter  # noqa: E402
from tests.demo.report import table  # noqa: E402

GENERATED = "<!-- Written by docs/generate.py from the rule's docstring: change it there. -->\n"
FAMILIES = {
    "1": "Queries sent once per row",
    "2": "Rows fetched more than once",
    "3": "Writes",
    "4": "Definitions",
    "5": "Querysets",
}
FIXES = {
    None: "",
    Applicability.SAFE: "safe",
    Applicability.UNSAFE: "unsafe",
    Applicability.DISPLAY_ONLY: "shown only",
}


def documents() -> dict[Path, str]:
    """Every generated file with its text."""
    rules = sorted(all_rules(), key=lambda rule: rule.code)
    pages = {ROOT / "docs" / "rules" / f"{rule.code}.md": f"{GENERATED}\n{page(rule)}\n" for rule in rules}
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as workshop:
        text = fill(text, "example", console_example(Path(workshop)))
        text = fill(text, "demo", demo_table(Path(workshop)))
    return {
        **pages,
        ROOT / "docs" / "rules" / "index.md": index_page(rules),
        readme: fill(text, "rules", "\n".join(rule_table(rules, "docs/rules/"))),
    }


def fill(text: str, name: str, content: str) -> str:
    """The text with `content` between the two marks called `name`; ValueError where they are missing."""
    pattern = re.compile(rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
    filled, count = pattern.subn(lambda marks: f"{marks[1]}{content}\n{marks[2]}", text)
    if count != 1:
        raise ValueError(f"expected one pair of marks called {name}, found {count}")
    return filled


def index_page(rules: Iterable[type[Rule]]) -> str:
    """All rules by family."""
    lines = [GENERATED, "# Rules", ""]
    for family, members in groupby(rules, key=lambda rule: rule.family()):
        lines += [f"## {FAMILIES[family]}", "", *index_table(members), ""]
    return "\n".join(lines)


def index_table(rules: Iterable[type[Rule]]) -> Iterator[str]:
    """A Markdown table of rules with all that a reader of the configuration may ask."""
    yield "| code | name | what it flags | fix | default | since |"
    yield "|---|---|---|---|---|---|"
    for rule in rules:
        default, link = default_of(rule), f"[{rule.code}]({rule.code}.md)"
        yield f"| {link} | {rule.name} | {summary(rule)} | {FIXES[rule.applicability]} | {default} | {rule.since} |"


def rule_table(rules: Iterable[type[Rule]], folder: str) -> Iterator[str]:
    """A Markdown table of rules that links to their pages in `folder`."""
    yield "| code | name | what it flags | fix |"
    yield "|---|---|---|---|"
    for rule in rules:
        name = rule.name if (default := default_of(rule)) == "on" else f"{rule.name} ({default} by default)"
        link = f"[{rule.code}]({folder}{rule.code}.md)"
        yield f"| {link} | {name} | {summary(rule)} | {FIXES[rule.applicability]} |"


def default_of(rule: type[Rule]) -> str:
    """Whether the rule runs without being named."""
    if rule.only_on_purpose:
        return "partly on"
    return "on" if rule.default_on else "off"


def summary(rule: type[Rule]) -> str:
    """The first sentence under "What it does", without its "Flags"."""
    section = re.search(r"## What it does\n(.*?)(?=\n\s*##|\Z)", rule.__doc__ or "", re.DOTALL)
    if section is None:
        raise ValueError(f'{rule.code} has no section "What it does"')
    sentence = re.split(r"\.(?:\s|$)", " ".join(section[1].split()), maxsplit=1)[0]
    return sentence.removeprefix("Flags ").replace("|", "\\|")


def console_example(workshop: Path) -> str:
    """What the linter says about one page of the demo project."""
    command = ["--select", "DJQ102", "catalogue/views.py"]
    output = run_linter(copy_demo(workshop / "example"), *command)
    return f"```console\n$ flake8-django-orm check {' '.join(command)}\n{output.rstrip()}\n```"


def demo_table(workshop: Path) -> str:
    """What the repair of the demo project saves."""
    before = copy_demo(workshop / "before")
    after = copy_demo(workshop / "after")
    repair(after)
    return "\n".join(["```text", *(line.rstrip() for line in table(measure(before), measure(after))), "```"])


def main() -> None:
    """Write the files and name those that changed."""
    for path, text in documents().items():
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
