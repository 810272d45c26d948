"""How often an account may ask the API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from rest_framework.settings import api_settings

from directory.models import Role
from directory.throttle import AccountThrottle
from tests.access.test_access import NO_REDIS
from tests.conftest import StrictClient
from tests.coordination.factories import Desk
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("clean_cache")
def test_an_account_that_asks_without_end_is_told_when_to_ask_again(
    nurse: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AccountThrottle, "rate", "3/min", raising=False)
    asked = [nurse.get(reverse("api:worklist")) for _ in range(4)]
    assert [each.status_code for each in asked] == [200, 200, 200, 429]
    assert asked[-1]["Retry-After"].isdigit()
    assert asked[-1].json()["code"] == "throttled"
    assert asked[-1].json()["detail"].startswith("Trop de demandes en peu de temps : réessayez dans ")
    assert nurse.get(reverse("coordination:worklist")).status_code == 200, "the pages are not counted"
    other = StrictClient()
    other.force_login(UserFactory(role=Role.COORDINATOR, team=desk.team))
    assert other.get(reverse("api:worklist")).status_code == 200, "each account has its own"
    with override_settings(CACHES=NO_REDIS):
        assert nurse.get(reverse("api:worklist")).status_code == 200, "Redis away, nobody is refused"


def test_the_limit_is_generous_and_covers_every_route_of_the_api() -> None:
    assert AccountThrottle().num_requests == 600
    assert [AccountThrottle] == api_settings.DEFAULT_THROTTLE_CLASSES
    own = [each.callback.view_class for each in _routes(get_resolver("config.api"))]
    assert own
    assert all(each.throttle_classes == [AccountThrottle] for each in own)


def _routes(resolver: URLResolver) -> Iterator[URLPattern]:
    for each in resolver.url_patterns:
        yield from _routes(each) if isinstance(each, URLResolver) else [each]
