"""A private PostgreSQL server for proofs: made in a temporary directory, reached by a socket there, gone afterwards.

In: the programs `initdb` and `pg_ctl` of this machine. Out: Django's settings for a database on that server.
Nothing listens on the network. PostgreSQL refuses to run as root: there the server runs as an unprivileged user.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

#: Proofs run on PostgreSQL too if this is set to anything.
SWITCH = "FLAKE8_DJANGO_ORM_POSTGRESQL"

_USER = "proofs"
_UNPRIVILEGED = ("postgres", "nobody")
_SECONDS = 120
# What is lost when the machine stops is not missed, and not waiting for the disk makes it quick.
_QUICK = "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off"


def wanted() -> bool:
    """Whether somebody asked for PostgreSQL, and this machine can run one."""
    return bool(os.environ.get(SWITCH)) and missing() is None


def missing() -> str | None:
    """What this machine lacks to run a server, in one line; None if nothing."""
    for program in ("initdb", "pg_ctl"):
        if shutil.which(program) is None:
            return f"there is no {program}"
    if os.geteuid() == 0 and _account() is None:
        return "PostgreSQL does not run as root, and there is no unprivileged user"
    return None


@functools.cache
def has_driver(python: str) -> bool:
    """Whether the interpreter can talk to PostgreSQL through Django."""
    done = subprocess.run([python, "-c", "import psycopg"], capture_output=True, timeout=60)
    return done.returncode == 0


@contextlib.contextmanager
def server() -> Iterator[Mapping[str, Any]]:
    """A running server; gives the settings of an empty database on it."""
    directory = Path(tempfile.mkdtemp(prefix="djq-pg-"))
    try:
        account = _account() if os.geteuid() == 0 else None
        if account is not None:
            os.chown(directory, account.pw_uid, account.pw_gid)
        data = str(directory / "data")
        initdb = ["initdb", "-D", data, "-U", _USER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        _run(initdb, account, directory)
        options = f"{_QUICK} -k {directory}"
        control = ["pg_ctl", "-D", data, "-w", "-l", str(directory / "log")]
        _run([*control, "-o", options, "start"], account, directory)
        try:
            yield {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "postgres",
                "USER": _USER,
                "HOST": str(directory),
            }
        finally:
            _run([*control, "-m", "immediate", "stop"], account, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _account() -> pwd.struct_passwd | None:
    for name in _UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    return None


def _run(command: list[str], account: pwd.struct_passwd | None, directory: Path) -> None:
    """Run a program of PostgreSQL, as `account` if there is one; a server keeps its output open, so that is a file."""
    with (directory / f"{command[0]}.out").open("w+", encoding="utf-8") as out:
        if account is not None:
            os.chown(out.fileno(), account.pw_uid, account.pw_gid)
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            cwd=directory,
            user=account.pw_uid if account is not None else None,
            group=account.pw_gid if account is not None else None,
            extra_groups=[] if account is not None else None,
        )
        out.seek(0)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed: {out.read()}")
