"""What a program may send the API that no person would type: a refusal in words, never an error of ours."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from coordination.models import Booking
from tests.coordination.factories import Desk, exam

pytestmark = pytest.mark.django_db


def post(client: Client, name: str, *args: object, **sent: object) -> tuple[int, str]:
    answer = client.post(reverse(f"api:{name}", args=args), json.dumps(sent), content_type="application/json")
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("at", ["0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2101-01-01"])
def test_an_instant_of_another_age_is_refused_before_it_is_compared(nurse: Client, desk: Desk, at: str) -> None:
    pathway, booking, to = desk.pathway(), desk.booking(), desk.slot(in_days=12)
    for name, args, sent in (
        ("bookings", (), {"slot": str(to.uuid), "pathway": str(pathway.uuid), "request_key": str(uuid4())}),
        ("booking-move", (booking.uuid,), {"slot": str(to.uuid), "request_key": str(uuid4())}),
    ):
        status, said = post(nurse, name, *args, **sent, starts_at=at)
        assert (status, "Vérifiez l’année" in said) == (400, True)
    assert Booking.objects.get() == booking


def test_half_a_sign_is_refused_in_words(nurse: Client, desk: Desk) -> None:
    booking = desk.booking()
    status, said = post(nurse, "booking-cancel", booking.uuid, told_how="\ud800", reason="x")
    assert (status, "un signe incomplet" in said) == (400, True)
    sent = {"pathway": str(desk.pathway().uuid), "exam_type": exam().code, "half_day": "\udfff"}
    assert post(nurse, "waiting", **sent)[0] == 400
    booking.refresh_from_db()
    assert booking.status == "booked"
