"""Django templates as text: the tree, expressions with their offsets, and what is given up in silence."""

from __future__ import annotations

import pytest

from flake8_django_orm.readers.template_expressions import Bit, Literal, Lookup, TemplateError, parse_expression
from flake8_django_orm.readers.template_syntax import Output, Tag, parse_template


def _only_tag(text: str) -> Tag:
    (node,) = parse_template(text)
    assert isinstance(node, Tag)
    return node


def test_offsets_point_into_the_text() -> None:
    text = "<p>{{ book.author.name|default:other.name }}</p>"
    (node,) = parse_template(text)
    assert isinstance(node, Output)
    expression = node.expression
    assert text[expression.start : expression.end] == "book.author.name|default:other.name"
    assert isinstance(expression.operand, Lookup)
    ends = [text[expression.operand.start : part.end] for part in expression.operand.parts]
    assert ends == ["book", "book.author", "book.author.name"]
    argument = expression.filters[0].argument
    assert isinstance(argument, Lookup)
    assert text[argument.start : argument.parts[-1].end] == "other.name"


def test_a_block_keeps_its_sections() -> None:
    tag = _only_tag("{% if a %}1{% elif b %}{{ x }}{% else %}{{ y }}{{ z }}{% endif %}")
    assert [(section.name, len(section.body)) for section in tag.sections] == [("if", 0), ("elif", 1), ("else", 2)]


def test_a_tag_is_a_block_where_the_text_closes_it() -> None:
    assert len(_only_tag("{% shelf %}{{ x }}{% endshelf %}").body) == 1
    assert _only_tag("{% shelf books %}").bits == (Bit("books", 9, 14),)


def test_comments_and_verbatim_hold_no_nodes() -> None:
    assert _only_tag("{% comment %}{{ x }}{% if %}{% endcomment %}").body == ()
    assert _only_tag("{% verbatim %}{{ x }}{% endverbatim %}").body == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [('"a b"', "a b"), ("'it\\'s'", "it's"), ("3", 3), ("-1.5", -1.5), ("True", True), ("None", None)],
)
def test_literals(text: str, value: object) -> None:
    assert parse_expression(text, 0).operand == Literal(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    ["{% for x in y %}{% endif %}", "{% if a %}", "{{ a.b() }}", "{{ a|b c }}", "{{ _secret }}", "{% with %}{{ x }}"],
)
def test_what_django_would_not_compile_raises(text: str) -> None:
    with pytest.raises(TemplateError):
        parse_template(text)
