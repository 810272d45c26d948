"""What is given back in time and what is lost: one answer in the figures, the proof, the board and the month."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from coordination import services
from coordination.models import Resource, Slot
from coordination.readings.board import board_of, cell_of
from coordination.readings.month import month_of
from coordination.readings.slot_use import use_by
from coordination.rules.slots import SlotLook
from directory.models import Role
from pathways.rules.calendar import Calendar
from tests.coordination.factories import Desk
from tests.coordination.test_series_changes import down
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def told(now: datetime) -> set[tuple[int, int]]:
    """(given back in time, lost) as each page counts them."""
    calendar = Calendar()
    slots = Slot.objects.all()
    day = timezone.localdate(slots.order_by("starts_at")[0].starts_at)
    monday = day - timedelta(days=day.weekday())
    rows = slots.with_board_data().with_held(now).with_places(now)
    board = board_of(rows, monday, calendar, now).figures
    month = month_of(slots, day.replace(day=1), calendar, now).total
    use = use_by(slots, "platform", now, timedelta(days=30))
    found = {(board.get("released", 0), board.get("lost", 0)), (month.released, month.lost)}
    return found | {(each.released, each.lost) for each in use}


def full(desk: Desk, capacity: int = 1) -> Slot:
    slot = desk.slot_at(timezone.now() + timedelta(days=4), capacity=capacity)
    for _ in range(capacity):
        desk.booking(slot)
    return slot


def cancel(desk: Desk, slot: Slot, at: datetime) -> None:
    booking = slot.bookings.filter(status="booked").order_by("pk")[0]
    services.cancel_booking(booking=booking, code="patient_unavailable", user=desk.coordinator, at=at)


def after(slot: Slot) -> datetime:
    return slot.ends_at + timedelta(hours=1)


def test_a_place_cancelled_minutes_before_its_hour_is_lost(desk: Desk) -> None:
    slot = full(desk)
    cancel(desk, slot, slot.starts_at - timedelta(minutes=5))
    assert services.release_unused_slots(now=slot.starts_at - timedelta(minutes=4)) == 1
    assert told(after(slot)) == {(0, 1)}
    read = Slot.objects.with_list_data().with_held(after(slot)).with_places(after(slot)).get()
    cell = cell_of(read, after(slot))
    assert (cell.look, cell.words) == (SlotLook.RELEASED, "Libéré, 1 rendue trop tard")


def test_a_place_cancelled_after_the_instant_is_lost_before_its_hour_too(desk: Desk) -> None:
    slot = full(desk)
    cancel(desk, slot, slot.release_at + timedelta(hours=1))
    for now in (slot.release_at + timedelta(hours=2), slot.release_at + timedelta(hours=3)):
        assert told(now) == {(0, 1)}, "the job has said so or not"
        services.release_unused_slots(now=now)


@pytest.mark.parametrize("minutes", [-60, 0])
def test_a_place_free_at_the_instant_is_in_time(desk: Desk, minutes: int) -> None:
    slot = full(desk)
    cancel(desk, slot, slot.release_at + timedelta(minutes=minutes))
    services.release_unused_slots(now=slot.release_at + timedelta(minutes=1))
    assert told(after(slot)) == {(1, 0)}


def test_each_place_is_counted_once(desk: Desk) -> None:
    slot = full(desk, capacity=4)
    cancel(desk, slot, slot.release_at - timedelta(hours=1))
    services.release_unused_slots(now=slot.release_at)
    cancel(desk, slot, slot.release_at + timedelta(hours=1))
    assert told(after(slot)) == {(1, 1)}
    (use,) = use_by(Slot.objects.all(), "platform", after(slot), timedelta(days=30))
    assert (use.places, use.used, use.released, use.lost) == (4, 2, 1, 1)


def test_a_place_added_then_given_up_late_was_never_kept(desk: Desk) -> None:
    slot = full(desk)
    physician = UserFactory(role=Role.PHYSICIAN, team=desk.team)
    extra = services.overbook(
        slot=slot, pathway=desk.pathway(), physician=physician.professional, reason="Urgent", user=desk.coordinator
    )
    at = slot.release_at + timedelta(hours=1)
    services.cancel_booking(booking=extra, code="patient_unavailable", user=desk.coordinator, at=at)
    assert told(after(slot)) == {(0, 0)}


def test_a_place_that_had_gone_back_is_not_lost_by_who_was_added_since(desk: Desk) -> None:
    slot = desk.slot_at(timezone.now() + timedelta(days=4), capacity=2)
    desk.booking(slot)
    physician = UserFactory(role=Role.PHYSICIAN, team=desk.team)
    services.release_unused_slots(now=slot.release_at)
    with time_machine.travel(slot.release_at + timedelta(hours=1)):
        added = services.overbook(
            slot=slot, pathway=desk.pathway(), physician=physician.professional, reason="Urgent", user=desk.coordinator
        )
    later = slot.release_at + timedelta(hours=2)
    services.cancel_booking(booking=added, code="patient_unavailable", user=desk.coordinator, at=later)
    assert told(after(slot)) == {(1, 0)}


def test_a_place_that_never_went_back_is_lost(desk: Desk) -> None:
    slot = desk.slot_at(timezone.now() + timedelta(days=4))
    assert told(after(slot)) == {(0, 1)}


def test_a_place_beside_a_patient_on_a_machine_down_is_neither(desk: Desk) -> None:
    machine: Resource = services.add_resource(platform=desk.platform, name="Scanner A", kind="machine")
    slot = desk.slot(resource=machine, capacity=2)
    desk.booking(slot)
    head = UserFactory(role=Role.PLATFORM, team=desk.platform)
    services.make_exception(exception=down(machine, slot), user=head)
    with time_machine.travel(after(slot)):
        assert told(timezone.now()) == {(0, 0)}


def test_a_place_given_up_beside_one_added_is_the_other_patient_s(desk: Desk) -> None:
    slot = full(desk)
    physician = UserFactory(role=Role.PHYSICIAN, team=desk.team)
    services.overbook(
        slot=slot, pathway=desk.pathway(), physician=physician.professional, reason="Urgent", user=desk.coordinator
    )
    cancel(desk, slot, slot.release_at - timedelta(hours=1))
    services.release_unused_slots(now=slot.release_at)
    assert told(after(slot)) == {(0, 0)}


def test_a_place_the_one_added_held_at_the_instant_then_gave_up_is_lost(desk: Desk) -> None:
    slot = full(desk)
    physician = UserFactory(role=Role.PHYSICIAN, team=desk.team)
    services.overbook(
        slot=slot, pathway=desk.pathway(), physician=physician.professional, reason="Urgent", user=desk.coordinator
    )
    cancel(desk, slot, slot.release_at - timedelta(hours=1))
    cancel(desk, slot, slot.release_at + timedelta(hours=1))
    services.release_unused_slots(now=slot.release_at + timedelta(hours=2))
    assert told(after(slot)) == {(0, 1)}
