"""Every route times every role, from the URL conf: a new route without a line in the matrix fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.access.cast import ROLES, Cast
from tests.access.matrix import ROUTES, THIRD_PARTY, Route
from tests.conftest import StrictClient

pytestmark = pytest.mark.django_db

REFUSED = {403, 404}


def route_names(resolver: URLResolver | None = None, namespace: str = "") -> Iterator[str]:
    """Every route's full name."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from route_names(pattern, inner)
        else:
            assert isinstance(pattern, URLPattern)
            yield f"{namespace}{pattern.name or pattern.pattern}"


OURS = sorted({name for name in route_names() if not name.startswith(THIRD_PARTY)})


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The private files of the cast, kept for the whole module."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(autouse=True)
def _same_media(settings: Any, media: Path, _clean_room: None) -> None:
    settings.MEDIA_ROOT = media


@pytest.fixture(scope="module")
def cast(django_db_setup: None, django_db_blocker: Any, media: Path) -> Iterator[Cast]:
    """One cast for the module, in a transaction that is rolled back at the end."""
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=media), transaction.atomic():
        yield Cast().gather()
        transaction.set_rollback(True)


def test_every_route_has_its_line_and_no_line_is_left_over() -> None:
    served = set(OURS) | ({"styleguide"} if not settings.DEBUG else set())
    assert served - set(ROUTES) == set(), "routes without a line in tests/access/matrix.py"
    assert set(ROUTES) - served == set(), "lines of tests/access/matrix.py without a route"


@pytest.mark.parametrize("name", OURS)
def test_access(name: str, cast: Cast) -> None:
    route = ROUTES[name]
    url = reverse(name, kwargs=route.arguments(cast))
    assert _visitor_is_stopped(route, url) is not route.public
    for letter in ROLES:
        response = _ask(route, url, cast, letter)
        granted = route.public or letter in route.allowed
        assert (response.status_code not in REFUSED) is granted, f"{name} as {ROLES[letter]}: {response.status_code}"
        assert response.status_code != 405, f"{name} does not take {route.method}"
        assert response.status_code < 500 or name == "readyz"


NO_REDIS = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}}


@pytest.mark.parametrize("name", OURS)
def test_redis_away_fails_no_page(name: str, cast: Cast, settings: Any) -> None:
    settings.CACHES = NO_REDIS
    route = ROUTES[name]
    url = reverse(name, kwargs=route.arguments(cast))
    letter = next((each for each in "C" + route.allowed if each in route.allowed), "C")
    response = _ask(route, url, cast, letter)
    assert response.status_code < 500 or name in ("readyz", "coordination:calendar"), "an agenda asks again by itself"


def _ask(route: Route, url: str, cast: Cast, letter: str) -> HttpResponse:
    """One request as one person, undone afterwards."""
    client = StrictClient()
    client.force_login(cast.users[letter])
    with transaction.atomic():
        response = getattr(client, route.method)(url, route.data(cast))
        transaction.set_rollback(True)
    return response


def _visitor_is_stopped(route: Route, url: str) -> bool:
    response = getattr(StrictClient(), route.method)(url)
    if response.status_code == 302:
        return response["Location"].startswith(reverse("account_login"))
    return response.status_code in REFUSED


def test_third_party_pages_are_closed(cast: Cast) -> None:
    """The admin is for staff only, nobody signs up, and every account page but the login asks for an account."""
    for letter in ROLES:
        client = StrictClient()
        client.force_login(cast.users[letter])
        assert client.get(reverse("admin:index")).status_code == 302
    visitor = StrictClient()
    assert visitor.get(reverse("account_signup")).status_code in {200, 302}
    visitor.post(reverse("account_signup"), {"email": "x@y.fr", "password1": "a" * 14, "password2": "a" * 14})
    assert not type(cast.users["C"]).objects.filter(email="x@y.fr").exists()
    for page in ("mfa_index", "account_change_password", "account_logout", "account_email"):
        assert visitor.get(reverse(page)).status_code == 302
