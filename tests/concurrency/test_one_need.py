"""One need has one appointment, whoever is first: a slot booked by the desk, a date given by a platform."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from coordination import services
from coordination.models import Booking, ExamRequest
from directory.errors import DomainError
from tests.concurrency.racing import at_once
from tests.coordination.factories import Desk, exam

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]

ROUNDS = 8


def race(*acts: Callable[[], object]) -> list[object]:
    """What each gives when all start together; a refusal is a result."""

    def run(act: Callable[[], object]) -> object:
        try:
            return act()
        finally:
            connection.close()

    return at_once(run, acts)


def test_a_slot_and_a_date_for_one_need_never_both_stand() -> None:
    desk = Desk()
    user, platform, kind = desk.coordinator, desk.platform, exam()
    for turn in range(ROUNDS):
        pathway, slot = desk.pathway(), desk.slot(in_days=10 + turn)
        request = services.ask_exam(
            pathway=pathway, exam_type=kind, addressed_to=platform, user=user, within="2 days", step_key="ct"
        )
        found = race(
            lambda slot=slot, pathway=pathway: services.book_slot(  # type: ignore[misc]
                slot=slot, pathway=pathway, user=user, step_key="ct"
            ),
            lambda request=request: services.propose_date(  # type: ignore[misc]
                request=request, starts_at=timezone.now() + timedelta(days=3), user=None
            ),
        )
        assert [type(each) for each in found if isinstance(each, Exception)] == [DomainError], found
        booked = Booking.objects.filter(pathway=pathway, status="booked").count()
        dated = ExamRequest.objects.running().filter(pathway=pathway).count()
        assert booked + dated == 1


def test_a_slot_booked_and_a_date_asked_at_once_leave_one() -> None:
    desk = Desk()
    user, platform, kind = desk.coordinator, desk.platform, exam()
    for turn in range(ROUNDS):
        pathway, slot = desk.pathway(), desk.slot(in_days=10 + turn)
        race(
            lambda slot=slot, pathway=pathway: services.book_slot(  # type: ignore[misc]
                slot=slot, pathway=pathway, user=user, step_key="ct"
            ),
            lambda pathway=pathway: services.ask_exam(  # type: ignore[misc]
                pathway=pathway, exam_type=kind, addressed_to=platform, user=user, within="2 days", step_key="ct"
            ),
        )
        assert Booking.objects.filter(pathway=pathway, status="booked").count() == 1
        assert not ExamRequest.objects.running().filter(pathway=pathway).exists()
