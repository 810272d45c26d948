"""A place sooner than what is free, although the objective cannot be held; and nothing that could never come."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from coordination import services
from coordination.models import Booking, ExamType, Slot, WaitingOffer, WaitingPlace
from coordination.papers.sheet import sheet_html
from coordination.readings.offer import needs_of
from coordination.readings.otherwise import Full, otherwise_of
from directory.errors import DomainError
from directory.models import Role
from pathways.models import Pathway, Step
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def due_in(pathway: Pathway, hours: float | None) -> None:
    due = timezone.now() + timedelta(hours=hours) if hours else None
    Step.objects.filter(pathway=pathway, key="ct").update(due_at=due)


def offered() -> list[WaitingOffer]:
    services.offer_freed_places(now=timezone.now())
    return list(WaitingOffer.objects.filter(answer="open").order_by("pk"))


def waits(desk: Desk, pathway: Pathway, **options: Any) -> WaitingPlace:
    """The patient waits, with an objective that passes tonight."""
    tonight = timezone.now() + timedelta(hours=14)
    options.setdefault("latest_at", tonight)
    return services.join_waiting(pathway=pathway, exam_type=exam(), user=desk.coordinator, **options)


# --- what is offered to those who wait --------------------------------------------------------------------------------
def test_a_place_freed_after_the_objective_is_offered_when_nothing_is_sooner(desk: Desk, pathway: Pathway) -> None:
    full = desk.slot(in_days=5)
    desk.slot(in_days=9)
    taken = desk.booking(full)
    waits(desk, pathway)
    assert offered() == [], "what was free when the patient asked was seen, and refused"
    services.cancel_booking(booking=taken, code="patient_refuses", user=None)
    assert [offer.slot for offer in offered()] == [full]


def test_a_place_freed_later_than_the_first_free_one_is_not_offered(desk: Desk, pathway: Pathway) -> None:
    desk.slot(in_days=5)
    taken = desk.booking(desk.slot(in_days=9))
    waits(desk, pathway)
    services.cancel_booking(booking=taken, code="patient_refuses", user=None)
    assert offered() == []


@pytest.mark.parametrize("why", ["before their day", "declined", "other target"])
def test_a_sooner_place_that_the_patient_cannot_have_hides_nothing(desk: Desk, pathway: Pathway, why: str) -> None:
    sooner = desk.slot(in_days=5)
    taken = desk.booking(desk.slot(in_days=9))
    place = waits(desk, pathway, earliest_on=date(2026, 12, 1) if why == "before their day" else None)
    if why == "declined":
        now = timezone.now()
        answer = {"answer": "declined", "answered_at": now, "why": "En voyage"}
        WaitingOffer.objects.create(place=place, slot=sooner, offered_at=now, **answer)
    elif why == "other target":
        sooner.series.targets.clear()
    services.cancel_booking(booking=taken, code="patient_refuses", user=None)
    assert [offer.slot for offer in offered()] == [taken.slot]


# --- places added in a physician's name -------------------------------------------------------------------------------
def full_slot(desk: Desk, in_days: int) -> Slot:
    slot = desk.slot(in_days=in_days)
    desk.booking(slot)
    return slot


def shown(pathway: Pathway) -> list[Full]:
    need = next(each for each in needs_of(pathway, []) if each.exam_type.code == "scanner")
    return otherwise_of(pathway, need, timezone.now(), timezone.localdate()).full


@pytest.mark.parametrize("hours", [-30, 14, None])
def test_full_slots_before_the_first_free_one_are_shown_whatever_the_objective(
    desk: Desk, pathway: Pathway, hours: float | None
) -> None:
    first = full_slot(desk, 4)
    desk.slot(in_days=8)
    full_slot(desk, 9)
    due_in(pathway, hours)
    assert [each.slot for each in shown(pathway)] == [first]


def test_with_nothing_free_the_next_full_slots_are_shown(desk: Desk, pathway: Pathway) -> None:
    slots = [full_slot(desk, 4), full_slot(desk, 9)]
    due_in(pathway, -30)
    assert [each.slot for each in shown(pathway)] == slots
    desk.booking(desk.slot(in_days=4, exam_type=exam("irm")), pathway)
    assert [each.slot for each in shown(pathway)] == slots[1:], "the patient is elsewhere at the hour of the first"


def test_a_late_patient_is_added_in_the_name_of_a_physician(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    slot, doctor = full_slot(desk, 4), UserFactory(role=Role.PHYSICIAN, team=desk.team)
    due_in(pathway, -30)
    assert "Une place en plus" in text(nurse.get(url("book", pathway), {"examen": "scanner"}))
    about = {"step": "ct", "examen": "scanner", "slot": slot.uuid}
    nurse.post(url("overbook", pathway), {**about, "physician": doctor.professional.pk, "reason": "Ictère"})
    assert Booking.objects.get(pathway=pathway).slot == slot


# --- nothing kept -----------------------------------------------------------------------------------------------------
def test_nobody_is_asked_to_wait_for_what_no_series_keeps(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    desk.slot().series.targets.clear()
    page = text(nurse.get(url("book", pathway), {"examen": "scanner"}))
    assert "Aucun créneau n’est gardé pour ce parcours" in page
    assert "Inscrire sur la liste" not in page
    refused = nurse.post(url("wait", pathway), {"step": "ct", "examen": "scanner"})
    assert refused.status_code == 422
    assert "aucune place ne pourrait être proposée" in text(refused)
    assert not WaitingPlace.objects.exists()


def test_a_series_that_is_over_keeps_nothing(desk: Desk, pathway: Pathway) -> None:
    series = desk.slot().series
    series.valid_until = series.valid_from = timezone.localdate() - timedelta(days=1)
    series.save()
    with pytest.raises(DomainError) as refused:
        services.ask_to_wait(pathway=pathway, exam_type=exam(), user=desk.coordinator)
    assert refused.value.code == "nothing_kept"


def test_the_page_opens_on_an_exam_that_can_be_booked(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    exam()
    first = nurse.get(url("book", pathway)).context["need"].exam_type
    other = next(each.exam_type for each in needs_of(pathway, []) if each.exam_type != first)
    desk.slot(exam_type=other)
    assert nurse.get(url("book", pathway)).context["need"].exam_type == other
    asked = nurse.get(url("book", pathway), {"examen": first.code})
    assert asked.context["need"].exam_type == first


# --- not before a day -------------------------------------------------------------------------------------------------
def test_a_day_beyond_the_slots_made_is_refused_and_one_after_the_objective_is_said(
    nurse: Client, desk: Desk, pathway: Pathway
) -> None:
    desk.booking(desk.slot(in_days=4, valid_until=None, capacity=1))
    sent = {"step": "ct", "examen": "scanner", "earliest_on": "9999-12-31", "note": "Part en voyage"}
    refused = nurse.post(url("wait", pathway), sent)
    assert refused.status_code == 422
    assert "choisissez une date plus proche" in text(refused)
    assert "Part en voyage" in refused.content.decode()
    assert not WaitingPlace.objects.exists()
    due_in(pathway, 14)
    page = text(nurse.post(url("wait", pathway), {**sent, "earliest_on": "2026-12-15"}, follow=True))
    assert "après l’objectif" in page
    assert WaitingPlace.objects.get().earliest_on == date(2026, 12, 15)
    Slot.objects.update(release_at=timezone.now())
    assert "15/12/2026</time>" in text(nurse.get(url("book", pathway), {"examen": "scanner"}))


# --- half of the day --------------------------------------------------------------------------------------------------
def test_a_place_is_proposed_only_in_the_half_of_the_day_when_the_patient_can_come(desk: Desk) -> None:
    afternoon = waits(desk, desk.pathway(), half_day="afternoon", latest_at=None)
    morning = waits(desk, desk.pathway(), half_day="morning", latest_at=None)
    early = desk.slot(in_days=6, starts_at=time(11, 59))
    late = desk.slot(in_days=6, starts_at=time(12))
    assert {(each.place, each.slot) for each in offered()} == {(morning, early), (afternoon, late)}, "whatever the rank"


def test_the_half_of_the_day_is_that_of_the_clock_of_the_site(desk: Desk) -> None:
    """The afternoon of Nouméa is the small hours of Paris."""
    site = desk.team.establishment
    site.time_zone = "Pacific/Noumea"
    site.save()
    waits(desk, desk.pathway(), half_day="morning", latest_at=None)
    slot = desk.slot(in_days=6, starts_at=time(14))
    assert offered() == []
    place = waits(desk, desk.pathway(), half_day="afternoon", latest_at=None)
    assert [(each.place, each.slot) for each in offered()] == [(place, slot)]


def test_a_sooner_place_in_the_other_half_of_the_day_hides_nothing(desk: Desk, pathway: Pathway) -> None:
    desk.slot(in_days=5, starts_at=time(9))
    taken = desk.booking(desk.slot(in_days=9, starts_at=time(15)))
    waits(desk, pathway, half_day="afternoon")
    services.cancel_booking(booking=taken, code="patient_refuses", user=None)
    assert [offer.slot for offer in offered()] == [taken.slot]


def test_a_half_of_the_day_in_which_nothing_is_kept_is_refused(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    desk.booking(desk.slot(in_days=4, starts_at=time(15)))
    sent = {"step": "ct", "examen": "scanner", "half_day": "morning", "note": "Travaille la nuit"}
    refused = nurse.post(url("wait", pathway), sent)
    assert refused.status_code == 422
    assert "aucun créneau n’est gardé le matin pour ce parcours" in text(refused)
    assert "Travaille la nuit" in refused.content.decode()
    assert nurse.post(url("wait", pathway), {**sent, "half_day": "dusk"}).status_code == 422
    assert not WaitingPlace.objects.exists()
    nurse.post(url("wait", pathway), {**sent, "half_day": "afternoon"})
    assert WaitingPlace.objects.get().half_day == "afternoon"
    assert "l’après-midi seulement" in text(nurse.get(url("waiting")))


# --- the page ---------------------------------------------------------------------------------------------------------
def two_together(desk: Desk, in_days: int) -> None:
    desk.slot(in_days=in_days)
    desk.slot(in_days=in_days, exam_type=exam("irm"), starts_at=timezone.localtime().time())


def test_an_exam_chosen_comes_before_those_booked_together(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    two_together(desk, 6)
    page = nurse.get(url("book", pathway)).content.decode()
    assert page.index("Réserver les 2") < page.index('aria-label="Réserver Scanner')
    assert "?examen=scanner#places" in page
    chosen = nurse.get(url("book", pathway), {"examen": "scanner"}).content.decode()
    assert chosen.index('aria-label="Réserver Scanner') < chosen.index("Réserver les 2")


def test_ways_to_book_together_have_names_of_their_own_and_count_what_is_booked(
    nurse: Client, desk: Desk, pathway: Pathway
) -> None:
    two_together(desk, 6)
    two_together(desk, 8)
    page = nurse.get(url("book", pathway)).content.decode()
    names = [part.split('"')[0] for part in page.split('aria-label="')[1:] if part.startswith("Réserver les")]
    assert len(names) > 1
    assert len(set(names)) == len(names)
    assert "venue de plus" not in page
    desk.booking(desk.slot(in_days=3, exam_type=exam("echo_endoscopie")), pathway)
    assert "1 venue de plus" in text(nurse.get(url("book", pathway)))


def test_a_patient_told_on_the_phone_of_the_move_is_not_to_tell(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    booking, to = desk.booking(desk.slot(), pathway), desk.slot(in_days=12)
    sent = {"slot": f"{to.uuid}@{to.starts_at.isoformat()}", "code": "patient_unavailable", "told_how": "phone"}
    assert "Le patient le sait" in text(nurse.post(url("booking-move", booking), sent, follow=True))
    moved = Booking.objects.get(moved_from=booking)
    assert (moved.told_how, moved.told_by) == ("phone", desk.coordinator)
    assert not Booking.objects.to_tell(timezone.now()).exists()


# --- what the patient reads -------------------------------------------------------------------------------------------
def test_the_patient_is_told_what_to_do_and_not_what_staff_check(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    desk.platform.name, desk.team.phone = "Endoscopie", "0199001010"
    desk.platform.save()
    desk.team.save()
    desk.booking(desk.slot(exam_type=exam("echo_endoscopie"), room="Endoscopie"), pathway)
    message = nurse.get(url("book", pathway)).context["message"]
    for paper in (sheet_html(pathway, timezone.now()), message):
        assert "Venez à jeun" in paper.replace("\N{NO-BREAK SPACE}", " ")
        assert "vérifié" not in paper
        assert "remises" not in paper
        assert "Endoscopie, Endoscopie" not in paper
    assert "01 99 00 10 10" in message
    assert "Venez à jeun" in pathway.appointments.get().preparation


def test_every_exam_type_tells_the_patient_something_short() -> None:
    exam()
    for each in ExamType.objects.all():
        assert each.patient_lines, each.code
        assert all(line.endswith(".") and len(line) <= 120 for line in each.patient_lines), each.code


def test_nothing_expected_is_not_said_to_be_booked(nurse: Client, pathway: Pathway) -> None:
    pathway.steps.all().delete()
    assert "Tout ce que le parcours attend" not in text(nurse.get(url("book", pathway)))


def test_one_who_waits_is_called_from_the_list(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    waits(desk, pathway)
    assert f'href="tel:{pathway.patient.phone}"' in nurse.get(url("waiting")).content.decode()
