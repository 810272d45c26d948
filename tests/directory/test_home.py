"""Where an account lands after signing in."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from directory.models import Role
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def landing(client: Client, **account: object) -> str:
    client.force_login(UserFactory(**account))
    return client.get(reverse("home")).url  # type: ignore[attr-defined, no-any-return]


def test_each_lands_where_their_day_starts(client: Client) -> None:
    assert landing(client, role=Role.COORDINATOR) == reverse("coordination:worklist")
    assert landing(client) == reverse("directory:no-role")


def test_the_operator_who_has_no_role_lands_on_the_administration(client: Client) -> None:
    assert landing(client, is_staff=True) == reverse("admin:index")
