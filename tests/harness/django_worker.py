"""Runs the code of our own case files on the real Django of the interpreter that runs this script.

In: the database's settings as JSON in the first argument; then one job a line on stdin, as JSON. Out: one
answer a line on stdout: first the versions, then for each job what happened. Needs Django and nothing else,
so that any interpreter that has a Django can run it. All jobs share one process: each gets a fresh package,
fresh models and an empty database.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import inspect
import io
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import traceback
import types
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

PACKAGE = "app"
CONTRIB = (
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
)
_JINJA = "django.template.backends.jinja2.Jinja2"
_TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
_WRITES = ("INSERT", "UPDATE", "DELETE")
_SHOWN = 40


def configure(database: dict[str, Any]) -> None:
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="not a secret: only case files run here",
        DATABASES={"default": database},
        INSTALLED_APPS=list(CONTRIB),
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        ROOT_URLCONF=f"{PACKAGE}.urls",
        USE_TZ=True,
        LOGGING_CONFIG=None,
        ALLOWED_HOSTS=["*"],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        TEMPLATES=[],
    )
    django.setup()


class SQLite:
    """A database in memory. An emptied copy of it is one `backup` away."""

    def __init__(self) -> None:
        self._base = self._copy()
        self._tables = self._base

    def forget_tables(self) -> None:
        self._restore(self._base)

    def keep_tables(self) -> None:
        self._tables = self._copy()

    def forget_rows(self) -> None:
        self._restore(self._tables)

    def _copy(self) -> sqlite3.Connection:
        from django.db import connection

        copy = sqlite3.connect(":memory:")
        connection.ensure_connection()
        connection.connection.backup(copy)
        return copy

    def _restore(self, copy: sqlite3.Connection) -> None:
        from django.db import connection

        _leave_transactions()
        copy.backup(connection.connection)


class Server:
    """A database on a server: the tables of a case are dropped after it, rows are truncated between two
    runs.
    """

    def __init__(self) -> None:
        from django.db import connection

        self._base = set(connection.introspection.table_names())

    def forget_tables(self) -> None:
        from django.db import connection

        _leave_transactions()
        quote = connection.ops.quote_name
        own = [name for name in connection.introspection.table_names() if name not in self._base]
        with connection.cursor() as cursor:
            for name in own:
                cursor.execute(f"DROP TABLE {quote(name)} CASCADE")
        self.forget_rows()

    def keep_tables(self) -> None:
        """Nothing to do: the tables stay until they are dropped."""

    def forget_rows(self) -> None:
        from django.db import connection

        _leave_transactions()
        names = ", ".join(connection.ops.quote_name(name) for name in connection.introspection.table_names())
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")


def _leave_transactions() -> None:
    """Put the connection back into autocommit, whatever the code before did to it."""
    from django.db import connection

    connection.ensure_connection()
    connection.in_atomic_block = False
    connection.savepoint_ids = []
    connection.atomic_blocks = []
    connection.needs_rollback = False
    connection.run_on_commit = []
    connection.rollback()
    connection.set_autocommit(True)


def create_contrib_tables() -> None:
    from django.apps import apps
    from django.db import connection

    with connection.schema_editor() as editor:
        for config in apps.get_app_configs():
            for model in config.get_models():
                editor.create_model(model)


class World:
    """What imports of a case leave behind in Django, remembered before and put back after."""

    def __init__(self) -> None:
        from django.apps import apps
        from django.contrib.admin import site

        self._models = tuple(apps.get_models(include_auto_created=True))
        self._attributes = {model: set(vars(model)) for model in self._models}
        self._configs = set(apps.app_configs)
        self._receivers = {signal: list(signal.receivers) for signal in _signals()}
        self._registered = dict(site._registry)

    def restore(self, root: Path) -> None:
        from django import urls
        from django.apps import apps
        from django.contrib.admin import site
        from django.contrib.contenttypes.models import ContentType
        from django.core.cache import cache
        from django.template import Engine, engines
        from django.template.utils import get_app_template_dirs

        for label in set(apps.app_configs) - self._configs:
            del apps.app_configs[label]
        for label in set(apps.all_models) - self._configs:
            del apps.all_models[label]
        apps._pending_operations.clear()
        for model, before in self._attributes.items():
            for name in set(vars(model)) - before:
                delattr(model, name)
        apps.clear_cache()
        for signal, receivers in self._receivers.items():
            signal.receivers = list(receivers)
            signal.sender_receivers_cache.clear()
        site._registry.clear()
        site._registry.update(self._registered)
        ContentType.objects.clear_cache()
        cache.clear()
        urls.clear_url_caches()
        vars(engines).update(_engines={}, _templates=None)
        vars(engines).pop("templates", None)
        Engine.get_default.cache_clear()  # type: ignore[attr-defined]
        get_app_template_dirs.cache_clear()  # type: ignore[attr-defined]
        for name, module in list(sys.modules.items()):
            if (getattr(module, "__file__", None) or "").startswith(str(root)):
                del sys.modules[name]
        importlib.invalidate_caches()
        gc.collect()


def _signals() -> list[Any]:
    from django.core import signals as core
    from django.db.models import signals

    modules = (signals, core)
    return [value for module in modules for value in vars(module).values() if hasattr(value, "receivers")]


@contextlib.contextmanager
def project(files: dict[str, str], world: World, database: Any) -> Iterator[types.SimpleNamespace]:
    """The case as an importable project with its tables made. Gives the models and the names for the proof
    block.
    """
    from django.apps import AppConfig, apps
    from django.conf import settings
    from django.db import connection

    root = Path(tempfile.mkdtemp(prefix="djq-proof-")).resolve()
    sys.path.insert(0, str(root))
    try:
        packages = _write(root, files)
        settings.TEMPLATES = _templates(root, packages)
        database.forget_tables()
        models: list[Any] = []
        for label in packages:
            config = AppConfig(label, importlib.import_module(label))
            config.apps, config.models = apps, apps.all_models[label]
            apps.app_configs[label] = config
            apps.clear_cache()
        for label in packages:
            apps.app_configs[label].import_models()
        apps.clear_cache()
        for label in packages:
            models.extend(apps.app_configs[label].get_models())
        with connection.schema_editor() as editor:
            for model in models:
                if model._meta.managed and not model._meta.proxy:
                    editor.create_model(model)
        database.keep_tables()
        yield types.SimpleNamespace(models=models, names=_names(root))
    finally:
        sys.path.remove(str(root))
        world.restore(root)
        shutil.rmtree(root, ignore_errors=True)


def _write(root: Path, files: dict[str, str]) -> list[str]:
    """Write the files; every directory with Python in it becomes a package. Gives the top-level packages."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    for path in list(root.rglob("*.py")):
        folder = path.parent
        while folder != root:
            (folder / "__init__.py").touch()
            folder = folder.parent
    return sorted(path.parent.name for path in root.glob("*/__init__.py"))


