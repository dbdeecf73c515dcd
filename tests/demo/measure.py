"""Runs inside one form of the demo project: asks for each of its pages and counts the queries.

In: the project's directory as the only argument. Out: one JSON object on stdout, a `Measurement` in plain
form: `visits` (name, queries, text and error of each page and command) and `behaviours` (what two visitors at
once and new rows see).
"""

from __future__ import annotations

import importlib
import io
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver, reverse

COMMANDS = ("export_readers",)


def set_up(project: Path) -> None:
    """Configure Django for the project and fill its database in memory."""
    sys.path.insert(0, str(project))
    settings_module = importlib.import_module("config.settings")
    settings.configure(**{name: value for name, value in vars(settings_module).items() if name.isupper()})
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    importlib.import_module("config.sample_data").fill_library()


def request(url: str) -> str:
    """The body of a page, asked for with GET, or with POST where only that is allowed."""
    client = Client()
    response = client.get(url)
    if response.status_code == 405:
        response = client.post(url)
    return response.content.decode()


def run_command(name: str) -> str:
    """What a management command writes."""
    out = io.StringIO()
    call_command(name, stdout=out)
    return out.getvalue()


def visit(name: str, ask: Callable[[], str]) -> dict[str, Any]:
    """One page or command: its queries and its text, or the name of the exception that it raised."""
    with CaptureQueriesContext(connection) as queries:
        try:
            text, error = ask(), None
        except Exception as exception:
            text, error = "", type(exception).__name__
    return {"name": name, "queries": len(queries), "text": text, "error": error}


def visit_all() -> list[dict[str, Any]]:
    """Every page of the project (number 1 where a page wants a number), then its commands."""
    patterns = [pattern for pattern in get_resolver().url_patterns if isinstance(pattern, URLPattern)]
    urls = {
        pattern.name: reverse(pattern.name, kwargs=dict.fromkeys(pattern.pattern.converters, 1))
        for pattern in patterns
        if pattern.name
    }
    return [
        *(visit(name, partial(request, url)) for name, url in urls.items()),
        *(visit(command, partial(run_command, command)) for command in COMMANDS),
    ]


def count_two_visitors_at_once() -> int:
    """By how much the counter of a book grows when a second visitor comes between its read and its write."""
    book = apps.get_model("catalogue", "Book")._default_manager.get(pk=2)
    url = reverse("open-book", kwargs={"pk": book.pk})
    second_visitor_came = False

    def let_second_visitor_in(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal second_visitor_came
        if sql.startswith("UPDATE") and not second_visitor_came:
            second_visitor_came = True
            Client().post(url)
        return execute(sql, params, many, context)

    counted_before = book.times_opened
    with connection.execute_wrapper(let_second_visitor_in):
        Client().post(url)
    book.refresh_from_db()
    return int(book.times_opened - counted_before)


def preferences_leak() -> bool:
    """Whether what one new member prefers shows up in the next new member."""
    member_model = apps.get_model("members", "Member")
    member_model().preferences["newsletter"] = True
    return bool(member_model().preferences)


def joining_times_differ() -> bool:
    """Whether members who join one after the other have joined at different times."""
    member_model = apps.get_model("members", "Member")
    first = member_model()
    time.sleep(0.001)
    return bool(first.joined_at != member_model().joined_at)


def main() -> None:
    """Print the measurement of the project named on the command line."""
    set_up(Path(sys.argv[1]).resolve())
    measurement = {
        "visits": visit_all(),
        "behaviours": {
            "two visitors at once are counted as": count_two_visitors_at_once(),
            "a new member starts with another's preferences": preferences_leak(),
            "members who join later have a later date": joining_times_differ(),
        },
    }
    json.dump(measurement, sys.stdout)


if __name__ == "__main__":
    main()
