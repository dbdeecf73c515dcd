"""`flake8-django-orm cache clean`: delete what is kept on disk between runs.

In: the project's root or the cache's directory. Out: an exit code; what went wrong on stderr.
"""

from __future__ import annotations

from pathlib import Path

from flake8_django_orm.cache.directory import cache_directory
from flake8_django_orm.config import ConfigurationError, explicit_root, project_root
from flake8_django_orm.terminal import CLEAN, ERROR, tell_error


def clean(root: str | None, named: str | None) -> int:
    """Delete the cache of the project at `root`, or the one that is `named`. The exit code."""
    try:
        place = explicit_root(root) if root else project_root(Path.cwd())
        directory = cache_directory(place, named or "")
        if directory is None or not directory.clean():
            print("there is no cache to delete")
        else:
            print(f"deleted {directory.path}")
    except ConfigurationError as error:
        tell_error(str(error))
        return ERROR
    except OSError as error:
        tell_error(f"{error.filename}: {(error.strerror or 'cannot be deleted').lower()}")
        return ERROR
    return CLEAN
