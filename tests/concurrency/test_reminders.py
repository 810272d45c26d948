"""The job of reminders run many times at once, and beside whoever cancels: one mail, and none for what is cancelled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from coordination import services
from coordination.models import Booking, Reminder
from directory.models import OutboxMessage
from tests.concurrency.racing import at_once
from tests.coordination.factories import Desk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Any hour is decent, and what was booked just now was booked before the hour of its reminder."""
    monkeypatch.setattr("coordination.services.patient_post.is_due", lambda *_: True)
    return timezone.now()


def booked(desk: Desk, now: datetime, hours: int) -> Booking:
    pathway = desk.pathway(email=f"patient{hours}@courriel.invalid")
    services.agree_to_mails(patient=pathway.patient, user=desk.coordinator)
    return desk.booking(desk.slot_at(now + timedelta(hours=hours), release_notice_hours=1), pathway)


def test_the_job_run_many_times_at_once_reminds_once(now: datetime) -> None:
    desk = Desk()
    for hours in range(30, 36):
        booked(desk, now, hours)
    written = at_once(lambda _: services.remind_patients(now=now), range(8))
    assert sum(written) == 6, written
    assert OutboxMessage.objects.filter(kind="patient_reminder").count() == 6
    assert Reminder.objects.count() == 6


def test_whoever_cancels_beside_the_job_leaves_no_reminder_of_what_is_cancelled(now: datetime) -> None:
    desk = Desk()
    bookings = [booked(desk, now, hours) for hours in range(30, 38)]
    acts: list[Callable[[], object]] = []
    for booking in bookings:
        acts.append(lambda each=booking: services.cancel_booking(booking=each, user=None, code="other", reason="x"))
        acts.append(lambda: services.remind_patients(now=now))
    results = at_once(lambda act: act(), acts)
    assert [each for each in results if isinstance(each, Exception)] == []
    assert not OutboxMessage.objects.filter(kind="patient_reminder").exists()
    assert OutboxMessage.objects.filter(kind="patient_cancelled").count() == 8
