"""Unused slots go back to their platform on time, told once."""

from __future__ import annotations

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from coordination import services, tasks
from coordination.errors import SlotFull
from coordination.models import Slot, SlotStatus
from coordination.rules.slots import release_instant
from coordination.services.night import CLOSED_SINCE
from directory.models import ClosingDay, Establishment, OutboxMessage, TeamKind
from pathways.services import calendar_of
from tests.coordination.factories import Desk, exam
from tests.factories import TeamFactory

pytestmark = pytest.mark.django_db


def in_hours(hours: float) -> object:
    return timezone.now() + timedelta(hours=hours)


def test_unused_slots_are_released_and_the_platform_is_told_once(desk: Desk) -> None:
    empty = desk.slot_at(in_hours(47))
    half = desk.slot_at(in_hours(47.5), capacity=2, exam_type=exam("irm"))
    full = desk.slot_at(in_hours(46))
    later = desk.slot_at(in_hours(50))
    begun = desk.slot_at(in_hours(-1))
    desk.booked_before_release(half)
    desk.booked_before_release(full)
    now = timezone.now()

    assert services.release_unused_slots(now=now) == 2

    states = {slot.pk: slot.status for slot in Slot.objects.all()}
    assert [states[s.pk] for s in (empty, half)] == ["released", "released"]
    assert [states[s.pk] for s in (full, later, begun)] == ["protected", "protected", "protected"]
    empty.refresh_from_db()
    assert empty.released_at == now
    message = OutboxMessage.objects.get(kind="slots_released")
    assert message.recipient == desk.platform.email
    assert message.subject == "2 créneaux libérés"
    assert "Scanner" in message.body
    assert "IRM" in message.body
    assert tasks.release_unused_slots() == 0
    assert OutboxMessage.objects.filter(kind="slots_released").count() == 1


def test_each_platform_gets_its_own_digest(desk: Desk) -> None:
    other = TeamFactory(establishment=desk.team.establishment, kind=TeamKind.PLATFORM)
    desk.slot_at(in_hours(20))
    desk.slot_at(in_hours(21), platform=other)
    assert services.release_unused_slots(now=timezone.now()) == 2
    assert set(OutboxMessage.objects.filter(kind="slots_released").values_list("recipient", flat=True)) == {
        desk.platform.email, other.email,
    }  # fmt: skip


def test_the_notice_is_that_of_the_series(desk: Desk) -> None:
    slot = desk.slot_at(in_hours(47), release_notice_hours=24)
    assert services.release_unused_slots(now=timezone.now()) == 0
    assert services.release_unused_slots(now=slot.starts_at - timedelta(hours=24)) == 1


def test_a_released_slot_cannot_be_booked(desk: Desk) -> None:
    slot, next_one = desk.slot_at(in_hours(47)), desk.slot()
    services.release_unused_slots(now=timezone.now())
    with pytest.raises(SlotFull, match="rendu au plateau") as refused:
        desk.booking(slot)
    assert refused.value.alternatives == [next_one]


def test_a_place_freed_after_the_release_instant_goes_at_the_next_run(desk: Desk) -> None:
    slot = desk.slot_at(in_hours(47))
    booking = desk.booked_before_release(slot)
    assert services.release_unused_slots(now=timezone.now()) == 0
    services.cancel_booking(booking=booking, reason="Panne", user=desk.coordinator)
    assert services.release_unused_slots(now=timezone.now()) == 1


def test_a_platform_without_any_address_still_gets_its_slots_back(desk: Desk) -> None:
    desk.platform.email = ""
    desk.platform.save()
    slot = desk.slot_at(in_hours(47))
    assert services.release_unused_slots(now=timezone.now()) == 1
    slot.refresh_from_db()
    assert slot.status == SlotStatus.RELEASED
    assert not OutboxMessage.objects.filter(kind="slots_released").exists()


