"""The field classes of Django: what kind of value each holds.

In: the dotted name of a field class, by whatever import path. Out: its `Category`, None where it is none of
Django's.
Sources: https://docs.djangoproject.com/en/stable/ref/models/fields/,
https://docs.djangoproject.com/en/stable/ref/contrib/postgres/fields/ and
https://docs.djangoproject.com/en/stable/ref/contrib/contenttypes/
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

from flake8_django_orm.project.models import RelationKind


class Category(enum.Enum):
    """What a field holds, as far as a rule cares."""

    AUTO = "auto"  # integer key that the database gives
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    DURATION = "duration"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    JSON = "json"
    ARRAY = "array"
    HSTORE = "hstore"
    RANGE = "range"
    UUID = "uuid"
    BINARY = "binary"
    FILE = "file"
    IP_ADDRESS = "ip address"
    GEOMETRY = "geometry"
    SEARCH_VECTOR = "search vector"
    GENERATED = "generated"  # its values are those of its output_field
    COMPOSITE_KEY = "composite key"
    RELATION = "relation"


_CORE: Mapping[str, Category] = MappingProxyType(
    {
        "AutoField": Category.AUTO,
        "BigAutoField": Category.AUTO,
        "SmallAutoField": Category.AUTO,
        "BigIntegerField": Category.INTEGER,
        "IntegerField": Category.INTEGER,
        "PositiveBigIntegerField": Category.INTEGER,
        "PositiveIntegerField": Category.INTEGER,
        "PositiveSmallIntegerField": Category.INTEGER,
        "SmallIntegerField": Category.INTEGER,
        "OrderWrt": Category.INTEGER,
        "DecimalField": Category.DECIMAL,
        "FloatField": Category.FLOAT,
        "DurationField": Category.DURATION,
        "CharField": Category.TEXT,
        "CommaSeparatedIntegerField": Category.TEXT,
        "EmailField": Category.TEXT,
        "FilePathField": Category.TEXT,
        "SlugField": Category.TEXT,
        "TextField": Category.TEXT,
        "URLField": Category.TEXT,
        "BooleanField": Category.BOOLEAN,
        "NullBooleanField": Category.BOOLEAN,
        "DateField": Category.DATE,
        "DateTimeField": Category.DATETIME,
        "TimeField": Category.TIME,
        "JSONField": Category.JSON,
        "UUIDField": Category.UUID,
        "BinaryField": Category.BINARY,
        "FileField": Category.FILE,
        "ImageField": Category.FILE,
        "GenericIPAddressField": Category.IP_ADDRESS,
        "IPAddressField": Category.IP_ADDRESS,
        "GeneratedField": Category.GENERATED,
        "CompositePrimaryKey": Category.COMPOSITE_KEY,
        "ForeignKey": Category.RELATION,
        "ForeignObject": Category.RELATION,
        "OneToOneField": Category.RELATION,
        "ManyToManyField": Category.RELATION,
    }
)

_POSTGRES: Mapping[str, Category] = MappingProxyType(
    {
        "ArrayField": Category.ARRAY,
        "HStoreField": Category.HSTORE,
        "JSONField": Category.JSON,
        "RangeField": Category.RANGE,
        "ContinuousRangeField": Category.RANGE,
        "BigIntegerRangeField": Category.RANGE,
        "DateRangeField": Category.RANGE,
        "DateTimeRangeField": Category.RANGE,
        "DecimalRangeField": Category.RANGE,
        "IntegerRangeField": Category.RANGE,
        "CICharField": Category.TEXT,
        "CIEmailField": Category.TEXT,
        "CITextField": Category.TEXT,
    }
)

_GIS: Mapping[str, Category] = MappingProxyType(
    {
        "GeometryField": Category.GEOMETRY,
        "GeometryCollectionField": Category.GEOMETRY,
        "LineStringField": Category.GEOMETRY,
        "MultiLineStringField": Category.GEOMETRY,
        "MultiPointField": Category.GEOMETRY,
        "MultiPolygonField": Category.GEOMETRY,
        "PointField": Category.GEOMETRY,
        "PolygonField": Category.GEOMETRY,
        "RasterField": Category.GEOMETRY,
        "ExtentField": Category.GEOMETRY,
    }
)

_CONTENT_TYPES: Mapping[str, Category] = MappingProxyType(
    {"GenericForeignKey": Category.RELATION, "GenericRelation": Category.RELATION}
)

_SEARCH: Mapping[str, Category] = MappingProxyType({"SearchVectorField": Category.SEARCH_VECTOR})

#: The packages that hold field classes; a class may be named through the package or through any module in it.
FIELD_PACKAGES: Mapping[str, Mapping[str, Category]] = MappingProxyType(
    {
        "django.contrib.contenttypes.fields": _CONTENT_TYPES,
        "django.contrib.gis.db.models": MappingProxyType({**_CORE, **_GIS}),
        "django.contrib.postgres.fields": _POSTGRES,
        "django.contrib.postgres.search": _SEARCH,
        "django.db.models": _CORE,
    }
)

#: The kind of relation that a field class declares, by class name.
RELATION_FIELDS: Mapping[str, RelationKind] = MappingProxyType(
    {
        "ForeignKey": RelationKind.FOREIGN_KEY,
        "OneToOneField": RelationKind.ONE_TO_ONE,
        "ManyToManyField": RelationKind.MANY_TO_MANY,
        "GenericForeignKey": RelationKind.GENERIC_FOREIGN_KEY,
        "GenericRelation": RelationKind.GENERIC_RELATION,
    }
)

_NUMERIC = frozenset({Category.AUTO, Category.INTEGER, Category.DECIMAL, Category.FLOAT, Category.DURATION})
_MUTABLE_DEFAULT = frozenset({Category.JSON, Category.ARRAY, Category.HSTORE})


def category(dotted: str) -> Category | None:
    """What the field class with this dotted name holds: `django.db.models.IntegerField` -> INTEGER."""
    module, _, name = dotted.rpartition(".")
    for package, table in FIELD_PACKAGES.items():
        if module == package or module.startswith(f"{package}."):
            return table.get(name)
    return None


def is_numeric_or_duration(dotted: str) -> bool:
    """True where `F("column") + value` means the same in SQL as in Python: numbers and durations."""
    return category(dotted) in _NUMERIC


def holds_mutable_value(dotted: str) -> bool:
    """True where the natural default is a dict or a list: JSON, array and hstore columns."""
    return category(dotted) in _MUTABLE_DEFAULT
