"""Names to definitions, and the order of bases."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_django_orm.project.facts import Assignment, ClassFacts, FunctionFacts
from flake8_django_orm.project.linearise import linearise
from flake8_django_orm.project.project import External, ModuleRef, Project
from tests.project.sample import write_project


def key_of(project: Project, module: str, dotted: str) -> str | None:
    found = project.resolve(module, dotted)
    return found.key if isinstance(found, ClassFacts | FunctionFacts) else None


def test_reexports_stars_aliases_and_submodules(tmp_path: Path) -> None:
    project = write_project(
        tmp_path,
        {
            "shop/__init__.py": "from .models import *",
            "shop/models/__init__.py": "from .book import Book as Volume, helper",
            "shop/models/book.py": "class Book:\n    class Meta: pass\n    def title(self): pass\ndef helper(): pass",
            "a.py": """
                import shop
                import shop.models.book
                from shop import models, Volume
                Alias = Volume
                from shop.models import book as b
            """,
        },
    )
    assert key_of(project, "a", "Volume") == "shop.models.book.Book"
    assert key_of(project, "a", "Alias") == "shop.models.book.Book"
    assert key_of(project, "a", "shop.Volume") == "shop.models.book.Book"
    assert key_of(project, "a", "shop.models.book.Book") == "shop.models.book.Book"
    assert key_of(project, "a", "b.Book.Meta") == "shop.models.book.Book.Meta"
    assert key_of(project, "a", "models.helper") == "shop.models.book:helper"
    assert key_of(project, "a", "Volume.title") == "shop.models.book:Book.title"
    assert project.resolve("a", "models") == ModuleRef("shop.models")
    assert project.resolve("a", "nothing") is None
    assert project.resolve("a", "Volume.nothing") is None


@pytest.mark.parametrize(
    ("line", "name", "meaning"),
    [
        ("from django.db import models", "models.ForeignKey", "django.db.models.ForeignKey"),
        ("from django.db.models.fields.related import ForeignKey as FK", "FK", "django.db.models.ForeignKey"),
        ("from django.contrib.gis.db import models", "models.Model", "django.db.models.Model"),
        ("from django.contrib.gis.db import models", "models.PointField", "django.contrib.gis.db.models.PointField"),
        ("from django.db.models import *", "QuerySet", "django.db.models.QuerySet"),
        ("from django.db.models.query import QuerySet", "QuerySet.filter", "django.db.models.QuerySet.filter"),
        ("from django.shortcuts import get_object_or_404", "get_object_or_404", "django.shortcuts.get_object_or_404"),
        (
            "from django.views.generic.edit import BaseUpdateView",
            "BaseUpdateView",
            "django.views.generic.BaseUpdateView",
        ),
        ("import django.db.models as m", "m.Count", "django.db.models.Count"),
        ("from django.conf import settings", "settings.X", "django.conf.settings.X"),
        ("import requests", "requests.get", "requests.get"),
        ("import datetime", "datetime.datetime.now", "datetime.datetime.now"),
        ("", "sorted", "builtins.sorted"),
    ],
)
def test_names_from_outside_keep_their_dotted_name(tmp_path: Path, line: str, name: str, meaning: str) -> None:
    assert write_project(tmp_path, {"a.py": line}).resolve("a", name) == External(meaning)


@pytest.mark.parametrize(
    ("line", "name", "key"),
    [
        ("from django.contrib.auth.models import User", "User", "django.contrib.auth.models.User"),
        ("from django.contrib.auth import models as m", "m.Group", "django.contrib.auth.models.Group"),
        ("import django.contrib.auth.models", "django.contrib.auth.models.Group", "django.contrib.auth.models.Group"),
        (
            "from django.contrib.auth.models import AbstractBaseUser",
            "AbstractBaseUser",
            "django.contrib.auth.base_user.AbstractBaseUser",
        ),
        (
            "from django.contrib.auth import get_user_model\nU = get_user_model()",
            "U",
            "django.contrib.auth.models.User",
        ),
        ("from django.apps import apps\nU = apps.get_model('auth', 'Group')", "U", "django.contrib.auth.models.Group"),
        ("from django.apps import apps\nU = apps.get_model('auth.Group')", "U", "django.contrib.auth.models.Group"),
    ],
)
def test_models_of_contrib_apps_are_classes(tmp_path: Path, line: str, name: str, key: str) -> None:
    assert key_of(write_project(tmp_path, {"a.py": line}), "a", name) == key


def test_a_class_may_extend_the_imported_one_of_its_own_name(tmp_path: Path) -> None:
    project = write_project(
        tmp_path, {"a.py": "class Book: pass", "b.py": "from a import Book\nclass Book(Book): pass"}
    )
    assert project.mro("b.Book") == ("b.Book", "a.Book")


def test_cycles_end(tmp_path: Path) -> None:
    project = write_project(
        tmp_path,
        {
            "a.py": """
                from b import x, y
                from b import *
                class A(B): pass
                class B(A): pass
                class C(C): pass
                loop = loop2
                loop2 = loop
            """,
            "b.py": "from a import x\nfrom a import *\nclass Inner:\n    me = Inner.me",
        },
    )
    assert project.resolve("a", "x") is None
    assert project.resolve("a", "unknown") is None
    assert isinstance(project.resolve("a", "loop"), Assignment)
    assert set(project.mro("a.A")) == {"a.A", "a.B"}
    assert project.mro("a.C") == ("a.C",)
    assert project.find_method("a.A", "save") is None
    project.resolve("b", "Inner.me")
    assert project.models() == []


def test_methods_and_attributes_are_found_in_the_nearest_class(tmp_path: Path) -> None:
    project = write_project(
        tmp_path,
        {
            "a.py": """
                class Base:
                    per_page = 10
                    def get(self): pass
                    def post(self): pass
                class Left(Base):
                    def get(self): pass
                    put = Base.post
                class Right(Base):
                    per_page = 20
                class Both(Left, Right, Unknown): pass
            """
        },
    )
    assert project.mro("a.Both") == ("a.Both", "a.Left", "a.Right", "a.Base")
    assert project.ancestors("a.Both")[-1] == "?"
    found = project.find_method("a.Both", "get")
    assert found is not None
    assert found.qualname == "Left.get"
    alias = project.find_method("a.Both", "put")
    assert alias is not None
    assert alias.qualname == "Base.post"
    attribute = project.find_class_attribute("a.Both", "per_page")
    assert attribute is not None
    assert (attribute[0].key, attribute[1].value.value) == ("a.Right", 20)


def test_bases_that_contradict_each_other_are_searched_depth_first() -> None:
    bases = {"x": ["a", "b"], "a": ["o"], "b": ["o"], "p": ["a", "b"], "q": ["b", "a"], "z": ["p", "q"]}
    assert linearise("x", lambda name: bases.get(name, [])) == ("x", "a", "b", "o")
    assert linearise("z", lambda name: bases.get(name, [])) == ("z", "p", "a", "o", "b", "q")


def test_long_chains_of_bases_and_aliases_do_not_exhaust_the_stack(tmp_path: Path) -> None:
    classes = "class C0: pass\n" + "".join(f"class C{n}(C{n - 1}): pass\n" for n in range(1, 600))
    aliases = "v0 = 1\n" + "".join(f"v{n} = v{n - 1}\n" for n in range(1, 600))
    members = "class M0:\n    x = 1\n" + "".join(f"class M{n}:\n    x = M{n - 1}.x\n" for n in range(1, 600))
    project = write_project(tmp_path, {"a.py": classes + aliases + members})
    assert project.mro("a.C599")[0] == "a.C599"
    project.resolve("a", "v599")
    project.resolve("a", "M599.x")