def _templates(root: Path, packages: list[str]) -> Any:
    """The engines that the case's own settings name, else one of each language that there is."""
    if (root / "settings.py").exists():
        return importlib.import_module("settings").TEMPLATES
    directories = [str(root / label / "templates") for label in packages] + [str(root / "templates")]
    return [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": directories,
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        },
        *([{"BACKEND": _JINJA, "APP_DIRS": True}] if importlib.util.find_spec("jinja2") else []),
    ]


def _names(root: Path) -> dict[str, Any]:
    """What a proof block finds without importing it: the names of models.py and views.py."""
    names: dict[str, Any] = {"__name__": "proof"}
    for module in ("models", "views"):
        if (root / PACKAGE / f"{module}.py").exists():
            names.update(_public(vars(importlib.import_module(f"{PACKAGE}.{module}"))))
    return names


def _public(names: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in names.items() if not name.startswith("__")}


class Queries:
    """Listens to a connection; counts what is not transaction control. May let something happen before the
    first write.
    """

    def __init__(self, before_write: Callable[[], Any] | None = None) -> None:
        self.statements: list[str] = []
        self.wrote = False
        self._before_write = before_write

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        text = str(sql)
        if not text.lstrip().upper().startswith(_TRANSACTION):
            self.statements.append(text)
        if text.lstrip().upper().startswith(_WRITES) and not self.wrote:
            self.wrote = True
            if self._before_write is not None:
                self._before_write()
        return execute(sql, params, many, context)


def run_call(call: Callable[[], Any]) -> Any:
    """Call it and take all of what it gives; a coroutine is run so that its queries stay on this
    connection.
    """
    from asgiref.sync import async_to_sync

    if inspect.iscoroutinefunction(call):
        return plain(async_to_sync(call)())
    return plain(call())


