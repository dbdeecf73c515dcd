"""The table of field classes against those that Django exports."""

from __future__ import annotations

import pytest

from flake8_django_orm.orm.fields import (
    FIELD_PACKAGES,
    RELATION_FIELDS,
    Category,
    category,
    holds_mutable_value,
    is_numeric_or_duration,
)
from tests.orm.oracle import Oracle

#: Base classes without a kind of value of their own.
ABSTRACT = {"Field", "ForeignObject"}

#: What Django says of the column that a class declares, by our category.
COLUMN_TYPES = {
    Category.AUTO: {"AutoField", "BigAutoField", "SmallAutoField"},
    Category.INTEGER: {
        "BigIntegerField",
        "IntegerField",
        "PositiveBigIntegerField",
        "PositiveIntegerField",
        "PositiveSmallIntegerField",
        "SmallIntegerField",
    },
    Category.DECIMAL: {"DecimalField"},
    Category.FLOAT: {"FloatField"},
    Category.DURATION: {"DurationField"},
    Category.TEXT: {"CharField", "FilePathField", "SlugField", "TextField"},
    Category.BOOLEAN: {"BooleanField"},
    Category.DATE: {"DateField"},
    Category.DATETIME: {"DateTimeField"},
    Category.TIME: {"TimeField"},
    Category.JSON: {"JSONField"},
    Category.UUID: {"UUIDField"},
    Category.BINARY: {"BinaryField"},
    Category.FILE: {"FileField"},
    Category.IP_ADDRESS: {"GenericIPAddressField", "IPAddressField"},
}


def test_every_field_class_has_a_category(oracle: Oracle) -> None:
    for dotted in oracle.ask("field_classes"):
        if dotted.rpartition(".")[2] not in ABSTRACT:
            assert category(dotted) is not None, dotted


def test_categories_agree_with_column_types(oracle: Oracle) -> None:
    for name, column_type in oracle.ask("internal_types").items():
        found = category(f"django.db.models.{name}")
        assert found is not None
        assert column_type in COLUMN_TYPES[found], name


def test_a_class_is_known_by_every_path_to_it() -> None:
    assert category("django.db.models.JSONField") is Category.JSON
    assert category("django.db.models.fields.json.JSONField") is Category.JSON
    assert category("django.contrib.postgres.fields.jsonb.JSONField") is Category.JSON
    assert category("django.contrib.gis.db.models.IntegerField") is Category.INTEGER
    assert category("django.contrib.gis.db.models.fields.PointField") is Category.GEOMETRY
    assert category("django.contrib.postgres.fields.array.ArrayField") is Category.ARRAY
    assert category("django.contrib.postgres.fields.ranges.DateRangeField") is Category.RANGE


@pytest.mark.parametrize("dotted", ["shop.fields.MoneyField", "IntegerField", "django.forms.IntegerField"])
def test_other_classes_are_unknown(dotted: str) -> None:
    assert category(dotted) is None
    assert not is_numeric_or_duration(dotted)


def test_numbers_and_durations_can_be_changed_by_an_expression() -> None:
    names = ["IntegerField", "DecimalField", "FloatField", "DurationField", "CharField", "DateField"]
    answers = [is_numeric_or_duration(f"django.db.models.{name}") for name in names]
    assert answers == [True, True, True, True, False, False]


def test_mutable_values() -> None:
    assert holds_mutable_value("django.db.models.JSONField")
    assert holds_mutable_value("django.contrib.postgres.fields.ArrayField")
    assert not holds_mutable_value("django.db.models.CharField")


def test_relation_fields_are_in_the_table() -> None:
    known = {name: kind for table in FIELD_PACKAGES.values() for name, kind in table.items()}
    assert all(known[name] is Category.RELATION for name in RELATION_FIELDS)
