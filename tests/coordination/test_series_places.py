"""The places of a series lowered or raised: a slot with patients follows at once, down to those that are taken."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from coordination import services, tasks
from coordination.models import Slot, SlotEvent, SlotSeries
from coordination.readings.series import preview_of
from coordination.rules.series import Outcome, Standing, Verdict, outcomes
from coordination.rules.slots import Occurrence
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
    assert slot.changes.get(what=SlotEvent.CHANGED).reason == "1 place au lieu de 3"
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


def test_more_places_are_open_where_a_patient_is_booked(desk: Desk, head: User) -> None:
    series = desk.series()
    slot = first(series)
    desk.booking(slot)
    resized(series, head, 2)
    desk.booking(slot)


def test_the_preview_says_what_follows_and_what_is_kept(desk: Desk, head: User, client: Client) -> None:
    series = desk.series(capacity=3)
    slot = first(series)
    for _ in range(2):
        desk.booking(slot)
    change = services.change_of_series(series=series, values=values(series, capacity=1, room="Salle 9"))
    preview = preview_of(change, head)
    ((shown, outcome),) = preview.resized
    assert (shown, outcome.capacity) == (slot, 2)
    assert [each for each, _ in preview.as_before] == [slot]
    client.force_login(head)
    data = {
        "do": "preview", "targets": [desk.target.pk], "weekday": series.weekday, "starts_at": "09:00",
        "duration_minutes": 30, "capacity": 1, "release_notice_hours": 48, "release_unit": "hours", "room": "Salle 9",
        "version": services.version_of(series),
    }  # fmt: skip
    html = client.post(reverse("coordination:series-edit", args=[series.uuid]), data).content.decode()
    assert "2 places au lieu de 3, 2 déjà prises" in html
    assert "gardé tel quel" in html


def sized(capacity: int, slot: dict[str, Any]) -> Outcome:
    starts_at = NOON + timedelta(days=14)
    wanted = Occurrence(starts_at, starts_at + timedelta(minutes=30), starts_at - timedelta(hours=48), MONDAY)
    standing = Standing(
        1,
        MONDAY,
        wanted.starts_at,
        wanted.ends_at,
        wanted.release_at,
        **{"status": "protected"} | slot,
    )
    (found,) = outcomes({MONDAY: wanted}, [standing], NOON, capacity=capacity)
    return found


@pytest.mark.parametrize(
    ("capacity", "slot", "places"),
    [
        (1, {"capacity": 3}, 1),
        (1, {"capacity": 3, "booked": 2}, 2),
        (3, {"capacity": 1, "booked": 1}, 3),
        (1, {"capacity": 2, "booked": 3, "extra": 1}, None),
        (1, {"capacity": 1, "booked": 1}, None),
        (1, {"capacity": 3, "booked": 1, "status": "released"}, None),
    ],
)
def test_places_follow_down_to_those_taken(capacity: int, slot: dict[str, Any], places: int | None) -> None:
    found = sized(capacity, slot)
    assert found.capacity == places
    assert found.verdict is (Verdict.RESIZE if places else Verdict.KEEP)


def test_a_slot_due_to_its_platform_keeps_its_places() -> None:

    starts_at = NOON + timedelta(days=1)
    wanted = Occurrence(starts_at, starts_at + timedelta(minutes=30), NOON - timedelta(hours=1), starts_at.date())
    standing = Standing(1, MONDAY, starts_at, wanted.ends_at, wanted.release_at, "protected", 1, capacity=3)
    (found,) = outcomes({MONDAY: wanted}, [standing], NOON, capacity=1)
    assert found.verdict is Verdict.KEEP
