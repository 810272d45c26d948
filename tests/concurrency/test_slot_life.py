"""Slots under many hands at once: holds that end, visits of several exams, deaths, a connection that is cut."""

from __future__ import annotations

import random
from collections import Counter
from datetime import time, timedelta
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.utils import timezone

from coordination import services, tasks
from coordination.errors import SlotFull
from coordination.models import Booking, Bundle, Hold, Slot, SlotChange, WaitingOffer, WaitingPlace
from coordination.services import Wish, bundles
from directory.errors import DomainError
from directory.models import OutboxMessage
from pathways import services as ledger
from pathways.models import Appointment, Pathway
from tests.concurrency.racing import at_once
from tests.concurrency.test_bookings import pathways
from tests.coordination.factories import Desk, exam

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def all_sound() -> None:
    """Nothing lost, doubled or left alone, in any slot."""
    planned = set(Appointment.objects.filter(status="planned").values_list("origin", flat=True))
    standing = Booking.objects.standing().select_related("slot")
    assert planned == {booking.uuid for booking in standing}
    for slot in Slot.objects.all():
        here = [booking for booking in standing if booking.slot_id == slot.pk]
        assert slot.booked == len(here) <= slot.capacity + slot.extra
        seats = {booking.seat for booking in here}
        assert len(seats) == len(here) and seats <= set(range(1, slot.capacity + slot.extra + 1))
        lines = Counter(SlotChange.objects.filter(slot=slot).values_list("what", flat=True))
        assert lines["booked"] + lines["overbooked"] - lines["freed"] == len(here)


