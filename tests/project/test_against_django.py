"""The index against the real Django: the same models, read as text by us and loaded by Django, must be equal.

A subprocess sets Django up with the project below and describes every model; the test describes the index's models in
the same words. Whatever differs is a fact of Django that the index gets wrong.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from flake8_django_orm.project.models import Model, Relation, RelationKind
from flake8_django_orm.project.project import Project
from tests.harness.django_process import DjangoInterpreter, interpreters

FILES = {
    "manage.py": "",
    "config/__init__.py": "",
    "config/settings.py": """
SECRET_KEY = "x"
USE_TZ = True
BASE_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
INSTALLED_APPS = BASE_APPS + [
    "django.contrib.admin", "django.contrib.sessions", "django.contrib.sites", "django.contrib.messages",
    "django.contrib.flatpages", "django.contrib.redirects", "people", "library.apps.LibraryConfig", "shop",
]
INSTALLED_APPS += ["audit"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
AUTH_USER_MODEL = "people.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REVIEWER_MODEL = "people.Person"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
""",
    "people/__init__.py": "",
    "people/models.py": """
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models

class PersonManager(UserManager):
    def staff(self):
        return self.filter(is_staff=True)

class Person(AbstractUser):
    friends = models.ManyToManyField("self")
    follows = models.ManyToManyField("self", symmetrical=False, related_name="followers", blank=True)
    mentor = models.ForeignKey("self", models.SET_NULL, null=True, related_name="mentees")
    objects = PersonManager()
    username_lower = None

class Team(models.Model):
    lead = models.OneToOneField(Person, on_delete=models.CASCADE)
    members = models.ManyToManyField(
        Person, through="Membership", through_fields=("team", "person"), related_name="teams"
    )

class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE)
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    invited_by = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="invitations")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "person"], name="one_membership"),
            models.UniqueConstraint(fields=["team"], condition=models.Q(person=1), name="ignored"),
        ]
""",
    "library/__init__.py": "",
    "library/apps.py": """
from django.apps import AppConfig

class LibraryConfig(AppConfig):
    name = "library"
    label = "lib"
""",
    "library/fields.py": """
from django.conf import settings
from django.db import models

class OwnerField(models.ForeignKey):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("to", settings.AUTH_USER_MODEL)
        kwargs.setdefault("on_delete", models.CASCADE)
        kwargs["null"] = True
        super().__init__(*args, **kwargs)

class LowerField(models.CharField):
    pass

def money(digits=8, **kwargs):
    return models.DecimalField(max_digits=digits, decimal_places=2, **kwargs)
""",
    "library/querysets.py": """
from django.db import models
from django.db.models.manager import BaseManager

class BookQuerySet(models.QuerySet):
    def published(self):
        return self.filter(published=True)

class PlainManager(models.Manager):
    pass

BookManager = PlainManager.from_queryset(BookQuerySet)

class ShelfManager(models.Manager.from_queryset(BookQuerySet)):
    use_in_migrations = True

class LateManager(BookManager):
    pass
""",
    "library/models/__init__.py": """
from .books import *
from .base import Stamped
from .shelves import Shelf, ShelfItem as Item
""",
    "library/models/base.py": """
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from ..fields import OwnerField

class Hidden:
    not_a_field = models.CharField(max_length=3)

class Stamped(models.Model):
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE,
        related_name="%(app_label)s_%(class)s_created", related_query_name="%(app_label)s_%(class)ss",
    )

    class Meta:
        abstract = True
        ordering = ["-created"]

class Owned(models.Model):
    owner = OwnerField()
    copy_of = models.ForeignKey("self", null=True, on_delete=models.CASCADE)

    class Meta(Stamped.Meta):
        abstract = True
        default_related_name = "owned_%(class)s"

class Titled(models.Model):
    title = models.CharField(max_length=10)
    slug = models.SlugField(unique=True)

    class Meta:
        abstract = True
""",
    "library/models/books.py": """
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.contrib.auth import get_user_model
from django.apps import apps
from django.db import models
from django.db.models.fields.related import ForeignKey as FK

