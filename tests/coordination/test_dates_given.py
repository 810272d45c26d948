"""A date that a platform gave to a request is an appointment like another: on the booking page, among the trips, on the
patient's sheet and in their message (SLT-06, S06)."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from coordination import services
from coordination.models import ExamRequest
from coordination.papers.sheet import days_of, message_of, sheet_html
from coordination.readings.coming import coming_of, visits
from coordination.readings.offer import needs_of, offer_of
from pathways.models import Pathway
from pathways.services import calendar_of
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> datetime:
    """Ten past nine, in ten days."""
    day = timezone.localdate() + timedelta(days=10)
    return timezone.make_aware(datetime.combine(day, time(9, 10)))


def given(desk: Desk, pathway: Pathway, at: datetime) -> ExamRequest:
    request = services.ask_exam(
        pathway=pathway, exam_type=exam("tep_scanner"), addressed_to=desk.platform, user=desk.coordinator
    )
    services.propose_date(request=request, starts_at=at, place="Salle 7", user=desk.technician)
    return request


def test_it_is_an_appointment_to_come_and_a_trip(desk: Desk, at: datetime) -> None:
    pathway, now = desk.pathway(), timezone.now()
    request = given(desk, pathway, at)
    (expected,) = coming_of(pathway, now)
    assert (expected.slot.exam_type.code, expected.slot.starts_at) == ("tep_scanner", at)
    assert visits([expected], calendar_of(desk.team.establishment)) == [timezone.localdate(at)]
    services.refuse_request(request=request, reason="Panne", user=desk.technician)
    assert coming_of(pathway, now) == []


def test_a_slot_at_that_hour_says_that_the_patient_is_expected(nurse: Client, desk: Desk, at: datetime) -> None:
    pathway, now = desk.pathway(), timezone.now()
    slot = desk.slot(in_days=10, starts_at=time(9))
    given(desk, pathway, at)
    coming = coming_of(pathway, now)
    need = next(each for each in needs_of(pathway, coming) if each.exam_type == slot.exam_type)
    offer = offer_of(pathway, need, coming, calendar_of(desk.team.establishment), now)
    (choice,) = [*offer.together, *offer.meeting, *offer.missing]
    assert choice.clash is not None and choice.clash.slot.exam_type.code == "tep_scanner"
    page = text(nurse.get(f"{url('book', pathway)}?examen=scanner"))
    assert "Déjà attendu : TEP-scanner" in page
    assert "1 venue prévue" in page and "Date donnée par" in page


def test_the_sheet_and_the_message_say_it(desk: Desk, at: datetime) -> None:
    pathway, now = desk.pathway(), timezone.now()
    given(desk, pathway, at)
    sheet = sheet_html(pathway, now).replace("\u00a0", " ")
    assert "1 venue." in sheet and "TEP-scanner" in sheet and "Salle 7" in sheet and "9 h 10" in sheet
    words = message_of(pathway, days_of(pathway, coming_of(pathway, now)))
    assert "9 h 10" in words and "Salle 7" in words and "TEP" not in words


def test_the_need_it_serves_is_not_booked_beside(desk: Desk, at: datetime) -> None:
    pathway = desk.pathway()
    scanner = exam()
    step = next(each for each in needs_of(pathway, []) if each.exam_type == scanner).step
    assert step is not None
    request = services.ask_exam(
        pathway=pathway, exam_type=exam(), addressed_to=desk.platform, user=desk.coordinator, step_key=step.key
    )
    services.propose_date(request=request, starts_at=at, user=desk.technician)
    (need,) = [each for each in needs_of(pathway, coming_of(pathway, timezone.now())) if each.exam_type == exam()]
    assert need.booking is not None and need.booking.uuid == request.uuid


def test_the_sheet_bears_the_birth_name_that_the_platform_reads(desk: Desk) -> None:
    pathway = desk.pathway()
    patient = pathway.patient
    patient.birth_name, patient.used_name = "Labrousseau", "Mourgoux"
    patient.save()
    sheet = sheet_html(pathway, timezone.now())
    assert "LABROUSSEAU" in sheet and "utilisé : MOURGOUX" in sheet
    patient.used_name = ""
    patient.save()
    assert "utilisé" not in sheet_html(pathway, timezone.now())