def test_two_hundred_requests_with_holds_that_end_and_a_release_that_runs(desk: Desk) -> None:
    """Five places, two of them kept for two patients, three more holds already ended: exactly five bookings, the two
    patients have theirs, and nobody else is kept out by a hold that ended."""
    slot, asking, now = desk.slot(capacity=5), pathways(desk, 200), timezone.now()
    for ended in asking[2:5]:
        services.hold_place(slot=slot, pathway=ended, user=desk.coordinator, at=now - timedelta(minutes=6))
    for kept in asking[:2]:
        services.hold_place(slot=slot, pathway=kept, user=desk.coordinator)
    for hours in range(10, 40):
        desk.slot_at(now + timedelta(hours=hours), exam_type=exam("irm"))
    waiting = services.join_waiting(pathway=desk.pathway(), exam_type=exam(), user=None)

    def act(item: Any) -> Any:
        if isinstance(item, Pathway):
            return services.book_slot(slot=slot, pathway=item, user=desk.coordinator, request_key=uuid4())
        return item()

    jobs = [tasks.release_unused_slots, tasks.drop_ended_holds, tasks.offer_freed_places] * 4
    crowd = [*asking[5:], *asking[:5]]
    mixed: list[Any] = [crowd[0]]
    for number, each in enumerate(crowd[1:]):
        mixed += [each, jobs[number // 16]] if number % 16 == 0 and number // 16 < len(jobs) else [each]
    results = at_once(act, mixed)

    kinds = Counter(type(each).__name__ for each in results)
    assert kinds["Booking"] == 5, kinds
    assert kinds["SlotFull"] == 195, kinds
    assert set(kinds) == {"Booking", "SlotFull", "int"}, kinds
    winners = {each.pathway_id for each in results if isinstance(each, Booking)}
    assert {asking[0].pk, asking[1].pk} <= winners, "what is held is kept"
    assert not Hold.objects.exists()
    assert Slot.objects.filter(status="released").count() == 30
    told = OutboxMessage.objects.filter(kind="slots_released").values_list("body", flat=True)
    assert sum(body.count("- IRM") for body in told) == 30, "each told once"
    waiting.refresh_from_db()
    assert waiting.status == "waiting"
    tasks.offer_freed_places()
    assert not WaitingOffer.objects.filter(answer="open").exists(), "no place is left to offer"
    all_sound()


def test_two_hundred_visits_over_the_same_slots_are_all_or_nothing(desk: Desk) -> None:
    codes = ("scanner", "irm", "tep_scanner", "bilan_cardiologique", "consultation_anesthesie", "echo_endoscopie")
    slots = [
        desk.slot(exam_type=exam(code), starts_at=time(8 + place), capacity=20) for place, code in enumerate(codes)
    ]
    chance = random.Random(4)
    asked = [(pathway, chance.sample(slots, 3)) for pathway in pathways(desk, 200)]

    def book(item: tuple[Pathway, list[Slot]]) -> Bundle:
        pathway, wanted = item
        wishes = [Wish(slot) for slot in wanted]
        if pathway.pk % 3 == 0:
            services.hold_bundle(wishes=wishes, pathway=pathway, user=desk.coordinator)
        return services.book_bundle(wishes=wishes, pathway=pathway, user=desk.coordinator, request_key=uuid4())

    results = at_once(book, asked)

    kinds = Counter(type(each).__name__ for each in results)
    assert set(kinds) == {"Bundle", "SlotFull"}, kinds
    assert Bundle.objects.count() == kinds["Bundle"]
    assert {bundle.bookings.count() for bundle in Bundle.objects.all()} == {3}
    assert Booking.objects.count() == 3 * kinds["Bundle"]
    all_sound()
    full = {slot.pk for slot in Slot.objects.all() if slot.booked == slot.capacity}
    for (_, wanted), result in zip(asked, results, strict=True):
        if isinstance(result, SlotFull) and result.code == "slot_full":
            assert full & {slot.pk for slot in wanted}, "refused although every slot had a place"


def test_two_nurses_book_one_need_once(desk: Desk) -> None:
    pathway, slots = desk.pathway(), [desk.slot(in_days=days) for days in (10, 11, 12, 13)]
    results = at_once(
        lambda slot: services.book_slot(slot=slot, pathway=pathway, user=desk.coordinator, step_key="ct"), slots * 2
    )
    won = [each for each in results if isinstance(each, Booking)]
    refused = [each for each in results if isinstance(each, DomainError)]
    assert (len(won), len(refused)) == (1, 7), results
    assert {each.code for each in refused} == {"already_booked"}
    all_sound()


def test_one_key_of_two_patients_books_one_of_them(desk: Desk) -> None:
    slot, key = desk.slot(capacity=9), uuid4()
    results = at_once(
        lambda each: services.book_slot(slot=slot, pathway=each, user=None, request_key=key), pathways(desk, 6)
    )
    refused = [each for each in results if not isinstance(each, Booking)]
    assert len(refused) == 5
    assert {getattr(each, "code", each) for each in refused} == {"reused_key"}
    all_sound()


@pytest.mark.parametrize("turn", range(6))
def test_a_death_and_bookings_on_another_pathway_never_wait_for_each_other(desk: Desk, turn: int) -> None:
    one, two = pathways(desk, 2)
    Pathway.objects.filter(pk=two.pk).update(patient=one.patient, linked_to=one, link_kind="second_primary")
    first, second = (one, two) if turn % 2 else (two, one)
    first.refresh_from_db()
    second.refresh_from_db()
    standing = [
        services.book_slot(slot=desk.slot(in_days=days), pathway=second, user=None) for days in (10, 11, 12)
    ]  # fmt: skip
    slots = [desk.slot(in_days=days) for days in (13, 14)]

    def act(item: Any) -> Any:
        if item == "death":
            return ledger.record_milestone(pathway=first, kind="death", occurred_at=timezone.now())
        if isinstance(item, Booking):
            return services.cancel_booking(booking=item, code="transport", user=None)
        return services.book_slot(slot=item, pathway=second, user=None)

    results = at_once(act, [slots[0], "death", standing[0], slots[1]])

    assert all(not isinstance(each, Exception) or isinstance(each, DomainError) for each in results), results
    assert not Booking.objects.standing().filter(patient=one.patient_id).exists()
    assert set(Slot.objects.values_list("booked", flat=True)) == {0}


def test_a_freed_place_goes_to_one_and_nobody_waiting_is_lost(desk: Desk) -> None:
    slot, asking = desk.slot(), pathways(desk, 8)
    places = [services.join_waiting(pathway=each, exam_type=exam(), user=None) for each in asking]
    at_once(lambda _: tasks.offer_freed_places(), range(8))
    (offer,) = WaitingOffer.objects.filter(answer="open")
    assert offer.place == places[0]
    stranger = desk.pathway()

    def act(item: str) -> Any:
        if item == "answer":
            return services.answer_offer(offer=offer, accept=True, user=desk.coordinator)
        if item == "offer":
            return tasks.offer_freed_places()
        return services.book_slot(slot=slot, pathway=stranger, user=None)

    results = at_once(act, ["answer", "offer", "book", "answer", "offer"])

    assert all(not isinstance(each, Exception) or isinstance(each, DomainError) for each in results), results
    booking = Booking.objects.standing().get()
    accepted = booking.pathway_id == places[0].pathway_id
    assert WaitingPlace.objects.waiting().count() == (7 if accepted else 8)
    tasks.offer_freed_places()
    assert not WaitingOffer.objects.filter(answer="open").exists()
    all_sound()


def test_a_connection_cut_in_the_middle_of_a_visit_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    wishes = [Wish(desk.slot(exam_type=exam(code), starts_at=time(9 + n))) for n, code in enumerate(("scanner", "irm"))]
    pathway, key = desk.pathway(), uuid4()
    middle, cut, backend, failed = Event(), Event(), [], []
    usual = bundles.tell_platforms_of_bundle

    def stop_there(**arguments: Any) -> None:
        usual(**arguments)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backend.append(cursor.fetchone()[0])
        middle.set()
        cut.wait(60)

    def book() -> None:
        try:
            services.book_bundle(wishes=wishes, pathway=pathway, user=desk.coordinator, request_key=key)
        except Exception as error:
            failed.append(error)
        connections.close_all()

    monkeypatch.setattr(bundles, "tell_platforms_of_bundle", stop_there)
    thread = Thread(target=book)
    thread.start()
    assert middle.wait(60)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", backend)
    cut.set()
    thread.join()

    assert failed, "the cut went unseen"
    assert not Booking.objects.exists()
    assert not Bundle.objects.exists()
    assert not OutboxMessage.objects.exists()
    all_sound()
    monkeypatch.setattr(bundles, "tell_platforms_of_bundle", usual)
    bundle = services.book_bundle(wishes=wishes, pathway=pathway, user=desk.coordinator, request_key=key)
    assert bundle.bookings.count() == 2, "sent again, the same form books"
    all_sound()
