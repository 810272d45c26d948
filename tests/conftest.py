"""What every test gets: a client that refuses inline scripts and styles, and no message sent for real."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest
from django.conf import settings as configured
from django.core.cache import cache
from django.test import Client

# Speed is no business of a test, and a law with a narrow door is still a law. In CI the examples are always the same.
hypothesis.settings.register_profile(
    "jalon",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.filter_too_much, hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("jalon")

# Django makes and drops so many objects that Python would look for cycles all the time.
gc.set_threshold(100_000, 50, 50)

# Each process counts in a database of Redis of its own, none of them the broker's: to clear a cache empties all of it.
# Of the sixteen there are, those of very many processes are shared again.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
configured.CACHES["default"]["LOCATION"] = urlsplit(configured.REDIS_URL)._replace(path=f"/{1 + WORKER % 15}").geturl()

LONGEST = {
    "test_ten_thousand_histories", "test_wall_clock", "test_lateness_agreement", "test_slot_machine", "test_whole_way",
    "test_target_editor", "test_desk_day",
}  # fmt: skip
"""Files whose tests take long: a process that begins one last is waited for by all the others."""

INLINE = re.compile(
    r"""<script(?![^>]*\bsrc=)(?![^>]*application/json)|\sstyle=["']|\son[a-z]+=["']|javascript:""", re.I
)


class StrictClient(Client):
    """Django's client, which also fails a page that our Content-Security-Policy would break."""

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        if response.get("Content-Type", "").startswith("text/html") and not response.streaming:
            found = INLINE.search(response.content.decode(response.charset))
            assert found is None, f"inline script or style in {request.get('PATH_INFO')}: {found and found.group(0)}"
        return response


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, shared out: each process begins with so many tests in a row, then takes from the others."""
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.path.stem in LONGEST]
    rest = [item for item in items if item.path.stem not in LONGEST]
    share = -(-len(rest) // count)
    items[:] = [
        item for number in range(count) for item in (*long[number::count], *rest[number * share : (number + 1) * share])
    ]


@pytest.fixture
def client() -> StrictClient:
    return StrictClient()


@pytest.fixture(autouse=True)
def _clean_room(settings: Any, tmp_path: Path) -> Iterator[None]:
    """Private folders for files and post; no rate limit carried from one test to the next."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.EMAIL_FILE_PATH = str(tmp_path / "post")
    settings.JALON_STRICT_TEMPLATES = True
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    yield


@pytest.fixture
def clean_cache() -> Iterator[None]:
    """For tests of rate limits and locks, which live in Redis."""
    cache.clear()
    yield
    cache.clear()
