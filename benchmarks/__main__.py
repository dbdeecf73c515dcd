"""`python -m benchmarks [CHECKOUT ...]`: measure and print the tables of `README.md`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import growth, speed
from benchmarks.commands import Commands
from benchmarks.projects import TREES, checkout, tree


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("checkouts", nargs="*", type=Path, metavar="CHECKOUT", help="measure these instead of packages")
    parser.add_argument("--trees", nargs="*", choices=sorted(TREES), default=["small"])
    parser.add_argument("--rounds", type=int, default=2, help="how often each command runs")
    parser.add_argument("--only", nargs="*", choices=("speed", "flake8", "one-file", "growth"), default=None)
    parser.add_argument(
        "--python",
        default=sys.executable,
        metavar="PATH",
        help="an interpreter that has this package and flake8; others can be measured too",
    )
    parser.add_argument(
        "--others", metavar="PATH", help="an interpreter that has other linters: pylint-django, flake8-django, ruff"
    )
    arguments = parser.parse_args()
    wanted = set(arguments.only or ("speed", "flake8", "one-file", "growth"))
    commands = Commands(arguments.python, arguments.others)
    print(f"Python {commands.version}")
    with tempfile.TemporaryDirectory(prefix="djq-bench-") as directory:
        scratch = Path(directory)
        trees = [checkout(path.resolve(), scratch) for path in arguments.checkouts]
        trees = trees or [tree(name, scratch) for name in arguments.trees]
        for one in trees:
            if "speed" in wanted:
                speed.show_command_line(commands, one, arguments.rounds)
            if "flake8" in wanted:
                speed.show_plugin(commands, one, arguments.rounds)
            if "one-file" in wanted:
                speed.show_one_file(commands, one, arguments.rounds)
        if "growth" in wanted:
            growth.show(commands, trees, scratch)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
