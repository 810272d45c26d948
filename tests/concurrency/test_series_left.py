"""Slots that patients leave, met by two acts at once: a booking, the night, the release, a change."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from coordination import services
from coordination.errors import SlotFull
from coordination.models import Booking, DisturbedSlot, Slot, SlotPractitioner, SlotSeries
from directory.errors import DomainError
from directory.models import User
from tests.concurrency.racing import at_once
from tests.concurrency.test_series import edit, head_of, meanwhile
from tests.coordination.factories import Desk
from tests.factories import ProfessionalFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


def left(desk: Desk, head: User) -> tuple[SlotSeries, Slot]:
    """A slot at 9:00 that its patient has left, of a series at 14:00."""
    series = desk.series()
    slot = series.slots.order_by("starts_at")[0]
    booking = desk.booking(slot)
    edit(series, head, starts_at=time(14))
    services.cancel_booking(booking=booking, code="patient_refuses", user=desk.coordinator, told_how="phone")
    return series, slot


def test_a_booking_that_waits_for_the_night_is_at_the_new_hour() -> None:
    desk = Desk()
    head, pathway = head_of(desk), desk.pathway()
    _, slot = left(desk, head)
    booking = meanwhile(
        services.generate_slots, lambda: services.book_slot(slot=slot, pathway=pathway, user=desk.coordinator)
    )
    assert isinstance(booking, Booking)
    slot.refresh_from_db()
    assert timezone.localtime(slot.starts_at).time() == time(14)
    assert booking.period.lower == slot.starts_at


def test_bookings_and_nights_at_once_leave_one_patient_at_the_new_hour() -> None:
    desk = Desk()
    _, slot = left(desk, head_of(desk))
    pathways = [desk.pathway() for _ in range(4)]

    def work(item: Any) -> object:
        if item is None:
            return services.generate_slots()
        return services.book_slot(slot=slot, pathway=item, user=desk.coordinator)

    results = at_once(work, [None, *pathways, None])
    assert not [each for each in results if isinstance(each, Exception) and not isinstance(each, SlotFull)]
    slot.refresh_from_db()
    assert timezone.localtime(slot.starts_at).time() == time(14)
    assert slot.booked == slot.bookings.filter(status="booked").count() <= 1
    assert not DisturbedSlot.objects.filter(settled_at__isnull=True).exists()


def test_the_release_and_the_night_at_once_give_nothing_back_at_the_former_hour() -> None:
    desk = Desk()
    _, slot = left(desk, head_of(desk))
    due = slot.release_at
    at_once(
        lambda release: services.release_unused_slots(now=due) if release else services.generate_slots(),
        [True, False, True, False],
    )
    slot.refresh_from_db()
    assert slot.status == "protected"
    assert timezone.localtime(slot.starts_at).time() == time(14)


def test_a_release_reads_again_what_was_given_up_while_it_chose() -> None:
    desk = Desk()
    series = desk.series(capacity=2)
    slot = series.slots.order_by("starts_at")[0]
    desk.booking(slot)
    due = slot.release_at
    given_up: list[object] = []

    def give_up(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """A change commits between the moment the rows are chosen and the moment they are released."""
        found = execute(sql, params, many, context)
        if "FOR NO KEY UPDATE" in sql and not given_up:
            given_up.append(slot)
            at_once(lambda _: DisturbedSlot.objects.create(slot_id=slot.pk, reason="Panne", since=due), [None])
        return found

    with connection.execute_wrapper(give_up):
        assert services.release_unused_slots(now=due) == 0
    slot.refresh_from_db()
    assert (slot.status, len(given_up)) == ("protected", 1)


def test_a_booking_that_waits_for_a_change_of_room_is_told_the_new_one() -> None:
    desk = Desk()
    series, head, pathway = desk.series(capacity=2, room="Salle 2"), head_of(desk), desk.pathway()
    slot = series.slots.order_by("starts_at")[0]
    desk.booking(slot)
    booking = meanwhile(
        lambda: edit(series, head, room="Salle 4"),
        lambda: services.book_slot(slot=slot, pathway=pathway, user=desk.coordinator),
    )
    assert isinstance(booking, Booking)
    assert pathway.appointments.get(origin=booking.uuid).place.split(", ")[1] == "Salle 4"


def test_two_series_that_take_one_practitioner_for_their_patients_have_one_winner() -> None:
    desk = Desk()
    head = head_of(desk)
    doctor = ProfessionalFactory(establishment=desk.team.establishment)
    both = [desk.series(), desk.series()]
    for series in both:
        desk.booking(series.slots.order_by("starts_at")[0])
    results = at_once(lambda series: edit(series, head, practitioners=[doctor]), both)
    assert sum(isinstance(each, SlotSeries) for each in results) == 1
    (refused,) = [each for each in results if isinstance(each, DomainError)]
    assert refused.code == "taken"
    assert SlotPractitioner.objects.values("slot__series").distinct().count() == 1


def test_places_taken_off_while_patients_leave_lose_nobody() -> None:
    desk = Desk()
    series, head = desk.series(capacity=5), head_of(desk)
    slot = series.slots.order_by("starts_at")[0]
    bookings = [desk.booking(slot) for _ in range(5)]

    def work(item: Any) -> object:
        if isinstance(item, int):
            return edit(series, head, capacity=item)
        return services.cancel_booking(booking=item, code="patient_refuses", user=desk.coordinator)

    results = at_once(work, [bookings[0], 2, bookings[2], 1, bookings[3]])
    assert not [each for each in results if isinstance(each, Exception)]
    edit(series, head, capacity=1)
    slot.refresh_from_db()
    assert (slot.booked, slot.capacity) == (2, 2)
    assert set(slot.bookings.filter(status="booked").values_list("seat", flat=True)) == {1, 2}


def test_a_patient_who_leaves_while_places_are_taken_off_leaves_none_to_sell() -> None:
    desk = Desk()
    series, head = desk.series(capacity=4), head_of(desk)
    slot = series.slots.order_by("starts_at")[0]
    bookings = [desk.booking(slot) for _ in range(4)]
    pathway = desk.pathway()

    def cancel(booking: Booking) -> Booking:
        return services.cancel_booking(booking=booking, code="patient_refuses", user=desk.coordinator)

    # Whichever waits for the other, the place is taken off and the next who asks has none.
    meanwhile(lambda: edit(series, head, capacity=3), lambda: cancel(bookings[0]))
    meanwhile(lambda: cancel(bookings[1]), lambda: edit(series, head, capacity=1))
    lost = meanwhile(
        lambda: cancel(bookings[2]),
        lambda: services.book_slot(slot=slot, pathway=pathway, user=desk.coordinator),
    )
    slot.refresh_from_db()
    assert (slot.booked, slot.capacity) == (1, 1)
    assert isinstance(lost, SlotFull)
