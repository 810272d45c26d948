"""Slots that their series no longer gives: what the night does once patients have left, and what is settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone
from icalendar import Calendar

from coordination import services, tasks
from coordination.errors import SlotFull
from coordination.models import (
    Booking,
    DisturbedSlot,
    Resource,
    Slot,
    SlotException,
    SlotSeries,
    SlotStatus,
    Task,
    UnmadeWeek,
    WaitingOffer,
)
from coordination.readings.feeds import calendar_file, feed_slots
from directory.models import ClosingDay, OutboxMessage, Role, User
from tests.coordination.factories import Desk, exam
from tests.coordination.test_series_changes import down
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(desk: Desk) -> User:
    user = UserFactory(role=Role.PLATFORM, team=desk.platform)
    user.memberships.update(is_head=True)
    return user


@pytest.fixture
def machine(desk: Desk) -> Resource:
    return services.add_resource(platform=desk.platform, name="Scanner A", kind="machine")


def edit(series: SlotSeries, head: User, **changes: Any) -> SlotSeries:
    series.refresh_from_db()
    return services.edit_series(series=series, values=replace(services.values_of(series), **changes), user=head)


def asked() -> list[str]:
    return list(Task.objects.open().filter(title__startswith="Rappeler").order_by("pk").values_list("title", flat=True))


def disturbed(desk: Desk, head: User, **options: Any) -> tuple[SlotSeries, Slot, Booking]:
    """A slot with a patient at 9:00, its series at 14:00."""
    series = desk.series(**options)
    slot = series.slots.order_by("starts_at")[0]
    booking = desk.booking(slot)
    edit(series, head, starts_at=time(14))
    return series, slot, booking


def leave(desk: Desk, booking: Booking) -> None:
    services.cancel_booking(booking=booking, code="patient_refuses", user=desk.coordinator, told_how="phone")


def hour(slot: Slot) -> int:
    return int(timezone.localtime(slot.starts_at).hour)


def test_the_night_moves_what_its_patient_has_left_and_it_is_booked_again(desk: Desk, head: User) -> None:
    _, slot, booking = disturbed(desk, head)
    leave(desk, booking)
    with pytest.raises(SlotFull):
        desk.booking(slot)
    tasks.generate_slots()
    slot.refresh_from_db()
    assert (hour(slot), slot.status) == (14, SlotStatus.PROTECTED)
    assert DisturbedSlot.objects.get().settled_at
    assert desk.booking(slot).period.lower == slot.starts_at
    assert tasks.generate_slots() == 0
    slot.refresh_from_db()
    assert slot.sequence == 1, "moved once"


def test_a_head_who_edits_again_moves_it_too(desk: Desk, head: User) -> None:
    series, slot, booking = disturbed(desk, head)
    leave(desk, booking)
    edit(series, head, capacity=2)
    slot.refresh_from_db()
    assert (hour(slot), slot.capacity) == (14, 2)
    assert slot in Slot.objects.free(timezone.now())


def test_it_is_cancelled_when_its_hour_is_too_near(desk: Desk, head: User) -> None:
    _, slot, booking = disturbed(desk, head)
    leave(desk, booking)
    with time_machine.travel(slot.release_at + timedelta(hours=6)):
        tasks.generate_slots()
    slot.refresh_from_db()
    assert slot.status == SlotStatus.CANCELLED
    assert DisturbedSlot.objects.get().settled_at


def test_it_is_never_released_at_an_hour_its_series_no_longer_has(desk: Desk, head: User) -> None:
    _, slot, booking = disturbed(desk, head)
    leave(desk, booking)
    assert services.release_unused_slots(now=slot.release_at) == 0
    slot.refresh_from_db()
    assert slot.status == SlotStatus.PROTECTED
    assert not OutboxMessage.objects.filter(kind="slots_released").exists()


def test_the_place_left_beside_a_patient_on_a_machine_down_is_not_given_back(
    desk: Desk, head: User, machine: Resource
) -> None:
    slot = desk.series(resource=machine, capacity=2).slots.order_by("starts_at")[0]
    desk.booking(slot)
    services.make_exception(exception=down(machine, slot), user=head)
    assert services.release_unused_slots(now=slot.release_at) == 0


def test_a_machine_repaired_after_the_instant_gives_the_place_back_as_promised(
    desk: Desk, head: User, machine: Resource
) -> None:
    slot = desk.series(resource=machine).slots.order_by("starts_at")[0]
    booking = desk.booking(slot)
    made = services.make_exception(exception=down(machine, slot), user=head)
    leave(desk, booking)
    with time_machine.travel(slot.release_at + timedelta(minutes=5)):
        services.take_back_exception(exception=made, user=head)
        assert services.release_unused_slots(now=timezone.now()) == 1


HOWS = ("edit", "closed", "down")


def given_up_after_its_release(desk: Desk, head: User, how: str) -> tuple[Slot, Booking, SlotException | None]:
    """Two places, a patient in one, the other given back; then its series gives the slot no more."""
    machine = services.add_resource(platform=desk.platform, name="Scanner B", kind="machine") if how == "down" else None
    series = desk.series(capacity=2, resource=machine)
    slot = series.slots.order_by("starts_at")[0]
    booking = desk.booking(slot)
    Slot.objects.filter(pk=slot.pk).update(release_at=timezone.now())
    assert services.release_unused_slots(now=timezone.now()) == 1
    made, day = None, timezone.localdate(slot.starts_at)
    if how == "edit":
        edit(series, head, starts_at=time(14))
    elif how == "down":
        assert machine is not None
        made = services.make_exception(exception=down(machine, slot), user=head)
    else:
        closed = services.exception_of(
            kind="closed", platform=desk.platform, first_on=day, last_on=day, reason="Travaux"
        )
        made = services.make_exception(exception=closed, user=head)
    slot.refresh_from_db()
    return slot, booking, made


def said_in_agendas(desk: Desk, head: User, slot: Slot) -> list[str]:
    feed = services.make_feed(user=head, shown=desk.platform, label="Agenda", request_key=uuid4())
    now = timezone.now()
    events = Calendar.from_ical(calendar_file(feed, feed_slots(feed, now), now)).walk("VEVENT")
    return [str(each["SUMMARY"]) for each in events if str(slot.uuid) in each["UID"]]


@pytest.mark.parametrize("how", HOWS)
def test_what_went_back_before_its_slot_was_given_up_is_offered_to_nobody(desk: Desk, head: User, how: str) -> None:
    slot, booking, _ = given_up_after_its_release(desk, head, how)
    assert not Slot.objects.given_back(timezone.now()).exists()
    assert said_in_agendas(desk, head, slot) == ["Scanner : ne reçoit plus personne, 1 place prise sur 2"]
    leave(desk, booking)
    assert not Slot.objects.given_back(timezone.now()).exists()
    assert "ne reçoit plus personne" in OutboxMessage.objects.get(kind="slot_cancelled").body
    tasks.generate_slots()
    slot.refresh_from_db()
    assert (slot.status, hour(slot)) == (("protected", 14) if how == "edit" else ("cancelled", 9))
    assert DisturbedSlot.objects.get().settled_at
    assert not Slot.objects.given_back(timezone.now()).exists()


@pytest.mark.parametrize("how", ["closed", "down"])
@pytest.mark.parametrize("patient_left", [True, False])
def test_what_went_back_is_the_platforms_again_when_its_series_gives_it_again(
    desk: Desk, head: User, how: str, patient_left: bool
) -> None:
    slot, booking, made = given_up_after_its_release(desk, head, how)
    if patient_left:
        leave(desk, booking)
    assert made is not None
    services.take_back_exception(exception=made, user=head)
    tasks.generate_slots()
    slot.refresh_from_db()
    assert (slot.status, hour(slot)) == ("released", 9)
    assert DisturbedSlot.objects.get().settled_at
    assert Slot.objects.given_back(timezone.now()).get() == slot


def test_a_series_that_has_ended_still_gives_up_what_patients_leave(desk: Desk, head: User) -> None:
    series = desk.series()
    slot = series.slots.order_by("starts_at")[1]
    booking = desk.booking(slot)
    edit(series, head, valid_until=timezone.localdate(series.slots.order_by("starts_at")[0].starts_at))
    leave(desk, booking)
    SlotSeries.objects.filter(pk=series.pk).update(valid_from=date(2026, 1, 1), valid_until=date(2026, 2, 1))
    tasks.generate_slots()
    slot.refresh_from_db()
    assert slot.status == SlotStatus.CANCELLED


def test_it_is_cancelled_and_told_when_the_machine_is_taken_at_the_new_hour(
    desk: Desk, head: User, machine: Resource
) -> None:
    series, slot, booking = disturbed(desk, head, resource=machine)
    other = desk.slot_at(slot.starts_at + timedelta(hours=5))
    Slot.objects.filter(pk=other.pk).update(resource=machine)
    SlotSeries.objects.filter(pk=other.series_id).update(valid_from=date(2026, 1, 1), valid_until=date(2026, 2, 1))
    leave(desk, booking)
    for _ in range(3):
        tasks.generate_slots()
    slot.refresh_from_db()
    assert slot.status == SlotStatus.CANCELLED
    assert "Scanner A est déjà pris" in UnmadeWeek.objects.get(series=series, settled_at=None).reason
    assert OutboxMessage.objects.filter(kind="slots_not_made", recipient=desk.platform.email).count() == 1


def test_a_slot_whose_form_is_open_waits_for_another_night(desk: Desk) -> None:
    series = desk.series(capacity=3)
    slot = series.slots.order_by("starts_at")[0]
    services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator)
    SlotSeries.objects.filter(pk=series.pk).update(capacity=1)
    tasks.generate_slots()
    assert [each.capacity for each in series.slots.order_by("starts_at")[:3]] == [3, 1, 1]


def test_the_night_moves_nothing_that_stands(desk: Desk) -> None:
    slot = desk.series().slots.order_by("starts_at")[0]
    SlotSeries.objects.filter(pk=slot.series_id).update(starts_at=time(14))
    tasks.generate_slots()
    slot.refresh_from_db()
    assert hour(slot) == 9


def test_places_taken_off_while_patients_sit_there_go_as_they_leave(desk: Desk, head: User) -> None:
    series = desk.series(capacity=4)
    slot = series.slots.order_by("starts_at")[0]
    bookings = [desk.booking(slot) for _ in range(4)]
    for each in bookings[:2]:
        leave(desk, each)
    edit(series, head, capacity=1)
    slot.refresh_from_db()
    assert slot.capacity == 2
    assert set(slot.bookings.exclude(status="cancelled").values_list("seat", flat=True)) == {1, 2}
    with pytest.raises(SlotFull):
        desk.booking(slot)
    leave(desk, bookings[2])
    tasks.generate_slots()
    slot.refresh_from_db()
    assert (slot.capacity, slot.booked) == (1, 1)


def test_a_place_taken_off_its_series_is_sold_to_nobody_when_a_patient_leaves(desk: Desk, head: User) -> None:
    series = desk.series(capacity=4)
    slot = series.slots.order_by("starts_at")[0]
    bookings = [desk.booking(slot) for _ in range(3)]
    edit(series, head, capacity=1)
    services.ask_to_wait(pathway=desk.pathway(), exam_type=slot.exam_type, user=desk.coordinator)
    for left, each in enumerate(bookings):
        slot.refresh_from_db()
        assert slot.capacity == slot.booked == 3 - left
        leave(desk, each)
        if slot.booked > 1:
            assert slot not in Slot.objects.free(timezone.now())
            services.offer_freed_places(now=timezone.now())
            assert not WaitingOffer.objects.filter(slot=slot).exists()
            assert "Aucune place n’est libre" in OutboxMessage.objects.filter(kind="slot_cancelled").latest("pk").body
            with pytest.raises(SlotFull):
                desk.booking(slot)
    slot.refresh_from_db()
    assert (slot.capacity, slot.booked) == (1, 0)
    assert slot in Slot.objects.free(timezone.now())
    assert (
        list(slot.changes.filter(what="changed", reason__startswith="La série").values_list("by", flat=True))
        == [desk.coordinator.pk] * 2
    )


def test_whoever_remains_sits_within_the_places_that_are_left(desk: Desk, head: User) -> None:
    slot = desk.series(capacity=3).slots.order_by("starts_at")[0]
    bookings = [desk.booking(slot) for _ in range(3)]
    edit(slot.series, head, capacity=1)
    leave(desk, bookings[0])
    assert set(Booking.objects.standing().filter(slot=slot).values_list("seat", flat=True)) == {1, 2}


def test_what_somebody_has_the_form_of_open_is_left_to_the_night(desk: Desk) -> None:
    slot = desk.series(capacity=3).slots.order_by("starts_at")[0]
    booking = desk.booking(slot)
    services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator)
    SlotSeries.objects.filter(pk=slot.series_id).update(capacity=1)
    leave(desk, booking)
    slot.refresh_from_db()
    assert slot.capacity == 3


@pytest.mark.parametrize("means", [True, False])
def test_a_closing_day_taken_off_settles_the_slot_and_the_call(desk: Desk, machine: Resource, means: bool) -> None:
    series = desk.series(capacity=2, resource=machine if means else None)
    slot = series.slots.order_by("starts_at")[0]
    desk.booking(slot)
    closed = ClosingDay.objects.create(
        establishment=desk.team.establishment, date=timezone.localdate(slot.starts_at), label="Travaux"
    )
    tasks.generate_slots()
    assert len(asked()) == 1
    closed.delete()
    tasks.generate_slots()
    assert asked() == []
    assert DisturbedSlot.objects.get().settled_at
    assert slot in Slot.objects.free(timezone.now())


def test_the_call_closes_when_the_appointment_is_moved(desk: Desk, head: User) -> None:
    series, _, booking = disturbed(desk, head)
    assert len(asked()) == 1
    services.move_booking(booking=booking, to=series.slots.order_by("starts_at")[1], user=desk.coordinator)
    assert asked() == []
    assert Task.objects.open().get().title.startswith("Prévenir le patient"), "who moved it has still to say so"


def test_the_call_goes_on_for_the_other_appointment(desk: Desk, head: User) -> None:
    pathway = desk.pathway()
    scan, mri = desk.series(), desk.series(exam_type=exam("irm"), starts_at=time(11))
    slots = [each.slots.order_by("starts_at")[0] for each in (scan, mri)]
    for each in slots:
        desk.booking(each, pathway)
    day = timezone.localdate(slots[0].starts_at)
    closed = services.exception_of(platform=desk.platform, kind="closed", first_on=day, last_on=day, reason="Grève")
    services.make_exception(exception=closed, user=head)
    services.keep_slot(slot=slots[0], user=head)
    (task,) = Task.objects.open().filter(title__startswith="Rappeler")
    assert "Plus rien à dire pour le" in task.note
    leave(desk, Booking.objects.get(slot=slots[1]))
    assert asked() == []
