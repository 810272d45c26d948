"""The desk over REST: the same rows, the same refusals."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coordination import services
from coordination.models import Booking, WaitingPlace
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


def test_an_appointment_is_cancelled_and_moved(nurse: Client, desk: Desk) -> None:
    booking, to = desk.booking(), desk.slot(in_days=12)
    sent = {"slot": str(to.uuid), "request_key": str(uuid4()), "code": "transport", "told_how": "phone"}
    url = reverse("api:booking-move", args=[booking.uuid])
    moved = nurse.post(url, sent)
    assert (moved.status_code, moved.json()["slot"]) == (201, str(to.uuid))
    assert nurse.post(url, sent).json() == moved.json()
    gone = nurse.post(reverse("api:booking-cancel", args=[moved.json()["uuid"]]), {"code": "machine_down"})
    assert (gone.status_code, gone.json()["status"]) == (200, "cancelled")
    refused = nurse.post(reverse("api:booking-cancel", args=[moved.json()["uuid"]]), {"code": "machine_down"})
    assert (refused.status_code, refused.json()["code"]) == (422, "not_booked")
    assert nurse.post(reverse("api:booking-cancel", args=[booking.uuid]), {"told_how": "pigeon"}).status_code == 400


def test_a_move_to_a_slot_at_another_hour_than_seen_is_a_conflict(nurse: Client, desk: Desk) -> None:
    booking, to = desk.booking(desk.slot()), desk.slot(in_days=12)
    sent = {"slot": str(to.uuid), "request_key": str(uuid4())}
    seen = (to.starts_at - timedelta(hours=1)).isoformat()
    refused = nurse.post(reverse("api:booking-move", args=[booking.uuid]), {**sent, "starts_at": seen})
    assert (refused.status_code, refused.json()["code"]) == (409, "slot_moved")
    right = {**sent, "starts_at": to.starts_at.isoformat()}
    assert nurse.post(reverse("api:booking-move", args=[booking.uuid]), right).status_code == 201


def test_a_move_to_a_full_slot_is_a_conflict_and_the_appointment_stands(nurse: Client, desk: Desk) -> None:
    booking, full, later = desk.booking(), desk.slot(in_days=12), desk.slot(in_days=13)
    desk.booking(full)
    sent = {"slot": str(full.uuid), "request_key": str(uuid4())}
    refused = nurse.post(reverse("api:booking-move", args=[booking.uuid]), sent)
    assert refused.status_code == 409
    assert [each["uuid"] for each in refused.json()["alternatives"]] == [str(later.uuid)]
    booking.refresh_from_db()
    assert booking.status == "booked"


def test_the_waiting_list_and_its_offers(nurse: Client, desk: Desk) -> None:
    pathway, slot = desk.pathway(), desk.slot()
    sent = {"pathway": str(pathway.uuid), "exam_type": "scanner"}
    joined = nurse.post(reverse("api:waiting"), sent)
    assert (joined.status_code, joined.json()["rank"], joined.json()["offer"]) == (201, 1, None)
    assert joined.json()["rank_words"].startswith("1er")
    services.offer_freed_places(now=timezone.now())
    (row,) = nurse.get(reverse("api:waiting")).json()
    assert row["half_day"] == ""
    assert nurse.post(reverse("api:waiting"), {**sent, "half_day": "dusk"}).status_code == 400
    answer = reverse("api:offer-answer", args=[row["offer"]])
    assert nurse.post(answer, {}, content_type="application/json").status_code == 400
    declined = nurse.post(answer, {"accept": "false"})
    assert (declined.status_code, declined.json()["field"]) == (422, "why")
    booked = nurse.post(answer, {"accept": "true"})
    assert (booked.status_code, booked.json()["slot"]) == (201, str(slot.uuid))
    assert nurse.get(reverse("api:waiting")).json() == []
    left = nurse.post(reverse("api:waiting-leave", args=[row["uuid"]]), {"reason": "Fait en ville"})
    assert (left.status_code, left.json()["code"]) == (422, "not_waiting")
    assert nurse.post(reverse("api:waiting"), {**sent, "exam_type": "inconnu"}).status_code == 404


def test_a_slot_offered_is_one_that_can_be_booked_whoever_runs_the_target(nurse: Client, desk: Desk) -> None:
    pathway, slot = desk.pathway(), desk.slot()
    desk.target.team = Desk().team
    desk.target.save()
    sent = {"slot": slot.uuid, "pathway": pathway.uuid, "request_key": uuid4()}
    assert nurse.post(reverse("api:bookings"), sent).status_code == 201


@pytest.mark.parametrize(
    ("code", "step", "why"),
    [("irm", "ct", "pas celui de cette étape"), ("scanner", "nimportequoi", "n’existe pas"), ("scanner", "c\0t", "")],
)
def test_nobody_waits_nor_is_booked_for_a_step_that_does_not_ask_for_it(
    nurse: Client, desk: Desk, code: str, step: str, why: str
) -> None:
    """A need by another name would be served twice."""
    pathway = desk.pathway()
    exam_type = exam(code)
    slot = desk.slot(exam_type=exam_type)
    wait = {"pathway": str(pathway.uuid), "exam_type": code, "step_key": step}
    book = {"pathway": str(pathway.uuid), "slot": str(slot.uuid), "step_key": step, "request_key": str(uuid4())}
    for name, sent in (("waiting", wait), ("bookings", book)):
        answer = nurse.post(reverse(f"api:{name}"), sent)
        assert answer.status_code in (400, 422), name
        assert why in answer.content.decode()
    assert not WaitingPlace.objects.exists()
    assert not Booking.objects.exists()
