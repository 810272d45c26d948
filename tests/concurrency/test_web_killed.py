"""kill -9 of the web server in the middle of a booking: nothing half done; the same form sent again does it once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPException
from itertools import product
from threading import Event
from uuid import UUID, uuid4

import pytest
from django.db import connections
from django.urls import reverse
from django.utils import timezone

from coordination import services, tasks
from coordination.models import Booking, Bundle, Hold, Slot, SlotChange, WaitingOffer, WaitingPlace
from directory.models import OutboxMessage
from pathways.models import Milestone, Pathway
from tests.concurrency.locks import Lock, still_there
from tests.concurrency.processes import RedisServer, wait_until
from tests.concurrency.test_bookings import pathways
from tests.concurrency.test_slot_life import all_sound
from tests.concurrency.web import Form, Nurse, WebServer
from tests.coordination.factories import Desk, exam

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]

FOUND = 302


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    folder = tmp_path_factory.mktemp("web")
    redis = RedisServer(folder)
    redis.start()
    running = WebServer(redis_url=redis.url, folder=folder)
    running.start()
    yield running
    running.stop()
    redis.kill()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def url(name: str, uuid: UUID) -> str:
    return reverse(f"coordination:{name}", args=[uuid])


def each_told_once() -> None:
    """Every booking made, moved or given back has its message to the platform, and no message is without it."""
    expected: Counter[str] = Counter()
    for booking in Booking.objects.filter(bundle__isnull=True):
        expected[f"slot-moved:{booking.uuid}" if booking.moved_from_id else f"slot-booked:{booking.uuid}"] += 1
    moved_on = set(Booking.objects.filter(moved_from__isnull=False).values_list("moved_from", flat=True))
    for booking in Booking.objects.filter(status="cancelled").exclude(pk__in=moved_on):
        expected[f"slot-cancelled:{booking.uuid}"] += 1
    told = OutboxMessage.objects.filter(kind__in=["slot_booked", "slot_moved", "slot_cancelled"])
    assert Counter(told.values_list("dedup_key", flat=True)) == expected
    assert OutboxMessage.objects.filter(kind="slots_booked").count() == Bundle.objects.count()


def all_kept() -> None:
    """`all_sound`, and what hangs on bookings: messages, requests in the file, visits whole, waits served by one."""
    all_sound()
    each_told_once()
    assert all(bundle.bookings.count() == 2 for bundle in Bundle.objects.all()), "a visit is whole"
    asked = Milestone.objects.in_force().filter(kind="exam_requested").values_list("pathway", flat=True)
    assert set(asked) == set(Booking.objects.values_list("pathway", flat=True))
    served = WaitingPlace.objects.filter(status="served")
    assert all(each.served_by and each.served_by.pathway_id == each.pathway_id for each in served)
    assert not WaitingPlace.objects.waiting().filter(pathway__bookings__status="booked").exists()


@dataclass
class Gesture:
    """A form, where it goes, and what it will have brought about."""

    path: str
    form: Form
    done: Callable[[], int]


@dataclass
class Story:
    """A patient who waits for a place, an appointment of theirs when the gesture needs one, places held."""

    desk: Desk
    key: UUID = field(default_factory=uuid4)

    def __post_init__(self) -> None:
        self.pathway = self.desk.pathway()
        self.slot, self.other = self.desk.slot(in_days=10), self.desk.slot(in_days=11)
        self.mri = self.desk.slot(in_days=10, exam_type=exam("irm"), starts_at=self.later())
        services.join_waiting(pathway=self.desk.pathway(), exam_type=exam(), user=None)

    def later(self) -> object:
        return (timezone.localtime(self.slot.starts_at) + timedelta(hours=2)).time()

    def gesture(self, name: str) -> Gesture:
        made: Gesture = getattr(self, name)()
        return made

    def single(self) -> Gesture:
        services.join_waiting(pathway=self.pathway, exam_type=exam(), user=None, step_key="ct")
        services.hold_place(slot=self.slot, pathway=self.pathway, user=self.desk.coordinator, step_key="ct")
        form = [("slot", self.slot.uuid), ("key", self.key), ("step", "ct"), ("examen", "scanner")]
        standing = Booking.objects.standing().filter(slot=self.slot, pathway=self.pathway)
        return Gesture(url("book", self.pathway.uuid), form, standing.count)

    def bundle(self) -> Gesture:
        places = [("place", f"{self.slot.uuid}@ct"), ("place", f"{self.mri.uuid}@mri")]
        form = [("key", self.key), ("kind", "day"), ("label", "Journée"), *places]
        return Gesture(url("book-together", self.pathway.uuid), form, Bundle.objects.count)

    def move(self) -> Gesture:
        booking = self.desk.booking(self.slot, self.pathway, step_key="ct")
        form = [("slot", self.other.uuid), ("key", self.key), ("code", "health")]
        standing = Booking.objects.standing().filter(slot=self.other, moved_from=booking)
        return Gesture(url("booking-move", booking.uuid), form, standing.count)

    def cancel(self) -> Gesture:
        booking = self.desk.booking(self.slot, self.pathway, step_key="ct")
        form = [("code", "machine_down"), ("reason", "Panne"), ("told_how", "phone")]
        return Gesture(
            url("booking-cancel", booking.uuid), form, Booking.objects.filter(pk=booking.pk, status="cancelled").count
        )


def rows() -> tuple[object, ...]:
    """All that a gesture may write."""
    return (
        list(Booking.objects.order_by("pk").values_list("pk", "status", "slot", "seat")),
        list(Slot.objects.order_by("pk").values_list("pk", "booked", "extra")),
        *(model.objects.count() for model in (Bundle, Hold, SlotChange, OutboxMessage, Milestone)),
        list(WaitingPlace.objects.order_by("pk").values_list("pk", "status")),
    )


IN_THE_WAY = {
    # Before a row is written: the request waits for the slot's row.
    "before": "SELECT 1 FROM coordination_slot FOR UPDATE",
    # All rows are written but the messages, and nothing is committed.
    "in the middle": "LOCK TABLE directory_outboxmessage IN SHARE MODE",
    # Committed, and the nurse has no answer yet: her message « réservé » waits to be kept in her session.
    "after": "SELECT 1 FROM django_session FOR UPDATE",
}


GESTURES = ("single", "bundle", "move", "cancel")


@pytest.mark.parametrize(
    ("name", "moment"), [("single", "before"), *product(GESTURES, ("in the middle", "after"))], ids="{0}".format
)
def test_a_death_leaves_all_or_nothing_and_the_form_does_it_once(
    desk: Desk, server: WebServer, name: str, moment: str
) -> None:
    gesture = Story(desk).gesture(name)
    nurse = Nurse(server.port, desk.coordinator)
    before = rows()

    with ThreadPoolExecutor(1) as hand, Lock(IN_THE_WAY[moment]) as lock:
        sent = hand.submit(nurse.post, gesture.path, gesture.form)
        wait_until(lambda: bool(lock.waiting()) or sent.done(), seconds=120, told="the request never came to the lock")
        assert not sent.done(), f"answered without a wait: {sent.result()}"
        backends = lock.waiting()
        server.kill_workers()
        assert isinstance(sent.exception(timeout=120), (OSError, HTTPException)), "an answer came after death"
    wait_until(lambda: not still_there(backends), seconds=120, told="the database kept the dead one's connection")

    if moment == "after":
        assert gesture.done() == 1
    else:
        assert rows() == before, "something was left of a transaction that nobody ended"
    again = nurse.insist(gesture.path, gesture.form)
    assert again.status == (FOUND if (name, moment) != ("cancel", "after") else 422)
    assert gesture.done() == 1
    after = rows()
    assert after != before
    assert nurse.insist(gesture.path, gesture.form).status == (FOUND if name != "cancel" else 422)
    assert rows() == after, "sent a third time, nothing more"
    all_kept()


def test_a_hold_outlives_its_web_process_and_ends_by_itself(desk: Desk, server: WebServer) -> None:
    """The nurse who held the place is cut off: it stays hers until its hour, and is another's after it."""
    story, other = Story(desk), desk.pathway()
    nurse = Nurse(server.port, desk.coordinator)
    form = [("slot", story.slot.uuid), ("step", "ct"), ("examen", "scanner")]
    assert nurse.post(url("hold", story.pathway.uuid), form).status == FOUND
    server.kill_workers()
    theirs = [*form, ("key", uuid4())]
    assert nurse.insist(url("book", other.uuid), theirs).status == 422
    Hold.objects.update(held_at=timezone.now() - timedelta(minutes=6), until=timezone.now())
    assert nurse.insist(url("book", other.uuid), theirs).status == FOUND
    assert tasks.drop_ended_holds() == 1
    assert not Hold.objects.exists()
    all_kept()


