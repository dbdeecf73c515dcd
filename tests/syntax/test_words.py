"""The words of code: comments and plain strings left out, everything else kept."""

from __future__ import annotations

import pytest

from flake8_django_orm.syntax.words import code_of, without_imports, words_of


@pytest.mark.parametrize(
    ("text", "names", "attributes"),
    [
        ("book.author.name", {"book"}, {"author", "name"}),
        ("(Book.objects\n    .filter(a=1))", {"Book", "a"}, {"objects", "filter"}),
        ("Book. objects", {"Book", "objects"}, {"objects"}),
        ("x = 1  # Book.objects", {"x"}, set()),
        ("x = 'Book.objects'", {"x"}, set()),
        ("x = b'a' + rb\"Book\"", {"x"}, set()),
        ('x = """Book\n"objects" \\""" save"""; y.z', {"x", "y"}, {"z"}),
        ("x = 'it\\'s Book'; y", {"x", "y"}, set()),
        ("x = 'a # b'; Book.objects", {"x", "Book"}, {"objects"}),
        ("f'{book.author} of {len(books)}'", {"book", "of", "len", "books"}, {"author"}),
        ("rf\"{book['a'].b}\"", {"book", "a"}, {"b"}),
        ("x = ''; y = \"\"; z.a", {"x", "y", "z"}, {"a"}),
    ],
)
def test_words(text: str, names: set[str], attributes: set[str]) -> None:
    words = words_of(code_of(text))
    assert words.names == names
    assert words.attributes == attributes


@pytest.mark.parametrize(
    "text",
    [
        "from shop.models import Book\nx",
        "from shop.models import (\n    Author,\n    Book,\n)\nx",
        "from .models import Author, \\\n    Book\nx",
        "    import shop.models as models\nx",
    ],
)
def test_imports_left_out(text: str) -> None:
    assert words_of(without_imports(text)).names == {"x"}