from .base import Hidden, Owned, Stamped, Titled
from .. import querysets
from ..fields import LowerField, money
from ..querysets import BookManager, BookQuerySet, LateManager, ShelfManager

__all__ = ["Author", "Tag", "Book", "Novel", "Poem", "Review", "CheapBook", "Publisher", "Cover", "Anthology", "Note",
           "Comment", "Chapter", "Diary", "Numbered", "Sticker"]

class Publisher(Titled):
    country = LowerField(max_length=2, null=True)
    slug = None

    class Meta:
        ordering = [models.F("title").desc(), "country"]

class Author(Stamped, Titled):
    user = models.OneToOneField(get_user_model(), models.CASCADE, null=True)
    publishers = models.ManyToManyField("Publisher", related_name="+")
    spouse = models.OneToOneField("self", models.SET_NULL, null=True, related_name="spouse_of")

    class Meta(Stamped.Meta):
        unique_together = (("title", "user"), ("title", "created"))

class Tag(models.Model):
    name = models.CharField(max_length=9, primary_key=True)
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.PositiveIntegerField()
    target = GenericForeignKey()

class Comment(models.Model):
    kind = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+", null=True)
    pk_value = models.CharField(max_length=9)
    subject = GenericForeignKey("kind", "pk_value")

class Book(Hidden, Stamped):
    author = models.ForeignKey(Author, models.CASCADE, related_name="books", related_query_name="work")
    editors = models.ManyToManyField(Author, blank=True)
    publisher = FK("lib.Publisher", models.SET_NULL, null=True)
    reviewer = models.ForeignKey("people.Person", models.CASCADE, related_name="+", related_query_name="reviewed")
    price = money()
    discount = money(4, null=True)
    published = models.BooleanField(default=False)
    tags = GenericRelation(Tag, related_query_name="book")
    comments = GenericRelation("Comment", content_type_field="kind", object_id_field="pk_value")
    objects = BookManager()
    plain = models.Manager()
    queries = BookQuerySet.as_manager()
    shelf = ShelfManager()
    late = LateManager()
    inline = querysets.PlainManager.from_queryset(querysets.BookQuerySet)()

    class Meta:
        ordering = ["price"]
        unique_together = ["author", "price"]

class Novel(Book):
    sequel_to = models.ForeignKey("Book", models.CASCADE, null=True, related_name="sequels")
    thin = models.Manager()

class Poem(Book):
    book = models.OneToOneField(Book, models.CASCADE, parent_link=True, related_name="as_poem")
    lines = models.IntegerField(db_default=0)

class Anthology(Poem, Owned):
    class Meta:
        default_related_name = "anthologies"
        base_manager_name = "plain"
        default_manager_name = "queries"

class CheapBook(Book):
    cheap = models.Manager()

    class Meta:
        proxy = True

class Review(Owned):
    book = models.ForeignKey(CheapBook, models.CASCADE, to_field="id")
    text = models.TextField(db_index=True)

class Cover(models.Model):
    book = models.OneToOneField(Book, models.CASCADE, primary_key=True)
    artists = models.ManyToManyField(Author, related_name="covers", through="CoverArtist")

class CoverArtist(models.Model):
    cover = models.ForeignKey(Cover, models.CASCADE)
    artist = models.ForeignKey(Author, models.CASCADE)

class Chapter(models.Model):
    book = models.ForeignKey(Book, models.CASCADE)

    class Meta:
        order_with_respect_to = "book"

class Note(models.Model):
    if True:
        chapter = models.ForeignKey(Chapter, on_delete=models.CASCADE)
    about: "models.ForeignKey[Book]" = models.ForeignKey("Book", on_delete=models.CASCADE)
    group = models.ForeignKey("auth.Group", on_delete=models.CASCADE)

class Diary(models.Model):
    class Kind(models.TextChoices):
        PAPER = "p"

    kind = models.CharField(max_length=1, choices=Kind.choices, default=Kind.PAPER)
    day = models.DateField(unique=True)

class Numbered(models.Model):
    number = models.AutoField(primary_key=True)
    total = models.GeneratedField(expression=models.F("number"), output_field=models.IntegerField(), db_persist=True)