def plain(value: Any) -> Any:
    """`value` as JSON that can be compared: rows by label and key, querysets and generators as lists."""
    from django.db.models import Model
    from django.http import HttpResponse

    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Model):
        return ["row", value._meta.label, plain(value.pk)]
    if isinstance(value, HttpResponse):
        if hasattr(value, "render") and not getattr(value, "is_rendered", True):
            value.render()
        return ["response", value.status_code, value.content.decode(value.charset)]
    if isinstance(value, dict):
        return ["dict", sorted(([plain(key), plain(item)] for key, item in value.items()), key=repr)]
    if isinstance(value, set | frozenset):
        return ["set", sorted((plain(item) for item in value), key=repr)]
    if isinstance(value, bytes):
        return repr(value)
    if hasattr(value, "__iter__"):
        return [plain(item) for item in value]
    return repr(value)


def measure(job: dict[str, Any], world: World, database: Any) -> dict[str, Any]:
    """Run `make(n)` and then `call()` for each size; what each call sent, gave or raised."""
    from django.contrib.contenttypes.models import ContentType
    from django.db import connection

    runs = []
    with project(job["files"], world, database) as case:
        for size in job["sizes"]:
            names = _load_proof(job["proof"], case)
            database.forget_rows()
            ContentType.objects.clear_cache()
            names["make"](size)
            ContentType.objects.clear_cache()
            queries = Queries()
            result, raised, told = None, None, ""
            with connection.execute_wrapper(queries):
                try:
                    result = run_call(names["call"])
                except Exception as error:
                    raised, told = f"{type(error).__name__}: {error}", traceback.format_exc()
            runs.append(
                {
                    "size": size,
                    "queries": len(queries.statements),
                    "statements": queries.statements[:_SHOWN],
                    "result": result,
                    "raised": raised,
                    "traceback": told,
                    "state": _state(names, case),
                }
            )
    return {"runs": runs}


def race(job: dict[str, Any], world: World, database: Any) -> dict[str, Any]:
    """Run `call()` twice: one after the other, then with the second inside the first, right before its first
    write.
    """
    from django.db import connection

    with project(job["files"], world, database) as case:
        answer: dict[str, Any] = {}
        for how in ("in turn", "raced"):
            names = _load_proof(job["proof"], case)
            database.forget_rows()
            names["make"](job["sizes"][0])
            call = partial(run_call, names["call"])
            queries = Queries(before_write=call if how == "raced" else None)
            raised = None
            try:
                with connection.execute_wrapper(queries):
                    call()
                if how == "in turn":
                    call()
            except Exception as error:
                raised = f"{type(error).__name__}: {error}"
                _leave_transactions()
            answer[how] = {"state": _state(names, case), "raised": raised, "wrote": queries.wrote}
    return answer


def _load_proof(text: str, case: types.SimpleNamespace) -> dict[str, Any]:
    names = dict(case.names)
    exec(compile(text, "<proof>", "exec"), names)
    return names


def _state(names: dict[str, Any], case: types.SimpleNamespace) -> Any:
    """What `state()` of the proof says, else every row of the case's own tables."""
    if "state" in names:
        return plain(names["state"]())
    return [
        [model._meta.label, [plain(row) for row in model._base_manager.order_by("pk").values_list()]]
        for model in case.models
        if not model._meta.proxy
    ]


def answer(job: dict[str, Any], world: World, database: Any) -> dict[str, Any]:
    try:
        return race(job, world, database) if job["race"] else measure(job, world, database)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return {"error": traceback.format_exc()}


def main() -> None:
    """Answer jobs until stdin ends. Code of cases may print: that goes to stderr, never between the
    answers.
    """
    answers = io.TextIOWrapper(os.fdopen(os.dup(1), "wb", 0), encoding="utf-8", write_through=True)
    os.dup2(2, 1)
    sys.dont_write_bytecode = True
    setup = json.loads(sys.argv[1])
    configure(setup)
    import django
    from django.db import connection

    create_contrib_tables()
    database = SQLite() if connection.vendor == "sqlite" else Server()
    world = World()
    answers.write(json.dumps({"django": django.VERSION[:2], "database": connection.vendor}) + "\n")
    for line in sys.stdin:
        answers.write(json.dumps(answer(json.loads(line), world, database)) + "\n")


if __name__ == "__main__":
    main()
