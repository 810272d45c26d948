"""The places of a series lowered or raised: a slot with patients follows at once, down to those that are taken."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from coordination import services, tasks
from coordination.models import Hold, Slot, SlotEvent, SlotSeries
from directory.errors import DomainError
from directory.models import Role, User
from tests.coordination.factories import Desk
from tests.coordination.test_series_changes import values
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MONDAY = date(2026, 12, 7)


@pytest.fixture
def head(desk: Desk) -> User:
    found = UserFactory(role=Role.PLATFORM, team=desk.platform)
    found.memberships.update(is_head=True)
    return found


def first(series: SlotSeries) -> Slot:
    return series.slots.order_by("starts_at")[0]


def resized(series: SlotSeries, head: User, capacity: int) -> None:
    services.edit_series(series=series, values=values(series, capacity=capacity), user=head)


def test_fewer_places_hold_where_a_patient_is_booked(desk: Desk, head: User) -> None:
    series = desk.series(capacity=3)
    slot = first(series)
    desk.booking(slot)
    resized(series, head, 1)
    slot.refresh_from_db()
    assert (slot.capacity, slot.booked) == (1, 1)
    assert slot.changes.filter(what=SlotEvent.CHANGED).count() == 1
    with pytest.raises(DomainError) as refused:
        desk.booking(slot)
    assert refused.value.code == "slot_full"


def test_places_taken_stay_and_the_night_follows_when_they_are_given_back(desk: Desk, head: User) -> None:
    series = desk.series(capacity=3)
    slot = first(series)
    booked = [desk.booking(slot) for _ in range(3)]
    services.cancel_booking(booking=booked[0], code="patient_refuses", user=desk.coordinator)
    resized(series, head, 1)
    slot.refresh_from_db()
    assert slot.capacity == 2
    assert sorted(slot.bookings.standing().values_list("seat", flat=True)) == [1, 2]
    services.cancel_booking(booking=booked[1], code="patient_refuses", user=desk.coordinator)
    tasks.generate_slots()
    slot.refresh_from_db()
    assert slot.capacity == 1
    assert slot.bookings.standing().get().seat == 1


def test_a_slot_emptied_before_the_night_follows_too(desk: Desk, head: User) -> None:
    series = desk.series(capacity=3)
    slot = first(series)
    booked = [desk.booking(slot) for _ in range(2)]
    resized(series, head, 1)
    for each in booked:
        services.cancel_booking(booking=each, code="patient_refuses", user=desk.coordinator)
    tasks.generate_slots()
    slot.refresh_from_db()
    assert slot.capacity == 1


@pytest.mark.parametrize(("booked", "places", "kept"), [(0, 1, [0]), (0, 2, [0, 1]), (1, 2, [0]), (1, 1, [])])
def test_fewer_places_keep_those_that_are_left_for_who_held_first(
    desk: Desk, head: User, booked: int, places: int, kept: list[int]
) -> None:
    """Two places held where one is left: each would be refused because of the other, with a place free."""
    series = desk.series(capacity=4)
    slot = first(series)
    for _ in range(booked):
        desk.booking(slot)
    ended, *pathways = [desk.pathway() for _ in range(3)]
    for minutes, pathway in zip((30, 2, 1), (ended, *pathways), strict=True):
        at = timezone.now() - timedelta(minutes=minutes)
        services.hold_place(slot=slot, pathway=pathway, user=desk.coordinator, at=at)
    resized(series, head, places)
    assert list(Hold.objects.order_by("held_at").values_list("pathway", flat=True)) == [pathways[n].pk for n in kept]
    gone = slot.changes.filter(what=SlotEvent.LET_GO, reason="Le créneau a moins de places")
    assert gone.count() == 2 - len(kept)
    for number in kept:
        desk.booking(slot, pathways[number])


def test_more_places_are_open_where_a_patient_is_booked(desk: Desk, head: User) -> None:
    series = desk.series()
    slot = first(series)
    desk.booking(slot)
    resized(series, head, 2)
    desk.booking(slot)
    slot.refresh_from_db()
    assert (slot.capacity, slot.booked) == (2, 2)