class Sticker(Diary, Numbered):
    pass
""",
    "library/models/shelves.py": """
from django.db import models
from . import books as book_models
from .books import Book as TheBook
import library.models.base as base

class Shelf(base.Titled):
    books = models.ManyToManyField(to=TheBook, through="ShelfItem")
    first = models.ForeignKey(to=book_models.Novel, on_delete=models.PROTECT, related_name="first_on")

class ShelfItem(models.Model):
    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE, db_column="s")
    book = models.ForeignKey(TheBook, on_delete=models.CASCADE, related_name="+")
""",
    "shop/__init__.py": "",
    "shop/models.py": """
from django.conf import settings
from django.contrib.sites.managers import CurrentSiteManager
from django.contrib.sites.models import Site
from django.db import models
from django.apps import apps
from library.models import Book, Item, Stamped as Base
from library import models as library_models

class BaseManager(models.Manager):
    pass

class Sellable(models.Model):
    site = models.ForeignKey(Site, models.CASCADE)
    objects = BaseManager()
    on_site = CurrentSiteManager()

    class Meta:
        abstract = True

class Offer(Sellable, Base):
    book = models.ForeignKey(Book, models.CASCADE)
    item = models.ForeignKey(Item, models.CASCADE)
    reviewer = models.ForeignKey(settings.REVIEWER_MODEL, models.CASCADE, related_name="reviewed_offers")
    chapter = models.ForeignKey(library_models.Chapter, models.CASCADE)

class Labelled(models.Model):
    offer = models.ForeignKey(Offer, models.CASCADE)

    class Meta:
        app_label = "people"

class Mixin:
    objects = models.Manager()
    note = models.CharField(max_length=3)

class First(models.Model):
    one = BaseManager()
    links = models.ManyToManyField("self", related_name="%(class)s_linked", symmetrical=False)
    kept = models.CharField(max_length=3)
    dropped = models.CharField(max_length=3)

    class Meta:
        abstract = True
        app_label = "shop"
        ordering = ["kept"]

class Second(models.Model):
    two = models.Manager()
    kept = models.IntegerField()

    class Meta:
        abstract = True
        ordering = ["two"]

class Middle(First):
    dropped = None

    class Meta:
        abstract = True

class Mixed(Mixin, Middle, Second):
    pass

class Swapped(Second, First):
    mixed = models.ForeignKey("Mixed", models.CASCADE, related_name="%(class)s_%(app_label)s")
    partner = models.OneToOneField("shop.swapped", models.CASCADE, primary_key=True)

class MixedChild(Mixed):
    own = models.Manager()

    class Meta:
        default_manager_name = "two"

class MixedGrandchild(MixedChild):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)

class MixedProxy(MixedGrandchild):
    class Meta:
        proxy = True

class Labelled2(Labelled):
    class Meta:
        app_label = "shop"
        ordering = ("pk",)
""",
    "audit/__init__.py": "",
    "audit/models.py": """
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models

class Entry(models.Model):
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    permission = models.ForeignKey(Permission, on_delete=models.CASCADE)

class Club(Group):
    since = models.DateField(null=True)

class ProxyGroup(Group):
    class Meta:
        proxy = True

class Use(models.Model):
    group = models.ForeignKey(ProxyGroup, models.CASCADE, related_name="uses")
    site = models.ForeignKey("sites.Site", models.CASCADE)
""",
}

DESCRIBE = r"""
import json, sys
sys.path.insert(0, sys.argv[1])
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRel, GenericRelation
from django.db import models
from django.db.models import ForeignObjectRel


def key(model):
    return None if model is None else f"{model.__module__}.{model.__qualname__}"


def field_class(field):
    for cls in type(field).__mro__:
        if cls.__module__.startswith("django."):
            return field_path(cls)


def field_path(cls):
    if cls.__module__.startswith("django.db.models"):
        return f"django.db.models.{cls.__name__}"
    return f"{cls.__module__}.{cls.__name__}"


def accessor(rel):
    return None if rel.hidden else rel.get_accessor_name()


