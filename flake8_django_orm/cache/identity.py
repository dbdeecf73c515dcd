"""What made an entry: the tool and the Python that it runs on. An entry of another maker is not read.

In: nothing. Out: one short text, the same on all machines with the same versions.
"""

from __future__ import annotations

import hashlib
import os
import sys
from functools import lru_cache
from pathlib import Path

import flake8_django_orm

_PACKAGE = Path(flake8_django_orm.__file__).parent


@lru_cache(maxsize=1)
def tool_identity() -> str:
    """The tool's version, or the digest of its sources where these are being worked on, and Python's version."""
    installed = "site-packages" in _PACKAGE.parts
    tool = flake8_django_orm.__version__ if installed else _sources_digest()
    return f"{tool} {sys.version_info.major}.{sys.version_info.minor}"


def _sources_digest() -> str:
    state = hashlib.blake2b(digest_size=16)
    for folder, inner, names in os.walk(_PACKAGE):
        inner[:] = sorted(name for name in inner if name != "__pycache__")
        for name in sorted(names):
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                state.update(f"{os.path.relpath(path, _PACKAGE)}\0".encode() + file.read())
    return state.hexdigest()
