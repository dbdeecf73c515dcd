"""Models in projects that Django itself could not load: missing packages, flat layouts, unfinished code."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from flake8_django_orm.project.gate import classes_in, model_files
from flake8_django_orm.project.models import Model, RelationKind
from flake8_django_orm.project.project import Project
from tests.project.sample import write_project


def model(project: Project, key: str) -> Model:
    found = project.model(key)
    assert found is not None, key
    return found


def test_a_flat_directory_is_an_app_of_its_own(tmp_path: Path) -> None:
    project = write_project(
        tmp_path,
        {
            "models.py": """
                from django.db import models
                class Author(models.Model): pass
                class Book(models.Model):
                    author = models.ForeignKey("Author", models.CASCADE)
                    editor = models.ForeignKey("shop.Author", models.CASCADE, related_name="edited")
            """
        },
    )
    assert model(project, "models.Book").relations["author"].target == "models.Author"
    assert model(project, "models.Book").relations["editor"].target == "models.Author"
    assert {"book_set", "edited"} <= set(model(project, "models.Author").relations)
    assert {"author", "edited", "book_set"} <= project.relation_names()


def test_a_field_class_of_the_class_body_is_seen_before_one_of_the_module(tmp_path: Path) -> None:
    project = write_project(
        tmp_path,
        {
            "shop/models.py": """
                from django.db import models
                class Named: pass
                class Label(models.CharField): pass
                class Book(models.Model):
                    class Named(models.JSONField): pass
                    class Label: pass
                    class Author(models.ForeignKey): pass
                    data = Named()
                    label = Label()
                    author = Author("self", models.CASCADE, related_name="written")
                class Novel(Book): pass
            """
        },
    )
    book = model(project, "shop.models.Book")
    assert "data" in book.columns
    assert "label" not in book.columns
    assert book.relations["author"].kind is RelationKind.FOREIGN_KEY
    assert "written" in book.relations
    assert "data" in model(project, "shop.models.Novel").columns


def test_an_unread_base_makes_a_model_incomplete_but_known(tmp_path: Path) -> None:
    project = write_project(
        tmp_path,
        {
            "tree/models.py": """
                from django.db import models
                from mptt.fields import TreeForeignKey
                from mptt.models import MPTTModel
                from polymorphic.managers import PolymorphicManager
                class Node(MPTTModel):
                    name = models.CharField(max_length=9)
                    parent = TreeForeignKey("self", on_delete=models.CASCADE, related_name="children", null=True)
                    objects = PolymorphicManager()
                class Leaf(Node): pass
            """,
            "tree/forms.py": "from x import Form\nclass NodeForm(Form):\n    name = Form.Field()",
        },
    )
    node = model(project, "tree.models.Node")
    assert not node.complete
    assert node.relations["parent"].kind is RelationKind.FOREIGN_KEY
    assert node.relations["children"].target == "tree.models.Node"
    assert not node.managers["objects"].known
    assert model(project, "tree.models.Leaf").relations["node_ptr"].parent_link
    assert project.model("tree.forms.NodeForm") is None


def test_the_source_of_a_package_makes_a_model_complete(tmp_path: Path) -> None:
    package = tmp_path / "site/mptt"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "fields.py").write_text("from django.db import models\nclass TreeForeignKey(models.ForeignKey): pass\n")
    (package / "models.py").write_text(
        "from django.db import models\nclass MPTTModel(models.Model):\n"
        "    level = models.IntegerField()\n    class Meta:\n        abstract = True\n"
    )
    text = """
        from mptt.models import MPTTModel
        from mptt.fields import TreeForeignKey
        class Node(MPTTModel):
            parent = TreeForeignKey("self", on_delete=None)
    """
    write_project(tmp_path / "root", {"tree/models.py": text})
    node = model(Project(tmp_path / "root", environment=[tmp_path / "site"]), "tree.models.Node")
    assert node.complete
    assert set(node.columns) == {"id", "level"}
    assert node.relations["node_set"].kind is RelationKind.REVERSE_FOREIGN_KEY


def test_a_field_class_of_the_project_counts_as_its_base(tmp_path: Path) -> None:
    project = write_project(
        tmp_path,
        {
            "shop/fields.py": """
                from django.db import models
                class MoneyField(models.DecimalField): pass
                class UserKey(models.ForeignKey):
                    def __init__(self, **kwargs):
                        super().__init__("auth.User", null=True, **kwargs)
            """,
            "shop/models.py": """
                from django.db import models
                from .fields import MoneyField, UserKey
                class Order(models.Model):
                    total = MoneyField(default=0)
                    buyer = UserKey(related_name="orders")
            """,
        },
    )
    order = model(project, "shop.models.Order")
    total = order.columns["total"]
    assert (total.field_class, total.custom_class) == ("django.db.models.DecimalField", "shop.fields.MoneyField")
    assert total.has_default
    buyer = order.relations["buyer"]
    assert (buyer.target, buyer.null, buyer.remote) == ("django.contrib.auth.models.User", True, "orders")
    assert model(project, "django.contrib.auth.models.User").relations["orders"].target == order.key


def test_the_user_model_is_the_one_of_the_settings(tmp_path: Path) -> None:
    project = write_project(
        tmp_path,
        {
            "config/settings/base.py": "AUTH_USER_MODEL = 'accounts.Member'",
            "tests/settings.py": "AUTH_USER_MODEL = 'other.User'",
            "accounts/models.py": """
                from django.contrib.auth.models import AbstractUser
                class Member(AbstractUser): pass
            """,
            "shop/models.py": """
                from django.conf import settings
                from django.contrib.auth import get_user_model
                from django.db import models
                User = get_user_model()
                class Order(models.Model):
                    by_setting = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="a")
                    by_getattr = models.ForeignKey(
                        getattr(settings, "AUTH_USER_MODEL", "auth.User"), models.CASCADE, related_name="b")
                    by_call = models.ForeignKey(get_user_model(), models.CASCADE, related_name="c")
                    by_name = models.ForeignKey(User, models.CASCADE, related_name="d")
            """,
        },
    )
    user = project.user_model()
    assert user is not None
    assert user.key == "accounts.models.Member"
    assert {"a", "b", "c", "d", "groups"} <= set(user.relations)
    found = project.model_by_label("accounts.member")
    assert found is not None
    assert found.key == user.key


def test_app_labels_come_from_the_configuration(tmp_path: Path) -> None:
    project = write_project(
        tmp_path,
        {
            "shop/core/apps.py": """
                from django.apps import AppConfig
                class Core(AppConfig):
                    name = "shop.core"
                    label = "heart"
            """,
            "shop/core/models/book.py": "from django.db import models\nclass Book(models.Model): pass",
            "blog/models.py": """
                from django.db import models
                class Post(models.Model):
                    book = models.ForeignKey("heart.Book", models.CASCADE)
                class Page(models.Model):
                    class Meta:
                        app_label = "pages"
            """,
        },
    )
    assert [m.label for m in project.models()] == ["blog.Post", "pages.Page", "heart.Book"]
    assert model(project, "blog.models.Post").relations["book"].target == "shop.core.models.book.Book"


def test_an_unknown_target_is_none(tmp_path: Path) -> None:
    text = """
        from django.db import models
        class Book(models.Model):
            a = models.ForeignKey("gone.Thing", models.CASCADE)
            b = models.ForeignKey(make(), models.CASCADE)
            c = models.ManyToManyField(f"x.{y}")
    """
    book = model(write_project(tmp_path, {"shop/models.py": text}), "shop.models.Book")
    assert [relation.target for relation in book.relations.values()] == [None, None, None]


def test_options_may_come_from_a_dict(tmp_path: Path) -> None:
    text = """
        from django.db import models
        NULLABLE = {"null": True, "blank": True}
        class Book(models.Model):
            title = models.CharField(max_length=9, **NULLABLE)
            sequel_to = models.ForeignKey("self", models.CASCADE, **dict(null=True, related_name="sequels"))
    """
    book = model(write_project(tmp_path, {"shop/models.py": text}), "shop.models.Book")
    assert book.columns["title"].null
    assert book.relations["sequel_to"].null
    assert book.relations["sequels"].remote == "sequel_to"


@pytest.mark.parametrize("options", ["related_name=f'{x}s'", "**make_options()"])
def test_a_way_back_by_an_unknown_name_makes_the_target_incomplete(tmp_path: Path, options: str) -> None:
    text = f"""
        from django.db import models
        class Author(models.Model): pass
        class Book(models.Model):
            author = models.ForeignKey(Author, models.CASCADE, {options})
    """
    project = write_project(tmp_path, {"shop/models.py": text})
    assert not model(project, "shop.models.Author").complete
    assert set(model(project, "shop.models.Author").relations) == set()
    assert model(project, "shop.models.Book").complete


def test_abstract_models_have_their_own_fields_and_no_reverse_ones(tmp_path: Path) -> None:
    project = write_project(
        tmp_path,
        {
            "shop/models.py": """
                from django.db import models
                class Base(models.Model):
                    parent = models.ForeignKey("self", models.CASCADE)
                    class Meta:
                        abstract = True
                class Book(Base): pass
            """
        },
    )
    base = model(project, "shop.models.Base")
    assert base.abstract
    assert set(base.relations) == {"parent"}
    assert set(base.managers) == set()
    assert set(model(project, "shop.models.Book").relations) == {"parent", "book_set"}


NONSENSE = {
    "names that refer to themselves": """
        class A(A.B, models.Model):
            A = A()
            class Meta(Meta): abstract = abstract
        T = T
        S = get_model("a", S)
        class C(models.Model):
            f = ForeignKey(T)
            g = ForeignKey(S)
        class M(Model):
            objects = objects
            m = N.from_queryset()()
            n = ()()
    """,
    "arguments that are missing or wrong": """
        class A(models.Model):
            a = models.ForeignKey(to=a)
            b = models.ForeignKey()
            m = ManyToManyField("self", through="A")
            class Meta:
                unique_together = ordering = constraints = ((("a",),),)
    """,
    "classes that inherit from each other": """
        class A(B):
            x = models.ForeignKey("B")
        class B(A):
            y = models.OneToOneField("A")
        class P(Model):
            class Meta: proxy = True
        class Q(P, Q):
            class Meta(P.Meta, Q.Meta): proxy = True
    """,
}


@pytest.mark.parametrize("text", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_is_read_without_an_error(tmp_path: Path, text: str) -> None:
    text = "from django.db.models import *\nfrom django.db import models\n" + textwrap.dedent(text)
    project = write_project(tmp_path, {"shop/models.py": text, "shop/apps.py": text, "settings.py": text})
    project.models()
    project.user_model()
    project.relation_names()


def _model_files(files: Mapping[str, bytes]) -> list[str]:
    return model_files({path: found for path, data in files.items() if (found := classes_in(data)) is not None})


def test_only_files_that_may_hold_models_are_parsed() -> None:
    files = {
        "a/models.py": b"class Book(models.Model):\n    pass\n",
        "a/base.py": b"class Sellable(Book):\n    pass\n",
        "a/more.py": b"from a.base import Sellable as S\nclass Offer(\n    Mixin,\n    S,\n):\n    pass\n",
        "a/tree.py": b"class Node(Unknown):\n    up = TreeForeignKey('self')\n",
        "a/forms.py": b"class BookForm(forms.ModelForm):\n    pass\n",
        "a/admin.py": b"class BookAdmin(admin.ModelAdmin):\n    pass\n",
        "a/migrations/0001_initial.py": b"class Migration(models.Model):\n    x = models.ForeignKey()\n",
        "a/views.py": b"class View(generic.View):\n    pass\n",
        "a/plain.py": b"x = 1\n",
    }
    assert _model_files(files) == ["a/models.py", "a/base.py", "a/more.py", "a/tree.py"]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(b"from shop.models import Atlas as Base\n", id="as"),
        pytest.param(b"from shop import Atlas  as\tBase\n", id="as between other white space"),
        pytest.param(b"from shop import (\n    atlas as was, Atlas as Base)\n", id="names that end in as"),
        pytest.param(b"Base = shop.models.Atlas  # the same\r\n", id="an assignment in the first line"),
        pytest.param(b"import shop\nOther = Base = 1\nBase = Atlas\n", id="an assignment below"),
    ],
)
def test_a_model_under_another_name_is_followed(given: bytes) -> None:
    files = {
        "shop/models.py": b"class Atlas(models.Model):\n    pass\n",
        "maps/models.py": given + b"class Map(Base):\n    pass\n",
        "maps/other.py": b"class Alias(Basement):\n    pass\n",
    }
    assert _model_files(files) == ["shop/models.py", "maps/models.py"]


@pytest.mark.parametrize(
    ("body", "may_be_one"),
    [
        (b"    up = TreeForeignKey ('self')\n", True),
        (b"    name = models.CharField(max_length=9)\n", True),
        (b"    name = db.models.CharField(max_length=9)\n", True),
        (b"    name = submodels.CharField(max_length=9)\n", False),
        (b"    name = forms.CharField(max_length=9)\n", False),
        (b"    key = ForeignKey\n", False),
    ],
)
def test_a_class_of_unknown_bases_may_be_a_model_for_its_fields(body: bytes, may_be_one: bool) -> None:
    files = {"a/tree.py": b"class Node(Unknown):\n" + body}
    assert bool(_model_files(files)) is may_be_one
