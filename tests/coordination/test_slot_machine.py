"""The life of slots as a state machine: any gestures, in any order, at any instant, against the real database.

A shadow of a few dictionaries says what each gesture must answer; after each of them the database is compared with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations, permutations
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from coordination import services
from coordination.models import Booking, Hold, Slot, SlotChange, SlotEvent, SlotStatus, Task, WaitingOffer, WaitingPlace
from coordination.rules.telling import tell_origins
from coordination.services import Wish
from coordination.services.life import log
from directory.errors import DomainError
from directory.models import Professional
from pathways.models import Appointment, Pathway
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk, exam
from tests.factories import ProfessionalFactory, UserFactory

STEPS = {"scanner": "ct", "irm": "mri"}
PLACES, PATIENTS = range(5), range(4)
PAIRS = [(place, patient) for place in PLACES for patient in PATIENTS]
NOTICE = 24


@dataclass
class Place:
    """What the shadow knows of a slot."""

    slot: Slot
    code: str
    status: str = "protected"

    @property
    def step(self) -> str:
        return STEPS[self.code]


@dataclass
class Taken:
    """What the shadow knows of a booking."""

    booking: Booking
    place: int
    patient: int
    status: str = "booked"
    extra: bool = False
    told: bool = True


@dataclass
class Scene:
    """Made once: each run of the machine starts from it and is rolled back."""

    desk: Desk
    slots: list[Slot]
    pathways: list[Pathway]
    physician: Professional


@dataclass
class Shadow:
    places: list[Place] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    holds: dict[tuple[int, int], datetime] = field(default_factory=dict)
    consumed: dict[int, int] = field(default_factory=dict)
    waiting: dict[tuple[int, str], WaitingPlace] = field(default_factory=dict)
    served: dict[int, WaitingPlace] = field(default_factory=dict)


class SlotMachine(RuleBasedStateMachine):
    scene: Scene

    def __init__(self) -> None:
        super().__init__()
        self.clock = time_machine.travel(MONDAY, tick=False)
        self.travelling = self.clock.start()
        self.rollback = transaction.atomic()
        self.rollback.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.rollback.__exit__(None, None, None)
        self.clock.stop()

    @initialize()
    def begin(self) -> None:
        self.shadow = Shadow(places=[Place(slot, slot.exam_type.code) for slot in self.scene.slots])

    # What the shadow expects

    def now(self) -> datetime:
        return timezone.now()

    def standing(self, place: int) -> list[Taken]:
        return [each for each in self.shadow.taken if each.place == place and each.status != "cancelled"]

    def living(self, place: int, *, but: int) -> int:
        rows = self.shadow.holds.items()
        return sum(at == place and who != but and until > self.now() for (at, who), until in rows)

    def gone(self, place: int, patient: int) -> str | None:
        this = self.shadow.places[place]
        if this.status == "cancelled":
            return "slot_cancelled"
        if this.slot.starts_at <= self.now():
            return "slot_past"
        if this.status == "released" or this.slot.release_at <= self.now():
            return "slot_released"
        if len(self.standing(place)) >= this.slot.capacity:
            return "slot_full"
        held = len(self.standing(place)) + self.living(place, but=patient) >= this.slot.capacity
        return "slot_held" if held else None

    def wrong(self, patient: int, places: list[int], without: Taken | None = None) -> str | None:
        mine = [e for e in self.shadow.taken if e.patient == patient and e.status != "cancelled" and e is not without]
        before: list[int] = []
        for place in places:
            this = self.shadow.places[place]
            steps = {self.shadow.places[e.place].step for e in mine if e.status == "booked"}
            if this.step in steps | {self.shadow.places[other].step for other in before}:
                return "already_booked"
            others = [self.shadow.places[each] for each in [e.place for e in mine] + before]
            if any(o.slot.starts_at < this.slot.ends_at and this.slot.starts_at < o.slot.ends_at for o in others):
                return "patient_busy"
            before.append(place)
        return None

    def expect(self, code: str | None, act: Callable[[], Any]) -> Any:
        """Runs the gesture; it must be refused with ``code``, or succeed when there is none."""
        try:
            with transaction.atomic():
                result = act()
                self.check_deferred()
        except DomainError as refused:
            assert refused.code == code, (refused.code, refused.message, code)
            return None
        assert code is None, f"accepted, although {code}"
        return result

    def choose(self, data: st.DataObject, options: Sequence[Any], accepted: Callable[[Any], bool]) -> Any:
        """One of the options: three times in four one that will be accepted, if there is any."""
        good = [each for each in options if accepted(each)]
        pool = good if good and data.draw(st.integers(0, 3)) else options
        return data.draw(st.sampled_from(pool))

    def may_book(self, pair: tuple[int, int]) -> bool:
        place, patient = pair
        return (self.wrong(patient, [place]) or self.gone(place, patient)) is None

    def check_deferred(self) -> None:
        """What the database checks at commit, now."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    def booked(self, booking: Booking, place: int, patient: int, **more: Any) -> None:
        taken = Taken(booking, place, patient, **more)
        self.shadow.taken.append(taken)
        if self.shadow.holds.pop((place, patient), None):
            self.shadow.consumed[place] = self.shadow.consumed.get(place, 0) + 1
        waited = self.shadow.waiting.pop((patient, self.shadow.places[place].code), None)
        if waited:
            self.shadow.served[booking.pk] = waited

    def freed(self, taken: Taken, code: str) -> None:
        taken.status = "cancelled"
        waited = self.shadow.served.pop(taken.booking.pk, None)
        need = (taken.patient, self.shadow.places[taken.place].code)
        if waited and code == "machine_down" and need not in self.shadow.waiting:
            self.shadow.waiting[need] = waited

    # Gestures

    @rule(step=st.sampled_from([timedelta(minutes=1), timedelta(minutes=6), timedelta(hours=3), timedelta(hours=26)]))
    def time_passes(self, step: timedelta) -> None:
        self.travelling.shift(step)

    @precondition(lambda self: any(each.status == "booked" for each in self.shadow.taken))
    @rule()
    def the_hour_comes(self) -> None:
        """Straight to the end of the first appointment to come."""
        ends = [self.shadow.places[each.place].slot.ends_at for each in self.shadow.taken if each.status == "booked"]
        if min(ends) > self.now():
            self.travelling.move_to(min(ends))

    @precondition(lambda self: len(self.shadow.holds) < 3)
    @rule(data=st.data())
    def hold(self, data: st.DataObject) -> None:
        place, patient = self.choose(data, PAIRS, self.may_book)
        this, user = self.shadow.places[place], self.scene.desk.coordinator
        code = self.wrong(patient, [place]) or self.gone(place, patient)
        hold = self.expect(
            code,
            lambda: services.hold_place(
                slot=this.slot, pathway=self.scene.pathways[patient], user=user, step_key=this.step
            ),
        )
        if hold is None:
            return
        for other, who in list(self.shadow.holds):
            same = who == patient and other != place and self.shadow.places[other].code == this.code
            if same and self.shadow.holds[other, who] > self.now():
                del self.shadow.holds[other, who]
        self.shadow.holds[place, patient] = hold.until

    @precondition(lambda self: self.shadow.holds)
    @rule(data=st.data())
    def let_go(self, data: st.DataObject) -> None:
        place, patient = data.draw(st.sampled_from(sorted(self.shadow.holds)))
        hold = Hold.objects.get(slot=self.shadow.places[place].slot, pathway=self.scene.pathways[patient])
        assert services.let_go(hold=hold, user=self.scene.desk.coordinator) == 1
        del self.shadow.holds[place, patient]

    @rule()
    def ended_holds_are_dropped(self) -> None:
        ended = [key for key, until in self.shadow.holds.items() if until <= self.now()]
        assert services.drop_ended_holds(now=self.now()) == len(ended)
        for key in ended:
            del self.shadow.holds[key]

    @rule(data=st.data())
    def book(self, data: st.DataObject) -> None:
        place, patient = self.choose(data, PAIRS, self.may_book)
        this = self.shadow.places[place]
        booking = self.expect(
            self.wrong(patient, [place]) or self.gone(place, patient),
            lambda: services.book_slot(
                slot=this.slot, pathway=self.scene.pathways[patient], user=None, step_key=this.step, request_key=uuid4()
            ),
        )
        if booking:
            self.booked(booking, place, patient)

    def _visit_refused(self, patient: int, places: list[int]) -> str | None:
        return self.wrong(patient, places) or next(filter(None, (self.gone(each, patient) for each in places)), None)

    @rule(data=st.data(), patient=st.sampled_from(PATIENTS))
    def book_visit(self, data: st.DataObject, patient: int) -> None:
        visits = [list(each) for each in permutations(PLACES, 2)] + [[0, 4, 1]]
        places = self.choose(data, visits, lambda each: self._visit_refused(patient, each) is None)
        wishes = [Wish(self.shadow.places[each].slot, self.shadow.places[each].step) for each in places]
        bundle = self.expect(
            self._visit_refused(patient, places),
            lambda: services.book_bundle(
                wishes=wishes, pathway=self.scene.pathways[patient], user=None, request_key=uuid4()
            ),
        )
        for booking in bundle.bookings.order_by("pk") if bundle else ():
            place = next(each for each in places if self.shadow.places[each].slot.pk == booking.slot_id)
            self.booked(booking, place, patient)

    def _move_refused(self, asked: tuple[Taken, int]) -> str | None:
        taken, place = asked
        to, now_at = self.shadow.places[place], self.shadow.places[taken.place]
        if taken.status != "booked":
            return "not_booked"
        if now_at.slot.starts_at <= self.now():
            return "past"
        if taken.place == place:
            return "same_slot"
        if now_at.code != to.code:
            return "other_exam"
        return self.wrong(taken.patient, [place], taken) or self.gone(place, taken.patient)

    @precondition(lambda self: self.shadow.taken)
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        moves = [(each, place) for each in self.shadow.taken for place in PLACES]
        taken, place = self.choose(data, moves, lambda each: self._move_refused(each) is None)
        to, code = self.shadow.places[place], self._move_refused((taken, place))
        moved = self.expect(code, lambda: services.move_booking(booking=taken.booking, to=to.slot, user=None))
        if moved:
            assert moved.moved_from_id == taken.booking.pk
            self.freed(taken, "moved")
            self.booked(moved, place, taken.patient, told=False)

    def _extra_refused(self, pair: tuple[int, int]) -> str | None:
        place, patient = pair
        this, now = self.shadow.places[place], self.now()
        if this.status == "cancelled":
            return "slot_cancelled"
        if this.slot.starts_at <= now:
            return "slot_past"
        protected = this.status == "protected" and this.slot.release_at > now
        if protected and len(self.standing(place)) < this.slot.capacity:
            return "still_free"
        return self.wrong(patient, [place])

    @rule(data=st.data())
    def overbook(self, data: st.DataObject) -> None:
        place, patient = self.choose(data, PAIRS, lambda each: self._extra_refused(each) is None)
        this, code = self.shadow.places[place], self._extra_refused((place, patient))
        booking = self.expect(
            code,
            lambda: services.overbook(
                slot=this.slot, pathway=self.scene.pathways[patient], physician=self.scene.physician,
                reason="Urgence", user=None, step_key=this.step,
            ),
        )  # fmt: skip
        if booking:
            self.booked(booking, place, patient, extra=True)

    @precondition(lambda self: self.shadow.taken)
    @rule(data=st.data(), code=st.sampled_from(["machine_down", "patient_refuses", "transport"]), told=st.booleans())
    def cancel(self, data: st.DataObject, code: str, told: bool) -> None:
        taken = self.choose(data, self.shadow.taken, lambda each: each.status == "booked")
        cancelled = self.expect(
            None if taken.status == "booked" else "not_booked",
            lambda: services.cancel_booking(
                booking=taken.booking, code=code, user=None, told_how="phone" if told else None
            ),
        )
        if cancelled:
            taken.told = told or self.shadow.places[taken.place].slot.starts_at <= self.now()
            self.freed(taken, code)

    @rule()
    def release(self) -> None:
        due = [
            each
            for number, each in enumerate(self.shadow.places)
            if each.status == "protected"
            and each.slot.release_at <= self.now() < each.slot.starts_at
            and len(self.standing(number)) < each.slot.capacity
        ]
        assert services.release_unused_slots(now=self.now()) == len(due)
        for each in due:
            each.status = "released"

    @precondition(lambda self: len(self.shadow.waiting) < 4)
    @rule(patient=st.sampled_from(PATIENTS), code=st.sampled_from(sorted(STEPS)))
    def join(self, patient: int, code: str) -> None:
        booked = any(
            e.patient == patient and e.status == "booked" and self.shadow.places[e.place].code == code
            for e in self.shadow.taken
        )
        known = self.shadow.waiting.get((patient, code))
        place = self.expect(
            "already_booked" if booked and not known else None,
            lambda: services.join_waiting(
                pathway=self.scene.pathways[patient], exam_type=exam(code), user=None, step_key=STEPS[code],
                latest_at=MONDAY - timedelta(days=1),
            ),
        )  # fmt: skip
        if place:
            assert known is None or known == place, "the rank is kept"
            self.shadow.waiting[patient, code] = place

    @rule()
    def offer(self) -> None:
        before = set(WaitingOffer.objects.values_list("pk", flat=True))
        services.offer_freed_places(now=self.now())
        for made in WaitingOffer.objects.exclude(pk__in=before).select_related("place"):
            patient, number = self._of(made)
            assert self.gone(number, patient) is None
            overtaken = WaitingPlace.objects.waiting().filter(
                exam_type=made.place.exam_type_id, asked_at__lt=made.place.asked_at
            ).exclude(offers__answer="open").exclude(offers__slot=made.slot_id)  # fmt: skip
            for other in overtaken:
                who = next(i for i, each in enumerate(self.scene.pathways) if each.pk == other.pathway_id)
                assert self.wrong(who, [number]) == "patient_busy", "one who asked earlier was overtaken"

    def _of(self, offer: WaitingOffer) -> tuple[int, int]:
        patient = next(i for i, each in enumerate(self.scene.pathways) if each.pk == offer.place.pathway_id)
        return patient, next(i for i, each in enumerate(self.shadow.places) if each.slot.pk == offer.slot_id)

    @rule(accept=st.booleans())
    def answer(self, accept: bool) -> None:
        offer = WaitingOffer.objects.filter(answer="open").select_related("place", "slot").order_by("pk").first()
        if offer is None:
            return
        patient, number = self._of(offer)
        if not accept:
            services.answer_offer(offer=offer, accept=False, why="En voyage", user=None)
            return
        code = self.wrong(patient, [number]) or self.gone(number, patient)
        try:
            booking = services.answer_offer(offer=offer, accept=True, user=None)
        except DomainError as refused:
            assert refused.code == code
            return
        assert code is None
        assert booking is not None
        self.booked(booking, number, patient)

    @precondition(lambda self: self.shadow.taken)
    @rule(data=st.data(), what=st.sampled_from(["done", "missed", "not_done"]))
    def mark(self, data: st.DataObject, what: str) -> None:
        today = timezone.localdate()
        taken = self.choose(
            data,
            self.shadow.taken,
            lambda each: (
                each.status == "booked" and timezone.localdate(self.shadow.places[each.place].slot.starts_at) <= today
            ),
        )
        slot = self.shadow.places[taken.place].slot
        if timezone.localdate(slot.starts_at) > timezone.localdate():
            code: str | None = "too_early"
        else:
            code = None if taken.status == "booked" else "not_booked"
        acts: dict[str, Callable[[], Booking]] = {
            "done": lambda: services.mark_done(booking=taken.booking, user=None),
            "missed": lambda: services.mark_missed(booking=taken.booking, user=None),
            "not_done": lambda: services.mark_not_done(booking=taken.booking, reason="Non à jeun", user=None),
        }
        if self.expect(code, acts[what]):
            taken.status = what

    @precondition(lambda self: self.shadow.taken)
    @rule(data=st.data())
    def unmark(self, data: st.DataObject) -> None:
        taken = self.choose(data, self.shadow.taken, lambda each: each.status not in ("booked", "cancelled"))
        marked = Booking.objects.get(pk=taken.booking.pk).marked_at
        code: str | None = None
        if taken.status in ("booked", "cancelled"):
            code = "not_marked"
        elif marked and self.now() - marked > timedelta(days=7):
            code = "too_late"
        step = self.shadow.places[taken.place].step
        again = any(
            e is not taken and e.patient == taken.patient and e.status == "booked"
            and self.shadow.places[e.place].step == step
            for e in self.shadow.taken
        )  # fmt: skip
        if again and code != "too_late":
            code = "already_booked"
        if self.expect(code, lambda: services.undo_mark(booking=taken.booking, user=None)):
            taken.status = "booked"

    @precondition(lambda self: len(self.shadow.taken) > 3)
    @rule(place=st.sampled_from(PLACES))
    def close(self, place: int) -> None:
        """What a change of series does to a slot that is still kept and that nobody is in."""
        this = self.shadow.places[place]
        if this.status != "protected" or self.standing(place):
            return
        now = self.now()
        Slot.objects.filter(pk=this.slot.pk).update(
            status=SlotStatus.CANCELLED, cancelled_at=now, cancel_reason="Panne"
        )
        log(this.slot, SlotEvent.CANCELLED, by=None, at=now, reason="Panne")
        this.status = "cancelled"

    # What is always true

    @invariant()
    def the_counters_are_the_bookings(self) -> None:
        self.check_deferred()
        for number, place in enumerate(self.shadow.places):
            slot, standing = Slot.objects.get(pk=place.slot.pk), self.standing(number)
            assert (slot.status, slot.booked) == (place.status, len(standing))
            assert slot.extra == sum(each.extra for each in standing)
            rows = list(Booking.objects.standing().filter(slot=slot))
            assert {row.pk: row.status for row in rows} == {each.booking.pk: each.status for each in standing}
            seats = [row.seat for row in rows]
            assert len(set(seats)) == len(seats)
            assert all(1 <= seat <= slot.capacity + slot.extra for seat in seats)

    @invariant()
    def a_patient_is_in_one_place(self) -> None:
        for pathway in self.scene.pathways:
            rows = Booking.objects.standing().filter(patient=pathway.patient_id).select_related("slot")
            for one, two in combinations(rows, 2):
                assert one.slot.ends_at <= two.slot.starts_at or two.slot.ends_at <= one.slot.starts_at
        booked = {each.booking.uuid for each in self.shadow.taken if each.status == "booked"}
        assert set(Appointment.objects.filter(status="planned").values_list("origin", flat=True)) == booked

    @invariant()
    def nobody_who_waits_is_lost(self) -> None:
        waiting = set(WaitingPlace.objects.waiting().values_list("pk", flat=True))
        assert waiting == {each.pk for each in self.shadow.waiting.values()}
        open_offers = WaitingOffer.objects.filter(answer="open")
        assert not open_offers.exclude(place__in=waiting).exists()
        assert open_offers.count() == Task.objects.open().filter(title__startswith="Une place se libère").count()

    @invariant()
    def whoever_must_be_told_has_a_task(self) -> None:
        untold = {
            each.booking.pk
            for each in self.shadow.taken
            if not each.told
            and (
                (each.status == "cancelled" and not self._moved_on(each))
                or (each.status == "booked" and self.shadow.places[each.place].slot.starts_at > self.now())
            )
        }
        rows = Booking.objects.to_tell(self.now())
        assert {row.pk for row in rows} == untold
        origins = set(Task.objects.open().values_list("origin", flat=True))
        for row in rows:
            assert origins & set(tell_origins(row.uuid)), "somebody has to tell the patient"

    def _moved_on(self, taken: Taken) -> bool:
        return Booking.objects.filter(moved_from=taken.booking.pk).exists()

    @invariant()
    def the_log_tells_it_all(self) -> None:
        for number, place in enumerate(self.shadow.places):
            lines = list(SlotChange.objects.filter(slot=place.slot).values_list("what", flat=True))
            taken = lines.count("booked") + lines.count("overbooked")
            assert taken - lines.count("freed") == len(self.standing(number))
            held = sum(at == number for at, _ in self.shadow.holds)
            assert Hold.objects.filter(slot=place.slot).count() == held
            assert lines.count("held") == lines.count("let_go") + held + self.shadow.consumed.get(number, 0)
            marks = lines.count("done") + lines.count("missed") + lines.count("not_done")
            still = sum(each.status in ("done", "missed", "not_done") for each in self.standing(number))
            assert marks - lines.count("unmarked") == still
            assert lines.count("cancelled") - lines.count("reopened") == (place.status == "cancelled")


@pytest.fixture
def scene() -> Iterator[Scene]:
    """Three scanners (one has two places) and two MRI (one at the hour of the first scanner), four patients."""
    desk = Desk()
    monday = timezone.now().replace(minute=0, second=0, microsecond=0)
    hours = [("scanner", 74, 1), ("scanner", 122, 2), ("scanner", 146, 1), ("irm", 74, 1), ("irm", 123, 1)]
    slots = [
        desk.slot_at(
            monday + timedelta(hours=after), exam_type=exam(code), capacity=capacity, release_notice_hours=NOTICE
        )
        for code, after, capacity in hours
    ]
    person = UserFactory(role="physician", team=desk.team, professional=ProfessionalFactory()).professional
    pathways = [desk.pathway(phone="0639980001") for _ in range(4)]
    yield Scene(desk, [Slot.objects.with_list_data().get(pk=each.pk) for each in slots], pathways, person)


@pytest.mark.django_db
def test_the_life_of_slots_keeps_its_promises_whatever_is_done(scene: Scene) -> None:
    SlotMachine.scene = scene
    run_state_machine_as_test(
        SlotMachine,
        settings=settings(
            max_examples=15, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
