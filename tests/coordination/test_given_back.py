"""What an error took from a patient is given back: a place on the waiting list, an offer, a call, a request."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from re import sub
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from coordination import services, tasks
from coordination.errors import SlotFull
from coordination.models import ExamRequest, Task, WaitingPlace
from directory.errors import DomainError
from directory.models import OutboxMessage
from pathways import services as pathways
from pathways.models import Milestone, Pathway, Watch
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url
from tests.coordination.test_exam_requests import ask
from tests.coordination.test_waiting import offers, waits
from tests.factories import TeamFactory

pytestmark = pytest.mark.django_db


def state(place: WaitingPlace) -> str:
    place.refresh_from_db()
    return place.status


def open_titles(pathway: Pathway) -> list[str]:
    return [each.title for each in Task.objects.open().filter(pathway=pathway).order_by("pk")]


def die(desk: Desk, pathway: Pathway) -> Milestone:
    return pathways.record_milestone(
        pathway=pathway, kind="death", occurred_at=timezone.now(), author=desk.coordinator
    )  # fmt: skip


# --- the waiting list -------------------------------------------------------------------------------------------------
def test_a_wait_survives_moves_then_the_platforms_cancellation(desk: Desk) -> None:
    pathway = desk.pathway()
    place = waits(desk, pathway, step_key="ct", at=timezone.now() - timedelta(days=5))
    asked_at = place.asked_at
    booking = desk.booking(desk.slot(), pathway, step_key="ct")
    for days in (12, 13):
        booking = services.move_booking(booking=booking, to=desk.slot(in_days=days), user=desk.coordinator)
    assert state(place) == "served"
    services.cancel_booking(booking=booking, code="machine_down", user=desk.coordinator)
    assert (state(place), place.asked_at, place.served_by) == ("waiting", asked_at, None)


@pytest.mark.parametrize("code", ["mistake", "transport"])
def test_what_the_desk_undoes_gives_the_wait_back(desk: Desk, code: str) -> None:
    pathway = desk.pathway()
    place = waits(desk, pathway, step_key="ct")
    booking = desk.booking(desk.slot(), pathway, step_key="ct")
    services.cancel_booking(booking=booking, code=code, user=desk.coordinator)
    assert state(place) == "waiting"


def test_what_the_patient_gives_up_gives_no_wait_back(desk: Desk) -> None:
    pathway = desk.pathway()
    place = waits(desk, pathway)
    services.cancel_booking(
        booking=desk.booking(desk.slot(), pathway), code="patient_unavailable", user=desk.coordinator
    )
    assert state(place) == "served"


def test_one_who_is_booked_elsewhere_does_not_wait_again(desk: Desk) -> None:
    pathway = desk.pathway()
    place = waits(desk, pathway)
    served = desk.booking(desk.slot(), pathway)
    desk.booking(desk.slot(in_days=12), pathway)
    services.cancel_booking(booking=served, code="machine_down", user=desk.coordinator)
    assert state(place) == "served"


# --- offers -----------------------------------------------------------------------------------------------------------
def test_a_place_held_a_moment_loses_no_offer(desk: Desk) -> None:
    slot = desk.slot()
    waits(desk)
    tasks.offer_freed_places()
    (offer,) = offers()
    hold = services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator)
    tasks.offer_freed_places()
    with pytest.raises(SlotFull) as refused:
        services.answer_offer(offer=offer, accept=True, user=desk.coordinator)
    assert refused.value.code == "slot_held"
    services.let_go(hold=hold, user=desk.coordinator)
    assert offers() == [offer]
    assert services.answer_offer(offer=offer, accept=True, user=desk.coordinator)


def test_a_place_taken_then_freed_is_offered_once_more_and_no_further(desk: Desk) -> None:
    slot, place = desk.slot(), waits(desk)
    for _ in range(3):
        tasks.offer_freed_places()
        booking = desk.booking(slot)
        tasks.offer_freed_places()
        assert offers() == []
        services.cancel_booking(booking=booking, code="patient_unavailable", user=desk.coordinator)
    tasks.offer_freed_places()
    assert offers() == []
    assert list(place.offers.values_list("answer", flat=True)) == ["taken", "taken"]


# --- death and closing ------------------------------------------------------------------------------------------------
def test_a_death_withdrawn_gives_the_wait_back_and_tells_the_desk(desk: Desk) -> None:
    pathway = desk.pathway()
    place = waits(desk, pathway)
    request = ask(desk, pathway)
    services.propose_date(request=request, starts_at=timezone.now() + timedelta(days=3), user=desk.technician)
    death = die(desk, pathway)
    request.refresh_from_db()
    assert (state(place), request.status, open_titles(pathway)) == ("withdrawn", "cancelled", [])
    pathways.withdraw_milestone(milestone=death, author=desk.coordinator, note="Erreur de patient")
    if not Pathway.objects.get(pk=pathway.pk).is_active:
        pathways.reopen_pathway(pathway=pathway, author=desk.coordinator, reason="Erreur de patient")
    assert state(place) == "waiting"
    notes = " ".join(Task.objects.open().filter(pathway=pathway).values_list("note", flat=True))
    assert "n’est plus demandé à Scanner 1" in notes


def test_a_pathway_reopened_gets_its_wait_back_and_its_desk_is_told(desk: Desk) -> None:
    pathway = desk.pathway()
    place = waits(desk, pathway)
    left = waits(desk, pathway, step_key="ct")
    services.leave_waiting(place=left, reason="Ne veut plus", user=desk.coordinator)
    pathways.close_pathway(pathway=pathway, reason="lost", author=desk.coordinator)
    assert state(place) == "withdrawn"
    pathways.reopen_pathway(pathway=pathway, author=desk.coordinator, reason="Erreur")
    assert (state(place), state(left)) == ("waiting", "withdrawn")
    assert any(title.startswith("Parcours rouvert") for title in open_titles(pathway))


def test_a_pathway_closed_stops_its_requests_and_asks_to_tell_the_patient(desk: Desk) -> None:
    pathway = desk.pathway()
    told, silent = ask(desk, pathway), ask(desk, pathway, step_key="", addressed_to=TeamFactory(kind="platform"))
    services.propose_date(request=told, starts_at=timezone.now() + timedelta(days=3), user=desk.technician)
    services.confirm_date(request=told, how="phone", user=desk.coordinator)
    pathways.close_pathway(pathway=pathway, reason="completed", author=desk.coordinator)
    assert set(ExamRequest.objects.values_list("status", flat=True)) == {"cancelled"}
    assert OutboxMessage.objects.filter(kind="exam_not_asked").count() == 2
    (title,) = [each for each in open_titles(pathway) if each.startswith("Prévenir")]
    assert title.endswith("annulé")
    assert not Watch.objects.filter(kind="promise", subject__in=[told.uuid, silent.uuid]).exists()
    assert services.warn_of_promises(now=timezone.now() + timedelta(days=2)) == 0
    with pytest.raises(DomainError):
        services.propose_date(request=silent, starts_at=timezone.now() + timedelta(days=4), user=desk.technician)


def test_a_date_that_nobody_knows_is_not_told_when_the_pathway_closes(desk: Desk) -> None:
    pathway = desk.pathway()
    services.propose_date(
        request=ask(desk, pathway), starts_at=timezone.now() + timedelta(days=3), user=desk.technician
    )
    pathways.close_pathway(pathway=pathway, reason="completed", author=desk.coordinator)
    assert [each for each in open_titles(pathway) if each.startswith("Prévenir")] == []


# --- calls ------------------------------------------------------------------------------------------------------------
def test_keeping_one_slot_leaves_the_call_for_the_other(desk: Desk) -> None:
    first = desk.series(exam_type=exam()).slots.order_by("starts_at")[0]
    second = desk.series(exam_type=exam("irm"), starts_at=time(11)).slots.order_by("starts_at")[0]
    pathway = desk.pathway()
    for slot in (first, second):
        desk.booking(slot, pathway)
    day = timezone.localdate(first.starts_at)
    closed = services.exception_of(
        kind="closed", platform=desk.platform, first_on=day, last_on=day, reason="Fermeture"
    )  # fmt: skip
    services.make_exception(exception=closed, user=desk.technician)
    (both,) = open_titles(pathway)
    assert str(first.exam_type) in both and str(second.exam_type) in both
    services.keep_slot(slot=first, user=desk.technician)
    (left,) = open_titles(pathway)
    assert str(second.exam_type) in left


# --- exams asked ------------------------------------------------------------------------------------------------------
def letters(pathway: Pathway) -> list[tuple[str, str]]:
    rows = OutboxMessage.objects.filter(about=pathway.patient.uuid, kind__startswith="patient_").order_by("pk")
    return list(rows.values_list("kind", "body"))


def test_a_patient_who_agreed_is_written_at_each_change_of_a_date_they_know(desk: Desk) -> None:
    pathway = desk.pathway(email="patient@courriel.invalid")
    services.agree_to_mails(patient=pathway.patient, user=desk.coordinator)
    first = datetime(2026, 11, 26, 9, tzinfo=ZoneInfo("Europe/Paris"))
    request = ask(desk, pathway)
    services.propose_date(request=request, starts_at=first, user=desk.technician)
    assert letters(pathway) == [], "the desk has not confirmed it"
    services.confirm_date(request=request, how="phone", user=desk.coordinator)
    ((kind, body),) = letters(pathway)
    assert kind == "patient_booked"
    assert "jeudi 26 novembre 2026 à 9 h" in body
    assert "Scanner" not in body
    services.propose_date(request=request, starts_at=first + timedelta(days=1), user=desk.technician)
    kind, body = letters(pathway)[-1]
    assert kind == "patient_moved"
    assert "vendredi 27 novembre 2026 à 9 h (et non plus jeudi 26 novembre 2026 à 9 h)" in body
    services.cancel_request(request=request, reason="Inutile", user=desk.coordinator)
    kind, body = letters(pathway)[-1]
    assert kind == "patient_cancelled"
    assert "Ne venez pas" in body


def test_a_date_taken_back_is_promised_and_watched_again(desk: Desk) -> None:
    request = ask(desk, within="5 working_days")
    services.propose_date(request=request, starts_at=timezone.now() + timedelta(days=3), user=desk.technician)
    assert not Watch.objects.filter(subject=request.uuid).exists()
    services.take_back_date(request=request, reason="Panne", user=desk.technician)
    assert Watch.objects.filter(subject=request.uuid).exists()


def test_an_exam_done_in_a_slot_ends_the_request_of_no_other_step(desk: Desk) -> None:
    pathway = desk.pathway()
    request = ask(desk, pathway, step_key="ct")
    services.mark_done(booking=desk.past_booking(pathway=pathway), user=desk.technician)
    request.refresh_from_db()
    assert request.status == "asked"


def test_a_fact_corrected_ends_no_other_request(desk: Desk) -> None:
    pathway = desk.pathway()
    request = ask(desk, pathway)
    fact = pathways.record_milestone(
        pathway=pathway, kind="exam_done", detail="scanner", occurred_at=timezone.now(), author=desk.coordinator
    )
    request.refresh_from_db()
    assert (request.status, request.evidence) == ("done", fact)
    again = ask(desk, pathway)
    corrected = pathways.correct_milestone(
        milestone=fact, occurred_at=timezone.now() - timedelta(minutes=5), author=desk.coordinator
    )
    for each in (request, again):
        each.refresh_from_db()
    assert (request.evidence, again.status) == (corrected, "asked")


def test_the_page_says_which_date_the_patient_still_knows(nurse: Client, desk: Desk) -> None:
    first = datetime(2026, 11, 26, 9, tzinfo=ZoneInfo("Europe/Paris"))
    request = ask(desk)
    services.propose_date(request=request, starts_at=first, user=desk.technician)
    assert "il connaît" not in text(nurse.get(url("to-tell")))
    services.confirm_date(request=request, how="phone", user=desk.coordinator)
    services.propose_date(request=request, starts_at=first + timedelta(days=1), user=desk.technician)
    page = sub(r"<[^>]+>", "", text(nurse.get(url("to-tell"))))
    assert "il connaît : jeu. 26 nov. à 9 h" in page
