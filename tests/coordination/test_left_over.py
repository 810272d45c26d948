"""An exam done elsewhere: nobody waits for it any more, and a person looks at what is still booked or asked for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from coordination import services, tasks
from coordination.models import Booking, OfferAnswer, Task, WaitingPlace
from pathways import services as pathways
from pathways.models import Milestone, Pathway
from tests.coordination.factories import Desk, exam
from tests.coordination.test_waiting import offers, waits

pytestmark = pytest.mark.django_db
STARTS = "Examen déjà réalisé"


def done(desk: Desk, pathway: Pathway, code: str = "scanner", **options: Any) -> Milestone:
    return pathways.record_milestone(
        pathway=pathway, kind="exam_done", detail=code, occurred_at=timezone.now(), author=desk.coordinator, **options
    )


def asked_about(pathway: Pathway) -> list[Task]:
    return list(Task.objects.open().filter(pathway=pathway, title__startswith=STARTS))


def test_nobody_waits_for_an_exam_done_and_no_place_is_offered_for_it(desk: Desk, pathway: Pathway) -> None:
    late = timezone.now() + timedelta(days=30)
    place, other = waits(desk, pathway, step_key="ct", latest_at=late), waits(desk)
    desk.slot()
    tasks.offer_freed_places()
    (offer,) = offers()
    done(desk, pathway)
    place.refresh_from_db()
    offer.refresh_from_db()
    assert (place.status, place.end_reason) == ("withdrawn", "Examen réalisé")
    assert offer.answer == OfferAnswer.WITHDRAWN
    assert not Task.objects.open().filter(pathway=pathway, title__startswith="Une place").exists()
    assert WaitingPlace.objects.waiting().get() == other


def test_a_wait_outside_the_plan_ends_when_the_exam_came_after_it(desk: Desk, pathway: Pathway) -> None:
    place = waits(desk, pathway, at=timezone.now() - timedelta(days=2))
    pathways.record_milestone(
        pathway=pathway, kind="exam_done", detail="scanner", occurred_at=timezone.now() - timedelta(days=3), author=None
    )
    place.refresh_from_db()
    assert place.status == "waiting"
    done(desk, pathway)
    place.refresh_from_db()
    assert place.status == "withdrawn"


def test_another_exam_ends_no_wait(desk: Desk, pathway: Pathway) -> None:
    place = waits(desk, pathway, step_key="ct")
    done(desk, pathway, "irm")
    place.refresh_from_db()
    assert place.status == "waiting"


def test_one_task_names_what_is_left_and_ends_with_it(desk: Desk, pathway: Pathway) -> None:
    booking = desk.booking(desk.slot(), pathway, step_key="ct")
    fact = done(desk, pathway)
    (task,) = asked_about(pathway)
    assert "Scanner" in task.title
    done(desk, pathway, "irm")
    assert asked_about(pathway) == [task]
    assert Booking.objects.get().status == "booked"
    services.cancel_booking(booking=booking, code="patient_refuses", user=desk.coordinator)
    task.refresh_from_db()
    assert task.status == "done"
    assert fact.pk


def test_a_request_that_the_exam_answers_is_not_left_over(desk: Desk, pathway: Pathway) -> None:
    request = services.ask_exam(
        pathway=pathway, exam_type=exam(), addressed_to=desk.platform, user=desk.coordinator, step_key="ct",
        within="72 hours",
    )  # fmt: skip
    done(desk, pathway)
    request.refresh_from_db()
    assert request.status == "done"
    assert not asked_about(pathway)


def test_the_appointment_that_did_the_exam_is_not_left_over(desk: Desk) -> None:
    booking = desk.past_booking(pathway=desk.pathway(days_ago=6))
    services.mark_done(booking=booking, user=desk.technician)
    assert not asked_about(booking.pathway)


def test_booking_the_consultation_leaves_nothing_over(desk: Desk, pathway: Pathway) -> None:
    """The request or the offer that a booking records does a step too: it is not the exam."""
    for code in ("scanner", "rcp_hdj", "consultation_anesthesie"):
        if services.exam_types.ExamType.objects.filter(code=code).exists():
            desk.booking(desk.slot(exam_type=exam(code), in_days=11), pathway)
    assert not asked_about(pathway)


def test_an_exam_recorded_by_error_puts_back_who_waited(desk: Desk, pathway: Pathway) -> None:
    first = timezone.now() - timedelta(days=4)
    place = waits(desk, pathway, step_key="ct", at=first)
    booking = desk.booking(desk.slot(exam_type=exam("irm")), pathway, step_key="mri")
    fact, second = done(desk, pathway), done(desk, pathway, "irm")
    assert len(asked_about(pathway)) == 1
    for each in (fact, second):
        pathways.withdraw_milestone(milestone=each, author=desk.coordinator, note="Autre patient")
    place.refresh_from_db()
    assert (place.status, place.asked_at, place.end_reason) == ("waiting", first, "")
    assert not asked_about(pathway)
    assert booking.pk


def test_a_date_corrected_ends_the_wait_all_the_same(desk: Desk, pathway: Pathway) -> None:
    place = waits(desk, pathway, step_key="ct")
    fact = done(desk, pathway)
    pathways.correct_milestone(milestone=fact, occurred_at=timezone.now() - timedelta(hours=3), author=desk.coordinator)
    place.refresh_from_db()
    assert place.status == "withdrawn"
