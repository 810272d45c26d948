"""What « À prévenir » says of an appointment moved several times, or moved then cancelled: from the hour that the
patient knows to the present one, and one task (PAIN-20)."""

from __future__ import annotations

from datetime import time

import pytest
from django.test import Client

from coordination import services
from coordination.models import Booking, Task
from coordination.services.appointments import when
from tests.coordination.factories import Desk
from tests.coordination.pages import text, url

pytestmark = pytest.mark.django_db


def moved_twice(desk: Desk) -> list[Booking]:
    chain = [desk.booking(desk.slot(in_days=9, starts_at=time(8)))]
    for day in (12, 15):
        to = desk.slot(in_days=day, starts_at=time(10, 30))
        chain.append(services.move_booking(booking=chain[-1], to=to, user=desk.coordinator))
    return chain


def day(booking: Booking) -> str:
    return when(booking.slot).replace("\u00a0", " ").split(" à")[0]


def open_titles() -> list[str]:
    return [task.title for task in Task.objects.open() if task.title.startswith("Prévenir")]


def test_moved_twice_the_patient_is_told_from_the_hour_they_know(nurse: Client, desk: Desk) -> None:
    first, second, third = moved_twice(desk)
    page = text(nurse.get(url("to-tell")))
    assert day(first) in page and day(third) in page
    assert day(second) not in page, "nobody ever told them of that one"
    (title,) = open_titles()
    assert when(first.slot) in title and when(third.slot) in title


def test_moved_then_cancelled_the_patient_is_told_of_the_end_of_the_hour_they_know(nurse: Client, desk: Desk) -> None:
    first, second, third = moved_twice(desk)
    services.cancel_booking(booking=third, code="patient_unavailable", user=desk.coordinator)
    page = text(nurse.get(url("to-tell")))
    assert "Annulé" in page and "Déplacé" not in page
    assert day(first) in page
    for unheard in (second, third):
        assert day(unheard) not in page
    (title,) = open_titles()
    assert "annulé" in title and when(first.slot) in title


def test_many_moves_cost_no_more_than_one(nurse: Client, desk: Desk, django_assert_max_num_queries: object) -> None:
    moved_twice(desk)
    nurse.get(url("to-tell"))
    with django_assert_max_num_queries(40) as few:  # type: ignore[operator]
        nurse.get(url("to-tell"))
    for _ in range(3):
        moved_twice(desk)
    with django_assert_max_num_queries(len(few)):  # type: ignore[operator]
        nurse.get(url("to-tell"))
