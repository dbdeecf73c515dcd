"""`python -m tests.other_djangos`: prepares environments with other Django versions for the proofs.

In: the interpreters of this machine. Out: on stdout the paths of Python interpreters that can import Django,
joined by `os.pathsep`, for the variable `FLAKE8_DJANGO_ORM_PYTHONS`; on stderr one line for each environment
that is made or left out. An interpreter or a download that is missing leaves a version out, it is never an
error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: What proofs use besides Django wherever they run; the packages for REST and the like are installed for one Django.
BESIDES = ("jinja2>=3.1",)
ROOT = Path(__file__).parents[1]
NEWER_PYTHONS = ((3, 14), (3, 13), (3, 12))
ANSWER_IN_SECONDS = 30
INSTALL_IN_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Wanted:
    """An environment: its directory, what pip installs into it, the Pythons to make it with, best first."""

    directory: Path
    requirement: str
    pythons: tuple[tuple[int, int], ...]

    @property
    def python(self) -> Path:
        """The interpreter of the environment."""
        return self.directory / "bin" / "python"

    @property
    def stamp(self) -> Path:
        """A file that exists once everything is installed."""
        return self.directory / ".ready"


WANTED = (
    Wanted(ROOT / ".venv-django-4.2", "django>=4.2,<5", ((3, 11), (3, 12))),
    # Django 6.0 and newer need Python 3.12.
    Wanted(ROOT / ".venv-django-newest", "django>=6", NEWER_PYTHONS),
)


def candidates(version: tuple[int, int]) -> Iterator[str]:
    """Interpreters that may be of a version: this one, one on the PATH, those that pyenv keeps."""
    if sys.version_info[:2] == version:
        yield sys.executable
    name = f"python{version[0]}.{version[1]}"
    if found := shutil.which(name):
        yield found
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from (str(path) for path in sorted(versions.glob(f"{version[0]}.{version[1]}.*/bin/{name}")))


def works(python: str) -> bool:
    """Whether an interpreter starts and can make environments: a shim of an inactive version does not."""
    try:
        done = subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True, timeout=ANSWER_IN_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def prepare(wanted: Wanted) -> bool:
    """Make one environment unless it is there; whether it can be used."""
    if wanted.stamp.exists():
        return True
    pythons = (python for version in wanted.pythons for python in candidates(version))
    base = next((python for python in pythons if works(python)), None)
    if base is None:
        print(f"{wanted.requirement}: no Python for it here, left out", file=sys.stderr)
        return False
    print(f"{wanted.requirement}: preparing {wanted.directory.name}", file=sys.stderr)
    pip = [str(wanted.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        subprocess.run([base, "-m", "venv", "--clear", str(wanted.directory)], check=True, capture_output=True)
        subprocess.run(
            [*pip, wanted.requirement, *BESIDES], check=True, capture_output=True, timeout=INSTALL_IN_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        print(f"{wanted.requirement}: cannot be installed, left out ({error})", file=sys.stderr)
        return False
    wanted.stamp.touch()
    return True


def main() -> None:
    """Prepare what can be prepared and print the interpreters."""
    print(os.pathsep.join(str(wanted.python) for wanted in WANTED if prepare(wanted)))


if __name__ == "__main__":
    main()
