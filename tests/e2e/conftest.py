"""The browser, the application it talks to and the worker behind it.

Everything is real but the address: Django answers from a thread of this process, so that `time_machine` moves its
clock; the worker is another process and keeps the true one. Stories are therefore told from the past to the present.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.test import override_settings
from playwright.sync_api import Browser
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from launcher.system import find_chromium
from tests.e2e.people import Visitor
from tests.e2e.worker import Worker, running_worker

PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, which calls nobody. Without a sandbox: the tests may run as root, on our own pages only."""
    quiet = (
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--font-render-hinting=none",
    )  # fmt: skip
    return {**browser_type_launch_args, "executable_path": find_chromium(), "args": list(quiet)}


@pytest.fixture(scope="session", autouse=True)
def _async_unsafe() -> Iterator[None]:
    """Playwright keeps an event loop running in this thread to the end: Django would refuse the ORM."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where files and sent messages go, for this process and for the worker."""
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="package")
def database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The name of the database of the run. pytest-django makes none when no test of the run is marked `django_db`:
    what is written here would then land in the real one."""
    with django_db_blocker.unblock():
        names = connection.settings_dict
    assert names["NAME"] == names["TEST"]["NAME"], f"{names['NAME']} is no test database"
    yield str(names["NAME"])
    # While the browser's event loop runs, this thread has connections of its own: nobody else would close them.
    with django_db_blocker.unblock():
        connections.close_all()


@pytest.fixture(scope="package")
def server(folder: Path, database: str) -> Iterator[LiveServer]:
    """The application, with the second factor asked as in production."""
    served = LiveServer("localhost")
    rooms = override_settings(**_rooms(folder, served))
    rooms.enable()
    served._live_server_modified_settings.enable()
    yield served
    served._live_server_modified_settings.disable()
    rooms.disable()
    served.stop()


def _rooms(folder: Path, server: LiveServer) -> dict[str, Any]:
    from django.conf import settings

    return {
        "MEDIA_ROOT": folder / "media",
        "EMAIL_FILE_PATH": str(folder / "post"),
        "BASE_URL": server.url,
        "REQUIRE_SECOND_FACTOR": True,
        "STORAGES": {**settings.STORAGES, "staticfiles": PLAIN},
        # Rate limits count in Redis: those of another run are not ours.
        "CACHES": {"default": {**settings.CACHES["default"], "KEY_PREFIX": folder.name + str(os.getpid())}},
    }


@pytest.fixture(autouse=True)
def _shared_rooms(_clean_room: None, settings: Any, server: LiveServer, folder: Path) -> None:
    """The worker cannot follow the private folders every other test gets: these are shared by the suite."""
    for name, value in _rooms(folder, server).items():
        setattr(settings, name, value)


@pytest.fixture(scope="package")
def worker(folder: Path, server: LiveServer, database: str) -> Iterator[Worker]:
    """One real worker on the database of the run."""
    with running_worker(database=database, queue=f"e2e-{database}", folder=folder) as running:
        yield running


Arrival = Callable[..., Visitor]


@pytest.fixture
def visit(new_context: Callable[..., Any], server: LiveServer) -> Arrival:
    """`visit(user, phone=True, scripts=False, scheme="dark")`: somebody in front of a new browser window."""

    def arrive(user: Any = None, **look: Any) -> Visitor:
        return Visitor.arrive(new_context, server.url, user, **look)

    return arrive


@pytest.fixture(scope="package")
def open_window(browser: Browser, server: LiveServer) -> Iterator[Arrival]:
    """As `visit`, for windows that outlive a test."""
    opened: list[Visitor] = []

    def arrive(user: Any = None, **look: Any) -> Visitor:
        opened.append(Visitor.arrive(browser.new_context, server.url, user, **look))
        return opened[-1]

    yield arrive
    for visitor in opened:
        visitor.page.context.close()
