"""The names of Django's own machinery: which stay names, which modules are read, and what they are commonly
called.

In: a dotted name below `django`. Out: the one spelling by which the rest of the index knows it. The machinery
is known by name and never read; the models of the contrib apps are read like project code.
"""

from __future__ import annotations

import re

MODEL = "django.db.models.Model"
MANAGER = "django.db.models.Manager"
QUERYSET = "django.db.models.QuerySet"
SETTINGS = "django.conf.settings"
GENERIC_FOREIGN_KEY = "django.contrib.contenttypes.fields.GenericForeignKey"
GENERIC_RELATION = "django.contrib.contenttypes.fields.GenericRelation"
FOREIGN_KEY = "django.db.models.ForeignKey"
ONE_TO_ONE_FIELD = "django.db.models.OneToOneField"
MANY_TO_MANY_FIELD = "django.db.models.ManyToManyField"

#: `load_model("shop", "Book")` and `get_model_name("shop", "Book")` of the package swapper: the model that stands for
#: shop.Book in this project, which the setting SHOP_BOOK_MODEL may name.
SWAPPED_MODELS = frozenset({"swapper.load_model", "swapper.get_model_name"})
GET_MODEL = frozenset({"django.apps.apps.get_model", "django.db.models.get_model"})
GET_USER_MODEL = frozenset({"django.contrib.auth.get_user_model"})
#: The last names of all that give a model by its label or by a setting.
GIVING_MODELS = frozenset(name.rpartition(".")[2] for name in GET_MODEL | SWAPPED_MODELS | GET_USER_MODEL)
#: Class decorators that add neither a field to a model nor a relation that points to it.
PLAIN_DECORATORS = frozenset(
    {"deconstructible", "final", "python_2_unicode_compatible", "register", "register_snippet", "total_ordering"}
)

_READ = re.compile(r"^django\.contrib\.(?!gis\b)\w+\.(?:models|managers|base_user|base_session|apps)$")

_MODEL_EXPORTS = """
    AutoField BigAutoField BigIntegerField BinaryField BooleanField CharField
    CommaSeparatedIntegerField DateField DateTimeField DecimalField DurationField EmailField Field
    FileField FilePathField FloatField GeneratedField GenericIPAddressField IPAddressField
    ImageField IntegerField JSONField NullBooleanField PositiveBigIntegerField PositiveIntegerField
    PositiveSmallIntegerField SlugField SmallAutoField SmallIntegerField TextField TimeField
    URLField UUIDField CompositePrimaryKey OrderWrt NOT_PROVIDED BLANK_CHOICE_DASH ForeignKey
    ForeignObject ForeignObjectRel ManyToManyField ManyToManyRel ManyToOneRel OneToOneField
    OneToOneRel Model DEFERRED Manager QuerySet Prefetch prefetch_related_objects
    aprefetch_related_objects FilteredRelation Case Exists Expression ExpressionList
    ExpressionWrapper Func OrderBy OuterRef RowRange Subquery Value ValueRange When Window
    WindowFrame WindowFrameExclusion Aggregate AnyValue Avg Count Max Min StdDev StringAgg Sum
    Variance BaseConstraint CheckConstraint Deferrable UniqueConstraint Index Choices IntegerChoices
    TextChoices CASCADE DO_NOTHING PROTECT RESTRICT SET SET_DEFAULT SET_NULL DB_CASCADE
    DB_SET_DEFAULT DB_SET_NULL ProtectedError RestrictedError Lookup Transform ObjectDoesNotExist
    signals functions FETCH_ONE FETCH_PEERS FETCH_RAISE JSONNull
"""
MODEL_EXPORTS = frozenset(_MODEL_EXPORTS.split())