def forward(f, model):
    kind = "one-to-one" if f.one_to_one else "foreign key" if f.many_to_one else "many-to-many"
    through = f.remote_field.through if f.many_to_many else None
    return {
        "kind": kind, "target": key(f.related_model), "lookup": f.name, "null": f.null if not f.many_to_many else False,
        "attname": None if f.many_to_many else f.attname,
        "remote": accessor(f.remote_field),
        "through": key(through) if through is not None and not through._meta.auto_created else None,
        "parent_link": bool(getattr(f.remote_field, "parent_link", False)), "field": f.name,
    }


def reverse(rel):
    kind = "one-to-one" if rel.one_to_one else "foreign key" if rel.one_to_many else "many-to-many"
    through = rel.through if rel.many_to_many else None
    return {
        "kind": "reverse " + kind, "target": key(rel.related_model), "lookup": rel.name,
        "null": rel.one_to_one, "attname": None, "remote": rel.field.name,
        "through": key(through) if through is not None and not through._meta.auto_created else None,
        "parent_link": bool(getattr(rel, "parent_link", False)), "field": rel.field.name,
    }


def generic(f):
    if isinstance(f, GenericForeignKey):
        null = any(f.model._meta.get_field(n).null for n in (f.ct_field, f.fk_field))
        return {"kind": "generic foreign key", "target": None, "lookup": f.name,
                "ct": f.ct_field, "fk": f.fk_field, "null": null}
    return {"kind": "generic relation", "target": key(f.related_model), "lookup": f.name,
            "ct": f.content_type_field_name, "fk": f.object_id_field_name, "null": False}


def manager(m):
    own = next((c for c in type(m).__mro__ if c.__module__ != "django.db.models.manager"), object)
    queryset = m._queryset_class
    outside = queryset.__module__ == "django.db.models.query"
    return [None if own is object else key(own), None if outside else key(queryset)]


def has_default(f):
    return f.has_default() or getattr(f, "db_default", models.NOT_PROVIDED) is not models.NOT_PROVIDED


def order(entry):
    if isinstance(entry, str):
        return entry
    return ("-" if entry.descending else "") + entry.expression.name


def describe(model):
    meta = model._meta
    fields = meta.get_fields()
    columns = {
        f.name: [field_class(f), f.null, f.primary_key, f.unique, has_default(f)]
        for f in fields if f.concrete and not f.is_relation
    }
    relations = {f.name: forward(f, model) for f in (*meta.fields, *meta.many_to_many) if f.is_relation}
    relations.update({f.name: generic(f) for f in meta.private_fields})
    visible = [r for r in meta.related_objects if not r.hidden and not isinstance(r, GenericRel)]
    relations.update({r.get_accessor_name(): reverse(r) for r in visible})
    hidden = {
        f.name: key(f.related_model) for f in meta.get_fields(include_hidden=True)
        if isinstance(f, ForeignObjectRel) and (f.hidden or isinstance(f, GenericRel)) and "+" not in f.name
    }
    table = meta.concrete_model._meta
    uniques = [list(u) for u in table.unique_together] + [list(c.fields) for c in table.total_unique_constraints]
    return {
        "label": meta.label, "proxy": meta.proxy, "pk": meta.pk.name, "columns": columns, "relations": relations,
        "hidden": hidden, "managers": {m.name: manager(m) for m in meta.managers},
        "default_manager": meta.default_manager.name, "ordering": [order(o) for o in meta.ordering],
        "base_manager": meta.base_manager.name if meta.base_manager.name != "_base_manager" else None,
        "unique": uniques,
    }


