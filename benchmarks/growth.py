"""Time for each line, as projects grow: a straight line is what is wanted.

In: nothing. Out: a table on stdout, for trees of 80,000 to 800,000 lines, for copies of one package, and for shapes
that grow in one direction: one long function, a thousand models, a class with hundreds of methods.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import run
from benchmarks.projects import TREES, Tree, copies, tree

_CHECK = [sys.executable, "-m", "flake8_django_orm", "check", "--select", "DJQ", "--enable", "DJQ", "--isolated"]
_CHECK += ["--no-cache", "--jobs", "2", "--statistics"]


def show(scratch: Path) -> None:
    """Processor time for a thousand lines, cold."""
    print("\n## Growth\n")
    print("| what | lines | processor seconds | ms for a thousand lines | peak MiB |")
    print("|---|---|---|---|---|")
    for name in TREES:
        _row(tree(name, scratch / "growth"))
    for count in (1, 4, 10):
        _row(copies("pulpcore", count, scratch / "growth"))
    for title, (make, sizes) in SHAPES.items():
        for size in sizes:
            _row(_written(f"{title} {size:,}", make(size), scratch / "growth"))


def _row(one: Tree) -> None:
    lines = one.lines
    done = run([*_CHECK, "."], one.root)
    each = done.processor / lines * 1_000_000
    print(f"| {one.name} | {lines:,} | {done.processor:.1f} | {each:.1f} | {done.peak:.0f} |", flush=True)
    shutil.rmtree(one.root)


def _written(name: str, files: dict[str, str], scratch: Path) -> Tree:
    root = scratch / name.replace(" ", "-").replace(",", "")
    for path, text in files.items():
        place = root / "shop" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    (root / "shop/__init__.py").touch()
    (root / ".git").mkdir()
    return Tree(name, root)


_MODELS = """\
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=20)


class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE)
"""


def _long_function(lines: int) -> dict[str, str]:
    body = "".join(f"    total += book.author.name.count('{number}')\n" for number in range(lines))
    head = "from shop.models import Book\n\n\ndef count(book):\n    total = 0\n"
    return {"models.py": _MODELS, "views.py": f"{head}{body}    return total, Book.objects.count()\n"}


def _many_models(count: int) -> dict[str, str]:
    models = "".join(
        f"\n\nclass Book{number}(models.Model):\n"
        f"    author = models.ForeignKey(Author, models.CASCADE)\n"
        f"    other = models.ForeignKey('Book{(number + 1) % count}', models.CASCADE, related_name='others')\n"
        for number in range(count)
    )
    views = "".join(
        f"\n\ndef titles{number}():\n    return [book.author.name for book in models.Book{number}.objects.all()]\n"
        for number in range(count)
    )
    return {"models.py": f"{_MODELS}{models}", "views.py": f"from shop import models\n{views}"}


def _many_methods(count: int) -> dict[str, str]:
    methods = "".join(
        f"    def method{number}(self):\n"
        f"        for book in Book.objects.filter(pk={number}):\n"
        f"            self.method{(number + 1) % count}()\n"
        f"            print(book.author.name)\n\n"
        for number in range(count)
    )
    return {"models.py": _MODELS, "views.py": f"from shop.models import Book\n\n\nclass Service:\n{methods}"}


SHAPES: dict[str, tuple[Callable[[int], dict[str, str]], tuple[int, ...]]] = {
    "lines of one function:": (_long_function, (500, 5_000)),
    "models:": (_many_models, (100, 1_000)),
    "methods of a class:": (_many_methods, (50, 500)),
}
