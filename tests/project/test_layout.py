"""Files, module names and texts of a project."""

from __future__ import annotations

from pathlib import Path

from flake8_django_orm.project.facts import ClassFacts
from flake8_django_orm.project.project import External, Project
from tests.project.sample import write_project


def names(project: Project) -> list[str]:
    return [project.module_name(path) for path in project.files()]


def test_packages_namespace_packages_and_the_src_layout(tmp_path: Path) -> None:
    project = write_project(
        tmp_path,
        {
            "manage.py": "",
            "shop/__init__.py": "",
            "shop/models/__init__.py": "",
            "shop/models/book.py": "",
            "apps/blog/__init__.py": "",
            "apps/blog/views.py": "",
            "src/core/__init__.py": "",
            "src/core/base.py": "",
        },
    )
    assert names(project) == [
        "apps.blog",
        "apps.blog.views",
        "manage",
        "shop",
        "shop.models",
        "shop.models.book",
        "core",
        "core.base",
    ]


def test_a_manage_py_below_the_root_opens_a_source_root(tmp_path: Path) -> None:
    files = {"backend/manage.py": "", "backend/shop/__init__.py": "", "backend/shop/models.py": "X = 1"}
    project = write_project(tmp_path, files)
    assert project.module_name(tmp_path / "backend/shop/models.py") == "shop.models"
    facts = project.module("backend.shop.models")
    assert facts is not None
    assert facts.name == "shop.models"


def test_two_projects_in_one_repository_keep_apart(tmp_path: Path) -> None:
    project = write_project(
        tmp_path,
        {
            "a/manage.py": "",
            "a/shop/__init__.py": "",
            "a/shop/models.py": "class Book: pass",
            "a/views.py": "from shop.models import Book",
            "b/manage.py": "",
            "b/shop/__init__.py": "",
            "b/shop/models.py": "class Book: pass",
            "b/views.py": "from shop.models import Book",
        },
    )
    first, second = project.resolve("a.views", "Book"), project.resolve("b.views", "Book")
    assert isinstance(first, ClassFacts)
    assert isinstance(second, ClassFacts)
    assert (first.key, second.key) == ("a.shop.models.Book", "b.shop.models.Book")


def test_a_leading_namespace_directory_may_be_left_out(tmp_path: Path) -> None:
    files = {
        "apps/blog/__init__.py": "",
        "apps/blog/models.py": "class Post: pass",
        "urls.py": "from blog.models import Post",
    }
    found = write_project(tmp_path, files).resolve("urls", "Post")
    assert isinstance(found, ClassFacts)
    assert found.key == "apps.blog.models.Post"


def test_environments_caches_and_hidden_directories_are_left_out(tmp_path: Path) -> None:
    project = write_project(
        tmp_path,
        {
            "shop/a.py": "",
            ".git/b.py": "",
            "node_modules/c.py": "",
            "env/pyvenv.cfg": "",
            "env/lib/d.py": "",
            "shop/__pycache__/e.py": "",
            "build/lib/shop/f.py": "",
            "shop/build/__init__.py": "",
        },
    )
    assert [project.relative(path) for path in project.files()] == ["shop/a.py", "shop/build/__init__.py"]


def test_no_symbolic_link_leads_out_of_the_root(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text("SECRET = 1")
    root = tmp_path / "root"
    root.mkdir()
    (root / "here.py").write_text("x = 1")
    (root / "again.py").symlink_to(root / "here.py")
    (root / "secret.py").symlink_to(outside / "secret.py")
    (root / "folder").symlink_to(outside)
    project = Project(root, environment=())
    assert [project.relative(path) for path in project.files()] == ["again.py", "here.py"]
    assert project.text("secret.py") is None
    assert project.text("folder/secret.py") is None
    assert project.text("../outside/secret.py") is None
    assert project.text(str(outside / "secret.py")) is None


def test_an_unsaved_buffer_wins_over_the_file(tmp_path: Path) -> None:
    write_project(tmp_path, {"a.py": "x = 1"})
    project = Project(
        tmp_path, environment=(), overlays={tmp_path / "a.py": "y = 2", tmp_path / "new.py": "from a import y"}
    )
    facts = project.module("a")
    assert facts is not None
    assert set(facts.assignments) == {"y"}
    assert project.text("a.py") == "y = 2"
    assert project.module_name(tmp_path / "new.py") == "new"
    assert [f.path for f in project.modules_mentioning("y")] == ["a.py", "new.py"]


def test_a_broken_file_has_no_facts(tmp_path: Path) -> None:
    project = write_project(tmp_path, {"bad.py": "def (", "user.py": "from bad import x\nimport bad"})
    (tmp_path / "bytes.py").write_bytes(b"x = '\xff'")
    (tmp_path / "nul.py").write_bytes(b"x = 1\0")
    assert project.module_at(tmp_path / "bad.py") is None
    assert project.module_at(tmp_path / "bytes.py") is None
    assert project.module_at(tmp_path / "nul.py") is None
    assert project.module_at(tmp_path / "missing.py") is None
    assert project.resolve("user", "x") is None


def test_words_are_found_as_whole_identifiers(tmp_path: Path) -> None:
    files = {"a.py": "Book", "b.py": "Bookshop", "c.py": "x.Book()", "d.py": "_Book", "e.py": "# Bookér, Book"}
    project = write_project(tmp_path, files)
    assert [facts.path for facts in project.modules_mentioning("Book")] == ["a.py", "c.py", "e.py"]


def test_modules_of_the_environment_are_read_when_a_name_leads_there(tmp_path: Path) -> None:
    (tmp_path / "site/mptt").mkdir(parents=True)
    (tmp_path / "site/mptt/__init__.py").write_text("")
    (tmp_path / "site/mptt/models.py").write_text("class MPTTModel: pass")
    root = tmp_path / "root"
    write_project(root, {"a.py": "from mptt.models import MPTTModel, gone\nimport missing.thing as m"})
    project = Project(root, environment=[tmp_path / "site"])
    found = project.resolve("a", "MPTTModel")
    assert isinstance(found, ClassFacts)
    assert found.path == (tmp_path / "site/mptt/models.py").as_posix()
    assert "class MPTTModel" in (project.text(found.path) or "")
    assert project.resolve("a", "gone") == External("mptt.models.gone")
    assert project.resolve("a", "m.run") == External("missing.thing.run")
