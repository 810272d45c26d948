"""What the shell around every page shows, by role."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from directory.models import Role
from directory.models.places import HolidayZone
from pathways.rules import HOLIDAY_ZONES
from tests.factories import TeamFactory, UserFactory

READERS = {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN, Role.TOWN}


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role.values)
def test_only_those_who_read_patients_are_offered_the_search(role: str) -> None:
    client = Client()
    client.force_login(UserFactory(role=role, team=TeamFactory()))
    page = client.get(reverse("account_email")).content.decode()
    assert ('role="search"' in page) == (role in READERS)
    assert client.get(reverse("pathways:list")).status_code == (200 if role in READERS else 403)


def test_an_establishment_may_be_in_any_zone_of_the_calendar() -> None:
    assert set(HolidayZone.values) == set(HOLIDAY_ZONES)
