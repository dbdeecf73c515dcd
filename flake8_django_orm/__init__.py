"""A linter and fixer for Django ORM anti-patterns: a flake8 plugin (`DJQ`) and the `flake8-django-orm`
command.

Importing this package is cheap: libcst, Django and flake8 are imported only by the modules that need them.
"""

from __future__ import annotations

__version__ = "0.1.0"
