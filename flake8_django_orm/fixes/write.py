"""Putting edited files on the disk: whole or not at all, and never over what somebody else has just written.

In: for each file the bytes it had when it was read and the bytes it shall have. Out: nothing, or one line
that says why no file was touched.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class NotWritten(Exception):  # noqa: N818 (an outcome, told in one line)
    """No file of the group was changed; the text says why."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One file on its way from `before` (what was linted) to `after`.

    A symbolic link is followed to its target, which must lie below `within`.
    """

    path: Path
    before: bytes
    after: bytes
    within: Path


def write_together(rewrites: Sequence[Rewrite]) -> None:
    """Write all files of one group, or none: NotWritten if one changed on disk meanwhile or cannot be
    written.

    Mode and, where that is allowed, owner stay.
    """
    with contextlib.ExitStack() as stack:
        staged = [(_target(rewrite), rewrite) for rewrite in rewrites]
        for target, rewrite in staged:
            _check_unchanged(target, rewrite)
        ready = [(_stage(target, rewrite, stack), target, rewrite) for target, rewrite in staged]
        replaced: list[tuple[Path, Rewrite]] = []
        for temporary, target, rewrite in ready:
            try:
                _check_unchanged(target, rewrite)
                os.replace(temporary, target)
            except (OSError, NotWritten) as error:
                _restore(replaced)
                raise _not_written(rewrite.path, error) from None
            replaced.append((target, rewrite))


def _target(rewrite: Rewrite) -> Path:
    target = Path(os.path.realpath(rewrite.path))
    if not target.is_relative_to(os.path.realpath(rewrite.within)):
        raise NotWritten(f"{rewrite.path}: lies outside of the project root; left alone")
    return target


def _check_unchanged(target: Path, rewrite: Rewrite) -> None:
    try:
        unchanged = target.read_bytes() == rewrite.before
    except OSError as error:
        raise _not_written(rewrite.path, error) from None
    if not unchanged:
        raise NotWritten(f"{rewrite.path}: changed on disk while it was linted; left alone")


def _stage(target: Path, rewrite: Rewrite, stack: contextlib.ExitStack) -> Path:
    """Write the new bytes beside `target`, safe on the disk; `stack` removes what is left of them."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        stack.callback(_remove, name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(rewrite.after)
            file.flush()
            os.fsync(file.fileno())
        _copy_rights(target, name)
    except OSError as error:
        raise _not_written(rewrite.path, error) from None
    return Path(name)


def _copy_rights(target: Path, name: str) -> None:
    status = target.stat()
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(name, status.st_uid, status.st_gid)
    os.chmod(name, stat.S_IMODE(status.st_mode))


def _remove(name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name)


def _restore(replaced: Sequence[tuple[Path, Rewrite]]) -> None:
    for target, rewrite in replaced:
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError, NotWritten):
            os.replace(_stage(target, replace(rewrite, after=rewrite.before), stack), target)


def _not_written(path: Path, error: OSError | NotWritten) -> NotWritten:
    if isinstance(error, NotWritten):
        return error
    return NotWritten(f"{path}: {(error.strerror or 'cannot be written').lower()}; left alone")
