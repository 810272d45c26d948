"""A patient to whom the platform gave a date is on its day, its list and its days to come; done, it is said there."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from io import BytesIO

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from coordination import services
from coordination.models import ExamRequest
from coordination.readings.platform_day import PlatformDay, platform_day
from directory.models import AccessLog
from pathways.models import Pathway
from pathways.services import calendar_of
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> datetime:
    day = timezone.localdate() + timedelta(days=3)
    return timezone.make_aware(datetime.combine(day, time(8, 30)))


def given(desk: Desk, pathway: Pathway, at: datetime, code: str = "tep_scanner") -> ExamRequest:
    request = services.ask_exam(
        pathway=pathway, exam_type=exam(code), addressed_to=desk.platform, user=desk.coordinator
    )
    services.propose_date(request=request, starts_at=at, place="Salle 7", user=desk.technician)
    request.refresh_from_db()
    return request


def day_of(desk: Desk, day: date) -> PlatformDay:
    return platform_day([desk.platform.pk], day, calendar_of(desk.platform.establishment), timezone.now())


def test_the_day_and_its_list_hold_the_date_given(client: Client, desk: Desk, at: datetime) -> None:
    pathway = desk.pathway()
    given(desk, pathway, at)
    client.force_login(desk.technician)
    page = text(client.get(url("platform"), {"jour": f"{at:%Y-%m-%d}"}))
    name = pathway.patient.birth_name.upper()
    for words in (name, "8 h 30", "TEP-scanner", "Salle 7", "Date donnée"):
        assert words in page
    assert AccessLog.objects.filter(user=desk.technician, patient_uuid=pathway.patient.uuid).exists()
    pdf = client.get(url("day-list"), {"jour": f"{at:%Y-%m-%d}"})
    words = "".join(each.extract_text() for each in PdfReader(BytesIO(pdf.content)).pages)
    assert name in words and "Salle 7" in words and "hors créneaux gardés" in words


def test_the_days_to_come_count_people(desk: Desk, at: datetime) -> None:
    pathway = desk.pathway()
    given(desk, pathway, at)
    given(desk, pathway, at + timedelta(hours=4), "irm")
    today, day = timezone.localdate(), timezone.localdate(at)
    assert day_of(desk, today).coming == [(day, 1, "TEP-scanner, IRM")]
    shown = day_of(desk, day)
    assert (shown.patients, len(shown.lines)) == (1, 2)


def test_a_date_refused_after_all_leaves_the_day(desk: Desk, at: datetime) -> None:
    request = given(desk, desk.pathway(), at)
    services.refuse_request(request=request, reason="Panne", user=desk.technician)
    assert day_of(desk, timezone.localdate(at)).lines == []
    assert day_of(desk, timezone.localdate()).coming == []


def test_done_is_said_on_the_day_and_one_stays_there(client: Client, desk: Desk, at: datetime) -> None:
    request = given(desk, desk.pathway(), at)
    client.force_login(desk.technician)
    address = f"{url('platform')}?jour={at:%Y-%m-%d}"
    done = url("exam-request-done", request)
    assert done not in text(client.get(address)), "not before its hour"
    with time_machine.travel(at + timedelta(days=1), tick=False):
        client.force_login(desk.technician)
        assert day_of(desk, timezone.localdate()).forgotten == [(timezone.localdate(at), 1, "TEP-scanner")]
        assert done in text(client.get(address))
        response = client.post(done, {"back": address})
        assert response.headers["Location"] == address
        page = text(client.get(address))
        assert "Réalisé" in page and done not in page
        assert day_of(desk, timezone.localdate()).forgotten == []
    request.refresh_from_db()
    assert request.status == "done"


def test_the_other_platforms_see_nothing_of_it(desk: Desk, at: datetime) -> None:
    given(desk, desk.pathway(), at)
    other = Desk()
    assert day_of(other, timezone.localdate(at)).lines == []
