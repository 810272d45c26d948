"""A series opened twice by the browser's « back » is told, never silent: two rooms side by side are said to be."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from coordination.models import SlotSeries
from directory.models import Role, User
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(client: Client, desk: Desk) -> User:
    user = UserFactory(role=Role.PLATFORM, team=desk.platform)
    user.memberships.update(is_head=True)
    client.force_login(user)
    return user


def typed(desk: Desk, **more: Any) -> dict[str, Any]:
    """A form drawn anew: its key is another one each time."""
    return {
        "plateau": desk.platform.uuid, "exam_type": exam().code, "weekday": "5", "starts_at": "08:20",
        "room": "Salle 2", "duration_minutes": "30", "capacity": "1", "release_notice_hours": "48",
        "release_unit": "hours", "targets": desk.target.pk, "valid_from": "2026-11-23", "key": str(uuid4()),
        "do": "apply", **more,
    }  # fmt: skip


@pytest.mark.usefixtures("head")
def test_the_same_series_again_is_told_and_may_be_insisted_on(client: Client, desk: Desk) -> None:
    first = typed(desk)
    assert client.post(url("series-new"), first).status_code == 302
    assert client.post(url("series-new"), first).status_code == 302, "the same form: the same series"
    assert SlotSeries.objects.count() == 1
    page = client.post(url("series-new"), typed(desk, room="salle 2 ", capacity="7"))
    assert page.status_code == 422
    assert "Cette série existe déjà" in text(page)
    assert 'name="insist"' in page.content.decode()
    assert page.context["form"]["capacity"].value() == "7", "nothing typed is lost"
    assert SlotSeries.objects.count() == 1
    assert client.post(url("series-new"), typed(desk, insist="on")).status_code == 302
    assert SlotSeries.objects.count() == 2
    assert 'name="insist"' not in client.get(url("series-new")).content.decode()


@pytest.mark.usefixtures("head")
@pytest.mark.parametrize(
    "other", [{"room": "Salle 3"}, {"starts_at": "09:20"}, {"weekday": "4"}], ids=["room", "hour", "day"]
)
def test_another_room_hour_or_day_is_another_series(client: Client, desk: Desk, other: dict[str, str]) -> None:
    client.post(url("series-new"), typed(desk))
    assert client.post(url("series-new"), typed(desk, **other)).status_code == 302


@pytest.mark.usefixtures("head")
def test_one_that_ended_before_is_no_twin(client: Client, desk: Desk) -> None:
    client.post(url("series-new"), typed(desk, valid_until="2026-12-31"))
    assert client.post(url("series-new"), typed(desk, valid_from="2027-01-01")).status_code == 302
