"""Where templates are found: DIRS, apps in their order, and never outside of the root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_django_orm.project.project import Project

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """
import os
BASE_DIR = os.path.dirname(os.path.dirname(__file__))
INSTALLED_APPS = ["news", "shop.apps.ShopConfig"]
TEMPLATES = [
    {"BACKEND": "django.template.backends.jinja2.Jinja2", "DIRS": [os.path.join(BASE_DIR, "pages")]},
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [os.path.join(BASE_DIR, "html", "all")]},
]
"""


def _project(root: Path, *files: str) -> Project:
    for name in ("manage.py", "shop/__init__.py", "news/__init__.py", *files):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("", encoding="utf-8")
    (root / "site").mkdir(exist_ok=True)
    (root / "site" / "settings.py").write_text(SETTINGS, encoding="utf-8")
    return Project(root)


def _path(project: Project, name: str) -> str | None:
    found = project.template(name)
    return found.path if found is not None else None


def test_directories_of_the_settings_come_first(tmp_path: Path) -> None:
    project = _project(tmp_path, "html/all/a.html", "shop/templates/a.html", "pages/b.html")
    assert _path(project, "a.html") == "html/all/a.html"
    found = project.template("b.html")
    assert found is not None
    assert found.is_jinja


def test_engines_are_kept_apart(tmp_path: Path) -> None:
    """A view gets what the first engine has; a template gets what its own engine has, however the other's is called."""
    project = _project(tmp_path, "pages/a.html", "html/all/a.html", "html/all/only.html", "shop/jinja2/a.html")
    found = {language: project.template("a.html", language) for language in (None, "django", "jinja")}
    paths = {language: (file.path, file.is_jinja) for language, file in found.items() if file is not None}
    theirs = ("pages/a.html", True)
    assert paths == {None: theirs, "jinja": theirs, "django": ("html/all/a.html", False)}
    only = project.template("only.html", "jinja")
    assert only is not None
    assert only.path == "html/all/only.html"


def test_apps_are_searched_as_they_are_installed(tmp_path: Path) -> None:
    project = _project(tmp_path, "blog/templates/x.html", "news/templates/x.html", "shop/templates/x.html")
    assert _path(project, "x.html") == "news/templates/x.html"


def test_no_name_leads_out_of_the_root(tmp_path: Path) -> None:
    (tmp_path / "secret.html").write_text("", encoding="utf-8")
    project = _project(tmp_path / "root", "shop/templates/a.html")
    (tmp_path / "root" / "shop" / "templates" / "link.html").symlink_to(tmp_path / "secret.html")
    names = ["../../../secret.html", str(tmp_path / "secret.html"), "link.html", "", "none.html"]
    assert [_path(project, name) for name in names] == [None] * 5
