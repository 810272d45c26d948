"""A desk, one of its pathways, and a browser where its nurse is logged in."""

from __future__ import annotations

import pytest
from django.test import Client

from pathways.models import Pathway
from tests.coordination.factories import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def pathway(desk: Desk) -> Pathway:
    return desk.pathway(phone="0639980001")


@pytest.fixture
def nurse(client: Client, desk: Desk) -> Client:
    client.force_login(desk.coordinator)
    return client
