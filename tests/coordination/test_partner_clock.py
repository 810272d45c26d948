"""An appointment at a partner on another clock is read at the hour of its place, on every page and paper."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from coordination import services
from coordination.models import ExamRequest
from coordination.services.moving import move_booking
from pathways.models import Appointment
from pathways.papers.facts import PpsFacts, collect, load
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url
from tests.factories import EstablishmentFactory, TeamFactory

pytestmark = pytest.mark.django_db

THERE = ZoneInfo("Indian/Reunion")
AT = datetime(2026, 12, 2, 10, tzinfo=THERE)
"""At 7:00 in Paris, where the desk works."""


@pytest.fixture
def request_(desk: Desk) -> ExamRequest:
    platform = TeamFactory(kind="platform", establishment=EstablishmentFactory(time_zone=THERE.key))
    request = services.ask_exam(
        pathway=desk.pathway(), exam_type=exam("irm"), addressed_to=platform, user=desk.coordinator
    )
    return services.propose_date(request=request, starts_at=AT, user=None)


def facts(pathway: int) -> PpsFacts:
    return collect(load(pathway))


def shows_ten(words: str) -> bool:
    """At ten as on the wall there, and never at seven."""
    plain = re.sub(r"<[^>]+>", " ", words.replace("\u00a0", " "))
    assert not re.search(r"(?<!\d)7 h", plain), re.findall(r".{60}(?<!\d)7 h.{20}", plain)
    return bool(re.search(r"(?<!\d)10 h", plain))


@pytest.mark.parametrize(
    "name", ["to-tell", "pathway-panel", "book", "exam-request", "pathways:detail", "pathways:summary"]
)
def test_every_page_of_the_desk_says_the_hour_there(nurse: Client, request_: ExamRequest, name: str) -> None:
    if name == "exam-request":
        address = url(name, request_)
    elif name == "to-tell":
        address = url(name)
    else:
        address = reverse(name if ":" in name else f"coordination:{name}", args=[request_.pathway.uuid])
    assert shows_ten(text(nurse.get(address)))


def test_a_platform_of_two_sites_reads_each_on_its_own_clock(client: Client, desk: Desk, request_: ExamRequest) -> None:
    user = desk.technician
    user.memberships.create(team=request_.addressed_to, role="platform")
    client.force_login(user)
    assert shows_ten(text(client.get(url("exam-requests"))))


def test_the_papers_too(nurse: Client, request_: ExamRequest) -> None:
    paper = nurse.get(url("appointment-sheet", request_.pathway)).content
    assert shows_ten(" ".join(each.extract_text() for each in PdfReader(BytesIO(paper)).pages))
    (visit,) = facts(request_.pathway_id).visits
    assert visit.starts_at.astimezone(visit.zone).hour == 10


def test_a_slot_there_is_read_there(nurse: Client, desk: Desk, request_: ExamRequest) -> None:
    """Booked in a slot of the partner: what the file keeps of it bears its clock."""
    services.cancel_request(request=request_, reason="Créneau", user=desk.coordinator)
    platform = request_.addressed_to
    booking = desk.booking(desk.slot_at(AT, platform=platform, exam_type=exam("irm")), request_.pathway)
    assert Appointment.objects.get(origin=booking.uuid).zone == THERE
    assert shows_ten(text(nurse.get(url("pathway-panel", request_.pathway))))
    other = desk.slot_at(AT.replace(day=3), platform=platform, exam_type=exam("irm"))
    move_booking(booking=booking, to=other, user=desk.coordinator)
    assert shows_ten(text(nurse.get(url("to-tell"))))


def test_at_home_no_paper_is_stale_for_a_clock(desk: Desk) -> None:
    booking = desk.booking(desk.slot())
    before = facts(booking.pathway_id)
    Appointment.objects.update(time_zone="")
    assert facts(booking.pathway_id).fingerprint() == before.fingerprint()


def test_the_sheet_says_the_way_to_another_hospital_and_the_whole_of_a_long_name(
    nurse: Client, request_: ExamRequest
) -> None:
    there, patient = request_.addressed_to.establishment, request_.pathway.patient
    there.address, there.postal_code, there.city = "14 boulevard des Esquisses", "97400", "Saint-Denis"
    there.save()
    patient.birth_name, patient.first_name = "Vandenbroucke-Delahautemaison de La Rochefoucauld", "Marie-Antoinette"
    patient.save()
    paper = nurse.get(url("appointment-sheet", request_.pathway)).content
    (page,) = PdfReader(BytesIO(paper)).pages
    words = " ".join(page.extract_text().split())
    assert "Autre hôpital" in words and "14 boulevard des Esquisses, 97400 Saint-Denis" in words
    assert "VANDENBROUCKE-DELAHAUTEMAISON DE LA ROCHEFOUCAULD Marie-Antoinette" in words
    message = nurse.get(url("book", request_.pathway)).context["message"]
    assert "14 boulevard des Esquisses, 97400 Saint-Denis" in message
