"""The desk over REST: the same rows, the same refusals."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from coordination.models import Booking
from directory.models import Role
from tests.coordination.factories import Desk, exam
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_the_worklist_is_the_page(nurse: Client, desk: Desk) -> None:
    late, fresh = desk.pathway(days_ago=9), desk.pathway()
    body = nurse.get(reverse("api:worklist")).json()
    assert [row["reference"] for row in body["rows"]] == [late.reference, fresh.reference]
    assert body["counters"]["en-retard"] == 1
    page = nurse.get(reverse("coordination:worklist")).context["rows"]
    assert [row["reason"] for row in body["rows"]] == [row.reason.text for row in page]
    assert [row["margin_days"] for row in body["rows"]] == [row.margin for row in page]
    only = nurse.get(reverse("api:worklist"), {"list": "en-retard", "mine": "true"}).json()
    assert [row["reference"] for row in only["rows"]] == [late.reference]
    assert nurse.get(reverse("api:worklist"), {"list": "inconnue"}).status_code == 400


def test_free_slots_of_a_pathway(nurse: Client, desk: Desk) -> None:
    pathway, slot = desk.pathway(), desk.slot()
    desk.slot(in_days=12, exam_type=exam("irm"))
    desk.booking(desk.slot(in_days=11))
    Desk().slot()
    asked = {"exam_type": "scanner", "pathway": str(pathway.uuid)}
    body = nurse.get(reverse("api:slots-free"), asked).json()
    assert [each["uuid"] for each in body["results"]] == [str(slot.uuid)]
    assert body["results"][0]["look"] == "free"
    assert nurse.get(reverse("api:slots-free"), {"pathway": str(Desk().pathway().uuid)}).status_code == 404
    assert nurse.get(reverse("api:slots-free"), {"pathway": "x"}).status_code == 400


def test_booking_and_booking_again(nurse: Client, desk: Desk) -> None:
    sent = {"slot": desk.slot().uuid, "pathway": desk.pathway().uuid, "request_key": uuid4()}
    first = nurse.post(reverse("api:bookings"), sent)
    again = nurse.post(reverse("api:bookings"), sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Booking.objects.count() == 1


def test_a_full_slot_is_a_conflict_with_a_way_out(nurse: Client, desk: Desk) -> None:
    slot, later = desk.slot(), desk.slot(in_days=12)
    desk.booking(slot)
    sent = {"slot": slot.uuid, "pathway": desk.pathway().uuid, "request_key": uuid4()}
    refused = nurse.post(reverse("api:bookings"), sent)
    assert refused.status_code == 409
    body = refused.json()
    assert (body["code"], body["detail"]) == ("slot_full", "Ce créneau vient d’être pris.")
    assert [each["uuid"] for each in body["alternatives"]] == [str(later.uuid)]


def test_a_busy_patient_is_refused_with_a_reason(nurse: Client, desk: Desk) -> None:
    pathway = desk.pathway()
    desk.booking(desk.slot(exam_type=exam("irm")), pathway)
    sent = {"slot": desk.slot().uuid, "pathway": pathway.uuid, "request_key": uuid4()}
    refused = nurse.post(reverse("api:bookings"), sent)
    assert (refused.status_code, refused.json()["code"]) == (422, "patient_busy")


@pytest.mark.parametrize("role", [Role.PHYSICIAN, Role.PLATFORM, Role.QUALITY, Role.TOWN])
def test_who_may_not(client: Client, desk: Desk, role: str) -> None:
    reads = {Role.PHYSICIAN, Role.PLATFORM}
    client.force_login(UserFactory(role=role))
    assert client.get(reverse("api:worklist")).status_code == 403
    sent = {"slot": desk.slot().uuid, "pathway": desk.pathway().uuid, "request_key": uuid4()}
    assert client.post(reverse("api:bookings"), sent).status_code == 403
    assert client.get(reverse("api:slots-free")).status_code == (200 if role in reads else 403)


def test_a_stranger_books_nothing(client: Client, desk: Desk) -> None:
    client.force_login(Desk().coordinator)
    sent = {"slot": desk.slot().uuid, "pathway": desk.pathway().uuid, "request_key": uuid4()}
    assert client.post(reverse("api:bookings"), sent).status_code == 404
    assert not Booking.objects.exists()
