"""Far or absurd dates and bytes that no database reads: a page that says so, never a server error."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from coordination import services
from coordination.models import ExamRequest, SlotException, SlotPolicy, SlotSeries
from directory.models import Role, User
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(desk: Desk) -> User:
    found = UserFactory(role=Role.PLATFORM, team=desk.platform)
    found.memberships.update(is_head=True)
    return found


@pytest.mark.parametrize(
    ("day", "hour", "said"),
    [
        ("2027-03-28", "02:30", "horloges"),
        ("9999-12-31", "23:59", "année"),
        ("2162-05-01", "10:00", "année"),
        ("2029-05-01", "10:00", "dix-huit mois"),
    ],
)
def test_a_platform_promises_no_absurd_date(
    client: Client, desk: Desk, head: User, day: str, hour: str, said: str
) -> None:
    request = services.ask_exam(
        pathway=desk.pathway(), exam_type=exam(), addressed_to=desk.platform, user=desk.coordinator
    )
    client.force_login(head)
    page = client.post(url("exam-request-propose", request), {"day": day, "hour": hour, "place": "Salle 2"})
    assert page.status_code == 422
    assert said in text(page) and "Salle 2" in text(page), "what was typed stays"
    assert ExamRequest.objects.get().proposed_at is None


def new_series(desk: Desk, **typed: Any) -> dict[str, Any]:
    return {
        "exam_type": exam().pk, "platform": desk.platform.pk, "targets": [desk.target.pk], "weekday": 2,
        "starts_at": "09:00", "duration_minutes": 30, "capacity": 1, "release_notice_hours": 48,
        "release_unit": "hours", "valid_from": timezone.localdate().isoformat(),
    } | typed  # fmt: skip


@pytest.mark.parametrize("typed", [{"valid_from": "9999-12-30"}, {"valid_from": "0001-01-01"}])
def test_a_series_begins_in_no_absurd_year(client: Client, desk: Desk, head: User, typed: dict[str, str]) -> None:
    client.force_login(head)
    assert client.post(url("series-new"), new_series(desk, **typed)).status_code == 422
    assert not SlotSeries.objects.exists()


def test_an_exception_lies_in_no_absurd_year(client: Client, desk: Desk, head: User) -> None:
    desk.series()
    client.force_login(head)
    form = client.get(url("exception-new")).context["form"]
    ((about, _), *_), *_ = (group for _, group in form.fields["about"].choices if isinstance(group, list | tuple))
    typed = {"kind": "closed", "about": about, "first_on": "9999-12-31", "last_on": "9999-12-31",
             "reason": "Fermeture", "do": "preview", "key": str(uuid4())}  # fmt: skip
    page = client.post(url("exception-new"), typed)
    assert page.status_code == 422
    assert "année" in str(page.context["form"].errors)
    assert not SlotException.objects.exists()


def test_a_commitment_is_decided_once_decided(desk: Desk) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    with pytest.raises(Exception, match="une fois prise"):
        services.decide_policy(
            exam_type=exam(), target=desk.target, platform=desk.platform, mode="priority", within="72 hours",
            valid_from=tomorrow, decided_on=tomorrow, decided_by="Comité", user=desk.coordinator,
        )  # fmt: skip
    assert not SlotPolicy.objects.exists()


@pytest.mark.parametrize("name", ["hold", "book"])
@pytest.mark.parametrize("hour", ["0001-01-01T00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_no_hour_that_exists_nowhere_breaks_a_page(nurse: Client, desk: Desk, name: str, hour: str) -> None:
    pathway, slot = desk.pathway(), desk.slot()
    sent = {"examen": "scanner", "step": "", "slot": str(slot.uuid), "seen": hour}
    assert nurse.post(url(name, pathway), sent).status_code < 500


@pytest.mark.parametrize("name", ["wait", "ask", "overbook", "hold", "book"])
@pytest.mark.parametrize("field", ["examen", "step"])
def test_no_byte_that_the_database_cannot_read_breaks_a_page(nurse: Client, desk: Desk, name: str, field: str) -> None:
    pathway, slot = desk.pathway(), desk.slot()
    sent = {"examen": "scanner", "step": "", "slot": str(slot.uuid)} | {field: "scanner\0"}
    assert nurse.post(url(name, pathway), sent).status_code < 500
