"""What the machine knows of slots without asking the database: a few dictionaries, and what a gesture must answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import time_machine
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from coordination.models import Booking, Slot, WaitingPlace
from directory.errors import DomainError
from directory.models import Professional
from pathways.models import Pathway
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk

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
    ready: bool = False


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
    ready: dict[int, int] = field(default_factory=dict)


class Shadowed(RuleBasedStateMachine):
    """The shadow beside the real thing. Each run starts from the scene, on Monday, and is rolled back."""

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
        if waited and code != "patient_refuses" and need not in self.shadow.waiting:  # not of the patient’s own will
            self.shadow.waiting[need] = waited
