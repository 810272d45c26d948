"""A fixed Monday morning, a desk, one of its pathways, and a browser where its nurse is logged in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from pathways.models import Pathway
from tests.coordination.factories import Desk

MONDAY = datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.fixture(autouse=True)
def _monday() -> Iterator[None]:
    """Far from midnight, from a holiday and from a change of hour: the clock runs on from there."""
    with time_machine.travel(MONDAY):
        yield


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
