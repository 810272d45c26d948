"""Real parallel connections on slots: capacity k makes exactly k, and every race has one winner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta
from threading import Barrier, Event, Thread
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection, connections, transaction
from django.utils import timezone

from coordination import services
from coordination.errors import SlotFull
from coordination.models import Booking, BookingStatus, Slot, SlotSeries, SlotStatus, Task
from coordination.services import booking as booking_service
from coordination.services.seats import Wish, next_free
from directory.errors import DomainError
from directory.models import OutboxMessage
from pathways import services as services_of_pathways
from pathways.models import Appointment, Milestone, Pathway
from tests.concurrency.processes import wait_until
from tests.concurrency.racing import at_once
from tests.concurrency.test_moving import somebody_waits
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk, exam
from tests.factories import PatientFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


@pytest.fixture(autouse=True)
def _monday() -> Iterator[None]:
    with time_machine.travel(MONDAY):
        yield


@pytest.fixture
def desk() -> Desk:
    return Desk()


def pathways(desk: Desk, count: int) -> list[Pathway]:
    """Pathways of different patients, cheap to make: their plan is not what races."""
    first = desk.pathway(received=False)
    made = [first]
    for _ in range(count - 1):
        patient = PatientFactory(establishment=desk.team.establishment)
        made.append(
            Pathway.objects.create(
                reference=f"J-{uuid4().hex[:12]}",
                patient=patient,
                version=first.version,
                team=desk.team,
                owner=desk.coordinator,
                opened_at=timezone.now(),
            )
        )
    return made


def sound(slot: Slot) -> list[Booking]:
    """The standing bookings of a slot, after checking that nothing is lost, doubled or left alone."""
    slot.refresh_from_db()
    standing = list(Booking.objects.standing().filter(slot=slot))
    assert slot.booked == len(standing) <= slot.capacity
    assert sorted(booking.seat for booking in standing) == list(range(1, len(standing) + 1))
    origins = {booking.uuid for booking in standing}
    assert set(Appointment.objects.filter(status="planned").values_list("origin", flat=True)) == origins
    told = OutboxMessage.objects.filter(kind="slot_booked").values_list("dedup_key", flat=True)
    assert sorted(told) == sorted(f"slot-booked:{origin}" for origin in origins)
    return standing


@pytest.mark.parametrize("capacity", [1, 7])
def test_two_hundred_requests_for_k_places_make_exactly_k_bookings(desk: Desk, capacity: int) -> None:
    slot, spare = desk.slot(capacity=capacity), desk.slot(in_days=12, capacity=50)
    asking = pathways(desk, 200)

    results = at_once(
        lambda each: services.book_slot(slot=slot, pathway=each, user=desk.coordinator, request_key=uuid4()), asking
    )

    kinds = Counter(type(each).__name__ for each in results)
    assert kinds == {"Booking": capacity, "SlotFull": 200 - capacity}, kinds
    standing = sound(slot)
    assert {each.pk for each in results if isinstance(each, Booking)} == {each.pk for each in standing}
    for refused in results:
        if isinstance(refused, SlotFull):
            assert refused.code == "slot_full"
            assert refused.alternatives == [spare], "every loser is offered the next slot"
    asked = Milestone.objects.filter(kind="exam_requested").values_list("pathway", flat=True)
    assert sorted(asked) == sorted(each.pathway_id for each in standing)


def test_no_request_is_refused_while_a_place_is_free(desk: Desk) -> None:
    slot = desk.slot(capacity=20)
    results = at_once(lambda each: services.book_slot(slot=slot, pathway=each, user=None), pathways(desk, 20))
    assert all(isinstance(each, Booking) for each in results), results
    assert len(sound(slot)) == 20


def test_the_same_form_posted_many_times_at_once_books_once(desk: Desk) -> None:
    slot, pathway, key = desk.slot(capacity=5), desk.pathway(), uuid4()
    results = at_once(
        lambda _: services.book_slot(slot=slot, pathway=pathway, user=desk.coordinator, request_key=key), range(12)
    )
    assert {each.pk for each in results} == {Booking.objects.get().pk}
    assert len(sound(slot)) == 1


def test_a_patient_booked_at_one_hour_from_many_sides_is_expected_once(desk: Desk) -> None:
    pathway = desk.pathway()
    slots = [desk.slot(exam_type=exam(code)) for code in ("scanner", "irm", "tep_scanner", "bilan_cardiologique")]
    results = at_once(lambda slot: services.book_slot(slot=slot, pathway=pathway, user=desk.coordinator), slots)
    won = [each for each in results if isinstance(each, Booking)]
    lost = [each for each in results if isinstance(each, DomainError)]
    assert (len(won), len(lost)) == (1, 3), results
    assert {each.code for each in lost} == {"patient_busy"}
    assert sum(slot.booked for slot in Slot.objects.all()) == 1, "the places of the losers are given back"


@pytest.mark.parametrize("turn", range(6))
def test_a_booking_at_the_instant_of_release_has_one_winner(desk: Desk, turn: int) -> None:
    slot = desk.slot_at(timezone.now() + timedelta(hours=49))
    later, pathway, instant = desk.slot(), desk.pathway(), slot.release_at

    def act(side: str) -> Any:
        if side == "release":
            return services.release_unused_slots(now=instant)
        return services.book_slot(slot=slot, pathway=pathway, user=desk.coordinator, at=timezone.now())

    sides = ["book", "release", "release"] if turn % 2 else ["release", "book", "release"]
    results = dict(zip(sides, at_once(act, sides), strict=True))

    slot.refresh_from_db()
    released = slot.status == SlotStatus.RELEASED
    if released:
        assert isinstance(results["book"], SlotFull)
        assert results["book"].code == "slot_released"
        assert results["book"].alternatives == [later]
    else:
        assert isinstance(results["book"], Booking)
    assert slot.booked == (0 if released else 1)
    assert OutboxMessage.objects.filter(kind="slots_released").count() == int(released)
    assert OutboxMessage.objects.filter(kind="slot_booked").count() == int(not released)


def test_booking_waits_for_a_release_that_came_first(desk: Desk) -> None:
    """The other order, without luck: the release holds the row while the booking arrives."""
    slot, pathway = desk.slot_at(timezone.now() + timedelta(hours=49)), desk.pathway()
    arrived, results = Barrier(2), []

    def book() -> None:
        arrived.wait()
        try:
            services.book_slot(slot=slot, pathway=pathway, user=desk.coordinator)
        except SlotFull as refused:
            results.append(refused.code)
        connections.close_all()

    thread = Thread(target=book)
    with transaction.atomic():
        assert services.release_unused_slots(now=slot.release_at) == 1
        thread.start()
        arrived.wait()
        assert results == [], "the booking cannot end before the release does"
        _wait_until_blocked()
    thread.join()
    assert results == ["slot_released"]


def _wait_until_blocked() -> None:
    """Returns once another connection waits for a lock that this one holds."""
    with connection.cursor() as cursor:
        for _ in range(200_000):
            cursor.execute(
                "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)) LIMIT 1"
            )
            if cursor.fetchone():
                return
    raise AssertionError("nobody waits")


def test_cancelling_and_booking_at_once_never_loses_a_place(desk: Desk) -> None:
    slot = desk.slot(capacity=6)
    asking = pathways(desk, 18)
    first = [services.book_slot(slot=slot, pathway=each, user=desk.coordinator) for each in asking[:6]]

    def act(item: Any) -> Any:
        if isinstance(item, Booking):
            return services.cancel_booking(booking=item, reason="Panne", user=desk.coordinator, patient_knows=True)
        return services.book_slot(slot=slot, pathway=item, user=desk.coordinator)

    mixed = [item for pair in zip(first, asking[6:12], strict=True) for item in pair] + asking[12:]
    results = at_once(act, mixed)

    errors = [each for each in results if isinstance(each, Exception) and not isinstance(each, SlotFull)]
    assert errors == []
    slot.refresh_from_db()
    assert slot.booked == Booking.objects.standing().filter(slot=slot).count() <= 6
    assert Booking.objects.filter(status=BookingStatus.CANCELLED).count() == 6


def test_one_appointment_is_marked_once_by_many_hands(desk: Desk) -> None:
    booking = desk.past_booking("biopsie_percutanee")
    acts = [services.mark_done, services.mark_missed] * 4
    results = at_once(lambda act: act(booking=booking, user=desk.technician), acts)
    assert sum(isinstance(each, Booking) for each in results) == 1
    booking.refresh_from_db()
    done = Milestone.objects.filter(pathway=booking.pathway, kind="biopsy_taken").count()
    assert (done, Task.objects.count()) == ((1, 0) if booking.status == BookingStatus.DONE else (0, 1))


def test_generating_twice_at_once_makes_no_double(desk: Desk) -> None:
    series = desk.series()
    count = series.slots.count()
    series.slots.all().delete()
    at_once(lambda _: services.generate_slots(), range(6))
    starts = list(series.slots.values_list("starts_at", flat=True))
    assert len(starts) == len(set(starts)) == count


def test_the_next_free_slot_is_really_free(desk: Desk) -> None:
    full, slots = desk.slot(), [desk.slot(in_days=days) for days in (11, 12, 13)]
    pathway = desk.pathway()
    desk.booking(slots[0])
    assert next_free(full, pathway, timezone.now()) == slots[1:]


def test_a_death_and_a_visit_being_booked_never_wait_for_each_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dead patient sits in two slots, booked in the order that is not that of their keys; the visit of another
    asks for both while the first place is being given back."""
    low, high = sorted(
        (desk.slot(capacity=5), desk.slot(in_days=11, exam_type=exam("irm"), capacity=5)), key=lambda slot: slot.pk
    )
    dead, alive = desk.pathway(), desk.pathway()
    desk.booking(high, dead)
    desk.booking(low, dead)
    given_back, go_on = Event(), Event()
    real = booking_service.settle_review

    def settle_then_wait(**given: Any) -> None:
        real(**given)
        given_back.set()
        assert go_on.wait(timeout=60)

    monkeypatch.setattr(booking_service, "settle_review", settle_then_wait)

    def die() -> None:
        try:
            services_of_pathways.record_milestone(pathway=dead, kind="death", occurred_at=timezone.now(), author=None)
        finally:
            connections.close_all()

    def book() -> Any:
        try:
            assert given_back.wait(timeout=60)
            wishes = [Wish(low), Wish(high)]
            return services.book_bundle(wishes=wishes, pathway=alive, user=desk.coordinator, request_key=uuid4())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as both:
        dying, booking = both.submit(die), both.submit(book)
        try:
            wait_until(somebody_waits, seconds=60, told="the visit never waited for the slots of the dead")
        finally:
            go_on.set()
        dying.result(timeout=60)
        assert booking.result(timeout=60).bookings.standing().count() == 2
    assert not Booking.objects.standing().filter(pathway=dead).exists()


def test_the_form_of_a_series_sent_several_times_at_once_opens_one(desk: Desk) -> None:
    key, day = uuid4(), timezone.localdate() + timedelta(days=10)
    target, platform, exam_type = desk.target, desk.platform, exam()

    def send(_: int) -> Any:
        return services.create_series(
            exam_type=exam_type, platform=platform, targets=[target], weekday=day.weekday(), starts_at=time(9),
            valid_from=day, uuid=key,
        )  # fmt: skip

    opened = at_once(send, range(8))
    assert {getattr(each, "pk", each) for each in opened} == {SlotSeries.objects.get(uuid=key).pk}