@dataclass
class Crowd:
    """Many nurses at work while web processes die: each patient's forms in turn, each sent until it is answered."""

    desk: Desk
    port: int
    answers: Counter[int] = field(default_factory=Counter)
    over: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.slot, self.other = self.desk.slot(capacity=8), self.desk.slot(in_days=11, capacity=6)
        at = (timezone.localtime(self.slot.starts_at) + timedelta(hours=2)).time()
        self.mri = self.desk.slot(exam_type=exam("irm"), starts_at=at, capacity=5)
        self.asking = pathways(self.desk, 24)
        self.nurses = [Nurse(self.port, self.desk.coordinator) for _ in self.asking]
        for each in self.asking[::3]:
            services.join_waiting(pathway=each, exam_type=exam(), user=None)

    def work(self, number: int) -> None:
        try:
            self._one(number, self.asking[number], self.nurses[number])
        finally:
            connections.close_all()

    def _one(self, number: int, pathway: Pathway, nurse: Nurse) -> None:
        places = [("place", f"{self.slot.uuid}@"), ("place", f"{self.mri.uuid}@")]
        single = [("slot", self.slot.uuid), ("examen", "scanner")]
        if number % 4 == 1:
            self._send(nurse, url("hold", pathway.uuid), single)
        if number % 4 == 0:
            self._send(nurse, url("book-together", pathway.uuid), [("key", uuid4()), ("kind", "day"), *places])
        else:
            self._send(nurse, url("book", pathway.uuid), [("key", uuid4()), *single])
        for booking in Booking.objects.standing().filter(pathway=pathway, slot=self.slot, bundle__isnull=True):
            if number % 2:
                form = [("slot", self.other.uuid), ("key", uuid4()), ("code", "health")]
                self._send(nurse, url("booking-move", booking.uuid), form)
            else:
                self._send(nurse, url("booking-cancel", booking.uuid), [("code", "transport"), ("reason", "Taxi")])

    def _send(self, nurse: Nurse, path: str, form: Form) -> None:
        self.answers[nurse.insist(path, form).status] += 1


