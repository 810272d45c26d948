"""The life of slots as a state machine: any gestures, in any order, at any instant, against the real database.

A shadow of a few dictionaries says what each gesture must answer; after each of them the database is compared with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from coordination import services
from coordination.models import Slot, SlotChange, SlotEvent, WaitingOffer
from tests.coordination.factories import Desk, exam
from tests.coordination.machine.desk import AtTheDesk
from tests.coordination.machine.elsewhere import Elsewhere
from tests.coordination.machine.shadow import NOTICE, Scene
from tests.coordination.machine.truths import Truths
from tests.factories import ProfessionalFactory, UserFactory

NOT_HERE = {SlotEvent.MADE, SlotEvent.MOVED, SlotEvent.CHANGED, SlotEvent.REOPENED}
"""What a series does to its slots: see test_series_changes."""


class SlotMachine(AtTheDesk, Elsewhere, Truths):
    """All gestures, all truths."""

    def reached(self) -> set[str]:
        return set(SlotChange.objects.order_by().values_list("what", flat=True).distinct())

    def truths(self) -> None:
        """All of them, now."""
        self.the_counters_are_the_bookings()
        self.a_patient_is_in_one_place()
        self.nobody_who_waits_is_lost()
        self.whoever_must_be_told_has_a_task()
        self.the_log_tells_it_all()


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
    pathways = [desk.pathway(phone="0639980001", days_ago=40) for _ in range(4)]
    yield Scene(desk, [Slot.objects.with_list_data().get(pk=each.pk) for each in slots], pathways, person)


@pytest.mark.django_db
def test_the_life_of_slots_keeps_its_promises_whatever_is_done(scene: Scene) -> None:
    SlotMachine.scene = scene
    run_state_machine_as_test(
        SlotMachine,
        settings=settings(
            max_examples=20, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


class Always:
    """Stands for what hypothesis draws: always the same."""

    def __init__(self, wanted: Any) -> None:
        self.wanted = wanted

    def draw(self, strategy: object) -> Any:
        return self.wanted


@pytest.mark.django_db
def test_every_event_of_a_life_is_within_its_reach(scene: Scene) -> None:
    """One long life told by hand with the gestures of the machine, its truths looked at after each."""
    SlotMachine.scene = scene
    life = SlotMachine()
    try:
        life.begin()
        _tell(life)
        assert life.reached() == set(SlotEvent.values) - NOT_HERE
    finally:
        life.teardown()


def _tell(life: SlotMachine) -> None:
    def act(name: str, **how: Any) -> None:
        getattr(life, name)(**how)
        life.truths()

    def on(place: int, patient: int) -> Any:
        return Always((place, patient))

    def last() -> Any:
        return Always(life.shadow.taken[-1])

    act("hold", data=on(0, 0))
    act("let_go", data=on(0, 0))
    act("hold", data=on(1, 1))
    act("time_passes", step=timedelta(minutes=6))
    act("ended_holds_are_dropped")
    act("hold", data=on(0, 0))
    act("book", data=on(0, 0))
    act("overbook", data=on(0, 1))
    act("join", patient=2, code="scanner")
    act("offer")
    assert WaitingOffer.objects.filter(answer="open").count() == 1
    act("answer", accept=True)
    act("cancel", data=last(), code="machine_down", told=False)
    assert len(life.shadow.waiting) == 1, "the platform failed: the patient waits again"
    act("move", data=Always((life.shadow.taken[0], 2)))
    act("cancel", data=last(), code="patient_refuses", told=True)
    act("book_visit", data=Always([4, 2]), patient=3)
    act("close", place=3)
    act("the_hour_comes")
    act("mark", data=Always(life.shadow.taken[1]), what="missed")
    act("unmark", data=Always(life.shadow.taken[1]))
    act("mark", data=Always(life.shadow.taken[1]), what="not_done")
    act("unmark", data=Always(life.shadow.taken[1]))
    act("mark", data=Always(life.shadow.taken[1]), what="done")
    act("result_is_ready", data=Always(life.shadow.taken[1]))
    act("time_passes", step=timedelta(hours=26))
    act("release")
    assert services.release_unused_slots(now=life.now()) == 0
