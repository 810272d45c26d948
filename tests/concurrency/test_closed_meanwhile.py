"""What a colleague ticks or takes off a list at the very instant it becomes needless refuses nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connections, transaction
from django.utils import timezone

from coordination import services
from coordination.models import Booking, Task, WaitingOffer
from pathways.models import Pathway
from pathways.services import record_milestone
from tests.concurrency.processes import wait_until
from tests.concurrency.test_moving import somebody_waits
from tests.coordination.factories import Desk, exam

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def meanwhile(theirs: Callable[[], object], ours: Callable[[], object]) -> object:
    """``ours`` beside ``theirs``, which has written but is not committed when ours comes to the same row."""
    written, go = Event(), Event()

    def first() -> None:
        with transaction.atomic():
            theirs()
            written.set()
            assert go.wait(60)

    def closing(work: Callable[[], object]) -> object:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(closing, first)
        assert written.wait(60)
        two = pool.submit(closing, ours)
        wait_until(lambda: two.done() or somebody_waits(), seconds=60, told="nobody waits")
        go.set()
        one.result(60)
        return two.result(60)


def tick(pathway: Pathway) -> None:
    for task in Task.objects.open().filter(pathway=pathway):
        services.cancel_task(task=task, user=None, reason="Fait")


def offered(desk: Desk, pathway: Pathway) -> WaitingOffer:
    services.join_waiting(pathway=pathway, exam_type=exam(), user=desk.coordinator)
    services.offer_freed_places(now=timezone.now())
    return WaitingOffer.objects.get()


def test_an_offer_is_accepted_while_its_task_is_ticked(desk: Desk) -> None:
    desk.slot()
    pathway = desk.pathway()
    offer = offered(desk, pathway)
    booked = meanwhile(
        lambda: tick(pathway), lambda: services.answer_offer(offer=offer, accept=True, user=desk.coordinator)
    )
    assert isinstance(booked, Booking)


def test_a_stale_offer_is_set_aside_while_its_task_is_ticked(desk: Desk) -> None:
    slot, pathway = desk.slot(), desk.pathway()
    offer = offered(desk, pathway)
    desk.booking(slot)
    meanwhile(lambda: tick(pathway), lambda: services.offer_freed_places(now=timezone.now()))
    offer.refresh_from_db()
    assert offer.answer == "taken"


def test_an_appointment_is_moved_while_its_telling_is_ticked(desk: Desk) -> None:
    pathway, to = desk.pathway(), desk.slot(in_days=13)
    moved = services.move_booking(
        booking=desk.booking(desk.slot(), pathway), to=desk.slot(in_days=12), user=desk.coordinator
    )
    again = meanwhile(lambda: tick(pathway), lambda: services.move_booking(booking=moved, to=to, user=desk.coordinator))
    assert isinstance(again, Booking) and again.slot == to


def test_a_death_is_recorded_while_a_task_is_ticked(desk: Desk) -> None:
    pathway = desk.pathway()
    services.create_task(pathway=pathway, title="Appeler")
    meanwhile(
        lambda: tick(pathway), lambda: record_milestone(pathway=pathway, kind="death", occurred_at=timezone.now())
    )
    pathway.patient.refresh_from_db()
    assert pathway.patient.deceased_on


def test_an_exam_is_recorded_while_its_patient_leaves_the_list(desk: Desk) -> None:
    pathway = desk.pathway()
    place = services.join_waiting(pathway=pathway, exam_type=exam(), user=desk.coordinator)
    meanwhile(
        lambda: services.leave_waiting(place=place, reason="Fait ailleurs", user=desk.coordinator),
        lambda: record_milestone(pathway=pathway, kind="exam_done", detail="scanner", occurred_at=timezone.now()),
    )
    place.refresh_from_db()
    assert (place.status, place.end_reason) == ("withdrawn", "Fait ailleurs")