def test_many_nurses_while_web_processes_die(desk: Desk, server: WebServer) -> None:
    """Workers die at random after every sixth answer, and once all of them while requests wait for the slot's row."""
    crowd, chance = Crowd(desk, server.port), random.Random(11)
    jobs = [tasks.release_unused_slots, tasks.drop_ended_holds, tasks.offer_freed_places]
    deaths = 0

    with ThreadPoolExecutor(12) as hands:
        with Lock("SELECT 1 FROM coordination_slot WHERE id = %s FOR UPDATE", crowd.slot.pk) as lock:
            working = [hands.submit(crowd.work, number) for number in range(len(crowd.asking))]
            wait_until(lambda: bool(lock.waiting()), seconds=120, told="no request ever waited")
            deaths += len(server.kill_workers())
        answered = 0
        while not all(each.done() for each in working):
            wait_until(
                lambda: crowd.answers.total() >= answered + 6 or all(each.done() for each in working),  # noqa: B023
                seconds=300,
                told="nobody is answered any more",
            )
            answered = crowd.answers.total()
            server.kill_one(chance)
            deaths += 1
            jobs[deaths % len(jobs)]()
        for each in working:
            each.result()

    assert set(crowd.answers) <= {FOUND, 422}, crowd.answers
    assert deaths > 5
    assert sum(len(nurse.deaths) for nurse in crowd.nurses) > 0, "nobody was in the middle of anything"
    assert not Booking.objects.filter(pathway__in=crowd.asking, seat__gt=8).exists()
    per_patient = Counter(Booking.objects.standing().values_list("pathway", "slot__exam_type"))
    assert max(per_patient.values()) == 1, "one booking for one form, however often it was sent"
    Hold.objects.update(held_at=timezone.now() - timedelta(minutes=6), until=timezone.now())
    tasks.drop_ended_holds()
    assert not Hold.objects.exists()
    tasks.offer_freed_places()
    asked = WaitingPlace.objects.count()
    assert asked == len(crowd.asking[::3]) == WaitingPlace.objects.filter(status__in=["waiting", "served"]).count()
    assert not WaitingOffer.objects.filter(answer="open").exclude(place__status="waiting").exists()
    all_kept()
