"""What every test gets: a client that refuses inline scripts and styles, and no message sent for real."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
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
