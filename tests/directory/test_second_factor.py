"""A password alone opens nothing but the set-up of the second factor, wherever the setting asks for one."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.urls import reverse

from directory.models import Role
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_without_a_second_factor_every_page_leads_to_its_set_up(client: Client, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    client.force_login(UserFactory(role=Role.COORDINATOR))
    for page in ("home", "pathways:list", "directory:post", "api-schema"):
        response = client.get(reverse(page))
        assert (response.status_code, response["Location"]) == (302, reverse("mfa_index"))
    assert client.get(reverse("mfa_index")).status_code in {200, 302}


def test_with_a_second_factor_the_pages_open(client: Client, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    user = UserFactory(role=Role.COORDINATOR)
    TOTP.activate(user, generate_totp_secret())
    client.force_login(user)
    assert client.get(reverse("directory:post")).status_code == 200


def test_visitors_are_not_concerned(client: Client, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    assert client.get(reverse("healthz")).status_code == 200
    assert client.get(reverse("account_login")).status_code == 200