# A module on the left only hands its names on from (or to) the shorter module on the right.
_HOMES = {
    "django.db.models.fields": "django.db.models",
    "django.db.models.fields.related": "django.db.models",
    "django.db.models.fields.json": "django.db.models",
    "django.db.models.fields.files": "django.db.models",
    "django.db.models.fields.generated": "django.db.models",
    "django.db.models.fields.composite": "django.db.models",
    "django.db.models.fields.proxy": "django.db.models",
    "django.db.models.fields.reverse_related": "django.db.models",
    "django.db.models.manager": "django.db.models",
    "django.db.models.query": "django.db.models",
    "django.db.models.query_utils": "django.db.models",
    "django.db.models.base": "django.db.models",
    "django.db.models.deletion": "django.db.models",
    "django.db.models.expressions": "django.db.models",
    "django.db.models.aggregates": "django.db.models",
    "django.db.models.constraints": "django.db.models",
    "django.db.models.indexes": "django.db.models",
    "django.db.models.enums": "django.db.models",
    "django.db.models.lookups": "django.db.models",
    "django.db.models.fetch_modes": "django.db.models",
    "django.contrib.gis.db.models": "django.db.models",
    "django.contrib.contenttypes.generic": "django.contrib.contenttypes.fields",
    "django.contrib.postgres.fields.array": "django.contrib.postgres.fields",
    "django.contrib.postgres.fields.citext": "django.contrib.postgres.fields",
    "django.contrib.postgres.fields.hstore": "django.contrib.postgres.fields",
    "django.contrib.postgres.fields.jsonb": "django.contrib.postgres.fields",
    "django.contrib.postgres.fields.ranges": "django.contrib.postgres.fields",
    "django.contrib.gis.db.models.fields": "django.contrib.gis.db.models",
    "django.contrib.admin.options": "django.contrib.admin",
    "django.contrib.admin.decorators": "django.contrib.admin",
    "django.contrib.admin.sites": "django.contrib.admin",
    "django.contrib.admin.filters": "django.contrib.admin",
    "django.apps.registry": "django.apps",
    "django.apps.config": "django.apps",
    "django.core.urlresolvers": "django.urls",
    "django.forms.models": "django.forms",
    "django.forms.forms": "django.forms",
    "django.forms.fields": "django.forms",
    "django.forms.formsets": "django.forms",
    "django.forms.widgets": "django.forms",
    "django.http.request": "django.http",
    "django.http.response": "django.http",
    "django.test.testcases": "django.test",
    "django.views.generic.base": "django.views.generic",
    "django.views.generic.dates": "django.views.generic",
    "django.views.generic.detail": "django.views.generic",
    "django.views.generic.edit": "django.views.generic",
    "django.views.generic.list": "django.views.generic",
}

_RENAMED = {
    "django.db.models.manager.BaseManager": "django.db.models.Manager",
    "django.db.models.manager.EmptyManager": "django.db.models.Manager",
    "django.db.models.query.BaseIterable": "django.db.models.query.BaseIterable",
    "django.contrib.postgres.fields.JSONField": "django.db.models.JSONField",
}


def is_read_module(module: str) -> bool:
    """True for the modules of Django that are read as source: those with the models and the configuration of
    the contrib apps.
    """
    return _READ.match(module) is not None


def canonical(dotted: str) -> str:
    """The usual spelling of a name of Django: `django.db.models.ForeignKey` for
    `...models.fields.related.ForeignKey`.
    """
    if not dotted.startswith("django."):
        return dotted
    if dotted in _RENAMED:
        return _RENAMED[dotted]
    parts = dotted.split(".")
    for size in range(len(parts) - 1, 1, -1):
        home = _HOMES.get(".".join(parts[:size]))
        if home is None:
            continue
        if home == "django.db.models" and parts[size] not in MODEL_EXPORTS:
            return dotted
        return ".".join([home, *parts[size:]])
    return dotted


def exports(module: str, name: str) -> bool | None:
    """Whether `from module import *` brings `name` in; None where that is not known."""
    if module in {"django.db.models", "django.contrib.gis.db.models"}:
        return name in MODEL_EXPORTS
    return None


def is_field(name: str) -> bool:
    """True for the canonical names of Django's field classes, relations included."""
    module, _, last = name.rpartition(".")
    if module == "django.db.models":
        return last in MODEL_EXPORTS and (last.endswith("Field") or last in _OTHER_FIELDS)
    if module in {"django.contrib.postgres.fields", "django.contrib.gis.db.models"}:
        return last.endswith("Field")
    if module == "django.contrib.contenttypes.fields":
        return last in {"GenericForeignKey", "GenericRelation"}
    return name in {
        "django.db.models.fields.related.RelatedField",
        "django.contrib.postgres.search.SearchVectorField",
    }


_OTHER_FIELDS = frozenset({"ForeignKey", "ForeignObject", "CompositePrimaryKey", "OrderWrt"})