print(json.dumps({key(m): describe(m) for m in apps.get_models()}))
"""


@pytest.fixture(scope="module", params=interpreters(), ids=lambda interpreter: interpreter.id)
def interpreter(request: pytest.FixtureRequest) -> DjangoInterpreter:
    chosen: DjangoInterpreter = request.param
    return chosen


@pytest.fixture(scope="module")
def root(interpreter: DjangoInterpreter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = text.splitlines(keepends=True)
        if interpreter.django < (5, 0):
            lines = [line for line in lines if "db_default" not in line and "GeneratedField" not in line]
        path.write_text("".join(lines))
    return base


@pytest.fixture(scope="module")
def truth(interpreter: DjangoInterpreter, root: Path) -> dict[str, Any]:
    done = subprocess.run(
        [interpreter.python, "-W", "ignore", "-c", DESCRIBE, str(root)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    described: dict[str, Any] = json.loads(done.stdout)
    return described


@pytest.fixture(scope="module")
def project(interpreter: DjangoInterpreter, root: Path) -> Project:
    code = "import django; print(django.__path__[0])"
    django = Path(subprocess.check_output([interpreter.python, "-c", code], text=True).strip())
    return Project(root, environment=[django.parent])


def describe_relation(relation: Relation) -> dict[str, Any]:
    if relation.kind in (RelationKind.GENERIC_FOREIGN_KEY, RelationKind.GENERIC_RELATION):
        return {
            "kind": relation.kind.value,
            "target": relation.target,
            "lookup": relation.lookup,
            "ct": relation.content_type_field,
            "fk": relation.object_id_field,
            "null": relation.null,
        }
    return {
        "kind": relation.kind.value,
        "target": relation.target,
        "lookup": relation.lookup,
        "null": relation.null,
        "attname": relation.attname,
        "remote": relation.remote,
        "through": relation.through,
        "parent_link": relation.parent_link,
        "field": relation.field,
    }


def describe(model: Model) -> dict[str, Any]:
    return {
        "label": model.label,
        "proxy": model.proxy,
        "pk": model.primary_key,
        "columns": {
            c.name: [c.field_class, c.null, c.primary_key, c.unique, c.has_default] for c in model.columns.values()
        },
        "relations": {r.name: describe_relation(r) for r in model.relations.values()},
        "hidden": dict(model.hidden_lookups),
        "managers": {m.name: [m.manager_class, m.queryset_class] for m in model.managers.values()},
        "default_manager": model.default_manager,
        "ordering": list(model.ordering),
        "base_manager": model.base_manager,
        "unique": [list(names) for names in model.unique_together],
    }


def test_the_index_knows_the_same_models_as_django(project: Project, truth: dict[str, Any]) -> None:
    ours = {model.key for model in project.models() if not model.abstract}
    assert ours == {key for key in truth if not key.startswith("django.")}


def test_every_model_of_the_project_is_equal(project: Project, truth: dict[str, Any]) -> None:
    found = differences(project, [key for key in truth if not key.startswith("django.")], truth)
    assert not found, "\n".join(found)


def test_every_model_of_the_contrib_apps_is_equal(project: Project, truth: dict[str, Any]) -> None:
    contrib = [key for key in truth if key.startswith("django.")]
    assert len(contrib) >= 8
    found = differences(project, contrib, truth)
    assert not found, "\n".join(found)


def test_every_model_is_complete_and_every_manager_known(project: Project, truth: dict[str, Any]) -> None:
    models = [project.model(key) for key in truth]
    assert [model.key for model in models if model is not None and not model.complete] == []
    unknown = [(model.key, m.name) for model in models if model for m in model.managers.values() if not m.known]
    assert unknown == []


def test_managers_come_in_the_order_of_django(project: Project, truth: dict[str, Any]) -> None:
    for key, expected in truth.items():
        model = project.model(key)
        assert model is not None
        assert list(model.managers) == list(expected["managers"]), key


def differences(project: Project, keys: list[str], truth: dict[str, Any]) -> list[str]:
    """One line for everything that the index sees in another way than Django."""
    lines: list[str] = []
    for key in keys:
        model = project.model(key)
        if model is None:
            lines.append(f"{key}: not found")
            continue
        ours = describe(model)
        for part, expected in truth[key].items():
            if isinstance(expected, dict):
                for name in sorted({*expected, *ours[part]}):
                    pair = expected.get(name), ours[part].get(name)
                    lines += [f"{key} {part}.{name}: {pair[0]} != {pair[1]}"] if pair[0] != pair[1] else []
            elif expected != ours[part]:
                lines.append(f"{key} {part}: {expected} != {ours[part]}")
    return lines
