"""The command `flake8-django-orm`: its options, its exit codes, and nothing that knows about Django.

In: command line arguments. Out: an exit code (0 clean, 1 findings, 2 nothing could be done) and, on stderr,
one line for each thing that went wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from flake8_django_orm import __version__
from flake8_django_orm.terminal import ERROR, FINDINGS, INTERRUPTED, PROGRAM

if TYPE_CHECKING:
    from collections.abc import Sequence

# options that flake8 knows by the same name and that decide what is linted and shown
_FLAKE8_VALUES = (
    "config",
    "select",
    "extend-select",
    "ignore",
    "extend-ignore",
    "per-file-ignores",
    "exclude",
    "extend-exclude",
    "filename",
    "stdin-display-name",
    "djq-root",
    "djq-enable",
    "djq-django-version",
    "djq-cache-dir",
)
_FLAKE8_SWITCHES = ("isolated", "disable-noqa", "djq-no-cache", "djq-partial")


class _Parser(argparse.ArgumentParser):
    """argparse prints the whole usage on an error; one line is enough."""

    def error(self, message: str) -> NoReturn:
        self.exit(ERROR, f"{PROGRAM}: error: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments` (default: the process's own) and return its exit code."""
    try:
        namespace = _parser().parse_args(arguments)
        _make_output_tolerant()
        code: int = namespace.run(namespace)
        sys.stdout.flush()
    except SystemExit as stop:  # argparse: --help, --version, bad usage
        return stop.code if isinstance(stop.code, int) else ERROR
    except BrokenPipeError:
        # whoever read us has gone; keep the interpreter from flushing into the pipe once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINDINGS
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _make_output_tolerant() -> None:
    """A message may quote characters that the terminal's encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _check(namespace: argparse.Namespace) -> int:
    from flake8_django_orm.check_command import check

    return check(namespace, flake8_arguments(namespace))


def _rule(namespace: argparse.Namespace) -> int:
    from flake8_django_orm.rule_command import show_rules

    return show_rules(namespace.code, every=namespace.all, as_json=namespace.output_format == "json")


def _explain(namespace: argparse.Namespace) -> int:
    from flake8_django_orm.explain_command import explain_line

    return explain_line(namespace.place, root=namespace.root)


def _cache(namespace: argparse.Namespace) -> int:
    from flake8_django_orm.cache_command import clean

    return clean(namespace.root, namespace.cache_dir)


def flake8_arguments(namespace: argparse.Namespace) -> list[str]:
    """The given options that flake8 (or our part of its options) must see, in flake8's spelling."""
    found: list[str] = []
    for name in _FLAKE8_VALUES:
        value = getattr(namespace, name.replace("-", "_"))
        if value is not None:
            found.append(f"--{name}={value}")
    found += [f"--append-config={path}" for path in namespace.append_config]
    found += [f"--{name}" for name in _FLAKE8_SWITCHES if getattr(namespace, name.replace("-", "_"))]
    return found


def _jobs(text: str) -> int:
    """The number of processes, 0 for "auto", which must differ from no option at all."""
    if text == "auto":
        return 0
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number of processes nor 'auto'")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=PROGRAM, description="A linter and fixer for Django ORM anti-patterns.")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_check(commands.add_parser("check", help="lint files and directories, and fix them"))
    _add_rule(commands.add_parser("rule", help="explain a rule, or all of them"))
    _add_explain(commands.add_parser("explain", help="show what is known at a line, and why it is reported or not"))
    _add_cache(commands.add_parser("cache", help="delete what is kept on disk between runs"))
    return parser


def _add_cache(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_cache)
    parser.add_argument("action", choices=("clean",), help="clean deletes the cache")
    parser.add_argument("--root", metavar="DIR", help="the project's root (default: found from the current directory)")
    parser.add_argument("--cache-dir", metavar="DIR", help="the cache, where it is not in the root")


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_explain)
    parser.add_argument("place", metavar="PATH:LINE", help="a line of a Python file, such as shop/views.py:12")
    parser.add_argument("--root", metavar="DIR", help="the project's root (default: found from the file)")


def _add_rule(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_rule)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("code", nargs="?", metavar="CODE", help="a code or a name, such as DJQ101")
    which.add_argument("--all", action="store_true", help="explain every rule")
    parser.add_argument("--output-format", choices=("text", "json"), default="text")


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_check)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and directories; - reads from stdin")
    parser.add_argument(
        "--with-dependents",
        action="store_true",
        help="also check the files of the project whose reports rest on one of the given files or templates",
    )
    _add_fixing(parser.add_argument_group("fixing"))
    _add_selection(parser.add_argument_group("selection, as in flake8 and its configuration files"))
    _add_project(parser.add_argument_group("project"))
    _add_output(parser.add_argument_group("output"))


def _add_fixing(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--fix", action="store_true", help="repair what can be repaired safely")
    group.add_argument("--unsafe-fixes", action="store_true", help="also make fixes that need a second look")
    group.add_argument("--diff", action="store_true", help="print what --fix would change, write nothing")


def _add_selection(group: argparse._ArgumentGroup) -> None:
    for name in ("select", "extend-select", "ignore", "extend-ignore"):
        group.add_argument(f"--{name}", metavar="CODES")
    group.add_argument(
        "--enable", "--djq-enable", dest="djq_enable", metavar="CODES", help="rules that are off by default"
    )
    for name in ("per-file-ignores", "exclude", "extend-exclude", "filename"):
        group.add_argument(f"--{name}", metavar="PATTERNS")
    group.add_argument("--disable-noqa", action="store_true", help="show what # noqa hides")
    group.add_argument("--config", metavar="FILE", help="the only configuration file to read")
    group.add_argument("--append-config", metavar="FILE", action="append", default=[])
    group.add_argument("--isolated", action="store_true", help="read no configuration file")
    group.add_argument("--stdin-display-name", "--stdin-filename", metavar="PATH", help="the name of stdin")


def _add_project(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--root", "--djq-root", dest="djq_root", metavar="DIR", help="root of the Django project")
    group.add_argument(
        "--django-version",
        "--djq-django-version",
        dest="djq_django_version",
        metavar="VERSION",
        help="the Django version that the project targets, such as 5.2",
    )
    group.add_argument(
        "--partial",
        "--djq-partial",
        dest="djq_partial",
        action="store_true",
        help="only a part of the project is there: report nothing that rests on what is not",
    )
    group.add_argument("-j", "--jobs", type=_jobs, metavar="N", help="number of processes, or auto")
    group.add_argument(
        "--cache-dir",
        "--djq-cache-dir",
        dest="djq_cache_dir",
        metavar="DIR",
        help="where to keep what was found for the next run (default: .flake8-django-orm-cache in the root)",
    )
    group.add_argument(
        "--no-cache",
        "--djq-no-cache",
        dest="djq_no_cache",
        action="store_true",
        help="neither read nor write the cache on disk",
    )


def _add_output(group: argparse._ArgumentGroup) -> None:
    from flake8_django_orm.output import formats

    group.add_argument("--output-format", choices=sorted(formats()), default="text")
    group.add_argument("--output-file", metavar="FILE", help="write the report there instead of to stdout")
    group.add_argument("--statistics", action="store_true", help="count findings by rule, show no others")
    group.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    group.add_argument("--exit-zero", action="store_true", help="exit with 0 even if there are findings")
