"""A place past the objective is for who gains by it: made or freed since they asked, with nothing earlier they could
really have."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from coordination import services, tasks
from coordination.models import Slot, Task, WaitingOffer, WaitingPlace
from pathways.models import Pathway
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk, exam
from tests.coordination.test_exam_requests import ask

pytestmark = pytest.mark.django_db


def waits(desk: Desk, pathway: Pathway | None = None, days: int = 5) -> WaitingPlace:
    """For a scanner, with an objective in so many days."""
    latest = timezone.now() + timedelta(days=days)
    return services.join_waiting(
        pathway=pathway or desk.pathway(), exam_type=exam(), latest_at=latest, user=desk.coordinator
    )


def offered() -> list[Slot]:
    services.offer_freed_places(now=timezone.now())
    return [each.slot for each in WaitingOffer.objects.select_related("slot").order_by("pk")]


def freed(desk: Desk, in_days: int) -> Slot:
    """A place that somebody had, and left since."""
    slot = desk.slot(in_days=in_days)
    booking = desk.booking(slot)
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        services.cancel_booking(booking=booking, code="patient_unavailable", user=desk.coordinator)
    return slot


class TestMade:
    def test_a_series_opened_since_is_offered(self, desk: Desk) -> None:
        waits(desk)
        with time_machine.travel(MONDAY + timedelta(minutes=5)):
            slot = desk.slot(in_days=10)
            assert offered() == [slot]

    def test_what_was_free_when_they_asked_is_not(self, desk: Desk) -> None:
        desk.slot(in_days=10)
        with time_machine.travel(MONDAY + timedelta(minutes=5)):
            waits(desk)
            assert offered() == []

    def test_a_week_made_by_the_night_is_offered(self, desk: Desk) -> None:
        series = desk.series(in_days=4)
        series.slots.all().delete()
        waits(desk, days=2)
        with time_machine.travel(MONDAY + timedelta(days=1)):
            assert tasks.generate_slots() > 0
            slot = series.slots.order_by("starts_at")[0]
            assert offered() == [slot]


class TestEarlier:
    def test_a_free_hour_when_they_are_expected_elsewhere_hides_nothing(self, desk: Desk) -> None:
        place = waits(desk)
        earlier = desk.slot(in_days=8)
        desk.booking(desk.slot(exam_type=exam("irm"), in_days=8), place.pathway)
        later = freed(desk, 9)
        assert not WaitingOffer.objects.filter(slot=earlier).exists()
        assert offered() == [later]

    def test_nor_one_when_a_platform_expects_them(self, desk: Desk) -> None:
        place = waits(desk)
        earlier = desk.slot(in_days=8)
        request = services.ask_exam(
            pathway=place.pathway, exam_type=exam("irm"), addressed_to=desk.platform, user=None, within="2 days"
        )
        services.propose_date(request=request, starts_at=earlier.starts_at, user=None)
        later = freed(desk, 9)
        assert offered() == [later]

    def test_one_they_could_have_still_does(self, desk: Desk) -> None:
        desk.slot(in_days=8)
        with time_machine.travel(MONDAY + timedelta(minutes=5)):
            place = waits(desk)
            desk.booking(desk.slot(exam_type=exam("irm"), in_days=9), place.pathway)
            freed(desk, 10)
            assert offered() == []


class TestPromisesWarnedOf:
    def warned(self, at: datetime) -> int:
        with time_machine.travel(at):
            return services.warn_of_promises(now=at)

    def test_each_time_the_platform_is_asked_again(self, desk: Desk) -> None:
        request = ask(desk, within="72 hours")
        assert request.promised_at is not None
        soon = request.promised_at - timedelta(hours=1)
        assert [self.warned(soon), self.warned(soon)] == [1, 0]
        with time_machine.travel(soon):
            services.propose_date(request=request, starts_at=soon + timedelta(days=9), user=desk.technician)
            assert not Task.objects.open().filter(title__startswith="Relancer").exists()
            assert self.warned(soon) == 0, "a date stands"
            declined = services.decline_date(request=request, reason="Travail", user=desk.coordinator)
        assert declined.promised_at is not None
        assert self.warned(soon + timedelta(minutes=5)) == 0
        again = declined.promised_at - timedelta(minutes=30)
        assert [self.warned(again), self.warned(again)] == [1, 0]

    def test_a_date_taken_back_leaves_the_promise_to_be_warned_of(self, desk: Desk) -> None:
        request = ask(desk, within="72 hours")
        assert request.promised_at is not None
        soon = request.promised_at - timedelta(hours=1)
        assert self.warned(soon) == 1
        with time_machine.travel(soon):
            services.propose_date(request=request, starts_at=soon + timedelta(days=9), user=desk.technician)
            services.take_back_date(request=request, reason="Panne", user=desk.technician)
        assert [self.warned(soon + timedelta(minutes=1)), self.warned(soon + timedelta(minutes=2))] == [1, 0]

    def test_a_warning_closed_by_hand_is_not_made_again(self, desk: Desk) -> None:
        request = ask(desk, within="72 hours")
        assert request.promised_at is not None
        soon = request.promised_at - timedelta(hours=1)
        assert self.warned(soon) == 1
        task = Task.objects.open().get(title__startswith="Relancer")
        services.complete_task(task=task, user=desk.coordinator, outcome="Appelé")
        assert self.warned(soon + timedelta(minutes=1)) == 0
