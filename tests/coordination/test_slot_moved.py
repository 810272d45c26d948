"""A slot moved since a person saw it: refused with its new hour, and nothing is kept nor proposed at the old one."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coordination import services, tasks
from coordination.errors import SlotFull
from coordination.models import Booking, Hold, OfferAnswer, Slot, SlotEvent, SlotSeries, Task, WaitingOffer
from coordination.services.seats import Wish
from directory.models import Role, User
from pathways.models import Pathway
from tests.coordination.factories import Desk, exam
from tests.coordination.test_series_changes import values
from tests.coordination.test_waiting import offers, waits
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(desk: Desk) -> User:
    found = UserFactory(role=Role.PLATFORM, team=desk.platform)
    found.memberships.update(is_head=True)
    return found


@pytest.fixture
def series(desk: Desk) -> SlotSeries:
    return desk.series()


@pytest.fixture
def slot(series: SlotSeries) -> Slot:
    return series.slots.order_by("starts_at")[0]


def moved(series: SlotSeries, head: User, hour: int = 14) -> None:
    services.edit_series(series=series, values=values(series, starts_at=time(hour)), user=head)


@pytest.mark.parametrize("act", ["book", "hold", "bundle", "move"])
def test_the_hour_seen_is_the_hour_taken(
    desk: Desk, pathway: Pathway, series: SlotSeries, slot: Slot, head: User, act: str
) -> None:
    seen, nurse = slot.starts_at, desk.coordinator
    other = desk.slot(exam_type=exam("irm"), starts_at=time(11))
    before = desk.booking(desk.slot(starts_at=time(16), in_days=12), pathway) if act == "move" else None
    moved(series, head)
    acts: dict[str, Any] = {
        "book": lambda at: services.book_slot(slot=slot, pathway=pathway, user=nurse, seen=at),
        "hold": lambda at: services.hold_place(slot=slot, pathway=pathway, user=nurse, seen=at),
        "bundle": lambda at: services.book_bundle(
            wishes=[Wish(other), Wish(slot, "", at)], pathway=pathway, user=nurse, request_key=uuid4(), kind="day",
            label="Venue",
        ),
        "move": lambda at: services.move_booking(booking=before, to=slot, user=nurse, seen=at),
    }  # fmt: skip
    with pytest.raises(SlotFull) as refused:
        acts[act](seen)
    assert refused.value.code == "slot_moved"
    assert re.search(r"9\sh.*14\sh", refused.value.message)
    assert refused.value.alternatives[0] == slot
    assert Booking.objects.filter(status="booked").count() == (1 if before else 0)
    slot.refresh_from_db()
    acts[act](slot.starts_at)


def test_the_page_says_the_new_hour_and_proposes_it(
    desk: Desk, pathway: Pathway, series: SlotSeries, slot: Slot, head: User, nurse: Client
) -> None:
    page = reverse("coordination:book", args=[pathway.uuid])
    html = nurse.get(f"{page}?examen=scanner").content.decode()
    form = re.search(rf'value="{slot.uuid}"><input type="hidden" name="seen" value="([^"]+)"', html)
    assert form
    assert datetime.fromisoformat(form[1]) == slot.starts_at
    moved(series, head)
    data = {"slot": slot.uuid, "seen": form[1], "key": uuid4(), "examen": "scanner", "step": "ct"}
    response = nurse.post(page, data)
    assert response.status_code == 422
    html = response.content.decode()
    assert "Ce créneau a été déplacé" in html
    assert str(slot.uuid) in html
    assert not Booking.objects.exists()


def test_a_move_to_a_slot_moved_since_keeps_the_cause_typed(
    desk: Desk, pathway: Pathway, series: SlotSeries, slot: Slot, head: User, nurse: Client
) -> None:
    booking = desk.booking(desk.slot(starts_at=time(16), in_days=12), pathway)
    page = reverse("coordination:booking-move", args=[booking.uuid])
    seen = f"{slot.uuid}@{slot.starts_at.isoformat()}"
    assert f'value="{slot.uuid}@' in nurse.get(page).content.decode()
    moved(series, head)
    response = nurse.post(page, {"slot": seen, "code": "patient_unavailable", "key": uuid4()})
    assert response.status_code == 422
    html = response.content.decode()
    assert "Ce créneau a été déplacé" in html
    assert 'value="patient_unavailable" selected' in html
    booking.refresh_from_db()
    assert booking.status == "booked"


def test_the_api_refuses_a_slot_moved_since(
    desk: Desk, pathway: Pathway, series: SlotSeries, slot: Slot, head: User, nurse: Client
) -> None:
    moved(series, head)
    data = {
        "slot": str(slot.uuid), "pathway": str(pathway.uuid), "request_key": str(uuid4()),
        "starts_at": slot.starts_at.isoformat(),
    }  # fmt: skip
    response = nurse.post(reverse("api:bookings"), data, content_type="application/json")
    assert response.status_code == 409
    assert response.json()["code"] == "slot_moved"


def test_nothing_is_kept_in_a_slot_that_leaves_its_hour(
    desk: Desk, pathway: Pathway, series: SlotSeries, slot: Slot, head: User
) -> None:
    services.hold_place(slot=slot, pathway=pathway, user=desk.coordinator)
    moved(series, head)
    assert not Hold.objects.exists()
    said = slot.changes.get(what=SlotEvent.LET_GO)
    assert (said.by, said.reason) == (head, "Le créneau a été déplacé")


def test_a_slot_that_keeps_its_hour_keeps_what_is_held(
    desk: Desk, pathway: Pathway, series: SlotSeries, slot: Slot, head: User
) -> None:
    services.hold_place(slot=slot, pathway=pathway, user=desk.coordinator)
    services.edit_series(series=series, values=values(series, room="Salle 4"), user=head)
    assert Hold.objects.filter(slot=slot).exists()


def test_an_offer_of_an_hour_that_is_no_more_is_set_aside_with_its_task(
    desk: Desk, series: SlotSeries, slot: Slot, head: User
) -> None:
    place = waits(desk)
    tasks.offer_freed_places()
    (offer,) = offers()
    moved(series, head)
    offer.refresh_from_db()
    assert (offer.answer, offer.why) == (OfferAnswer.WITHDRAWN, "Le créneau a été déplacé")
    assert not Task.objects.open().filter(title__contains="9 h").exists()
    tasks.offer_freed_places()
    place.refresh_from_db()
    assert place.status == "waiting"
    again = WaitingOffer.objects.get(place=place, answer=OfferAnswer.OPEN)
    assert again.slot == slot and again.slot.starts_at != slot.starts_at, "nobody answered for its new hour"


def test_a_slot_cancelled_keeps_no_hold_nor_offer(desk: Desk, pathway: Pathway, slot: Slot, head: User) -> None:
    waits(desk)
    tasks.offer_freed_places()
    services.hold_place(slot=slot, pathway=pathway, user=desk.coordinator) if slot.capacity > 1 else None
    day = timezone.localdate(slot.starts_at)
    closing = services.exception_of(
        kind="closed", platform=desk.platform, first_on=day, last_on=day + timedelta(days=1), reason="Travaux"
    )
    services.make_exception(exception=closing, user=head)
    assert not WaitingOffer.objects.filter(slot=slot, answer=OfferAnswer.OPEN).exists()
    assert not Hold.objects.exists()