def test_no_message_of_a_release_names_a_patient(desk: Desk) -> None:
    slot = desk.slot_at(in_hours(47), capacity=2)
    pathway = desk.pathway()
    desk.booked_before_release(slot, pathway)
    services.release_unused_slots(now=timezone.now())
    body = OutboxMessage.objects.get(kind="slots_released").body
    assert pathway.patient.birth_name not in body
    assert pathway.reference not in body


def test_a_notice_in_working_hours_is_given_while_somebody_is_there(desk: Desk) -> None:
    """48 working hours before a Monday morning is the Thursday morning, not a Saturday."""
    series = desk.series(in_days=7, release_unit="working_hours")
    slot = series.slots.order_by("starts_at")[0]
    with timezone.override("Europe/Paris"):
        assert timezone.localtime(slot.starts_at).strftime("%A %H") == "Monday 09"
        assert timezone.localtime(slot.release_at).strftime("%A %H") == "Thursday 09"


def test_a_day_closed_meanwhile_brings_the_release_forward(desk: Desk) -> None:
    """The platform has its places back with as many worked hours as it was promised, patients in the slot or not."""
    worked = desk.series(release_unit="working_hours", capacity=2)
    clock = desk.series(starts_at=time(14))
    empty, taken = worked.slots.order_by("starts_at")[:2]
    desk.booking(taken)
    for slot in (empty, taken):
        close(desk, slot)
    before = dict(clock.slots.values_list("pk", "release_at"))
    for _ in range(2):
        services.generate_slots()
    calendar = calendar_of(Establishment.objects.get(pk=desk.platform.establishment_id))
    for slot in (empty, taken):
        former = slot.release_at
        slot.refresh_from_db()
        assert slot.release_at == release_instant(slot.starts_at, timedelta(hours=48), calendar, worked=True) < former
        (line,) = slot.changes.filter(what="changed")
        assert (line.by, line.reason) == (None, CLOSED_SINCE)
    assert dict(clock.slots.values_list("pk", "release_at")) == before, "hours of the clock know no closed day"


def test_a_day_closed_within_the_notice_gives_the_place_back_at_once(desk: Desk) -> None:
    """It is given back, not cancelled; what somebody has the form of open waits for another night."""
    series = desk.series(release_unit="working_hours")
    slot = series.slots.order_by("starts_at")[0]
    with time_machine.travel(slot.release_at - timedelta(hours=1)):
        close(desk, slot)
        hold = services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator)
        services.generate_slots()
        kept = Slot.objects.get(pk=slot.pk)
        assert (kept.status, kept.release_at) == (SlotStatus.PROTECTED, slot.release_at)
        services.let_go(hold=hold, user=desk.coordinator)
        services.generate_slots()
        now = timezone.now()
        assert services.release_unused_slots(now=now) == 1
    slot.refresh_from_db()
    assert (slot.status, slot.released_at) == (SlotStatus.RELEASED, now)
    assert OutboxMessage.objects.filter(kind="slots_released").exists()


def close(desk: Desk, slot: Slot) -> None:
    """The platform closes on the day the slot would have gone back to it, which counts in its notice."""
    day = timezone.localdate(slot.release_at)
    ClosingDay.objects.create(establishment=desk.platform.establishment, date=day, label="Pont")


def test_the_release_is_written_in_the_life_of_the_slot(desk: Desk) -> None:
    slot = desk.slot_at(in_hours(20))
    services.release_unused_slots(now=timezone.now())
    assert list(slot.changes.values_list("what", "by")) == [("released", None)]


def test_the_message_gives_the_hour_of_the_platform(desk: Desk) -> None:
    place = desk.team.establishment
    place.time_zone = "Indian/Reunion"
    place.save()
    slot = desk.slot_at(in_hours(20))
    services.release_unused_slots(now=timezone.now())
    hour = timezone.localtime(slot.starts_at, ZoneInfo("Indian/Reunion")).hour
    assert f"à {hour} h" in OutboxMessage.objects.get(kind="slots_released").body.replace("\xa0", " ")
