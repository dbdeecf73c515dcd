"""`python -m flake8_django_orm`: the same as the command `flake8-django-orm`."""

from __future__ import annotations

import sys

from flake8_django_orm.cli import main

# worker processes that start anew import this module again under another name
if __name__ == "__main__":
    sys.exit(main())
