"""Time for each line, as projects grow: a straight line is what is wanted.

In: the commands, the trees that were asked for. Out: a table on stdout: these trees, copies of one package from 70,000
to 700,000 lines, and shapes that grow in one direction: one long function, a thousand models, a class with hundreds of
methods, webs and rings of calls, one function with hundreds of branches.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import run
from benchmarks.projects import Tree, copies

if TYPE_CHECKING:
    from benchmarks.commands import Commands

_COPIES = (1, 4, 10)


def show(commands: Commands, trees: Sequence[Tree], scratch: Path) -> None:
    """Processor time for a thousand lines, cold."""
    print("\n## Growth\n")
    print("| what | lines | processor seconds | ms for a thousand lines | peak MiB |")
    print("|---|---|---|---|---|")
    for one in trees:
        _row(commands, one)
    for count in _COPIES:
        one = copies("pulpcore", count, scratch / "growth")
        _row(commands, one)
        shutil.rmtree(one.root)
    for title, (make, sizes) in SHAPES.items():
        for size in sizes:
            one = _written(f"{title} {size:,}", make(size), scratch / "growth")
            _row(commands, one)
            shutil.rmtree(one.root)


def _row(commands: Commands, one: Tree) -> None:
    lines = one.lines
    done = run(commands.check("--no-cache", "--statistics", "."), one.root)
    each = done.processor / lines * 1_000_000
    print(f"| {one.name} | {lines:,} | {done.processor:.1f} | {each:.1f} | {done.peak:.0f} |", flush=True)


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


def _web_of_calls(count: int) -> dict[str, str]:
    """Each function hands its rows on to three others, so that the number of ways through them has no bound."""
    functions = "".join(
        f"\n\ndef step{number}(books):\n    for book in books:\n        print(book.author.name)\n"
        + "".join(
            f"    step{number + ahead}(books.filter(pk__gt={ahead}))\n" for ahead in (1, 2, 7) if number + ahead < count
        )
        for number in range(count)
    )
    view = "\n\ndef view():\n    step0(Book.objects.all())\n"
    return {"models.py": _MODELS, "views.py": f"from shop.models import Book\n{functions}{view}"}


def _ring_of_calls(count: int) -> dict[str, str]:
    """Each function calls two others with rows of its own, round and round."""
    functions = "".join(
        f"\n\ndef step{number}(book):\n    print(book.author.name)\n"
        f"    for other in Book.objects.filter(author=book.author):\n"
        f"        step{(number + 1) % count}(other)\n        step{(number * 7 + 3) % count}(other)\n"
        for number in range(count)
    )
    return {"models.py": _MODELS, "views.py": f"from shop.models import Book\n{functions}"}


def _many_branches(count: int) -> dict[str, str]:
    """One function in which the ways through it double with each condition."""
    body = "".join(
        f"    if flags[{number}]:\n        books = books.filter(pk={number})\n    else:\n        book.author = None\n"
        for number in range(count)
    )
    head = "from shop.models import Book\n\n\ndef view(book, flags):\n    books = Book.objects.all()\n"
    return {"models.py": _MODELS, "views.py": f"{head}{body}    return [one.author.name for one in books]\n"}


SHAPES: dict[str, tuple[Callable[[int], dict[str, str]], tuple[int, ...]]] = {
    "lines of one function:": (_long_function, (500, 5_000)),
    "models:": (_many_models, (100, 1_000)),
    "methods of a class:": (_many_methods, (50, 500)),
    "functions in a web of calls:": (_web_of_calls, (30, 300)),
    "functions in a ring of calls:": (_ring_of_calls, (6, 30)),
    "branches of a function:": (_many_branches, (50, 500)),
}
